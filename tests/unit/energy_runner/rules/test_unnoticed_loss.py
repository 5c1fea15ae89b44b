# SPDX-License-Identifier: Apache-2.0
"""Samples lost unnoticed between two windows shift the later ones where laps place them: that run is not valid."""

from pathlib import Path

import numpy as np
import pytest

from energy_runner.analysis.facts import gather
from energy_runner.analysis.placing.stretches import worst_stretch
from energy_runner.rules import evaluate
from energy_runner.session import events as ev
from energy_runner.session.result import Result, Verdict
from tests.support.synthetic import ACCURACY, Run, Setup, make_run

BY_LAPS = Setup(period_s=2048e-6, by_laps=True)
CLOCK = {"name": "clock", "relative": 5e-5}


def after(run: Run, window: int) -> float:
    """Seconds of sample time from the first edge to a moment between window `window` and the next."""
    first = 0.5 + run.setup.phase * run.setup.period_s
    return run.truth[window].stop_s + 0.1 - first


def lose(run: Run, at_s: float, seconds: float) -> Run:
    """Let the monitor drop samples without a word: all that come later have too low an index."""
    at, count = int(at_s / run.setup.period_s), round(seconds / run.setup.period_s)
    run.samples = [np.concatenate((signal[:at], signal[at + count :])) for signal in run.samples]

    def shifted(_: int, event: ev.AnyEvent) -> ev.AnyEvent:
        assert isinstance(event, ev.SamplesArrived)
        return event if event.end <= at else event.model_copy(update={"end": event.end - count})

    run.change(ev.SamplesArrived, shifted)
    length = {"samples": len(run.samples[0]), "received": len(run.samples[0])}
    return run.change(ev.AcquisitionStopped, lambda _, event: event.model_copy(update=length))


def specified(run: Run, *terms: dict[str, object]) -> Run:
    accuracy = ACCURACY | {"terms": [*ACCURACY["terms"], *terms]}
    return run.change(ev.MonitorConfigured, lambda _, event: event.model_copy(update={"accuracy": accuracy}))


def clock(result: Result) -> Verdict:
    return next(verdict for verdict in result.verdicts if verdict.id == "sample-clock")


@pytest.mark.parametrize("window", range(4))
@pytest.mark.parametrize("seconds", [0.09, 0.05])
def test_a_loss_between_any_two_windows_makes_the_run_invalid(tmp_path: Path, window: int, seconds: float) -> None:
    run = specified(make_run(BY_LAPS), CLOCK)
    result = evaluate(lose(run, after(run, window), seconds).write(tmp_path))
    verdict = clock(result)
    assert (result.valid, verdict.passed, verdict.binding) == (False, False, True)
    assert (verdict.low, verdict.high) == (1 - 5e-5, 1 + 5e-5)
    assert "the clock's specification" in verdict.note


def test_a_loss_that_the_whole_run_hides_is_found_between_its_parts(tmp_path: Path) -> None:
    run = make_run(BY_LAPS)
    session = lose(run, after(run, 3), 0.09).write(tmp_path)
    result = evaluate(session)
    assert result.sample_clock is not None
    assert abs(result.sample_clock.ratio - 1) < 0.005  # which is the limit, as no specification is tighter
    verdict = clock(result)
    assert (result.valid, verdict.passed) == (False, False)
    assert "lost unnoticed from" in verdict.note
    worst = worst_stretch(gather(session.journal()), 0.005)
    assert worst is not None
    assert worst.start_s < after(run, 3) < worst.stop_s
    assert (worst.ratio - 1) * (worst.stop_s - worst.start_s) == pytest.approx(0.09, abs=0.005)


def test_a_run_without_loss_is_valid_by_its_clocks_specification(tmp_path: Path) -> None:
    result = evaluate(specified(make_run(BY_LAPS), CLOCK).write(tmp_path))
    assert result.valid
    assert clock(result).passed


def test_edges_of_the_monitor_need_no_such_care(tmp_path: Path) -> None:
    run = specified(make_run(Setup(period_s=0.01)), CLOCK)
    verdict = clock(evaluate(lose(run, run.truth[0].stop_s + 0.1, 0.05).write(tmp_path)))
    assert (verdict.low, verdict.high) == (0.995, 1.005)


# --- losses of unknown number ---------------------------------------------------------------------------


def skipped(run: Run, window: int, missing: int = 1) -> Run:
    """Let the monitor say that it skipped samples somewhere between `window` and the next, as an NGU does."""
    at = int(after(run, window) / run.setup.period_s)
    t_ns = next(e.t_ns for e in run.events if isinstance(e, ev.SamplesArrived) and e.end > at)
    return run.insert(ev.SamplesLost(t_ns=t_ns, after=at - 20, before=at + 20, missing=missing, detail="skipped"))


@pytest.mark.parametrize("window", range(4))
@pytest.mark.parametrize("by_host", [False, True])
def test_no_figure_of_a_window_after_skipped_samples_is_given(tmp_path: Path, window: int, by_host: bool) -> None:
    run = lose(make_run(BY_LAPS), after(make_run(BY_LAPS), window), 0.03)
    if by_host:
        run.change(ev.MonitorConfigured, lambda _, event: event.model_copy(update={"starts_on_edge": False}))
    result = evaluate(skipped(run, window).write(tmp_path))
    assert (result.valid, result.energy_per_inference_j, result.throughput_per_s) == (False, None, None)
    before, behind = result.windows[: window + 1], result.windows[window + 1 :]
    assert all(one.energy_per_inference_j is not None for one in before)
    for one in behind:
        figures = one.model_dump(exclude={"index", "stimulus", "file", "inferences"})
        assert not any(value is not None for value in figures.values())
    assert all(power is None for power in result.between_windows_w[window:])
    (found,) = [finding for finding in result.findings if finding.id == "samples-skipped"]
    assert f"cannot place the {4 - window} windows from there on" in found.detail
    assert any(one.binding and not one.passed and one.id == "no-lost-samples" for one in result.verdicts)


def test_a_loss_of_known_number_and_one_after_the_last_window_withhold_nothing(tmp_path: Path) -> None:
    run = make_run(BY_LAPS)
    assert evaluate(skipped(run, 1, missing=40).write(tmp_path / "known")).valid
    assert evaluate(skipped(make_run(BY_LAPS), 4).write(tmp_path / "late")).valid


def test_a_clock_beyond_its_specification_is_a_remark_where_it_was_corrected(tmp_path) -> None:
    run = make_run()
    run.change(ev.SamplesArrived, lambda _, e: e.model_copy(update={"end": int(e.end / 1.002)}))
    result = evaluate(run.write(tmp_path / "s"))
    assert result.sample_clock is not None
    assert result.sample_clock.corrected
    [verdict] = [one for one in result.verdicts if one.id == "sample-clock"]
    assert verdict.passed
    assert "durations and energies are corrected" in verdict.text
