"""The public Python API: load a bench, plan, run, load a session, get a window's arrays.

The command line is written with exactly these functions. A notebook needs no more than

    import energy_runner as er

    bench = er.load_bench("virtual-lpm01a")
    session = er.run(bench, er.plan("kws01", stimuli="my-stimuli"))
    print(session.result().energy_per_inference_j)
"""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.source import energy_source
from energy_runner.analysis.placing.alignment import BY_LAPS, BY_MONITOR
from energy_runner.bench import Bench, BenchSpec, Mode, load_bench_spec, open_bench
from energy_runner.bench.claim import claim_bench
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.benchmarks.places import default_stimuli
from energy_runner.benchmarks.stimuli import find_stimuli
from energy_runner.director.bus import Bus
from energy_runner.director.handle import Run
from energy_runner.director.plan import RunPlan, plan_run
from energy_runner.director.recorder import Recorder
from energy_runner.director.run import RunEnd, conduct
from energy_runner.director.stop import StopRequest, stop_on_signals
from energy_runner.director.subscriber import Listener
from energy_runner.errors import Detached, ExitStatus, RunnerError, SessionError
from energy_runner.rules import evaluate
from energy_runner.session.events import InferenceDone, MonitorConfigured
from energy_runner.session.folder import Session, create_session, write_record, write_result
from energy_runner.session.record import BenchmarkFacts, Record, RunFacts, StimulusFile, TruthWindow
from energy_runner.session.result import Result
from energy_runner.version import version
from instruments.clock import utc_text

__all__ = [
    "Bench",
    "Result",
    "Run",
    "RunPlan",
    "Session",
    "analyze",
    "exit_status",
    "follow",
    "load_bench",
    "load_session",
    "plan",
    "run",
    "start",
    "window_arrays",
]

FloatArray = npt.NDArray[np.float64]
DEFAULT_PARENT = Path("sessions")


def load_bench(name_or_file: str | Path) -> BenchSpec:
    """Return the description of a built-in bench, or of one in a TOML file."""
    return load_bench_spec(str(name_or_file))


def plan(
    benchmark: str,
    mode: Mode = "energy",
    *,
    stimuli: str | Path | None = None,
    inferences: int | None = None,
    warmups: int | None = None,
    read_back: bool = True,
    seed: int = 0,
    limit: int | None = None,
) -> RunPlan:
    """Return a plan: which benchmark, which stimuli, how many inferences (None: a short trial finds out).

    Without `stimuli` they are those that come with a demo benchmark, or that `stimuli fetch` has brought.
    """
    definition = load_benchmark(benchmark)
    folder = default_stimuli(definition) if stimuli is None else Path(stimuli)
    return plan_run(
        definition,
        mode,
        find_stimuli(folder, definition),
        inferences=inferences,
        warmups=warmups,
        read_back=read_back,
        seed=seed,
        limit=limit,
    )


def load_session(folder: str | Path) -> Session:
    """Return the session in a folder; raise `SessionError` if it is none."""
    return Session.open(Path(folder))


def analyze(session: Session) -> Result:
    """Return the session's result, derived from its facts: figures, findings, verdicts."""
    return evaluate(session)


def window_arrays(session: Session, number: int) -> tuple[FloatArray, FloatArray]:
    """Return the samples of window `number` (from 1): mid-times in seconds and mean powers in watt.

    Times count from the start of the acquisition; missing samples are NaN. Every sample that the window
    touches is there, so the first and the last hold some of what lies outside.
    """
    windows = session.result().windows
    if not 1 <= number <= len(windows):
        raise SessionError(f"{session.path}: has windows 1 to {len(windows)}, not {number}")
    window = windows[number - 1]
    if window.start_s is None or window.stop_s is None:
        raise SessionError(f"{session.path}: window {number} has no place in the trace; see its findings")
    configured = next(session.journal(exchanges=False).of(MonitorConfigured))
    with session.trace() as trace:
        source = energy_source(trace, configured.voltage_set_v)
        first = int(window.start_s / source.period_s)
        stop = min(source.length, math.ceil(window.stop_s / source.period_s))
        power_w = np.asarray(source.power_w(first, stop), dtype=np.float64)
    time_s = (np.arange(first, stop, dtype=np.float64) + 0.5) * np.float64(source.period_s)
    return time_s, power_w


def run(
    bench: BenchSpec | Bench,
    run_plan: RunPlan,
    *,
    out: str | Path | None = None,
    model: str | Path | None = None,
    subscribers: Sequence[Listener] = (),
) -> Session:
    """Run a plan on a bench and return the session, whatever became of it (see `exit_status`).

    `out` is the session's folder (it must be empty or absent); without it a new one is made in `sessions/`.
    `model` is the .tflite file with which a virtual DUT answers. A bench already opened is for tests.

    Each of `subscribers` is called with every event, in this thread, and must return at once: one that raises, or
    takes longer than a second, is called no more. For anything that may wait there is `start`.
    """
    return _ready(bench, run_plan, out, model)(Bus(subscribers), StopRequest())


def start(
    bench: BenchSpec | Bench,
    run_plan: RunPlan,
    *,
    out: str | Path | None = None,
    model: str | Path | None = None,
    subscribers: Sequence[Listener] = (),
) -> Run:
    """Do what `run` does in a thread of its own, and return its handle: `events()`, `cancel()`, `wait()`.

    What is wrong with bench, plan or folder is raised here, before anything is opened.
    """
    return Run(_ready(bench, run_plan, out, model), subscribers)


def follow(handle: Run, *listeners: Listener) -> Session:
    """Call `listeners` with the events of a run in this thread, wait for its end and return its session.

    A listener may take its time, for the run does not wait for it; what one raises is raised when the run has
    ended. Ctrl-C and SIGTERM cancel the run if this is the main thread.
    """
    in_main = threading.current_thread() is threading.main_thread()
    with stop_on_signals(handle.stop) if in_main else nullcontext():
        try:
            for event in handle.events():
                for listener in listeners:
                    listener(event)
        except Detached:
            pass  # the journal says so
        finally:
            session = handle.wait()
    return session


def _ready(
    bench: BenchSpec | Bench, run_plan: RunPlan, out: str | Path | None, model: str | Path | None
) -> Callable[[Bus, StopRequest], Session]:
    """Return what carries a run out, its bench built and its folder made."""
    if isinstance(bench, BenchSpec):
        bench = open_bench(
            bench,
            run_plan.mode,
            benchmark=run_plan.benchmark.id,
            seed=run_plan.seed,
            model=Path(model) if model is not None else None,
        )
    compact = utc_text(bench.clock.utc_ns()).partition(".")[0].replace("-", "").replace(":", "")
    name = f"{compact}Z-{run_plan.benchmark.id}-{run_plan.mode}"
    folder = create_session(DEFAULT_PARENT, name, Path(out) if out is not None else None)
    return partial(_execute, bench, run_plan, folder)


def _execute(bench: Bench, run_plan: RunPlan, folder: Path, bus: Bus, stop: StopRequest) -> Session:
    in_main = threading.current_thread() is threading.main_thread()
    with (
        _no_empty_folder(folder),
        claim_bench(bench.spec, f"session {folder.resolve()}") as died,
        stop_on_signals(stop) if in_main else nullcontext(),
    ):
        record = _first_record(bench, run_plan, folder.name, utc_text(bench.clock.utc_ns()))
        write_record(folder, record)
        recorder = Recorder(folder, bench.clock, bus)
        try:
            if died is not None:
                recorder.remark("director", f"the last run on this bench died: {died}", suspicious=True)
        except BaseException:
            recorder.close()
            raise
        end = _closed(recorder, conduct(bench, run_plan, recorder, stop))
        try:
            return _finish(folder, record, bench, end)
        except RunnerError as error:  # a full disk; whoever stands at the bench must know about the supply
            supply = "; the supply is off" if end.supply_off_confirmed else f"; {end.reason}"
            raise type(error)(f"{error}{supply}") from error


def exit_status(session: Session) -> ExitStatus:
    """Return the status that a command ends with for this session."""
    outcome = session.record.outcome
    if outcome == "completed":
        return ExitStatus.VALID if session.result().valid else ExitStatus.RULE_FAILED
    return ExitStatus.INTERRUPTED if outcome == "interrupted" else ExitStatus.BENCH_FAULT


@contextmanager
def _no_empty_folder(folder: Path) -> Iterator[None]:
    """Take the session's folder away again if the run fails before anything is recorded in it."""
    try:
        yield
    except BaseException:
        with suppress(OSError):  # it is not empty: something was recorded
            folder.rmdir()
        raise


def _closed(recorder: Recorder, end: RunEnd) -> RunEnd:
    """Complete the session's files; a run that went well ends as a fault if one of them cannot be completed."""
    try:
        recorder.close()
    except BaseException as error:
        if end.outcome == "completed":
            reason = " ".join(str(error).split()) or type(error).__name__
            if isinstance(error, RunnerError | OSError):
                return replace(end, outcome="bench-fault", reason=reason)
            return replace(end, outcome="failed", reason=reason, error=error)
    return end


def _finish(folder: Path, record: Record, bench: Bench, end: RunEnd) -> Session:
    """Complete the record, derive the result, write the report."""
    from energy_runner.report.html import write_html

    truth = None
    if bench.twin is not None and record.run.mode == "energy" and end.error is None:
        truth = _truth(folder, bench)
    write_record(
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
    result = analyze(session)
    write_result(folder, result)
    write_html(session, result)
    return session


def _alignment(bench: Bench) -> str | None:
    """Return how this bench's monitor places the timestamp pin's edges among its samples."""
    if bench.monitor is None:
        return None
    return BY_MONITOR if bench.monitor.capabilities.captures_edges else BY_LAPS


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


def _first_record(bench: Bench, run_plan: RunPlan, session_id: str, started_utc: str) -> Record:
    benchmark = run_plan.benchmark
    facts = bench.spec.model_dump(mode="json", exclude_none=True)
    if bench.twin is not None:
        facts["virtual_dut_answers_from"] = bench.twin.dut.answers_from
    files = {planned.file: planned.stimulus for planned in run_plan.inputs}
    return Record(
        session_id=session_id,
        software=f"energy-runner {version()}",
        started_utc=started_utc,
        virtual=bench.virtual,
        bench=facts,
        benchmark=BenchmarkFacts(
            id=benchmark.id,
            task=benchmark.task,
            model_string=benchmark.model_string,
            input_bytes=benchmark.input_bytes,
            classes=benchmark.classes,
            metric=benchmark.metric,
            target=benchmark.target,
            stride_bytes=benchmark.stride_bytes,
        ),
        run=RunFacts(
            mode=run_plan.mode,
            windows=len(run_plan.inputs) if run_plan.mode != "accuracy" else 0,
            inferences=run_plan.inferences,
            warmups=run_plan.warmups,
            min_window_s=benchmark.run.min_window_s,
            min_inferences=benchmark.run.min_inferences,
            read_back=run_plan.read_back,
            seed=run_plan.seed,
        ),
        alignment=_alignment(bench) if run_plan.mode == "energy" else None,
        stimuli=[
            StimulusFile(
                file=stimulus.file, label=stimulus.label, offset=0, size=stimulus.size, sha256=stimulus.sha256
            )
            for stimulus in files.values()
        ],
    )
