# SPDX-License-Identifier: Apache-2.0
"""One attempt at one point: its run, and what the ladder makes of its end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from energy_runner.director.stop import StopRequest
from energy_runner.errors import BenchFault, ConfigurationError, Interrupted, RunnerError
from energy_runner.session.folder import RECORD, RESULT, Session
from energy_runner.session.record import SweepFacts
from energy_runner.session.result import Result
from energy_runner.sweep.catalogue import Lease, Outcome
from energy_runner.sweep.ladder import AGAIN, DONE, ELSEWHERE, QUARANTINE, SET_ASIDE, Attempt, Taken, next_step
from energy_runner.sweep.plan import SweepPlan, settings_of
from energy_runner.sweep.reading.from_session import row_of
from energy_runner.sweep.reading.row_json import row_text
from energy_runner.sweep.work.history import in_words, of_run, step_text
from energy_runner.sweep.work.names import session_name
from energy_runner.sweep.work.runner import Runner
from energy_runner.sweep.work.served_bench import ServedBench
from instruments.clock import Clock, utc_text
from instruments.errors import InstrumentError, named, one_line

History = Sequence[Attempt | Taken]
# What a point becomes by the ladder's word.
_STATES = {
    AGAIN: "waiting",
    DONE: "done",
    SET_ASIDE: "set-aside",
    ELSEWHERE: "waiting",
    QUARANTINE: "waiting",
}


def state_after(end: str) -> str:
    """Return what a point becomes by a word of the ladder; one that would take a step first waits for that."""
    return _STATES.get(end, "waiting")


@dataclass(frozen=True)
class Done:
    """An attempt and its consequences.

    `end` is a word of the ladder, `energy_j` what the DUT drew in its windows.
    """

    name: str
    outcome: Outcome
    end: str
    energy_j: float = 0.0


@dataclass(frozen=True)
class PointWork:
    """Makes attempts on one bench for one sweep."""

    plan: SweepPlan
    bench: ServedBench
    folder: Path
    runner: Runner
    clock: Clock
    step: Callable[[str], object]

    def attempt(self, lease: Lease, stop: StopRequest, trust: str, before: History, steps: Sequence[str]) -> Done:
        """Make one attempt; `before` is the history of the point, and `steps` the last steps of recovery in it."""
        name = session_name(lease.sweep, lease.number, lease.epoch, virtual=self.bench.virtual)
        started = utc_text(self.clock.utc_ns())
        facts = SweepFacts(
            sweep=lease.sweep,
            plan=self.plan.text,
            point=lease.number,
            kind=lease.kind,
            repeat=lease.repeat,
            order=lease.place,
            epoch=lease.epoch,
            attempt=sum(isinstance(one, Attempt) for one in before) + 1,
            values=dict(lease.values),
            bench=self.bench.name,
            worker=lease.worker,
            started_utc=started,
            bench_trust=trust,
            recovery=in_words(steps),
        )
        if stop.reason is None:
            outcome, energy_j = self._run(lease, name, facts, stop)
        else:  # before anything was opened
            outcome, energy_j = Outcome("interrupted", "", reason=stop.reason), 0.0
        outcome = replace(outcome, started_utc=started, ended_utc=utc_text(self.clock.utc_ns()))
        return Done(name, outcome, "", energy_j)

    def conclude(self, lease: Lease, done: Done, before: History, *, others: bool, stop: StopRequest) -> Done:
        """Take steps of recovery until the ladder says what becomes of the point; the lease is kept meanwhile."""
        limits = self.plan.spec.limits
        history: list[Attempt | Taken] = [
            *before,
            Attempt(lease.bench, of_run(done.outcome.outcome, done.outcome.valid)),
        ]
        steps: list[str] = []
        while True:
            end = next_step(
                history,
                self.plan.spec.recovery.ladder,
                limits.attempts,
                bench=lease.bench,
                retry_invalid=limits.retry_invalid if lease.kind == "point" else 0,
                others=others,
            )
            if end in _STATES:
                break
            if stop.reason is not None:
                end = AGAIN  # the steps are kept, so the next worker does not repeat them
                break
            self.step(f"recover {end}")
            taken, detail = self._recover(end, stop)
            history.append(taken)
            steps.append(step_text(taken, detail))
        outcome = replace(done.outcome, state=_STATES[end], steps=steps)
        return replace(done, outcome=outcome, end=end)

    def _recover(self, step: str, stop: StopRequest) -> tuple[Taken, str]:
        try:
            return self.runner.recover(step, stop)
        except (RunnerError, InstrumentError) as error:
            return Taken(self.bench.name, step, "failed"), one_line(error)

    def _run(self, lease: Lease, name: str, facts: SweepFacts, stop: StopRequest) -> tuple[Outcome, float]:
        """Make a run; return its outcome, and what the DUT drew in its windows, J."""
        settings = settings_of(self.plan.spec, lease.values, seed=self.plan.spec.seed)
        out = self.folder / name
        try:
            self.step("measuring")
            session = self.runner.measure(settings, out, facts, stop)
        except ConfigurationError as error:
            outcome = Outcome("refused", "", reason=one_line(error))
        except Interrupted as error:
            outcome = Outcome("interrupted", "", reason=one_line(error))
        except (BenchFault, RunnerError, InstrumentError) as error:
            outcome = Outcome("bench-fault", "", reason=one_line(error))
        except (KeyboardInterrupt, SystemExit) as error:  # the run has ended with its supply off
            outcome = Outcome("interrupted", "", reason=f"the worker was stopped ({named(error)})")
        except Exception as error:  # a mistake of ours at one point is no reason to lose a night
            outcome = Outcome("failed", "", reason=f"internal error: {named(error)}")
        else:
            try:
                return _read(session)
            except RunnerError as error:
                outcome = Outcome("failed", "", reason=f"its session cannot be read: {one_line(error)}")
        if (out / RECORD).is_file():  # the session that the run has left although it raised an error
            outcome = replace(outcome, session=out.name, folder=str(out))
        return outcome, 0.0


def _read(session: Session) -> tuple[Outcome, float]:
    """Return the outcome of a run that has ended, as its session tells, and the energy of its windows, J."""
    record = session.record
    result = session.result() if (session.path / RESULT).is_file() else None
    completed = record.outcome == "completed"
    outcome = Outcome(
        record.outcome,
        "",
        valid=(result is not None and result.valid) if completed else None,
        session=session.path.name,
        folder=str(session.path),
        reason=one_line(record.reason) if record.reason else _broken(result),
        row=row_text(row_of(session)) if completed else None,
    )
    return outcome, sum(window.energy_j or 0.0 for window in result.windows) if result is not None else 0.0


def _broken(result: Result | None) -> str:
    """Return which binding rules a completed session has broken; "" for none."""
    if result is None:
        return "it has no result"
    failed = [verdict.id for verdict in result.verdicts if verdict.binding and not verdict.passed]
    return f"not valid: {', '.join(failed)}" if failed else ""
