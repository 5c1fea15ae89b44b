# SPDX-License-Identifier: Apache-2.0
"""Tables of windows, single inferences and laps: as many rows as there are, with the figures of the analysis."""

import csv
import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from energy_runner import api
from energy_runner.analysis import tables
from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.inferences.segment import WindowInferences
from energy_runner.analysis.tables import WHAT, table
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.errors import ConfigurationError, ExitStatus, SessionError
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.session.result import WindowResult
from tests.support.bent_runs import FAST, edit, lose
from tests.support.synthetic import Setup, make_run


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return lose(1, 4)(make_run(Setup(period_s=0.01, laps=True))).write(tmp_path_factory.mktemp("s") / "s")


@pytest.fixture(scope="module")
def performance(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return make_run(mode="performance").write(tmp_path_factory.mktemp("p") / "p")


def test_windows_are_those_of_the_analysis(session: Session) -> None:
    made, result = table([session], "windows"), analyze(session)
    assert made["window"].tolist() == [1, 2, 3, 4, 5]
    for name in (
        "energy_j",
        "energy_per_inference_j",
        "duration_s",
        "start_s",
        "mean_power_w",
        "inferences",
        "file",
    ):
        assert made[name].tolist() == [getattr(window, name) for window in result.windows], name
    assert made["samples_missing"].tolist() == [0, 4, 0, 0, 0]
    budgets = [window.uncertainty for window in result.windows]
    assert made["energy_per_inference_u_j"].tolist() == [budget.u for budget in budgets if budget]
    assert made["energy_per_inference_expanded_u_j"].tolist() == [budget.U for budget in budgets if budget]
    assert set(made["session"]) == {session.record.session_id}
    assert made["virtual"].all()
    assert made.attributes["title"] == "SIMULATED windows of synthetic"


def test_every_figure_of_a_window_is_in_the_table(session: Session) -> None:
    assert WindowResult.model_fields.keys() - {"index", "uncertainty"} <= set(table([session]).names)


@pytest.mark.parametrize("what", [what for what in WHAT if what != "layers"])
def test_every_column_is_described_and_a_quantity_has_its_unit(session: Session, what: str, monkeypatch) -> None:
    monkeypatch.setattr(tables, "segment_session", lambda one: Found())
    for column in table([session], what).columns:
        assert column.about.endswith("."), column.name
        assert ("." in column.name) is False
        if column.unit not in {"", "1"}:
            assert column.unit in column.about or column.unit == "1/s", column.name


def test_remarks_are_what_was_found_in_a_window(session: Session) -> None:
    findings = analyze(session).findings
    assert any(finding.window is not None for finding in findings)
    expected = [
        f"{session.path}: window {finding.window + 1}, {finding.id}: {finding.detail}"
        for finding in findings
        if finding.window is not None
    ]
    assert f"{session.path}: window 2, samples-missing: 4 of 1031" in expected
    assert list(table([session]).remarks) == expected


@pytest.mark.parametrize(
    ("what", "index"),
    [
        ("windows", {"window", "stimulus", "file"}),
        ("inferences", {"window", "inference"}),
        ("laps", {"clock", "lap", "purpose", "window"}),
    ],
)
def test_a_row_is_identified_by_its_session_and_its_number(
    session: Session, what: str, index: set[str], monkeypatch
) -> None:
    monkeypatch.setattr(tables, "segment_session", lambda one: Found())
    columns = table([session], what).columns
    assert {column.name for column in columns if column.index} == {
        "session", "virtual", "benchmark", "mode", *index
    }  # fmt: skip


def test_one_simulated_session_makes_the_table_simulated(session: Session, tmp_path: Path) -> None:
    run = make_run(Setup(period_s=0.01, windows=1))
    run.record = run.record.model_copy(update={"virtual": False})
    measured = run.write(tmp_path / "s")
    assert table([measured]).attributes["title"] == "windows of synthetic"
    assert table([measured, session]).attributes["title"] == "SIMULATED windows of synthetic, synthetic"
    assert table([measured, session])["virtual"].tolist() == [False] + [True] * 5


def test_what_a_window_lacks_is_missing_and_said(tmp_path: Path) -> None:
    run = make_run(FAST).drop(ev.EdgeCaptured, [3])
    made = table([run.write(tmp_path / "s")])
    assert len(made) == 5
    assert np.isnan(made["energy_j"]).sum() == 1
    lost = int(np.flatnonzero(np.isnan(made["energy_j"]))[0])
    assert np.isnan(made["samples_expected"][lost])
    row = list(csv.reader(io.StringIO(made.csv(), newline="")))[1 + lost]
    assert row[made.names.index("energy_j")] == ""
    assert row[made.names.index("samples_expected")] == ""
    assert any("edge" in remark for remark in made.remarks)


def test_sessions_are_put_one_below_the_other(session: Session, performance: Session) -> None:
    made = table([session, performance, session])
    assert len(made) == 15
    for count, title in ((3, "synthetic, synthetic, synthetic"), (5, "synthetic, synthetic, synthetic, 2 more")):
        assert table([session] * count).attributes["title"] == f"SIMULATED windows of {title}"
    assert made["mode"].tolist() == ["energy"] * 5 + ["performance"] * 5 + ["energy"] * 5
    assert np.isnan(made["energy_j"][5:10]).all()
    assert np.isfinite(made["throughput_per_s"]).all()
    data = xr.Dataset(**made.to_xarray())
    by_mode = data.throughput_per_s.groupby(data.mode).mean()
    assert set(by_mode.mode.values) == {"energy", "performance"}


# --- laps -----------------------------------------------------------------------------------------------


def test_laps_of_the_io_manager_have_their_host_times(session: Session) -> None:
    made = table([session], "laps")
    told = [event for event in session.journal() if isinstance(event, ev.LapCaptured)]
    assert set(made["clock"]) == {"io-manager"}
    assert made["lap_us"].tolist() == [event.lap_us for event in told]
    assert made["host_ns"].tolist() == [event.t_ns for event in told]
    assert made["lap"].tolist() == list(range(1, len(told) + 1))
    assert np.isnan(made["window"]).all()


def test_laps_of_the_dut_name_their_window(performance: Session) -> None:
    made = table([performance], "laps")
    done = [event for event in performance.journal() if isinstance(event, ev.InferenceDone)]
    assert set(made["clock"]) == {"dut"}
    assert made["lap_us"].tolist() == [lap for event in done for lap in event.dut_laps_us]
    assert made["host_ns"].tolist() == [t for event in done for t in (event.start_line_ns, event.done_line_ns)]
    scored = made["purpose"] == "window"
    assert made["window"][scored].tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert np.isnan(made["window"][~scored]).all()


def test_a_lap_without_a_partner_has_no_host_time(tmp_path: Path) -> None:
    run = edit(ev.InferenceDone, dut_laps_us=[1, 2, 3])(make_run(mode="performance"))
    made = table([run.write(tmp_path / "s")], "laps")
    assert np.isnan(made["host_ns"]).all()


def test_a_number_that_no_clock_has_is_refused(tmp_path: Path) -> None:
    run = edit(ev.InferenceDone, dut_laps_us=[1, 2**80])(make_run(mode="performance"))
    with pytest.raises(SessionError, match="holds a number that no run can produce"):
        table([run.write(tmp_path / "s")], "laps")


# --- single inferences ----------------------------------------------------------------------------------


class Found:
    """Two windows as `segment` gives them, one of them not resolved."""

    windows = (
        WindowInferences(0, 2, resolved=False, reason="not resolved: noise"),
        WindowInferences(
            1,
            2,
            resolved=True,
            inferences=2,
            boundaries_s=(1.0, 1.5, 2.0),
            boundary_u_s=(0.1, 0.2, 0.3),
            energy_j=(3.0, float("nan")),
            duration_s=(0.5, 0.5),
            disagreements=("2 inferences, 3 were stated",),
        ),
    )


def test_single_inferences_are_those_of_the_segmentation(session: Session, monkeypatch) -> None:
    monkeypatch.setattr(tables, "segment_session", lambda one: Found())
    made = table([session], "inferences")
    assert made["window"].tolist() == [2, 2]
    assert made["inference"].tolist() == [1, 2]
    assert (made["start_s"].tolist(), made["stop_s"].tolist()) == ([1.0, 1.5], [1.5, 2.0])
    assert made["start_u_s"].tolist() == [0.1, 0.2]
    assert made["energy_j"][0] == 3.0
    assert made.csv().split("\r\n")[2].endswith(",1.5,0.2,2.0,0.5,")
    assert [remark.partition(": ")[2] for remark in made.remarks] == [
        "window 1 is left out, not resolved: noise",
        "window 2: 2 inferences, 3 were stated",
    ]


def test_two_reasons_are_enough(session: Session, monkeypatch) -> None:
    windows = [WindowInferences(k, 2, resolved=False, reason=f"reason {k}") for k in range(3)]
    monkeypatch.setattr(tables, "segment_session", lambda one: SimpleNamespace(windows=windows))
    with pytest.raises(SessionError) as told:
        table([session], "inferences")
    reasons = "window 1 is left out, reason 0; window 2 is left out, reason 1"
    assert str(told.value).endswith(f"in energy mode has no inferences: {reasons}")


def test_a_session_without_any_says_why(session: Session, performance: Session) -> None:
    with pytest.raises(SessionError, match=r"in performance mode has no inferences$"):
        table([performance], "inferences")
    with pytest.raises(SessionError, match="in energy mode has no inferences: window 1 is left out, not resolved"):
        table([session], "inferences")


@pytest.mark.parametrize("what", WHAT)
def test_an_accuracy_session_has_none_of_these(tmp_path: Path, what: str) -> None:
    accuracy = edit(ev.InferenceDone, dut_laps_us=[])(make_run(mode="accuracy")).write(tmp_path / "a")
    with pytest.raises(SessionError, match=f"in accuracy mode has no {what}"):
        table([accuracy], what)


def test_another_word_is_refused(session: Session) -> None:
    with pytest.raises(
        ConfigurationError, match=r"no table of 'window' \(known: windows, inferences, layers, laps\)"
    ):
        table([session], "window")
    with pytest.raises(ConfigurationError, match="at least one session"):
        table([])


# --- the command and the API ----------------------------------------------------------------------------


def test_the_api_takes_one_session_or_several(session: Session) -> None:
    assert api.table(session).csv() == table([session]).csv()
    assert len(api.table([session, session], "laps")) == 2 * len(api.table(session, "laps"))


def test_the_command_writes_csv_to_stdout_or_a_file(session: Session, tmp_path: Path, capfdbinary) -> None:
    assert run_app(app, ["export", "table", str(session.path)]) == 0
    out, err = capfdbinary.readouterr()
    assert out == table([session]).csv().encode()
    assert b"SIMULATED" in err
    file = tmp_path / "laps.csv"
    assert run_app(app, ["export", "table", str(session.path), "--what", "laps", "--out", str(file)]) == 0
    assert capfdbinary.readouterr().out == f"{file}\n".encode()
    assert file.read_bytes() == table([session], "laps").csv().encode()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--what", "window"], "known: windows, inferences, layers, laps, verdicts"),
        (["--format", "xlsx"], "--format 'xlsx' is not one of csv, parquet"),
        (["--format", "parquet"], "needs a file. Try: --out windows.parquet"),
    ],
)
def test_a_mistake_in_the_command_is_said(session: Session, words: list[str], said: str, capsys) -> None:
    assert run_app(app, ["export", "table", str(session.path), *words]) == ExitStatus.USAGE
    assert said in capsys.readouterr().err


# --- several sessions, corrected clocks, long texts -----------------------------------------------------


def test_edges_are_in_the_time_of_the_durations_where_a_clock_is_corrected(tmp_path: Path) -> None:
    # The host sees 999 samples in the time of 1000, so a sample lasts 1000/999 of its stated period.
    run = make_run(Setup(period_s=1e-3, windows=2))
    run.change(ev.SamplesArrived, lambda _, one: one.model_copy(update={"end": int(one.end / 1.001)}))
    session = run.write(tmp_path / "s")
    made, result = table([session]), analyze(session)
    assert result.sample_clock is not None
    assert result.sample_clock.corrected
    assert made["stop_s"] - made["start_s"] == pytest.approx(made["duration_s"], rel=1e-12)
    stated = np.array([window.start_s for window in result.windows])
    assert made["start_s"] == pytest.approx(stated * result.sample_clock.ratio, rel=1e-12)
    assert result.sample_clock.ratio == pytest.approx(1.001, rel=1e-5)


def test_a_session_that_has_none_does_not_keep_the_others_out(session: Session, tmp_path: Path) -> None:
    without = make_run(Setup(period_s=0.01, windows=1)).write(tmp_path / "without")
    made = table([without, session], "laps")
    assert made["lap_us"].tolist() == table([session], "laps")["lap_us"].tolist()
    assert f"{without.path}: this session in energy mode has no laps" in made.remarks
    with pytest.raises(SessionError, match="has no laps; nor has any of the others"):
        table([without, without], "laps")


def test_rows_that_cannot_be_told_apart_are_said(session: Session, tmp_path: Path) -> None:
    other = make_run(Setup(period_s=0.01, windows=1)).write(tmp_path / "other")
    remarks = table([session, other, session]).remarks
    assert f"{session.path}: was given 2 times, so each row is there as often" in remarks
    assert any("2 sessions are called synthetic" in one for one in remarks)
    assert not any("called" in one or "given" in one for one in table([session]).remarks)


@pytest.mark.parametrize("what", ["windows", "laps", "verdicts"])
def test_a_long_text_costs_little_and_is_cut(what: str, tmp_path: Path) -> None:
    run = make_run(Setup(period_s=0.01, windows=5, laps=True))
    run.record = run.record.model_copy(
        update={
            "session_id": "x" * 10**6,
            "stimuli": [one.model_copy(update={"file": "y" * 10**6}) for one in run.record.stimuli],
        }
    )
    made = api.table(run.write(tmp_path / "s"), what)
    assert sum(column.values.nbytes for column in made.columns) < 10**6
    assert len(made.attributes["title"]) < 500
    assert {len(text) for text in made["session"]} == {255}
    if what == "windows":
        assert {len(text) for text in made["file"]} == {tables.LONGEST}
        assert any("texts in the column file are cut after 1000 characters" in one for one in made.remarks)


def test_a_table_takes_no_link_and_no_name_of_a_session(session: Session, tmp_path: Path) -> None:
    made = table([session])
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="exists already, and nothing is overwritten"):
        made.save(tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    with pytest.raises(ConfigurationError, match="is a file that the session in this folder has, or will have"):
        made.save(session.path / "report.html", "csv")
    made.save(tmp_path / ("a" * 250 + ".csv"))  # 254 bytes: the longest names there are have 255
