# SPDX-License-Identifier: Apache-2.0
"""What flows into a DUT that is off: the mean of the samples against what the monitor may show without any."""

import numpy as np
import pytest

from energy_runner.director.wiring_check import off_current
from energy_runner.errors import BenchFault
from instruments.roles import AppliedSampling, Samples, signals
from instruments.specifications import Specification, SpecificationTerm

PERIOD_S = 1e-3
VOLTAGE_V = 2.0


def limits(*terms: tuple[str, float, str]) -> Specification:
    return Specification("none", tuple(SpecificationTerm(name, 0.0, size, unit) for name, size, unit in terms))


def samples(*columns: list[float]) -> list[Samples]:
    return [Samples(0, tuple(np.array(column, dtype=np.float32) for column in columns))]


@pytest.mark.parametrize(
    ("names", "columns", "unit_per_a"),
    [
        (("current", "voltage"), ([2e-4, 4e-4], [0.0, 0.0]), 1.0),
        (("voltage", "current"), ([0.0, 0.0], [2e-4, 4e-4]), 1.0),
        (("power",), ([4e-4, 8e-4],), VOLTAGE_V),
        (("energy",), ([4e-7, 8e-7],), VOLTAGE_V * PERIOD_S),
    ],
)
def test_the_current_is_the_mean_whatever_is_sampled(names, columns, unit_per_a):
    unit = {"current": "A", "power": "W", "energy": "J"}[next(one for one in names if one != "voltage")]
    applied = AppliedSampling(signals(*names, period_s=PERIOD_S))
    found = off_current(applied, samples(*columns), limits(("offset", 1e-5 * unit_per_a, unit)), VOLTAGE_V)
    assert found.mean_a == pytest.approx(3e-4, rel=1e-6)
    assert found.limit_a == pytest.approx(1e-5)
    assert found.flows


def test_noise_counts_less_the_more_samples_there_are():
    applied = AppliedSampling(signals("current", period_s=PERIOD_S))
    table = limits(("offset", 1e-5, "A"), ("noise", 1e-3, "A"))
    found = off_current(applied, samples([-5e-5] * 10_000), table, VOLTAGE_V)
    assert found.limit_a == pytest.approx(1e-5 + 4 * 1e-3 / 100)
    assert not found.flows
    assert off_current(applied, samples([-5.1e-5] * 10_000), table, VOLTAGE_V).flows


def test_the_noise_of_readings_that_are_never_negative_does_not_average_out():
    applied = AppliedSampling(signals("current", period_s=PERIOD_S))
    table = limits(("offset", 1e-5, "A"), ("noise", 1e-3, "A"))
    noise = np.maximum(0.0, np.random.default_rng(1).normal(0.0, 1e-3, 10_000)).tolist()
    found = off_current(applied, samples(noise), table, VOLTAGE_V)
    assert found.mean_a > 3e-4
    assert found.limit_a == pytest.approx(1e-5 + (0.8 + 0.04) * 1e-3)
    assert not found.flows


def test_without_a_stated_offset_nothing_is_judged():
    applied = AppliedSampling(signals("current", period_s=PERIOD_S))
    found = off_current(applied, samples([1.0]), limits(("gain", 0.0, "")), VOLTAGE_V)
    assert found.limit_a is None
    assert not found.flows


def test_a_reading_that_is_no_number_is_not_well():
    applied = AppliedSampling(signals("current", period_s=PERIOD_S))
    assert off_current(applied, samples([np.nan]), limits(("offset", 1e-5, "A")), VOLTAGE_V).flows


def test_no_sample_and_no_current_are_faults():
    table = limits(("offset", 1e-5, "A"))
    with pytest.raises(BenchFault, match="no sample"):
        off_current(AppliedSampling(signals("current", period_s=PERIOD_S)), [], table, VOLTAGE_V)
    with pytest.raises(BenchFault, match="says nothing about a current"):
        off_current(AppliedSampling(signals("voltage", period_s=PERIOD_S)), samples([0.0]), table, VOLTAGE_V)
