# SPDX-License-Identifier: Apache-2.0
"""Exported traces of whole sessions: what is in the files, round trips with their joules, and the command."""

import json
import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pyjls
import pytest

from energy_runner import api
from energy_runner.analysis.analyze import analyze
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.errors import ConfigurationError, ExitStatus, SessionError
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.session.trace import TraceWriter
from tests.support.bent_runs import edit, lose
from tests.support.outgoing import HOSTILE, PerfettoTrace, read_csv
from tests.support.synthetic import START_NS, Setup, make_run

FORMS = {"csv": ".csv", "parquet": ".parquet", "jls": ".jls", "sr": ".sr", "vcd": ".vcd", "perfetto": ".pftrace"}
LOST = 4


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session that recorded joules in each sample, four of them lost in its second window."""
    run = lose(1, LOST)(make_run(Setup(period_s=1e-3, windows=3)))
    run.insert(
        ev.DeviceIdentified(
            t_ns=START_NS - 1,
            box="monitor",
            identity={"make": "Acme", "model": "M1", "serial": "42", "firmware": "1.0", "virtual": True},
        )
    )
    return run.write(tmp_path_factory.mktemp("s") / "s")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session that recorded current and voltage, all samples of it."""
    return make_run(Setup(period_s=1e-3, windows=2, by_laps=True)).write(tmp_path_factory.mktemp("w") / "w")


def joules(session: Session) -> list[float]:
    return [window.energy_j for window in analyze(session).windows if window.energy_j is not None]


# --- what is in the files -------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "suffix"), FORMS.items())
def test_each_format_is_written_and_says_simulated(session: Session, form: str, suffix: str, tmp_path) -> None:
    shares: list[float] = []
    made = api.export_trace(session, tmp_path / f"t{suffix}", progress=shares.append)
    assert (made.format, made.simulated, made.bytes) == (form, True, (tmp_path / f"t{suffix}").stat().st_size)
    with session.trace() as trace:
        assert made.samples == trace.length
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert b"SIMULATED" in (tmp_path / f"t{suffix}").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == [f"t{suffix}"]


def test_what_was_recorded_is_exact_and_what_is_missing_is_missing(session: Session, tmp_path) -> None:
    api.export_trace(session, tmp_path / "t.csv")
    api.export_trace(session, tmp_path / "t.parquet")
    with session.trace() as trace:
        recorded = trace.read("energy", 0, trace.length)
    _, header, rows = read_csv(tmp_path / "t.csv")
    assert header == ["time (s)", "energy (J)", "power (W)"]
    assert np.array_equal(rows[:, 1].astype(np.float32), recorded, equal_nan=True)
    table = pq.read_table(tmp_path / "t.parquet")
    assert table.column_names == ["time_s", "energy_j", "power_w"]
    assert np.array_equal(table.column("energy_j").to_numpy(), recorded, equal_nan=True)
    power_w = table.column("power_w").to_numpy()
    assert np.nansum(power_w) * 1e-3 == pytest.approx(math.fsum(recorded[~np.isnan(recorded)]), rel=1e-12)
    missing = np.count_nonzero(np.isnan(recorded))
    assert missing >= LOST
    assert table.column("power_w").null_count == missing == np.count_nonzero(np.isnan(rows[:, 2]))


def test_the_joulescope_file_has_meaning(session: Session, tmp_path) -> None:
    api.export_trace(session, tmp_path / "t.jls")
    with session.trace() as trace:
        energy_j = trace.read("energy", 0, trace.length).astype(np.float64)
    texts, markers, utc = [], [], []

    def note(sample: int, y: float, kind: object, group: int, data: str) -> bool:
        (markers if kind == pyjls.AnnotationType.VMARKER else texts).append((sample, data))
        return False

    with pyjls.Reader(str(tmp_path / "t.jls")) as file:
        units = {one.name: one.units for number, one in file.signals.items() if number}
        ids = {one.name: one.signal_id for number, one in file.signals.items() if number}
        values = {name: file.fsr(number, 0, len(energy_j)) for name, number in ids.items()}
        file.annotations(1, 0, note)
        file.utc(1, 0, lambda rows: bool(utc.extend(rows)))
        source = file.sources[1]
    assert units == {"current": "A", "voltage": "V", "power": "W"}
    assert np.allclose(values["power"], energy_j / 1e-3, rtol=1e-7, equal_nan=True)
    assert np.allclose(values["current"], energy_j / 1e-3 / 1.8, rtol=1e-7, equal_nan=True)
    assert np.array_equal(np.isnan(values["voltage"]), np.isnan(energy_j))
    assert np.nanmax(np.abs(values["voltage"] - 1.8)) < 1e-6
    assert (source.vendor, source.model, source.serial_number, source.version) == (
        "Acme",
        "SIMULATED_M1",
        "42",
        "1.0",
    )
    assert source.name == "SIMULATED Acme M1"
    assert [name for _, name in markers] == ["1a", "1b", "2a", "2b", "3a", "3b"]
    windows = analyze(session).windows
    ends_s = [end for window in windows for end in (window.start_s, window.stop_s)]
    assert [at for at, _ in markers] == [math.floor(end / 1e-3 + 1e-6) for end in ends_s]
    said = [text for _, text in texts]
    assert {"window 1", "window 2", "window 3", f"{LOST} lost", "load"} <= set(said)
    assert [int(row[0]) for row in utc] == [0, len(energy_j)]
    assert "voltage is as set: 1.8 V and not measured" in said[0]


def test_the_perfetto_file_shows_what_happened(session: Session, tmp_path) -> None:
    api.analyze(session, write=True)
    made = api.export_trace(session, tmp_path / "t.pftrace")
    trace = PerfettoTrace(tmp_path / "t.pftrace")
    titles = set(trace.names.values())
    assert {"Windows", "Phases of the run", "Lost samples", "Verdicts", "Edges", "power, mean"} <= titles
    begins = [at for kind, at, _, _ in trace.of("Windows") if kind == 1]
    zero_ns = min(at for events in trace.events.values() for _, at, _, _ in events if events)
    assert len(begins) == 3
    assert zero_ns == 0
    first_ns = trace.of("power, mean")[0][1]
    starts = [window.start_s for window in analyze(session).windows]
    assert [(at - first_ns) * 1e-9 for at in begins] == pytest.approx(starts, abs=2e-9)
    assert made.rows <= 100_000


# --- round trips ----------------------------------------------------------------------------------------


def imported(session: Session, folder: Path, name: str, **told: object) -> Session:
    """Export a trace and its edges, and import both."""
    api.export_trace(session, folder / name)
    api.export_trace(session, folder / "edges.vcd")
    edges = f"{folder / 'edges.vcd'}:window_edges"
    return api.import_trace(folder / name, folder / "back", edges=edges, inferences=100, **told)


@pytest.mark.parametrize(
    ("name", "told", "within"),
    [
        ("t.csv", {}, 1e-12),  # as recorded
        ("t.csv", {"columns": {"time (s)": "s", "power (W)": "W"}}, 6e-8),  # computed, then rounded to 32 bits
        ("t.jls", {}, 6e-8),
    ],
)
def test_joules_in_samples_come_back(session: Session, name: str, told: dict, within: float, tmp_path) -> None:
    back = imported(session, tmp_path, name, **told)
    assert back.record.virtual
    first, again = analyze(session).windows, analyze(back).windows
    assert [one.samples_missing for one in again] == [one.samples_missing for one in first] == [0, LOST, 0]
    for one, other in zip(first, again, strict=True):
        assert other.start_s == pytest.approx(one.start_s, abs=1e-9)
        assert other.energy_j == (
            one.energy_j if one.energy_j is None else pytest.approx(one.energy_j, rel=within)
        )


@pytest.mark.parametrize(
    ("name", "told", "within"),
    [
        ("t.csv", {}, 1e-9),
        ("t.jls", {"columns": {"current": "A", "voltage": "V"}}, 1e-9),
        ("t.jls", {}, 6e-8),  # the power, rounded to 32 bits
    ],
)
def test_current_and_voltage_come_back(whole: Session, name: str, told: dict, within: float, tmp_path) -> None:
    first, again = joules(whole), joules(imported(whole, tmp_path, name, **told))
    assert len(first) == 2
    assert again == pytest.approx(first, rel=within)


def test_rows_of_several_samples_come_back_as_their_mean_power(whole: Session, tmp_path) -> None:
    api.export_trace(whole, tmp_path / "t.csv", every=10)
    api.export_trace(whole, tmp_path / "edges.vcd")
    edges = f"{tmp_path / 'edges.vcd'}:window_edges"
    back = api.import_trace(tmp_path / "t.csv", tmp_path / "back", edges=edges, inferences=100)
    assert joules(back) == pytest.approx(joules(whole), rel=1e-3)


def test_readings_at_an_instant_come_back_as_such(tmp_path) -> None:
    signals = [
        {"name": name, "unit": unit, "kind": "instant"} for name, unit in (("current", "A"), ("voltage", "V"))
    ]
    run = edit(ev.MonitorConfigured, signals=signals)(make_run(Setup(windows=2, by_laps=True)))
    session = run.write(tmp_path / "s")
    back = imported(session, tmp_path, "t.csv")
    assert next(back.journal().of(ev.MonitorConfigured)).signals[0]["kind"] == "instant"
    assert joules(back) == pytest.approx(joules(session), rel=1e-9)
    made = api.export_trace(session, tmp_path / "t.jls")
    assert any("at an instant" in one for one in made.remarks)


def test_one_of_several_rails_is_written(tmp_path) -> None:
    folder = tmp_path / "s"
    make_run(Setup(period_s=0.01, windows=1)).write(folder)
    with TraceWriter(folder / "two.jls", [("core.energy", "J"), ("io.energy", "J")], 0.01, (1, 1)) as trace:
        trace.append(0, [np.full(500, 1e-4, dtype=np.float32)], 0)
        trace.append(0, [np.full(500, 2e-4, dtype=np.float32)], 1)
    (folder / "two.jls").replace(folder / "trace.jls")
    made = api.export_trace(folder, tmp_path / "a.csv")
    assert "this is the rail core; the session has others: io" in made.remarks
    assert read_csv(tmp_path / "a.csv")[2][0, 1] == pytest.approx(1e-4)
    with pytest.raises(ConfigurationError, match="has no rail 'usb'; there are core, io"):
        api.export_trace(folder, tmp_path / "b.csv", rail="usb")
    api.export_trace(folder, tmp_path / "b.csv", rail="io")
    assert read_csv(tmp_path / "b.csv")[2][0, 1] == pytest.approx(2e-4)


# --- refusals and remarks -------------------------------------------------------------------------------


def test_a_session_without_samples_goes_to_perfetto_only(tmp_path) -> None:
    run = make_run(mode="performance").write(tmp_path / "p")
    with pytest.raises(SessionError, match="in performance mode has no power trace"):
        api.export_trace(run, tmp_path / "t.csv")
    made = api.export_trace(run, tmp_path / "t.pftrace")
    assert (made.samples, made.rows) == (0, 0)
    assert "Windows" in PerfettoTrace(tmp_path / "t.pftrace").names.values()


def test_what_was_not_measured_and_which_rails_there_are_is_said(session: Session, tmp_path) -> None:
    made = api.export_trace(session, tmp_path / "t.jls")
    assert any("32-bit floats" in one for one in made.remarks)
    with pytest.raises(ConfigurationError, match="has no rail 'core'; it has one only"):
        api.export_trace(session, tmp_path / "u.jls", rail="core")
    with pytest.raises(ConfigurationError, match="one of csv, parquet"):
        api.export_trace(session, tmp_path / "u.jls", format="xls")
    assert [path.name for path in tmp_path.iterdir()] == ["t.jls"]


def test_a_run_that_was_killed_gives_its_trace_so_far(tmp_path) -> None:
    run = make_run(Setup(period_s=0.01, windows=2)).cut(12.0)
    run.record = run.record.model_copy(update={"outcome": "running"})
    made = api.export_trace(run.write(tmp_path / "s"), tmp_path / "t.csv")
    assert any("has not ended, or was killed" in one for one in made.remarks)


@pytest.mark.parametrize(("form", "suffix"), FORMS.items())
def test_hostile_texts_of_a_session_do_no_harm(form: str, suffix: str, tmp_path) -> None:
    run = make_run(Setup(period_s=0.01, windows=1))
    text = HOSTILE.replace("\ud800", "")
    run.record = run.record.model_copy(update={"session_id": text})
    run.insert(ev.Remark(t_ns=START_NS + 10**9, box=text, text=text * 100))
    run.insert(ev.Phase(t_ns=START_NS + 10**9, name=text, detail=text))
    made = api.export_trace(run.write(tmp_path / "s"), tmp_path / f"t{suffix}")
    data = (tmp_path / f"t{suffix}").read_bytes()
    assert made.bytes == len(data)
    assert b"\x1b[31m" not in data
    assert b"\nprobe1=evil" not in data


# --- the command ----------------------------------------------------------------------------------------


def test_the_command_writes_a_file_and_says_what_it_lacks(session: Session, tmp_path, capsys) -> None:
    file = tmp_path / "t.csv"
    words = ["export", "trace", str(session.path), "--out", str(file)]
    assert run_app(app, [*words, "--most-rows", "100"]) == ExitStatus.VALID
    said = capsys.readouterr()
    assert said.out == f"{file}\n"
    assert "SIMULATED" in said.err
    assert "each row is the mean of" in said.err
    assert len(read_csv(file)[2]) <= 100
    assert run_app(app, words) == ExitStatus.USAGE
    assert "exists already" in capsys.readouterr().err
    words = ["export", "trace", str(session.path), "--format", "vcd", "--out", str(tmp_path / "e"), "--json"]
    assert run_app(app, words) == ExitStatus.VALID
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["format"], told["simulated"]) == ("energy-runner/export-trace/1", "vcd", True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "t.txt"], "Try: --format csv"),
        (["--out", "t.csv", "--every", "0"], "--every was 0"),
        (["--out", "t.csv", "--every", "2", "--most-rows", "3"], "Try: one"),
        (["--out", "t.jls", "--most-rows", "3"], "--most-rows is for csv"),
    ],
)
def test_a_mistake_is_said(session: Session, words: list[str], said: str, capsys, tmp_path) -> None:
    words = [str(tmp_path / word) if word.startswith("t.") else word for word in words]
    assert run_app(app, ["export", "trace", str(session.path), *words]) == ExitStatus.USAGE
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("form", "suffix"), FORMS.items())
def test_a_journal_with_impossible_numbers_gives_a_file_all_the_same(form: str, suffix: str, tmp_path) -> None:
    run = edit(ev.RunStarted, utc_ns=2**70)(make_run(Setup(period_s=0.01, windows=1)))
    run.insert(ev.SamplesLost(t_ns=START_NS + 10**9, after=5, before=2**52, missing=2**52, detail="odd"))
    run.insert(ev.SamplesOverRange(t_ns=START_NS + 10**9, at=2**52, count=2**52, detail="odd"))
    run.insert(ev.Phase(t_ns=-(2**62), name="long ago"))
    session = run.write(tmp_path / "s")
    if form == "jls":  # nothing says what its samples are
        with pytest.raises(SessionError, match="no power can be computed of what it recorded"):
            api.export_trace(session, tmp_path / "t.jls")
        assert not (tmp_path / "t.jls").exists()
        return
    assert api.export_trace(session, tmp_path / f"t{suffix}").bytes > 0
