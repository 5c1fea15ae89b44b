# SPDX-License-Identifier: Apache-2.0
"""A monitor's reading beside a known load, by hand: flat traces with one term of a specification each."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from energy_runner.analysis.known_load import KnownLoad, Verified, mean_reading, resolution_u, verify
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
