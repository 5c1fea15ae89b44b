# SPDX-License-Identifier: Apache-2.0
"""A sampler's signals are looked at before anything is measured with them."""

import numpy as np
import pytest

from energy_runner.director.signals import check_block, check_signals
from energy_runner.errors import BenchFault
from instruments.roles import AppliedSampling, Samples, Signal

CURRENT, VOLTAGE = Signal("current", "A", 1e-3), Signal("voltage", "V", 1e-3)


@pytest.mark.parametrize("signals", [(CURRENT,), (VOLTAGE, CURRENT), (Signal("energy", "J", 1e-3, "instant"),)])
def test_si_units_and_one_period_are_taken(signals) -> None:
    check_signals("meter", AppliedSampling(signals))


@pytest.mark.parametrize(
    ("signals", "says"),
    [
        ((Signal("current", "mA", 1e-3),), "unit is mA, and must be A"),
        ((Signal("energy", "uJ", 1e-3),), "unit is uJ, and must be J"),
        ((Signal("charge", "C", 1e-3),), "not a quantity known here"),
        ((CURRENT, CURRENT), "there twice"),
        ((CURRENT, Signal("voltage", "V", 2e-3)), "period is 0.002 s, and must be 0.001 s"),
        ((Signal("power", "W", 1e-3, "peak"),), "kind is peak"),
    ],
)
def test_any_other_signal_is_refused(signals, says) -> None:
    with pytest.raises(BenchFault, match=says):
        check_signals("meter", AppliedSampling(signals))


@pytest.mark.parametrize(
    ("lengths", "says"),
    [
        ((5, 4), "from index 7 came 2 arrays: 5 of current, 4 of voltage"),
        ((5, 0), "5 of current, 0 of voltage"),
        ((5,), "came 1 arrays: 5 of current"),
        ((5, 5, 5), "came 3 arrays"),
        ((), "came 0 arrays: nothing"),
    ],
)
def test_a_block_of_unequal_arrays_is_a_fault_of_the_bench(lengths, says) -> None:
    applied = AppliedSampling((CURRENT, VOLTAGE))
    check_block("meter", applied, Samples(7, (np.zeros(5, np.float32),) * 2))
    with pytest.raises(BenchFault, match=f"^meter .*current and voltage.*{says}.*driver of meter"):
        check_block("meter", applied, Samples(7, tuple(np.zeros(length, np.float32) for length in lengths)))
