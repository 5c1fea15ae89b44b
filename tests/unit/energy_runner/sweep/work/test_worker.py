# SPDX-License-Identifier: Apache-2.0
"""What a worker does with what becomes of its points: references, recovery, quarantine, limits, trust."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from energy_runner.director.stop import StopRequest
from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.session.folder import Session
from energy_runner.session.record import SweepFacts
from energy_runner.sweep.catalogue import Catalogue, SweepRow
from energy_runner.sweep.catalogue.rows import rows_of
from energy_runner.sweep.ladder import Taken
from energy_runner.sweep.plan import Settings, plan_from_text
from energy_runner.sweep.work.ends import End
from energy_runner.sweep.work.served_bench import ServedBench
from energy_runner.sweep.work.worker import Worker
from instruments.clock import RealClock
from tests.support.sweep_swarm.fake_runner import write_figures, write_session

POINTS = """name = "night"
order = "as-written"
[axes.n]
sets = "warmups"
values = [1, 2, 3, 4, 5, 6]
"""
Script = Callable[[SweepFacts], str]


@dataclass
class ScriptedRunner:
    """Ends each run as `script` says: an outcome of a session, "refused", "raises" or "breaks"."""

    script: Script = lambda facts: "completed"
    trusted: Callable[[], str] = lambda: "trusted"
    recovered: Callable[[str], str] = lambda step: "ok"
    runs: list[SweepFacts] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def measure(self, settings: Settings, out: Path, facts: SweepFacts, stop: StopRequest) -> Session:
        self.runs.append(facts)
        how = self.script(facts)
        if how == "refused":
            raise ConfigurationError("line 7: no such rate")
        if how == "breaks":
            raise KeyError("a mistake of ours")
        out.mkdir()
        if how == "raises":
            raise BenchFault("the monitor does not answer")
        write_session(out, facts, how, "" if how == "completed" else "it went wrong")
        if how == "completed":
            write_figures(out)
        return Session.open(out)

    def complete(self, session: Session) -> Session:
        return session

    def recover(self, step: str, stop: StopRequest) -> tuple[Taken, str]:
        self.steps.append(step)
        return Taken("bench", step, self.recovered(step)), "tried"  # type: ignore[arg-type]

    def make_safe(self) -> str:
        return ""

    def trust(self) -> tuple[str, str]:
        return self.trusted(), "because"


@dataclass
class Night:
    catalogue: Catalogue
    folder: Path
    text: str = POINTS
    told: list[str] = field(default_factory=list)

    def serve(self, runner: ScriptedRunner, *, stop: StopRequest | None = None, more: str = "") -> tuple[End, str]:
        plan = plan_from_text(self.text + more, "night.toml")
        if not self.catalogue.sweeps():
            row = SweepRow("night-1", "night", plan.text, "2026", "pc", str(self.folder), "open")
            self.catalogue.add_sweep(row, plan.points, {})
        worker = Worker(
            self.catalogue,
            "night-1",
            plan,
            ServedBench("bench", "virtual-lpm01a", True, ("pc/virtual:bench",)),
            self.folder,
            runner,
            stop=stop or StopRequest(),
            clock=RealClock(),
            lease_s=5.0,
            tell=self.told.append,
        )
        ended = worker.serve()
        return ended.end, ended.reason

    def states(self) -> list[str]:
        return [row.state for row in rows_of(self.catalogue, "night-1") if row.kind == "point"]


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    yield Night(catalogue, tmp_path / "night-1")
    catalogue.close()


def test_every_point_is_measured_and_the_seat_given_back(night: Night) -> None:
    runner = ScriptedRunner()
    assert night.serve(runner) == (End.FINISHED, "")
    assert night.states() == ["done"] * 6
    assert [facts.point for facts in runner.runs] == [1, 2, 3, 4, 5, 6]
    assert night.catalogue.seats.all() == []
    assert {facts.bench_trust for facts in runner.runs} == {"trusted"}


def test_the_reference_comes_first_every_few_points_and_last(night: Night) -> None:
    runner = ScriptedRunner()
    night.serve(runner, more="[reference]\nvalues = {n = 3}\nevery_points = 4\n")
    assert [facts.kind[0] for facts in runner.runs] == list("rpppprppr")
    assert [facts.values for facts in runner.runs if facts.kind == "reference"] == [{"n": 3}] * 3


def test_a_reference_that_fails_is_due_again_until_the_bench_is_quarantined(night: Night) -> None:
    runner = ScriptedRunner(lambda facts: "bench-fault" if facts.kind == "reference" else "completed")
    end, reason = night.serve(runner, more="[reference]\nevery_points = 4\n[limits]\nfailures_in_a_row = 2\n")
    assert end == End.QUARANTINED
    assert "2 or more points in a row" in reason
    assert {facts.kind for facts in runner.runs} == {"reference"}
    assert night.states() == ["waiting"] * 6


def test_an_invalid_reference_is_kept_and_not_repeated(night: Night) -> None:
    runner = ScriptedRunner(lambda facts: "completed")
    night.serve(runner, more="[reference]\nevery_points = 6\n[limits]\nretry_invalid = 3\n")
    assert [facts.kind[0] for facts in runner.runs] == list("rppppppr")


def test_a_fault_climbs_the_ladder_and_the_next_attempt_says_which_steps_were_taken(night: Night) -> None:
    runner = ScriptedRunner(lambda facts: "bench-fault" if (facts.point, facts.attempt) == (2, 1) else "completed")
    assert night.serve(runner)[0] == End.FINISHED
    assert night.states() == ["done"] * 6
    assert runner.steps == ["resynchronise"]
    again = [facts for facts in runner.runs if facts.point == 2][1]
    assert (again.attempt, again.epoch, again.recovery) == (2, 2, ["resynchronise: ok, tried"])
    outcomes = [(one.outcome, one.accepted) for one in night.catalogue.attempts("night-1", 2)]
    assert outcomes == [("bench-fault", True), ("completed", True)]


@pytest.mark.parametrize("how", ["bench-fault", "raises", "failed", "breaks"])
def test_a_point_that_keeps_failing_is_set_aside_and_the_night_goes_on(night: Night, how: str) -> None:
    runner = ScriptedRunner(lambda facts: how if facts.point == 3 else "completed")
    assert night.serve(runner)[0] == End.FINISHED
    assert night.states() == ["done", "done", "set-aside", "done", "done", "done"]
    assert len([facts for facts in runner.runs if facts.point == 3]) <= 3
    [aside] = [row for row in rows_of(night.catalogue, "night-1") if row.state == "set-aside"]
    assert aside.reason


def test_a_point_that_is_refused_is_set_aside_at_once_and_says_nothing_of_the_bench(night: Night) -> None:
    runner = ScriptedRunner(lambda facts: "refused" if facts.point < 6 else "completed")
    assert night.serve(runner, more="[limits]\nfailures_in_a_row = 2\n")[0] == End.FINISHED
    assert night.states() == ["set-aside"] * 5 + ["done"]
    assert runner.steps == []


def test_a_bench_that_no_step_brings_back_takes_no_more_points(night: Night) -> None:
    runner = ScriptedRunner(lambda facts: "bench-fault", recovered=lambda step: "failed")
    end, reason = night.serve(runner)
    assert end == End.QUARANTINED
    assert "no step of recovery helped" in reason
    assert night.states() == ["waiting"] * 6
    assert len(runner.runs) == 1
    assert night.serve(runner)[0] == End.QUARANTINED  # until a person has looked
    assert len(runner.runs) == 1
    night.catalogue.seats.unmark("bench")
    assert night.serve(ScriptedRunner())[0] == End.FINISHED


def test_different_points_that_fail_in_a_row_quarantine_the_bench(night: Night) -> None:
    runner = ScriptedRunner(lambda facts: "bench-fault")
    end, _ = night.serve(runner, more="[limits]\nfailures_in_a_row = 3\n")
    assert end == End.QUARANTINED
    assert night.states() == ["set-aside"] * 3 + ["waiting"] * 3


def test_a_bench_out_of_control_takes_no_points(night: Night) -> None:
    runner = ScriptedRunner()
    runner.trusted = lambda: "out of control" if len(runner.runs) >= 2 else "trusted"
    assert night.serve(runner) == (End.OUT_OF_CONTROL, "because")
    assert night.states() == ["done", "done"] + ["waiting"] * 4


def test_a_limit_leaves_the_rest_with_its_reason(night: Night) -> None:
    runner = ScriptedRunner()
    end, reason = night.serve(runner, more="[limits]\nenergy_j = 1e-9\n")
    assert end == End.LIMIT
    assert reason.startswith("limits.energy_j")
    assert night.states() == ["done"] + ["waiting"] * 5


def test_a_request_to_stop_ends_the_worker_after_the_run_it_interrupts(night: Night) -> None:
    stop = StopRequest()

    def script(facts: SweepFacts) -> str:
        if facts.point == 2:
            stop.ask("stopped by SIGTERM")
            return "interrupted"
        return "completed"

    assert night.serve(ScriptedRunner(script), stop=stop) == (End.INTERRUPTED, "stopped by SIGTERM")
    assert night.states() == ["done"] + ["waiting"] * 5
    assert night.serve(ScriptedRunner())[0] == End.FINISHED
    assert night.states() == ["done"] * 6


def test_a_person_stops_a_sweep_from_elsewhere(night: Night) -> None:
    runner = ScriptedRunner()

    def script(facts: SweepFacts) -> str:
        if facts.point == 2:
            night.catalogue.set_state("night-1", "stopping")
            RealClock().sleep(1.2)  # a beat of the heart
        return "completed"

    runner.script = script
    assert night.serve(runner)[0] == End.STOPPED
    assert night.states() == ["done", "done"] + ["waiting"] * 4
