# SPDX-License-Identifier: Apache-2.0
"""Execute one run, from closed ports to closed ports: the phases, then the tear-down in every case."""

from dataclasses import dataclass

from energy_runner.bench import Bench
from energy_runner.director.accuracy import measure_accuracy
from energy_runner.director.advice import Heard, advised
from energy_runner.director.energy import measure_energy
from energy_runner.director.performance import measure_performance
from energy_runner.director.plan import RunPlan
from energy_runner.director.recorder import Recorder
from energy_runner.director.stage import Stage
from energy_runner.director.stop import StopRequest
from energy_runner.director.supply_off import SUPPLY_STEP, switch_off_unreached, unconfirmed
from energy_runner.director.undo import UndoReport
from energy_runner.errors import STOPPED_BY_CTRL_C, Interrupted, RunnerError
from energy_runner.session.events import (
    Outcome,
    Problem,
    RunStarted,
    RunStopped,
    SupplySwitched,
    TearDownStep,
)
from instruments.errors import InstrumentError, named, one_line

MODES = {
    "energy": measure_energy,
    "performance": measure_performance,
    "accuracy": measure_accuracy,
}


@dataclass(frozen=True)
class RunEnd:
    """How a run ended. `supply_off_confirmed` is None if the bench has no supply to switch.

    `error` is an unforeseen error or a request to exit; the caller raises it again.
    """

    outcome: Outcome
    reason: str
    supply_off_confirmed: bool | None
    virtual: bool
    error: BaseException | None = None


def conduct(bench: Bench, plan: RunPlan, recorder: Recorder, stop: StopRequest) -> RunEnd:
    """Execute the plan on the bench and tear down, whatever happens; this function raises nothing."""
    stage = Stage(bench, plan, recorder, stop)
    heard = Heard(bench)
    outcome: Outcome = "failed"
    reason = "an internal error"
    confirmed: bool | None = None
    unforeseen: BaseException | None = None
    try:
        recorder.emit(
            RunStarted(
                t_ns=bench.clock.now_ns(),
                utc_ns=bench.clock.utc_ns(),
                benchmark=plan.benchmark.id,
                mode=plan.mode,
            )
        )
        MODES[plan.mode](stage)
        outcome, reason = "completed", ""
    except (Interrupted, KeyboardInterrupt) as error:
        outcome, reason = "interrupted", str(error) or STOPPED_BY_CTRL_C
    except (InstrumentError, RunnerError, OSError) as error:
        outcome, reason = "bench-fault", one_line(error)
        recorder.lenient = True
        recorder.emit(_problem(stage, error))
    except BaseException as error:
        unforeseen, reason = error, f"an internal error: {named(error)}"
        recorder.lenient = True
        recorder.emit(_problem(stage, error))
    finally:
        recorder.lenient = True
        confirmed = _tear_down(stage)
        if confirmed is False and outcome == "interrupted":
            confirmed = _reached_at_last(stage)
        reason = advised(reason, bench, heard) if outcome == "bench-fault" else reason
        if confirmed is False:
            outcome = "bench-fault" if outcome == "completed" else outcome
            reason = "; ".join(part for part in (reason, unconfirmed(bench)) if part)
        recorder.emit(
            RunStopped(t_ns=bench.clock.now_ns(), outcome=outcome, reason=reason, supply_off_confirmed=confirmed)
        )
    return RunEnd(outcome, reason, confirmed, stage.virtual, unforeseen)


def _tear_down(stage: Stage) -> bool | None:
    """Undo everything; return whether the supply is known to be off."""
    confirmed: bool | None = False if stage.bench.supply is not None else None

    def report(done: UndoReport) -> None:
        nonlocal confirmed
        error = one_line(done.error) if done.error else ""
        now_ns = stage.clock.now_ns()
        if done.name == SUPPLY_STEP and done.error is None:
            confirmed = True
            if not stage.bench.rails:  # rails say so one by one
                stage.recorder.emit(SupplySwitched(t_ns=now_ns, on=False))
        stage.recorder.emit(TearDownStep(t_ns=now_ns, name=done.name, error=error))

    # From here on a request to stop changes nothing: no wait may raise it.
    stage.bench.dut.while_waiting = lambda: None
    for instrument in stage.bench.instruments.values():
        instrument.while_waiting = lambda: None
    stage.undo.unwind(report)
    return confirmed


def _reached_at_last(stage: Stage) -> bool:
    """Switch off a supply that the run had not reached when it was stopped; return whether it is off."""
    switch_off_unreached(stage.bench)
    if stage.bench.off_confirmed and not stage.bench.rails:
        stage.recorder.emit(SupplySwitched(t_ns=stage.clock.now_ns(), on=False))
    return stage.bench.off_confirmed


def _problem(stage: Stage, error: BaseException) -> Problem:
    now_ns = stage.clock.now_ns()
    if isinstance(error, InstrumentError):
        return Problem(
            t_ns=now_ns,
            error=type(error).__name__,
            asked=error.asked,
            came=error.came,
            try_this=error.try_this,
        )
    return Problem(t_ns=now_ns, error=type(error).__name__, asked="run the benchmark", came=one_line(error))
