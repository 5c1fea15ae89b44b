# SPDX-License-Identifier: Apache-2.0
"""A sampler's signals are looked at before anything is measured with them."""

import pytest

from energy_runner.director.signals import check_signals
from energy_runner.errors import BenchFault
from instruments.roles import AppliedSampling, Signal

CURRENT, VOLTAGE = Signal("current", "A", 1e-3), Signal("voltage", "V", 1e-3)


@pytest.mark.parametrize("signals", [(CURRENT,), (VOLTAGE, CURRENT), (Signal("energy", "J", 1e-3, "instant"),)])
def test_si_units_and_one_period_are_taken(signals) -> None:
    check_signals("meter", AppliedSampling(signals))


@pytest.mark.parametrize(
    ("signals", "says"),
    [
        ((Signal("current", "mA", 1e-3),), "unit is mA, and must be A"),
        ((Signal("energy", "uJ", 1e-3),), "unit is uJ, and must be J"),
        ((Signal("charge", "C", 1e-3),), "no quantity known here"),
        ((CURRENT, CURRENT), "there twice"),
        ((CURRENT, Signal("voltage", "V", 2e-3)), "period is 0.002 s, and must be 0.001 s"),
        ((Signal("power", "W", 1e-3, "peak"),), "kind is peak"),
    ],
)
def test_any_other_signal_is_refused(signals, says) -> None:
    with pytest.raises(BenchFault, match=says):
        check_signals("meter", AppliedSampling(signals))
