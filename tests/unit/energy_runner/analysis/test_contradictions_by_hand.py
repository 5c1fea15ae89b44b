# SPDX-License-Identifier: Apache-2.0
"""Where exactly a contradiction begins: how vague an edge may be, and which number of inferences is named."""

import math

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
