# SPDX-License-Identifier: Apache-2.0
"""Runs: carry a plan out on a bench, here or in a thread of its own, and what becomes of it on disk."""

import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from energy_runner.api.benches import load_bench
from energy_runner.api.first_record import first_record
from energy_runner.api.plans import plan
from energy_runner.api.preparations import check_bench
from energy_runner.bench import Bench, BenchSpec, build_bench
from energy_runner.bench.calibration import check_in_force
from energy_runner.bench.edge_delay import check_delay_in_force
from energy_runner.benchmarks.demo import write_demo_stimuli
from energy_runner.director.bus import Bus
from energy_runner.director.handle import Run
from energy_runner.director.hold import hold_bench
from energy_runner.director.plan import RunPlan
from energy_runner.director.recorder import Recorder
from energy_runner.director.run import RunEnd, conduct
from energy_runner.director.stop import StopRequest, stop_on_signals
from energy_runner.director.subscriber import Listener
from energy_runner.director.supply_off import SUPPLY
from energy_runner.errors import BenchFault, Call, ConfigurationError, Detached, RunnerError
from energy_runner.rules import RuleSet, evaluate, load_rule_set
from energy_runner.session.events import InferenceDone
from energy_runner.session.folder import (
    Session,
    abandon_session,
    begin_session,
    create_session,
    give_up_session,
    write_sealed,
)
from energy_runner.session.record import Record, SweepFacts, TruthWindow
from instruments.clock import RealClock, utc_text
from instruments.errors import one_line

__all__ = ["Run", "demo", "follow", "measure", "run", "start"]

DEFAULT_PARENT = Path("sessions")
AnyBench = BenchSpec | Bench | str | Path


@dataclass(frozen=True)
class Kept:
    """What a session keeps beside its facts: the point of a sweep that it is, and whether a report is written."""

    sweep: SweepFacts | None = None
    report: bool = True


def run(
    bench: AnyBench,
    run_plan: RunPlan,
    *,
    out: str | Path | None = None,
    model: str | Path | None = None,
    subscribers: Sequence[Listener] = (),
    rule_set: str | Path | None = None,
    sweep: SweepFacts | None = None,
    report: bool = True,
) -> Session:
    """Run a plan on a bench and return the session, whatever became of it (see `exit_status`).

    `bench` is the name of a built-in bench, a bench file, or what `load_bench` returned; one already built is for
    tests. `out` is the session's folder (it must be empty or absent); without it a new one is made in `sessions/`,
    and the name of a virtual bench's session ends with `-virtual`. `model` is the .tflite file with which a
    virtual DUT answers. `rule_set` judges, as in `analyze`. `sweep` goes into the record of a sweep's point; with
    `report` False there is no `report.html` (`write_report` makes it later). Raises `ConfigurationError` for what
    cannot be run; nothing is opened then.

    Each of `subscribers` is called with every event, in a thread of its own, and must return at once, because the
    run waits for it: one that raises, or takes longer than a second, is called no more. For anything that may wait
    there is `start`.

    Call this in the main thread, where Ctrl-C and SIGTERM end the run as interrupted. In another thread nothing
    can handle them, and SIGTERM ends the process with the supply on.
    """
    handle = start(
        bench,
        run_plan,
        out=out,
        model=model,
        subscribers=subscribers,
        rule_set=rule_set,
        sweep=sweep,
        report=report,
    )
    return follow(handle)


def start(
    bench: AnyBench,
    run_plan: RunPlan,
    *,
    out: str | Path | None = None,
    model: str | Path | None = None,
    subscribers: Sequence[Listener] = (),
    rule_set: str | Path | None = None,
    sweep: SweepFacts | None = None,
    report: bool = True,
) -> Run:
    """Do what `run` does in a thread of its own, and return its handle: `events()`, `cancel()`, `wait()`.

    What is wrong with bench, plan, folder or rule set is raised here, before anything is opened. Call this in the
    main thread too; see `run`.
    """
    return started(make_ready(bench, run_plan, out, model, rule_set, Kept(sweep, report)), subscribers)


def started(
    ready: tuple[Path, Callable[[Bus, StopRequest], Session]],
    subscribers: Sequence[Listener] = (),
    stop: StopRequest | None = None,
) -> Run:
    """Begin what `make_ready` has prepared, in a thread of its own."""
    folder, execute = ready
    try:
        return Run(execute, subscribers, stop)
    except RuntimeError:  # no thread can be started; after anything else the run is in progress
        give_up_session(folder)
        raise


def follow(handle: Run, *listeners: Listener) -> Session:
    """Call `listeners` with the events of a run in this thread, wait for its end and return its session.

    A listener may take its time, for the run does not wait for it; what one raises is raised when the run has
    ended. Ctrl-C and SIGTERM cancel the run if this is the main thread.
    """
    try:
        with while_signals_stop(handle.stop):
            try:
                for event in handle.events() if listeners else ():
                    for listener in listeners:
                        listener(event)
            except Detached:
                pass  # the journal says so
            finally:
                session = handle.wait()
    finally:
        handle.release_signals()
    return session


def measure(
    benchmark: str,
    bench: str | Path,
    *,
    mode: str = "energy",
    changes: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    model: str | Path | None = None,
    listeners: Sequence[Listener] = (),
    rule_set: str | Path | None = None,
    sweep: SweepFacts | None = None,
    report: bool = True,
    stop: StopRequest | None = None,
    **options: Any,
) -> Session:
    """Load a bench, plan and run, in one call: what the command `run` does.

    `changes` are those of `load_bench`, `options` those of `plan`; see there and at `run` for the rest. The
    `listeners` are called with every event in this thread, as by `follow`, and may take their time. Another thread
    can end the run by `stop.ask("why")`. The bench is looked at first, so that a mistyped one is named before
    stimuli that are missing.
    """
    spec = load_bench(bench, changes=changes)
    run_plan = plan(benchmark, mode, **options)
    stop = StopRequest() if stop is None else stop
    # Before the run begins: there is no moment in which Ctrl-C would end this thread and leave the run behind.
    with while_signals_stop(stop):
        ready = make_ready(spec, run_plan, out, model, rule_set, Kept(sweep, report))
        return follow(started(ready, stop=stop), *listeners)


def demo(
    bench: str | Path = "virtual-lpm01a",
    *,
    seed: int = 0,
    out: str | Path | None = None,
    listeners: Sequence[Listener] = (),
    stop: StopRequest | None = None,
) -> Session:
    """Measure a virtual board with stimuli that are made on the spot.

    Raises `ConfigurationError` for a bench of real instruments.
    """
    if not load_bench(bench).is_virtual:
        raise ConfigurationError(
            f"{bench} is a bench of real instruments, and demo is for virtual ones. Try: ",
            Call(
                f"er.measure('kws01', {str(bench)!r}, stimuli=DIR)",
                f"energy-runner run kws01 --bench {bench} --stimuli DIR",
            ),
        )
    with tempfile.TemporaryDirectory(prefix="energy-runner-demo-") as folder:
        write_demo_stimuli(Path(folder))
        return measure("kws01", bench, stimuli=folder, seed=seed, out=out, listeners=listeners, stop=stop)


def make_ready(  # noqa: PLR0917 - as `run` has them
    bench: AnyBench,
    run_plan: RunPlan,
    out: str | Path | None,
    model: str | Path | None,
    rule_set: str | Path | None,
    kept: Kept,
) -> tuple[Path, Callable[[Bus, StopRequest], Session]]:
    """Return a run's folder, which is made, and what carries it out, its bench built and its rules read."""
    built, rules = checked(bench, run_plan, model, rule_set)
    folder = create_session(DEFAULT_PARENT, _name(built, run_plan), Path(out) if out is not None else None)
    return folder, partial(_execute, built, run_plan, folder, rules=rules, kept=kept)


def checked(
    bench: AnyBench, run_plan: RunPlan, model: str | Path | None, rule_set: str | Path | None
) -> tuple[Bench, RuleSet | None]:
    """Return the bench of a run, built, and its rules; raise `ConfigurationError` for what a run would refuse.

    Nothing is opened or made.
    """
    if not isinstance(run_plan, RunPlan):
        raise ConfigurationError(
            f"run needs a plan, not {type(run_plan).__name__}. Try: er.run(bench, er.plan('demo-keywords'))"
        )
    if isinstance(bench, str | Path):
        bench = load_bench(bench)
    elif not isinstance(bench, BenchSpec | Bench):
        raise ConfigurationError(
            f"run needs a bench, not {type(bench).__name__}. Try: its name, its file, or er.load_bench(...)"
        )
    rules = load_rule_set(rule_set) if rule_set is not None else None
    if isinstance(bench, BenchSpec):
        bench = build_bench(
            bench,
            run_plan.mode,
            benchmark=run_plan.benchmark.id,
            seed=run_plan.seed,
            model=Path(model) if model is not None else None,
        )
    check_in_force(bench.spec, bench.clock)
    if run_plan.mode == "energy":
        check_delay_in_force(bench.spec, bench.clock)
    check_bench(bench, run_plan)
    return bench, rules


def _name(bench: Bench, run_plan: RunPlan) -> str:
    """Return the name of a session's folder; its time is the host's, also where the bench has one of its own."""
    compact = utc_text(RealClock().utc_ns()).partition(".")[0].replace("-", "").replace(":", "")
    return f"{compact}Z-{run_plan.benchmark.id}-{run_plan.mode}" + ("-virtual" if bench.virtual else "")


def _execute(
    bench: Bench,
    run_plan: RunPlan,
    folder: Path,
    bus: Bus,
    stop: StopRequest,
    *,
    rules: RuleSet | None,
    kept: Kept,
) -> Session:
    with _no_empty_folder(folder), hold_bench(bench, f"session {folder.resolve()}") as died:
        record = first_record(bench, run_plan, folder.name, utc_text(bench.clock.utc_ns()), kept.sweep)
        place = begin_session(folder, record)
        try:
            recorder = Recorder(folder, bench.clock, bus, place)
        except BaseException:
            abandon_session(folder, place)
            raise
        try:
            if died is not None:
                recorder.remark(SUPPLY, f"the last run on this bench died: {died}", suspicious=True)
        except BaseException:
            recorder.close()
            place.close()
            raise
        end = _closed(recorder, conduct(bench, run_plan, recorder, stop))
        try:
            return _finish(place.now(), record, bench, end, rules, report=kept.report)
        except RunnerError as error:  # a full disk; a person at the bench must know about the supply
            supply = "; the supply is off" if end.supply_off_confirmed else f"; {end.reason}"
            # Also for a session that cannot be read: status 2 would mean that nothing was switched on.
            raise BenchFault(f"{error}{supply}") from error
        finally:
            place.close()


@contextmanager
def _no_empty_folder(folder: Path) -> Iterator[None]:
    """Take the session's folder away again if the run fails before anything is recorded in it."""
    try:
        yield
    except BaseException:
        give_up_session(folder)
        raise


def _closed(recorder: Recorder, end: RunEnd) -> RunEnd:
    """Complete the session's files; a run that went well ends as a fault if one of them cannot be completed."""
    try:
        recorder.close()
    except BaseException as error:
        if end.outcome == "completed":
            reason = one_line(error)
            if isinstance(error, RunnerError | OSError):
                return replace(end, outcome="bench-fault", reason=reason)
            return replace(end, outcome="failed", reason=reason, error=error)
    return end


def _finish(
    folder: Path, record: Record, bench: Bench, end: RunEnd, rules: RuleSet | None, *, report: bool
) -> Session:
    """Complete the record, derive the result, write the report if there is to be one."""
    from energy_runner.api.derived import write_derived

    truth = None
    if bench.twin is not None and record.run.mode == "energy" and end.error is None:
        truth = _truth(folder, bench)
    write_sealed(
        folder,
        record.model_copy(
            update={
                "virtual": end.virtual,
                "outcome": end.outcome,
                "reason": end.reason,
                "supply_off_confirmed": end.supply_off_confirmed,
                "truth": truth,
            }
        ),
    )
    if end.error is not None:
        raise end.error
    session = Session.open(folder)
    write_derived(session, evaluate(session, rule_set=rules), report=report)
    return session


def _truth(folder: Path, bench: Bench) -> list[TruthWindow]:
    """Return the closed-form energy of each scored window of a twin's world."""
    if bench.twin is None:
        return []
    done = Session.open(folder).journal(exchanges=False).of(InferenceDone)
    return [
        TruthWindow(
            start_s=true.start_ns / 1e9,
            stop_s=true.stop_ns / 1e9,
            inferences=true.inferences,
            energy_j=true.energy_j,
        )
        for true, event in zip(bench.twin.world.truth(), done, strict=False)
        if event.purpose == "window"
    ]


def while_signals_stop(stop: StopRequest) -> AbstractContextManager[None]:
    """Let Ctrl-C and SIGTERM ask for a stop while the body runs, if this is the main thread."""
    in_main = threading.current_thread() is threading.main_thread()
    return stop_on_signals(stop) if in_main else nullcontext()
