# SPDX-License-Identifier: Apache-2.0
"""One attempt at one point: its run, and what the ladder makes of its end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from energy_runner.director.stop import StopRequest
from energy_runner.errors import BenchFault, ConfigurationError, Interrupted, RunnerError
from energy_runner.session.folder import RECORD, RESULT, Session
from energy_runner.session.record import SweepFacts
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
        session, outcome = self._run(lease, name, facts, stop)
        outcome = replace(outcome, started_utc=started, ended_utc=utc_text(self.clock.utc_ns()))
        energy_j = 0.0
        if session is not None and (session.path / RESULT).is_file():
            energy_j = sum(window.energy_j or 0.0 for window in session.result().windows)
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
                end = AGAIN  # whoever takes the point next finds which steps were taken
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

    def _run(
        self, lease: Lease, name: str, facts: SweepFacts, stop: StopRequest
    ) -> tuple[Session | None, Outcome]:
        settings = settings_of(self.plan.spec, lease.values, seed=self.plan.spec.seed)
        out = self.folder / name
        try:
            self.step("measuring")
            session = self.runner.measure(settings, out, facts, stop)
        except ConfigurationError as error:
            return None, Outcome("refused", "", reason=one_line(error))
        except Interrupted as error:
            return self._left(out, Outcome("interrupted", "", reason=one_line(error)))
        except (BenchFault, RunnerError, InstrumentError) as error:
            return self._left(out, Outcome("bench-fault", "", reason=one_line(error)))
        except (KeyboardInterrupt, SystemExit) as error:  # the run has ended with its supply off
            return self._left(out, Outcome("interrupted", "", reason=f"the worker was stopped ({named(error)})"))
        except Exception as error:  # a mistake of ours at one point is no reason to lose a night
            return self._left(out, Outcome("failed", "", reason=f"internal error: {named(error)}"))
        record = session.record
        valid = session.result().valid if (session.path / RESULT).is_file() else False
        row = row_text(row_of(session)) if record.outcome == "completed" else None
        return session, Outcome(
            record.outcome,
            "",
            valid=valid if record.outcome == "completed" else None,
            session=session.path.name,
            folder=str(session.path),
            reason=one_line(record.reason) if record.reason else _broken(session),
            row=row,
        )

    @staticmethod
    def _left(out: Path, outcome: Outcome) -> tuple[Session | None, Outcome]:
        """Return the session that a run has left although it raised an error."""
        if not (out / RECORD).is_file():
            return None, outcome
        outcome = replace(outcome, session=out.name, folder=str(out))
        try:
            return Session.open(out), outcome
        except RunnerError:
            return None, outcome


def _broken(session: Session) -> str:
    """Return which binding rules a completed session has broken; "" for none."""
    if not (session.path / RESULT).is_file():
        return "it has no result"
    failed = [verdict.id for verdict in session.result().verdicts if verdict.binding and not verdict.passed]
    return f"not valid: {', '.join(failed)}" if failed else ""
