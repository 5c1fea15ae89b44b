# SPDX-License-Identifier: Apache-2.0
"""Each format becomes a session with the joules that its load is known to have drawn."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import energy_runner as er
from energy_runner.errors import SessionError
from energy_runner.session import events as ev
from tests.support.trace_files import binaries, texts
from tests.support.trace_files.make import FILES, FOLDER, make
from tests.support.trace_files.wave import EDGES_S, JOULES, START_MS, Wave

CASES: dict[str, dict[str, Any]] = {
    "lpm01a.csv": {"edges": "times.csv", "voltage_v": 3.0},
    "lpm01a.log": {"edges": "events", "voltage_v": 3.0},
    "ppk2.csv": {"edges": "D0", "voltage_v": 3.0},
    "ppk2.ppk2": {"edges": "D0", "voltage_v": 3.0},
    "joulescope.csv": {"edges": "gpi0"},
    "joulescope.jls": {"edges": "gpi[0]"},
    "otii.csv": {"edges": "GPI1 - board (Digital)"},
    "n6705.dlog": {"edges": "logic.sr:D1"},
    "n6705.dlog.xz": {"edges": "logic.vcd:D0"},
    "rs-fastlog.csv": {"edges": "times.csv"},
    "keithley.csv": {"edges": "times.csv", "voltage_v": 3.0, "instrument": "dmm7510"},
    "generic.csv": {"edges": "pin", "voltage_v": 3.0, "columns": {"time": "ms", "current": "uA"}},
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_of_each_format_gives_its_joules(name: str, tmp_path: Path) -> None:
    session = er.import_trace(FOLDER / name, tmp_path / "s", inferences=30, **CASES[name])
    windows = session.result().windows
    assert [window.energy_j for window in windows] == pytest.approx(JOULES, rel=1e-6)
    assert [window.duration_s for window in windows] == pytest.approx([1.5, 1.5], rel=1e-6)
    assert [window.inferences for window in windows] == [30, 30]
    assert session.verified.intact


def test_the_fixtures_are_what_the_writers_write(tmp_path: Path) -> None:
    make(tmp_path)
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(FILES)
    for name in FILES:
        if not name.endswith((".jls", ".xz")):  # packed by libraries of which any version will do
            assert (FOLDER / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_without_edges_there_are_no_windows_and_the_rest_can_be_looked_at(tmp_path: Path) -> None:
    session = er.import_trace(FOLDER / "ppk2.csv", tmp_path / "s", voltage_v=3.0)
    result = session.result()
    assert result.windows == []
    assert result.energy_per_inference_j is None
    with session.trace() as trace:
        assert trace.length == 1200
        assert trace.read("current", 0, 3) == pytest.approx([1e-3] * 3)


def told(session: er.Session, kind: type[ev.Event]) -> list[Any]:
    return [event for event in session.journal() if isinstance(event, kind)]


@pytest.mark.parametrize("inputs", ["columns", "digits", "bits"])
def test_rows_that_a_ppk2_left_out_are_lost_samples(inputs: str, tmp_path: Path) -> None:
    path = texts.write_ppk2_csv(tmp_path / "p.csv", Wave(1000.0), inputs, lost=range(1500, 1600))
    session = er.import_trace(path, tmp_path / "s", edges="d0", voltage_v=3.0, inferences=30)
    (lost,) = told(session, ev.SamplesLost)
    assert (lost.after, lost.before, lost.missing) == (1500, 1600, 100)
    windows = session.result().windows
    assert [window.samples_missing for window in windows] == [100, 0]
    assert session.record.origin is not None
    assert "100 of 6000 samples are missing" in session.record.origin.findings
    assert [edge.position for edge in told(session, ev.EdgeCaptured)] == [s * 1000 + 0.5 for s in EDGES_S]


def test_an_edge_in_a_gap_is_as_wide_as_the_gap(tmp_path: Path) -> None:
    path = texts.write_ppk2_csv(tmp_path / "p.csv", Wave(1000.0), lost=range(990, 1010))
    session = er.import_trace(path, tmp_path / "s", edges="D0", voltage_v=3.0, inferences=30)
    first = told(session, ev.EdgeCaptured)[0]
    assert first.position - first.half_width <= 1000 <= first.position + first.half_width
    assert first.half_width == pytest.approx(10.5)


def test_the_file_says_when_and_with_what_it_was_recorded(tmp_path: Path) -> None:
    session = er.import_trace(FOLDER / "ppk2.ppk2", tmp_path / "s", voltage_v=3.0)
    (started,) = told(session, ev.RunStarted)
    assert started.utc_ns == START_MS * 1_000_000
    (monitor,) = told(session, ev.MonitorConfigured)
    assert "Nordic" in monitor.accuracy["document"]
    assert monitor.signals[0]["kind"] == "instant"
    origin = session.record.origin
    assert origin is not None
    assert origin.format == "ppk2"
    assert [file.name for file in origin.files] == ["ppk2.ppk2"]


def test_calendar_time_at_both_ends_of_a_jls_gives_the_true_rate(tmp_path: Path) -> None:
    path = binaries.write_jls(tmp_path / "a.jls", ppm=80.0)
    session = er.import_trace(path, tmp_path / "s", edges="gpi[0]", inferences=3)
    (monitor,) = told(session, ev.MonitorConfigured)
    assert monitor.period_s == pytest.approx(1e-3 / (1 + 80e-6), rel=1e-8)


def test_markers_of_a_jls_are_edges(tmp_path: Path) -> None:
    path = binaries.write_jls(tmp_path / "a.jls", marks=True)
    session = er.import_trace(path, tmp_path / "s", edges="markers", inferences=3)
    assert [w.energy_j for w in session.result().windows] == pytest.approx(JOULES, rel=1e-6)


def test_a_trace_of_ours_keeps_its_own_period(tmp_path: Path) -> None:
    first = er.import_trace(FOLDER / "keithley.csv", tmp_path / "a", voltage_v=3.0, edges=FOLDER / "times.csv",
                            inferences=3)  # fmt: skip
    again = er.import_trace(first.path / "trace.jls", tmp_path / "b", voltage_v=3.0, edges="markers", inferences=3)
    (monitor,) = told(again, ev.MonitorConfigured)
    assert monitor.period_s == 0.005
    assert len(again.result().windows) == 2


def test_a_dlog_of_two_channels_must_be_told_which(tmp_path: Path) -> None:
    path = binaries.write_dlog(tmp_path / "a.dlog", channels="two", minmax=True)
    with pytest.raises(SessionError, match="channels 1, 2"):
        er.import_trace(path, tmp_path / "s", voltage_v=3.0)
    session = er.import_trace(path, tmp_path / "s", voltage_v=3.0, columns={"channel": "2"})
    with session.trace() as trace:
        assert trace.read("current", 0, 2) == pytest.approx([2e-3, 2e-3])


def test_energy_samples_of_a_shield_are_joules(tmp_path: Path) -> None:
    path = texts.write_lpm01a_log(tmp_path / "a.log", output="energy")
    session = er.import_trace(path, tmp_path / "s", edges="events", inferences=3)
    assert [w.energy_j for w in session.result().windows] == pytest.approx(JOULES, rel=1e-6)


def test_samples_that_a_shield_lost_are_lost(tmp_path: Path) -> None:
    path = texts.write_lpm01a_log(tmp_path / "a.log", lost=range(5200, 5203))
    session = er.import_trace(path, tmp_path / "s", edges="events", voltage_v=3.0, inferences=3)
    (lost,) = told(session, ev.SamplesLost)
    assert lost.missing == 3
    with session.trace() as trace:
        assert trace.length == 6000
        assert int(np.sum(np.isnan(trace.read("current", 0, 6000)))) == 3


def test_a_told_benchmark_is_in_the_record_and_one_that_is_not_told_is_not_judged(tmp_path: Path) -> None:
    one = er.import_trace(FOLDER / "otii.csv", tmp_path / "a")
    two = er.import_trace(FOLDER / "otii.csv", tmp_path / "b", benchmark="kws01")
    assert (one.record.benchmark.id, two.record.benchmark.id) == ("not told", "kws01")
    known = {verdict.id: verdict.known for verdict in one.result().verdicts}
    assert not any(known[rule] for rule in ("benchmark", "warm-ups", "not-simulated"))


@pytest.mark.parametrize(("told_v", "said"), [(3.0, False), (3.1, False), (5.0, True)])
def test_a_told_voltage_that_the_file_contradicts_is_named(told_v: float, said: bool, tmp_path: Path) -> None:
    """The file's own readings count; who told another voltage must hear of it."""
    trace = texts.write_joulescope_csv(tmp_path / "t.csv")
    session = er.import_trace(trace, tmp_path / "s", edges="gpi0", voltage_v=told_v, inferences=1)
    assert [window.energy_j for window in session.result().windows] == pytest.approx(JOULES, rel=1e-6)
    origin = session.record.origin
    assert origin is not None
    assert any("5 V were told, and the first readings of the file are 3 V" in it for it in origin.remarks) is said
