# SPDX-License-Identifier: Apache-2.0
"""Where exactly a contradiction begins: how vague an edge may be, and which number of inferences is named."""

import math
from pathlib import Path

import pytest

from energy_runner.analysis.contradictions import EDGES, INFERENCES, contradictions
from energy_runner.analysis.facts import gather
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.session.result import Finding
from tests.support.bent_runs import FAST
from tests.support.synthetic import Run, make_run


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return make_run(FAST).write(tmp_path_factory.mktemp("run") / "s")


def found(session: Session, run: Run, kind: str) -> list[Finding]:
    return [one for one in contradictions(session, gather(run.events)) if one.id == kind]


@pytest.mark.parametrize(("period_s", "limit"), [(0.25, 2.0), (0.01, 50.0), (0.5, 1.0), (2.0, 1.0)])
def test_an_edge_may_be_as_vague_as_half_a_second_or_a_sample(
    period_s: float, limit: float, session: Session
) -> None:
    for half_width, vague in ((limit, False), (math.nextafter(limit, math.inf), True)):

        def widened(number: int, event: ev.EdgeCaptured, width: float = half_width) -> ev.EdgeCaptured:
            return event.model_copy(update={"half_width": width if number == 2 else 0.0})

        run = make_run(FAST).change(ev.EdgeCaptured, widened)
        run.change(ev.MonitorConfigured, lambda _, event: event.model_copy(update={"period_s": period_s}))
        assert bool(found(session, run, EDGES)) is vague


@pytest.mark.parametrize(
    ("counts", "named"), [((50, 100), 50), ((100, 200, 300), 300), ((50, 70, 300), 50), ((100, 100), None)]
)
def test_a_number_is_named_that_is_not_the_planned_one(
    counts: tuple[int, ...], named: int | None, session: Session
) -> None:
    """Windows are events 1 and on; what is left of them has the last number."""

    def counted(number: int, event: ev.InferenceDone) -> ev.InferenceDone:
        return event.model_copy(update={"inferences": counts[min(max(number, 1), len(counts)) - 1]})

    run = make_run(FAST).change(ev.InferenceDone, counted)
    details = [one.detail for one in found(session, run, INFERENCES)]
    assert details == ([f"100 in each window by the plan, {named} by the journal"] if named else [])


# --- commands on the link ---------------------------------------------------------------------------------


def told(folder: Path, *lines: tuple[int, int, str, str]) -> list[Finding]:
    """What contradicts in three windows, with `lines`: the window, ns after the one before it, direction, text.

    Window 0 is the trial's inference.
    """
    run = make_run(FAST)
    done = [event for event in run.events if isinstance(event, ev.InferenceDone)][:4]
    run.events = [event for event in run.events if not isinstance(event, ev.InferenceDone) or event in done]
    ends = [0, *(event.t_ns for event in done)]
    for window, late_ns, direction, text in lines:
        run.insert(ev.Exchange(t_ns=ends[window] + late_ns, box="dut", direction=direction, text=text))  # type: ignore[arg-type]
    written = run.write(folder)
    return [one for one in contradictions(written, gather(run.events)) if one.id == INFERENCES]


RIGHT = [(window, 1000, "tx", "infer 100 1%") for window in range(4)]


@pytest.mark.parametrize("window", [1, 2, 3])
def test_the_first_window_that_differs_from_its_command_is_named(window: int, tmp_path: Path) -> None:
    lines = [(k, 1000, "tx", "infer 99 1%") if k >= window else line for k, line in enumerate(RIGHT)]
    (finding,) = told(tmp_path / "s", *lines)
    assert finding.window == window - 1
    assert finding.detail == "100 after 1 warm-ups by the journal, 'infer 99 1' on the link"


@pytest.mark.parametrize(
    "lines",
    [
        [(k, 1000, "tx", "infer 100%") for k in range(4)],  # nothing said of warm-ups
        [*RIGHT, (2, 500, "tx", "infer 99 1%")],  # the last command counts
        [*RIGHT, (2, 2000, "rx", "infer 99 1")],  # what the DUT says is no command
        [*RIGHT[:2], (2, 0, "tx", "infer 100 1%"), RIGHT[3]],  # at the very end of the window before
        [*RIGHT[:3], (4, 0, "tx", "infer 100 1%")],  # at the very end of its own
    ],
)
def test_commands_that_fit_are_no_contradiction(lines: list[tuple[int, int, str, str]], tmp_path: Path) -> None:
    assert told(tmp_path / "s", *lines) == []


def test_a_command_without_warm_ups_is_named_without_them(tmp_path: Path) -> None:
    (finding,) = told(tmp_path / "s", *[(k, 1000, "tx", "infer 99%") for k in range(4)])
    assert finding.detail.endswith("'infer 99' on the link")
