# SPDX-License-Identifier: Apache-2.0
"""A known load at the limits of what is compared: the shortest trace, the most missing samples, E_n of 1."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from energy_runner.analysis.known_load import KnownLoad, mean_reading, verify
from energy_runner.errors import SessionError
from tests.unit.energy_runner.analysis.test_known_load import (
    AMPS,
    GAIN,
    OHM,
    PERIOD_S,
    VOLTAGE_V,
    by_points,
    looked_at,
    monitor,
    reader,
    volt,
)

LOAD = KnownLoad(OHM, 0.1, VOLTAGE_V, 1e-3)
WATT = VOLTAGE_V * AMPS


@pytest.mark.parametrize("samples", [22, 23, 31])
def test_two_samples_for_each_part_are_enough(samples: int, tmp_path: Path) -> None:
    found = looked_at(tmp_path, monitor(GAIN), np.full(samples, WATT), load=LOAD)
    assert found.seconds == pytest.approx((samples - 2) * PERIOD_S, rel=1e-12)


def test_one_sample_less_is_too_few(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="21 samples are too few"):
        looked_at(tmp_path, monitor(GAIN), np.full(21, WATT), load=LOAD)


def test_noise_averages_out_over_the_samples_that_are_looked_at(tmp_path: Path) -> None:
    """Of 27 samples the first and the last are left out: 25 make a fifth of it."""
    noise = {"name": "noise", "absolute": 1e-3, "unit": "W", "source": "page 1"}
    found = looked_at(tmp_path, monitor(noise), np.full(27, WATT), load=LOAD)
    assert found.U_w == pytest.approx(1.96e-3 / 5, rel=1e-4)


@pytest.mark.parametrize(("missing", "refused"), [(1, False), (2, True)])
def test_up_to_one_percent_of_the_samples_may_be_missing(missing: int, refused: bool, tmp_path: Path) -> None:
    watt = np.full(102, WATT)
    watt[50 : 50 + missing] = np.nan
    if refused:
        with pytest.raises(SessionError, match="2 of 100 samples are missing"):
            looked_at(tmp_path, monitor(GAIN), watt, load=LOAD)
    else:
        assert looked_at(tmp_path, monitor(GAIN), watt, load=LOAD).measured_w == pytest.approx(WATT, rel=1e-6)


def test_a_load_that_draws_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="drew 0 J"):
        looked_at(tmp_path, monitor(GAIN), np.zeros(102), load=LOAD)


def test_a_pulse_without_a_period_is_a_load_that_always_conducts(tmp_path: Path) -> None:
    load = replace(LOAD, pulse_s=3e-3)
    assert load.duty == 1.0
    found = looked_at(tmp_path, monitor(GAIN), np.full(102, WATT), load=load)
    assert (found.seconds, found.known_w) == (pytest.approx(0.1), pytest.approx(WATT))


@pytest.mark.parametrize(
    ("e_n", "agrees"),
    [(1.0, True), (-1.0, True), (math.nextafter(1.0, 2.0), False), (math.nextafter(-1.0, -2.0), False)],
)
def test_they_agree_up_to_one(e_n: float, agrees: bool, tmp_path: Path) -> None:
    found = looked_at(tmp_path, monitor(GAIN), np.full(102, WATT), load=LOAD)
    assert replace(found, E_n=e_n).agrees is agrees


@pytest.mark.parametrize("supply", ["monitor", "smu"])
def test_a_voltage_that_nobody_measured_or_limits_is_unknown(supply: str, tmp_path: Path) -> None:
    signals = [{"name": "current", "unit": "A"}]
    configured = monitor(GAIN).model_copy(update={"signals": signals, "sampler": "monitor", "supply": supply})
    with reader(tmp_path, configured, np.full(102, AMPS)) as trace:
        found = verify(trace, configured, LOAD, virtual=True)
    said = [one for one in found.incomplete if one.startswith("supply voltage unknown")]
    assert said == ["supply voltage unknown: neither measured nor its limit stated"]


@pytest.mark.parametrize(
    ("signals", "values", "volts"),
    [
        ([("current", "A")], [0.03], 2.0),
        ([("power", "W")], [0.06], 2.0),
        ([("energy", "J")], [0.06 * PERIOD_S], 2.0),
        ([("current", "A"), ("voltage", "V")], [0.03, 1.5], 1.5),
    ],
)
def test_a_mean_reading_is_that_of_the_signal(
    signals: list[tuple[str, str]], values: list[float], volts: float, tmp_path: Path
) -> None:
    """What is recorded is read; a current that is not comes from the power and the voltage that was set."""
    named: list[Any] = [{"name": name, "unit": unit} for name, unit in signals]
    configured = monitor(GAIN).model_copy(update={"signals": named})
    with reader(tmp_path, configured, *(np.full(102, value) for value in values)) as trace:
        assert mean_reading(trace, configured).value == pytest.approx(0.03, rel=1e-6)
        assert mean_reading(trace, configured, "voltage").value == pytest.approx(volts, rel=1e-6)


@pytest.mark.parametrize(("low", "high"), [(2.0, 5.0), (0.0, 2.0), (2.0, 2.0)])
def test_the_ends_of_a_range_are_in_it(low: float, high: float, tmp_path: Path) -> None:
    point = volt(2.0, 0.01, 2e-3, low=low, high=high)
    assert by_points(tmp_path, 2.0, [point]).voltage_v == pytest.approx(2.01, rel=1e-6)


@pytest.mark.parametrize(("low", "high"), [(2.01, 5.0), (0.0, 1.99)])
def test_beyond_the_ends_it_is_refused(low: float, high: float, tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="lies outside the calibration's ranges"):
        by_points(tmp_path, 2.0, [volt(min(max(2.0, low), high), 0.01, 2e-3, low=low, high=high)])


def test_up_to_half_of_the_current_the_load_does_not_conduct(tmp_path: Path) -> None:
    on = np.arange(1002) % 10 < 5
    volts = {"name": "voltage_gain", "relative": 0.001, "source": "page 1"}
    load = KnownLoad(OHM, 0.01, pulse_s=5e-3, period_s=10e-3)
    amps = np.where(on, 0.015625, 0.0078125)  # exact in single precision
    found = looked_at(tmp_path, monitor(GAIN, volts, both=True), amps, np.where(on, 1.5, 2.0), load=load)
    assert found.voltage_v == 1.5
