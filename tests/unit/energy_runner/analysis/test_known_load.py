# SPDX-License-Identifier: Apache-2.0
"""A monitor's reading beside a known load, by hand: flat traces with one term of a specification each."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from energy_runner.analysis.known_load import KnownLoad, Verified, mean_reading, resolution_u, verify
from energy_runner.analysis.uncertainty.coverage import Part, coverage_factor
from energy_runner.analysis.uncertainty.gtc import gtc
from energy_runner.errors import SessionError
from energy_runner.session.events import MonitorConfigured
from energy_runner.session.trace import TraceReader, TraceWriter

PERIOD_S, VOLTAGE_V, OHM = 1e-3, 2.0, 100.0
AMPS = VOLTAGE_V / OHM
GAIN = {"name": "gain", "relative": 0.01, "source": "page 1"}
SUPPLY = {"name": "supply_voltage", "relative": 0.02, "source": "page 1"}


def monitor(*terms: dict[str, Any], both: bool = False) -> MonitorConfigured:
    names = [("current", "A"), ("voltage", "V")] if both else [("power", "W")]
    return MonitorConfigured(
        t_ns=0,
        voltage_set_v=VOLTAGE_V,
        period_s=PERIOD_S,
        signals=[{"name": name, "unit": unit} for name, unit in names],
        captures_edges=False,
        starts_on_edge=False,
        accuracy={"document": "page 1", "terms": list(terms)},
    )


def looked_at(folder: Path, configured: MonitorConfigured, *values: Any, load: KnownLoad) -> Verified:
    with reader(folder, configured, *values) as trace:
        return verify(trace, configured, load, virtual=True)


def reader(folder: Path, configured: MonitorConfigured, *values: Any) -> TraceReader:
    path = folder / "trace.jls"
    signals = [(signal["name"], signal["unit"]) for signal in configured.signals]
    with TraceWriter(path, signals, PERIOD_S) as trace:
        trace.append(0, [np.asarray(value, dtype=np.float32) for value in values])
    return TraceReader(path)


def test_both_uncertainties_are_expanded_and_weigh_the_difference(tmp_path: Path) -> None:
    """P = V²/R: a voltage that is known to 0.1 % makes a power that is known to 0.2 %."""
    load = KnownLoad(OHM, 0.3, VOLTAGE_V, 0.002)
    found = looked_at(tmp_path, monitor(GAIN), np.full(2002, 0.0404), load=load)
    assert found.known_w == pytest.approx(0.04)
    assert found.U_known_w / found.known_w == pytest.approx(math.hypot(0.002, 0.003), rel=1e-6)
    assert found.measured_w == pytest.approx(0.0404, rel=1e-6)
    # One rectangle of 1 %: its 95 % are 0.95 of it.
    assert found.U_w / found.measured_w == pytest.approx(0.0095, rel=1e-3)
    assert found.E_n == pytest.approx(0.0004 / math.hypot(found.U_w, found.U_known_w), rel=1e-4)
    assert found.seconds == pytest.approx(2.0)
    assert "clock of the monitor unknown" in found.incomplete


def test_a_voltage_of_the_bench_has_the_limits_of_its_table(tmp_path: Path) -> None:
    found = looked_at(tmp_path, monitor(GAIN, SUPPLY), np.full(2002, 0.04), load=KnownLoad(OHM, 0.0))
    assert found.voltage_from == "as set"
    assert found.U_known_w / found.known_w == pytest.approx(2 * 2 * 0.02 / math.sqrt(3), rel=1e-6)
    with pytest.raises(SessionError, match="how well the bench knows its voltage"):
        looked_at(tmp_path / "..", monitor(GAIN), np.full(2002, 0.04), load=KnownLoad(OHM, 0.0))


def test_an_error_of_the_voltage_acts_on_the_difference_once(tmp_path: Path) -> None:
    """V·I - V²/R, with one V: of equal powers the sensitivity is -1, and not 1 and 2 side by side."""
    found = looked_at(tmp_path, monitor(SUPPLY), np.full(2002, 0.0404), load=KnownLoad(OHM, 0.0))
    assert found.voltage_shared
    # One rectangle of 2 %: its 95 % are 0.95 of it.
    assert found.U_difference_w == pytest.approx(0.95 * 0.02 * (2 * 0.04 - 0.0404), rel=1e-3)
    assert found.E_n == pytest.approx(0.0004 / found.U_difference_w, rel=1e-4)


@pytest.mark.parametrize("error", [-0.0195, -0.0185, 0.0185, 0.0195])
def test_a_supply_beyond_95_percent_of_its_limit_is_seen(error: float, tmp_path: Path) -> None:
    """The monitor multiplies the current, which follows the true voltage, by the voltage that it has set."""
    power_w = VOLTAGE_V * VOLTAGE_V * (1 + error) / OHM
    found = looked_at(tmp_path, monitor(SUPPLY), np.full(2002, power_w), load=KnownLoad(OHM, 0.0))
    # The sensitivity itself has the error, so the bound moves by 2 % of 2 %.
    assert found.agrees is (abs(error) < 0.019)


@pytest.mark.parametrize("watt", [0.036, 0.04, 0.044])
def test_the_difference_is_that_of_numbers_with_a_common_input(watt: float, tmp_path: Path) -> None:
    """Against GTC's own derivatives of V·I - V²/R."""
    volts = {"name": "voltage_gain", "relative": 0.004, "source": "page 1"}
    offset = {"name": "voltage_offset", "absolute": 0.006, "unit": "V", "source": "page 1"}
    amps = watt / VOLTAGE_V
    found = looked_at(
        tmp_path,
        monitor(GAIN, volts, offset, both=True),
        np.full(2002, amps),
        np.full(2002, VOLTAGE_V),
        load=KnownLoad(OHM, 0.5),
    )
    tree = gtc()
    errors = [tree.ureal(0.0, limit / math.sqrt(3)) for limit in (0.01, 0.004, 0.006)]
    ohm = tree.ureal(OHM, 0.25)
    volt = VOLTAGE_V * (1 + errors[1]) + errors[2]
    difference = volt * amps * (1 + errors[0]) - volt * volt / ohm
    parts = [tree.component(difference, one) for one in errors]
    k = coverage_factor([Part("rectangular", part) for part in parts])
    expected_w = math.hypot(k * math.hypot(*parts), 2 * tree.component(difference, ohm))
    assert found.U_difference_w == pytest.approx(expected_w, rel=1e-4)
    assert found.E_n == pytest.approx((watt - 0.04) / expected_w, rel=1e-3, abs=1e-4)


def test_a_voltage_by_a_reference_is_independent(tmp_path: Path) -> None:
    found = looked_at(tmp_path, monitor(GAIN, SUPPLY), np.full(2002, 0.04), load=KnownLoad(OHM, 0.1, 2.0, 0.002))
    assert not found.voltage_shared
    assert found.U_difference_w == pytest.approx(math.hypot(found.U_w, found.U_known_w), rel=1e-9)


# --- the voltage's own calibration ------------------------------------------------------------------------


def volt(value: float, correction: float, expanded: float, **more: Any) -> dict[str, Any]:
    given = {"quantity": "voltage", "unit": "V", "low": 0.0, "high": 5.0, "k": 2.0, "certificate": "C-1"}
    return {**given, "value": value, "correction": correction, "U": expanded, **more}


def by_points(folder: Path, read_v: float, points: list[dict[str, Any]], *terms: dict[str, Any]) -> Verified:
    configured = monitor(GAIN, *terms, both=True)
    configured = configured.model_copy(update={"accuracy": {**configured.accuracy, "points": points}})
    return looked_at(folder, configured, np.full(2002, AMPS), np.full(2002, read_v), load=KnownLoad(OHM, 0.0))


@pytest.mark.parametrize(
    ("points", "right_v", "u_v"),
    [
        ([volt(1.9, 0.01, 2e-3), volt(2.1, 0.03, 6e-3)], 2.02, 2e-3),
        ([volt(2.1, 0.03, 6e-3), volt(1.95, 0.015, 3e-3), volt(1.9, 0.01, 2e-3)], 2.02, 2e-3),
        # A range's own points count, even where one of another range is nearer.
        # It lies beyond that point, and nothing states what the correction is worth there.
        (
            [volt(1.94, 0.5, 1e-3, high=1.95), volt(2.2, 0.02, 4e-3, low=1.95)],
            2.02,
            math.hypot(2e-3, 0.02 / math.sqrt(3)),
        ),
        # Two certificates are independent; each has half of the reading.
        ([volt(1.9, 0.01, 2e-3), volt(2.1, 0.03, 6e-3, certificate="C-2")], 2.02, math.hypot(0.5e-3, 1.5e-3)),
    ],
)
def test_the_voltage_is_corrected_as_the_energy_is(
    points: list[dict[str, Any]], right_v: float, u_v: float, tmp_path: Path
) -> None:
    found = by_points(tmp_path, 2.0, points)
    assert found.voltage_v == pytest.approx(right_v, rel=1e-6)
    assert found.measured_w == pytest.approx(right_v * AMPS, rel=1e-6)
    assert found.known_w == pytest.approx(right_v**2 / OHM, rel=1e-6)
    assert found.U_known_w / found.known_w == pytest.approx(2 * 2 * u_v / right_v, rel=1e-5)
    assert found.voltage_from == "as the monitor measured it, corrected by its calibration"


def test_a_voltage_outside_all_ranges_needs_a_term_about_it(tmp_path: Path) -> None:
    points = [volt(2.6, 0.01, 2e-3, low=2.5), volt(1.0, 0.01, 2e-3, high=1.5)]
    with pytest.raises(
        SessionError, match=r"of 2 V lies outside the calibration's ranges \(2\.5 to 5 V, 0 to 1\.5 V"
    ):
        by_points(tmp_path, 2.0, points)
    stated = {"name": "calibration_beyond", "absolute": 0.006, "unit": "V", "source": "page 3"}
    found = by_points(tmp_path, 2.0, points, stated)
    expected_v = math.hypot(1e-3, 0.006 / math.sqrt(3))
    assert found.U_known_w / found.known_w == pytest.approx(2 * 2 * expected_v / 2.01, rel=1e-5)
    assert "correction of the voltage beyond the calibrated points" in {row.name for row in found.components}


def test_a_voltage_beyond_the_points_of_its_range_is_said_so(tmp_path: Path) -> None:
    found = by_points(tmp_path, 2.0, [volt(2.2, 0.01, 2e-3), volt(2.6, 0.01, 2e-3)])
    assert any(words.startswith("correction of the voltage beyond") for words in found.incomplete)


def test_pulses_count_with_their_duty_over_whole_periods(tmp_path: Path) -> None:
    """3 of every 10 samples; the trace has a part of a period too many, which is left out."""
    pulses = np.where(np.arange(1009) % 10 < 3, 0.04, 0.0)
    load = KnownLoad(OHM, 0.0, VOLTAGE_V, 1e-4, pulse_s=3e-3, period_s=10e-3, pulse_u_s=3e-6)
    found = looked_at(tmp_path, monitor(GAIN), pulses, load=load)
    assert found.seconds == pytest.approx(1.0)
    assert found.measured_w == pytest.approx(0.012, rel=1e-6)
    assert found.known_w == pytest.approx(0.012, rel=1e-6)
    assert found.pulse_j == pytest.approx(0.04 * 3e-3, rel=1e-6)
    assert found.known_pulse_j == pytest.approx(0.04 * 3e-3, rel=1e-6)
    assert found.U_known_w / found.known_w == pytest.approx(math.hypot(1e-4, 1e-3), rel=1e-6)


def test_a_recorded_voltage_is_that_of_the_time_in_which_the_load_conducts(tmp_path: Path) -> None:
    on = np.arange(1002) % 10 < 5
    volts = {"name": "voltage_gain", "relative": 0.001, "source": "page 1"}
    load = KnownLoad(OHM, 0.01, pulse_s=5e-3, period_s=10e-3)
    found = looked_at(
        tmp_path,
        monitor(GAIN, volts, both=True),
        np.where(on, 0.018, 0.0),
        np.where(on, 1.8, 2.0),
        load=load,
    )
    assert found.voltage_v == pytest.approx(1.8)
    assert found.known_w == pytest.approx(1.8**2 / OHM / 2, rel=1e-6)
    assert found.voltage_from == "as the monitor measured it"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.full(10, 0.04), "too few"),
        (np.where(np.arange(2002) % 20, 0.04, np.nan), "are missing"),
        (np.full(2002, -0.04), "drew -"),
    ],
)
def test_samples_that_say_nothing_are_refused(values: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=words):
        looked_at(tmp_path, monitor(GAIN), values, load=KnownLoad(OHM, 0.1, VOLTAGE_V, 1e-3))


def test_without_any_uncertainty_nothing_can_be_weighed(tmp_path: Path) -> None:
    exact = monitor().model_copy(update={"accuracy": {"document": "none: exact", "terms": []}})
    with pytest.raises(SessionError, match="neither load nor monitor has an uncertainty"):
        looked_at(tmp_path, exact, np.full(2002, 0.04), load=KnownLoad(OHM, 0.0, VOLTAGE_V, 0.0))


def test_a_mean_reading_is_uncorrected_and_scatters_by_its_parts(tmp_path: Path) -> None:
    drifting = 0.04 + 1e-4 * np.linspace(-1, 1, 1002)
    configured = monitor(GAIN)
    point = {
        "quantity": "current",
        "unit": "A",
        "low": 0.0,
        "high": 1.0,
        "value": 0.02,
        "correction": 1e-3,
        "U": 1e-6,
        "k": 2.0,
    }
    corrected = configured.model_copy(update={"accuracy": {**configured.accuracy, "points": [point]}})
    with reader(tmp_path, configured, drifting) as trace:
        found = mean_reading(trace, corrected)
        assert mean_reading(trace, corrected, "voltage").value == VOLTAGE_V
    assert found.value == pytest.approx(0.02, rel=1e-6)
    steps = 1e-4 / VOLTAGE_V * (np.arange(10) * 2 - 9) / 10
    assert found.u == pytest.approx(float(np.std(steps, ddof=1)) / math.sqrt(10), rel=1e-3)
    assert found.dof == 9


def test_the_resolution_of_a_steady_reading() -> None:
    steps = {"name": "quantisation", "relative": 5e-4, "source": "four digits"}
    assert resolution_u(monitor(GAIN, steps), -0.02) == pytest.approx(1e-5 / math.sqrt(3))
    assert resolution_u(monitor(GAIN), 0.02) == 0.0
