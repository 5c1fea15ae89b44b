# SPDX-License-Identifier: Apache-2.0
"""From a session to its result: right where all is well, withheld and said so where anything is not."""

from pathlib import Path

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.errors import SessionError
from energy_runner.rules import evaluate
from energy_runner.session import events as ev
from energy_runner.session.folder import Session, json_bytes
from energy_runner.session.result import Result
from energy_runner.session.trace import TraceWriter
from tests.support.synthetic import VOLTAGE_V, Run, Setup, host_ns, make_run

FAST = Setup(period_s=0.01)
BY_LAPS = Setup(period_s=2048e-6, by_laps=True)


def ids(result: Result) -> set[str]:
    return {finding.id for finding in result.findings}


def failed(result: Result) -> set[str]:
    return {verdict.id for verdict in result.verdicts if verdict.binding and not verdict.passed}


def sample(run: Run, t_s: float) -> int:
    return int(t_s / run.setup.period_s)


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.5, 0.81])
@pytest.mark.parametrize("setup", [Setup(), BY_LAPS], ids=["monitor", "laps"])
def test_a_clean_run_is_right_and_valid(tmp_path: Path, setup: Setup, phase: float) -> None:
    run = make_run(setup, phase=phase)
    result = evaluate(run.write(tmp_path / "s"))
    score = result.energy_per_inference_j
    assert result.valid
    assert result.findings == []
    assert score is not None
    allowed = 10e-6 if not setup.by_laps else 200e-6  # by laps the windows are shifted a little
    for window, true in zip(result.windows, run.truth, strict=True):
        assert window.energy_j == pytest.approx(true.energy_j, rel=allowed)
        assert window.duration_s == pytest.approx(true.stop_s - true.start_s, rel=allowed)
        assert window.mean_power_w == pytest.approx(true.energy_j / (true.stop_s - true.start_s), rel=allowed)
        assert window.samples_missing == window.samples_over_range == 0
        assert window.samples_received == window.samples_expected
    truth = np.median([true.energy_j / true.inferences for true in run.truth])
    assert score.median == pytest.approx(truth, rel=allowed)
    assert abs(score.median - truth) < score.u
    assert score.k == pytest.approx(0.95 * np.sqrt(3), abs=2e-3)  # one rectangle, the gain's, outweighs all
    assert pytest.approx(score.k * score.u) == score.U
    assert all(window.uncertainty is not None for window in result.windows)
    assert result.throughput_per_s == pytest.approx(100 / 10.3, rel=1e-3)


def test_the_power_between_windows_is_told(tmp_path: Path) -> None:
    result = evaluate(make_run(FAST).write(tmp_path / "s"))
    # 0.2 + 0.3 s idle, 1.2 s loading, 0.1 s idle, 0.3 s warming up at the idle level of the made-up DUT
    assert result.between_windows_w == pytest.approx([(0.9 * 0.020 + 1.2 * 0.055) / 2.1] * 4, rel=0.02)


def test_the_same_facts_give_the_same_bytes(tmp_path: Path) -> None:
    first = evaluate(make_run(BY_LAPS).write(tmp_path / "first"))
    again = evaluate(make_run(BY_LAPS).write(tmp_path / "elsewhere" / "again"))
    assert json_bytes(first) == json_bytes(again)
    assert str(tmp_path) not in json_bytes(first).decode()


def test_a_score_is_withheld_without_one_edge(tmp_path: Path) -> None:
    result = evaluate(make_run(FAST).drop(ev.EdgeCaptured, [4]).write(tmp_path / "s"))
    assert (result.valid, result.energy_per_inference_j, result.throughput_per_s) == (False, None, None)
    assert "edges-match-commands" in failed(result)
    assert [window.energy_j is None for window in result.windows] == [True, False, False, False, False]


def test_a_few_lost_samples_are_estimated_and_make_the_run_invalid(tmp_path: Path) -> None:
    run = make_run(FAST)
    at = sample(run, run.truth[1].start_s + 3)
    run.samples[0][at : at + 5] = np.nan
    run.insert(ev.SamplesLost(t_ns=host_ns(25), after=at - 20, before=at + 80, missing=5, detail="five short"))
    result = evaluate(run.write(tmp_path / "s"))
    assert result.windows[1].samples_missing == 5
    assert result.windows[1].energy_j == pytest.approx(run.truth[1].energy_j, rel=10e-6)
    assert result.energy_per_inference_j is not None
    assert not result.valid
    assert failed(result) == {"no-lost-samples"}


def test_a_percent_of_lost_samples_is_no_measurement(tmp_path: Path) -> None:
    """The existing runner sums what is left and prints a number one percent low."""
    run = make_run(FAST)
    first = sample(run, run.truth[0].start_s)
    run.samples[0][first + 50 : first + 1000 : 90] = np.nan
    result = evaluate(run.write(tmp_path / "s"))
    assert result.windows[0].samples_missing == 11
    assert result.windows[0].energy_j is None
    assert result.energy_per_inference_j is None
    assert "samples-missing" in ids(result)
    assert {"no-lost-samples", "five-windows"} <= failed(result)


def test_samples_lost_beside_a_window_count_for_it_if_they_may_be_its_own(tmp_path: Path) -> None:
    """The monitor is one sample short somewhere; its NaN stands after the window."""
    run = make_run(FAST)
    stop = sample(run, run.truth[2].stop_s)
    run.samples[0][stop + 20] = np.nan
    run.insert(ev.SamplesLost(t_ns=host_ns(45), after=stop - 70, before=stop + 30, missing=1, detail="one short"))
    result = evaluate(run.write(tmp_path / "s"))
    assert [window.samples_missing for window in result.windows] == [0, 0, 1, 0, 0]
    assert failed(result) == {"no-lost-samples"}


def test_samples_lost_between_windows_do_no_harm(tmp_path: Path) -> None:
    run = make_run(FAST)
    at = sample(run, run.truth[0].stop_s + 1)
    run.samples[0][at : at + 20] = np.nan
    run.insert(ev.SamplesLost(t_ns=host_ns(18), after=at, before=at + 20, missing=20, detail="a jump"))
    result = evaluate(run.write(tmp_path / "s"))
    assert result.valid


def test_samples_lost_unnoticed_show_in_the_clock(tmp_path: Path) -> None:
    """One in fifty samples never arrives and nobody says so: the record is short, and so is time."""
    run = make_run(FAST)
    run.samples = [np.delete(run.samples[0], np.s_[::50])]
    short = 49 / 50
    run.change(ev.SamplesArrived, lambda n, e: e.model_copy(update={"end": int(e.end * short)}))
    run.change(ev.EdgeCaptured, lambda n, e: e.model_copy(update={"position": e.position * short}))
    run.change(ev.AcquisitionStopped, lambda n, e: e.model_copy(update={"samples": len(run.samples[0])}))
    result = evaluate(run.write(tmp_path / "s"))
    assert result.energy_per_inference_j is None
    assert "sample-clock" in failed(result)
    assert "sample-clock" in ids(result)


def test_over_range_inside_a_window_withholds_its_energy(tmp_path: Path) -> None:
    run = make_run(FAST)
    at = sample(run, run.truth[3].start_s) + 100
    run.insert(ev.SamplesOverRange(t_ns=host_ns(50), at=at, count=3, detail="clipped"))
    result = evaluate(run.write(tmp_path / "s"))
    assert (result.windows[3].samples_over_range, result.windows[3].energy_j) == (3, None)
    assert result.energy_per_inference_j is None
    assert "not-over-range" in failed(result)


def test_over_range_outside_the_windows_is_allowed(tmp_path: Path) -> None:
    """The inrush at power-up, for example."""
    run = make_run(FAST)
    run.insert(ev.SamplesOverRange(t_ns=host_ns(0.1), at=0, count=20, detail="inrush"))
    assert evaluate(run.write(tmp_path / "s")).valid


@pytest.mark.parametrize(
    ("window_s", "wrong"), [(9.9, {"window-length"}), (2.1, {"window-length"}), (10.3, set())]
)
def test_a_window_that_is_too_short_makes_the_run_invalid(
    tmp_path: Path, window_s: float, wrong: set[str]
) -> None:
    result = evaluate(make_run(FAST, window_s=window_s).write(tmp_path / "s"))
    assert failed(result) == wrong
    assert result.valid == (not wrong)


def test_four_windows_are_too_few(tmp_path: Path) -> None:
    assert failed(evaluate(make_run(FAST, windows=4).write(tmp_path / "s"))) == {"five-windows"}


def test_nine_inferences_are_too_few(tmp_path: Path) -> None:
    assert failed(evaluate(make_run(FAST, inferences=9).write(tmp_path / "s"))) == {"window-inferences"}


@pytest.mark.parametrize("t_s", [-6.0, -4.9999999985, 0.2, 2.5, 10.0, 16.0, 30.0, 65.8])
@pytest.mark.parametrize("setup", [FAST, BY_LAPS], ids=["monitor", "laps"])
def test_a_run_killed_at_any_time_gives_what_is_known(tmp_path: Path, setup: Setup, t_s: float) -> None:
    run = make_run(setup).cut(t_s)
    run.torn = b'{"t_ns": 12, "kind": "samp'
    result = evaluate(run.write(tmp_path / "s"))
    assert (result.valid, result.outcome) == (False, "killed")
    # Before the supply was switched on, nothing is known of it, and nothing need be.
    assert {"run-completed", "supply-off"} - ({"supply-off"} if t_s < -5 else set()) <= failed(result)
    assert "journal-torn" in ids(result)
    assert result.energy_per_inference_j is None or len(result.windows) == 5
    for window, true in zip(result.windows, run.truth, strict=False):
        assert window.energy_j is None or window.energy_j == pytest.approx(true.energy_j, rel=1e-3)


@pytest.mark.parametrize("outcome", ["bench-fault", "interrupted", "failed"])
def test_a_run_that_did_not_complete_is_invalid(tmp_path: Path, outcome: str) -> None:
    run = make_run(FAST)
    run.change(ev.RunStopped, lambda n, e: e.model_copy(update={"outcome": outcome, "reason": "why"}))
    result = evaluate(run.write(tmp_path / "s"))
    assert (result.valid, failed(result)) == (False, {"run-completed"})


def test_a_problem_is_told(tmp_path: Path) -> None:
    run = make_run(FAST)
    run.insert(ev.Problem(t_ns=host_ns(9), error="TimedOut", asked="stop", came="nothing", try_this=""))
    run.insert(ev.Remark(t_ns=host_ns(9), box="dut", text="\x00garbage", suspicious=True))
    result = evaluate(run.write(tmp_path / "s"))
    assert ("problem", "stop: nothing") in [(finding.id, finding.detail) for finding in result.findings]
    assert "suspicious-messages" in ids(result)


# --- what is wrong with the folder -----------------------------------------------------------------------


def test_without_a_trace_there_is_no_energy(tmp_path: Path) -> None:
    run = make_run(FAST)
    session = run.write(tmp_path / "s")
    (session.path / "trace.jls").unlink()
    result = evaluate(Session.open(session.path))
    assert ids(result) == {"no-trace"}
    assert all(window.energy_j is None and window.duration_s for window in result.windows)


def test_a_trace_that_is_none_is_told_without_its_path(tmp_path: Path) -> None:
    session = make_run(FAST).write(tmp_path / "s")
    (session.path / "trace.jls").write_bytes(b"hostile")
    result = evaluate(session)
    assert ids(result) == {"no-trace"}
    assert str(tmp_path) not in json_bytes(result).decode()


def test_a_trace_shorter_than_the_windows_is_no_measurement(tmp_path: Path) -> None:
    run = make_run(FAST)
    run.samples = [run.samples[0][: sample(run, run.truth[4].stop_s)]]
    result = evaluate(run.write(tmp_path / "s"))
    assert {"trace-length", "window-not-recorded"} <= ids(result)
    assert result.windows[4].energy_j is None
    assert result.energy_per_inference_j is None


def test_two_different_periods_are_refused(tmp_path: Path) -> None:
    run = make_run(FAST)
    run.change(ev.MonitorConfigured, lambda n, e: e.model_copy(update={"period_s": 0.0133}))
    result = evaluate(run.write(tmp_path / "s"))
    assert result.energy_per_inference_j is None
    assert "period-in-doubt" in ids(result)


def test_record_and_journal_of_different_runs_are_refused(tmp_path: Path) -> None:
    run = make_run(FAST)
    run.change(ev.RunStarted, lambda n, e: e.model_copy(update={"benchmark": "ic01"}))
    with pytest.raises(SessionError, match="the record is of kws01 in energy mode, the journal of ic01"):
        analyze(run.write(tmp_path / "s"))


def test_a_window_of_no_stimulus_is_refused(tmp_path: Path) -> None:
    run = make_run(FAST)
    run.change(ev.InferenceDone, lambda n, e: e.model_copy(update={"stimulus": 5}))
    with pytest.raises(SessionError, match="names stimulus 5, the record lists 5"):
        analyze(run.write(tmp_path / "s"))


@pytest.mark.parametrize(
    ("names", "allowed"),
    [(["power"], True), (["current"], True), (["current", "voltage"], True), (["temperature"], False)],
)
def test_energy_is_computed_from_whatever_is_recorded(tmp_path: Path, names: list[str], allowed: bool) -> None:
    run = make_run(FAST)
    session = run.write(tmp_path / "s")
    power = run.samples[0] / np.float32(FAST.period_s)
    of = {"power": power, "current": power / np.float32(VOLTAGE_V), "voltage": np.full_like(power, VOLTAGE_V)}
    with TraceWriter(session.path / "trace.jls", [(name, "") for name in names], FAST.period_s) as trace:
        trace.append(0, [of.get(name, power) for name in names])
    result = evaluate(session)
    if allowed:
        assert result.windows[0].energy_j == pytest.approx(run.truth[0].energy_j, rel=1e-6)
    else:
        assert ids(result) == {"no-trace"}


def test_negative_energy_is_no_result(tmp_path: Path) -> None:
    run = make_run(FAST)
    run.samples = [-run.samples[0]]
    result = evaluate(run.write(tmp_path / "s"))
    assert result.energy_per_inference_j is None
    assert "energy-not-positive" in ids(result)


def test_an_empty_journal_is_a_killed_run(tmp_path: Path) -> None:
    run = make_run(FAST)
    run.events, run.signals = [], []
    result = evaluate(run.write(tmp_path / "s"))
    assert (result.valid, result.outcome, result.windows) == (False, "killed", [])
