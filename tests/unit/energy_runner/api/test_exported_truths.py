# SPDX-License-Identifier: Apache-2.0
"""Exported traces against truths in closed form, and against sessions that contradict themselves."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from energy_runner import api
from energy_runner.analysis.analyze import analyze
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.session.trace import TraceWriter
from tests.support.bent_runs import edit
from tests.support.outgoing import PerfettoTrace, read_csv
from tests.support.synthetic import START_NS, VOLTAGE_V, Run, Setup, make_run

STEP_S = 1e-3
SLOPE_A_PER_S = 1e-3


def rising() -> Run:
    """A current that rises in proportion to time, read at an instant for each sample, at a constant voltage."""
    run = make_run(Setup(period_s=STEP_S, windows=2, by_laps=True))
    at_s = np.arange(len(run.samples[0])) * STEP_S
    run.samples = [(SLOPE_A_PER_S * at_s).astype(np.float32), np.full(len(at_s), VOLTAGE_V, dtype=np.float32)]
    names = (("current", "A"), ("voltage", "V"))
    signals = [{"name": name, "unit": unit, "kind": "instant"} for name, unit in names]
    return edit(ev.MonitorConfigured, signals=signals)(run)


@pytest.mark.parametrize(("every", "within"), [(1, 1e-6), (10, 1e-4), (1000, 2e-3)])
def test_readings_of_a_rising_current_and_their_means_have_its_energy(every: int, within: float, tmp_path) -> None:
    session = rising().write(tmp_path / "s")
    api.export_trace(session, tmp_path / "t.csv", every=every)
    api.export_trace(session, tmp_path / "t.vcd")
    edges = f"{tmp_path / 't.vcd'}:window_edges"
    back = analyze(api.import_trace(tmp_path / "t.csv", tmp_path / "back", edges=edges, inferences=100))
    assert len(back.windows) == 2
    for window in back.windows:
        # A row that was taken for a reading at its beginning made this 5 % wrong for rows of a second.
        true_j = 0.5 * SLOPE_A_PER_S * VOLTAGE_V * (window.stop_s**2 - window.start_s**2)
        assert window.energy_j == pytest.approx(true_j, rel=within)


def parquet_windows(path: Path) -> list[tuple[float, float]]:
    told = json.loads(pq.read_schema(path).metadata[b"windows"])
    return [(one["start_s"], one["stop_s"]) for one in told]


def test_windows_lie_where_their_edges_were_whatever_the_result_says(tmp_path) -> None:
    run = make_run(Setup(period_s=STEP_S, windows=2))
    session = run.write(tmp_path / "s")
    api.analyze(session, write=True)
    document = json.loads((session.path / "result.json").read_text())
    document["windows"][0]["start_s"] += 1.0
    (session.path / "result.json").write_text(json.dumps(document))
    made = api.export_trace(Session.open(session.path), tmp_path / "t.parquet")
    for (start_s, stop_s), true in zip(parquet_windows(tmp_path / "t.parquet"), run.truth, strict=True):
        assert (start_s, stop_s) == pytest.approx((true.start_s, true.stop_s), abs=1e-6)
    said = [one for one in made.remarks if "lies where its edges were captured" in one]
    assert len(said) == 1
    assert said[0].startswith("window 1 ")


@pytest.mark.parametrize("suffix", [".csv", ".pftrace"])
def test_a_file_says_of_itself_that_its_session_was_changed(suffix: str, tmp_path) -> None:
    session = api.demo(out=tmp_path / "s")
    path = session.path / "result.json"
    assert not any("was changed" in one for one in api.export_trace(session, tmp_path / f"a{suffix}").remarks)
    path.write_bytes(path.read_bytes().replace(b'"mode": "energy"', b'"mode":  "energy"', 1))
    made = api.export_trace(session.path, tmp_path / f"t{suffix}")
    assert any("result.json: was changed after it was derived" in one for one in made.remarks)
    assert b"was changed after it was derived" in (tmp_path / f"t{suffix}").read_bytes()


def test_an_intact_result_has_the_windows_where_the_edges_are(tmp_path) -> None:
    # With a corrected clock too: 1001 stated periods are a second of 1000 samples.
    run = make_run(Setup(period_s=STEP_S, windows=2))
    run.change(ev.SamplesArrived, lambda _, one: one.model_copy(update={"end": int(one.end / 1.001)}))
    session = run.write(tmp_path / "s")
    api.export_trace(session, tmp_path / "a.parquet")
    api.analyze(session, write=True)
    made = api.export_trace(Session.open(session.path), tmp_path / "b.parquet")
    assert not any("its edges were captured" in one for one in made.remarks)
    assert parquet_windows(tmp_path / "a.parquet") == parquet_windows(tmp_path / "b.parquet")
    table = api.table(session)
    rows = list(zip(table["start_s"].tolist(), table["stop_s"].tolist(), strict=True))
    for row, window in zip(rows, parquet_windows(tmp_path / "b.parquet"), strict=True):
        assert row == pytest.approx(window, rel=1e-12)


@pytest.mark.parametrize("suffix", [".csv", ".vcd", ".sr", ".jls"])
def test_windows_beyond_the_last_sample_are_said(suffix: str, tmp_path) -> None:
    run = make_run(Setup(period_s=0.01, windows=3))
    kept = int((run.truth[1].stop_s + 0.1) / 0.01)
    run.samples = [signal[:kept] for signal in run.samples]
    made = api.export_trace(run.write(tmp_path / "s"), tmp_path / f"t{suffix}")
    assert f"not whole in the trace, which has {kept} samples: window 3; formats that show " in " ".join(
        made.remarks
    )


def test_what_is_no_power_goes_out_as_it_was_recorded(tmp_path) -> None:
    run = make_run(Setup(period_s=0.01, windows=1))
    session = run.write(tmp_path / "s")
    (session.path / "trace.jls").unlink()
    with TraceWriter(session.path / "trace.jls", [("temperature", "K")], 0.01) as trace:
        trace.append(0, [run.samples[0]])
    for suffix in (".csv", ".vcd", ".sr", ".pftrace"):
        made = api.export_trace(Session.open(session.path), tmp_path / f"t{suffix}")
        assert any(one.startswith("power cannot be computed: the trace holds temperature") for one in made.remarks)
    assert read_csv(tmp_path / "t.csv")[1] == ["time (s)", "temperature (K)"]
    with pytest.raises(SessionError, match="no power can be computed of what it recorded"):
        api.export_trace(Session.open(session.path), tmp_path / "t.jls")


@pytest.mark.parametrize("name", ["result.json", "trace.jls", "stream.bin"])
def test_a_session_is_not_given_a_file_of_its_own_names(name: str, tmp_path) -> None:
    session = make_run(Setup(period_s=0.01, windows=1)).write(tmp_path / "s")
    before = sorted(one.name for one in session.path.iterdir())
    with pytest.raises(ConfigurationError):
        api.export_trace(session, session.path / name, format="csv")
    assert sorted(one.name for one in session.path.iterdir()) == before


def test_a_current_alone_comes_back_with_the_voltage_that_the_file_states(tmp_path) -> None:
    run = make_run(Setup(period_s=STEP_S, windows=2, by_laps=True))
    run.signals, run.samples = run.signals[:1], run.samples[:1]
    session = edit(ev.MonitorConfigured, signals=[{"name": "current", "unit": "A"}])(run).write(tmp_path / "s")
    api.export_trace(session, tmp_path / "t.csv")
    api.export_trace(session, tmp_path / "t.vcd")
    edges = f"{tmp_path / 't.vcd'}:window_edges"
    back = api.import_trace(tmp_path / "t.csv", tmp_path / "b", edges=edges, inferences=100, voltage_v=VOLTAGE_V)
    first = [one.energy_j for one in analyze(session).windows]
    assert [one.energy_j for one in analyze(back).windows] == pytest.approx(first, rel=1e-9)
    assert any(f"the voltage that was set {VOLTAGE_V} V" in line for line in read_csv(tmp_path / "t.csv")[0])


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_calendar_time_of_second_0_is_true_within_what_is_said(suffix: str, tmp_path) -> None:
    # The run began at 0:00:00, and the first sample 5 s later; messages reach the host up to 30 ms late.
    session = make_run(Setup(period_s=0.01, windows=2)).write(tmp_path / "s")
    api.export_trace(session, tmp_path / f"t{suffix}")
    if suffix == ".csv":
        line = next(one for one in read_csv(tmp_path / "t.csv")[0] if "second 0 is" in one)
        when, within, unit = line.removeprefix("# second 0 is ").replace(" ± ", " ").split()
        assert unit == "s"
        off_s = (
            np.datetime64(when.removesuffix("+00:00")) - np.datetime64("2025-01-01T00:00:05")
        ) / np.timedelta64(1, "s")
    else:
        told = pq.read_schema(tmp_path / "t.parquet").metadata
        off_s, within = int(told[b"zero_utc_ns"]) * 1e-9 - 1_735_689_605, told[b"zero_limit_s"]
    assert 0 < abs(off_s) <= float(within) < 0.05


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_readings_beyond_the_range_are_said_where_no_signal_shows_them(suffix: str, tmp_path) -> None:
    run = make_run(Setup(period_s=0.01, windows=1))
    run.insert(ev.SamplesOverRange(t_ns=START_NS + 10**9, at=200, count=30, detail="odd"))
    run.insert(ev.SamplesOverRange(t_ns=START_NS + 10**9, at=300, count=12, detail="odd"))
    made = api.export_trace(run.write(tmp_path / "s"), tmp_path / f"t{suffix}")
    assert any(one.startswith("42 samples were beyond the monitor's range") for one in made.remarks)
    assert b"42 samples were beyond the monitor" in (tmp_path / f"t{suffix}").read_bytes()


def test_a_trace_that_cannot_be_opened_does_not_hide_what_happened(tmp_path) -> None:
    session = make_run(Setup(period_s=0.01, windows=2)).write(tmp_path / "s")
    (session.path / "trace.jls").write_bytes((session.path / "trace.jls").read_bytes()[:100])
    made = api.export_trace(session, tmp_path / "t.pftrace")
    assert any(one.startswith("without the power: ") for one in made.remarks)
    trace = PerfettoTrace(tmp_path / "t.pftrace")
    assert len([kind for kind, *_ in trace.of("Windows") if kind == 1]) == 2
    with pytest.raises(SessionError, match="cannot be read as a trace"):
        api.export_trace(session, tmp_path / "t.csv")


def test_the_rows_of_a_run_that_has_not_ended_are_said_to_be_those_so_far(tmp_path) -> None:
    run = make_run(Setup(period_s=0.01, windows=2))
    run.record = run.record.model_copy(update={"outcome": "running"})
    made = api.table(run.write(tmp_path / "s"))
    assert any("the run has not ended, or was killed; these are its rows so far" in one for one in made.remarks)
