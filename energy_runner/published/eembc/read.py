"""A session of the EEMBC runner, put together from its log, its trace and its results."""

import math
import re
from pathlib import Path

import numpy as np

from energy_runner.benchmarks.catalogue import Benchmark, load_benchmark
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.published.discover import Found
from energy_runner.published.eembc import checks
from energy_runner.published.eembc.log import EembcLog, read_log
from energy_runner.published.eembc.results import (
    PATTERNS,
    accuracy_figures,
    energy_figures,
    throughput_figures,
)
from energy_runner.published.eembc.trace import Trace, read_timestamps, read_trace
from energy_runner.published.figures import Figure, read_figures
from energy_runner.published.files import LARGEST_LOG, LARGEST_TEXT, read_lines
from energy_runner.published.labels import labels_of
from energy_runner.published.model import Mode, MonitorEdge, Published, Recording
from energy_runner.published.reproduce import eembc as original

RUNNER = "EEMBC EnergyRunner"
SCORES = {
    "energy": ("Median energy cost", "uJ/inf."),
    "performance": ("Median throughput", "inf./sec."),
    "accuracy": ("Top-1", "%"),
}
# Where an edge lies, in samples, relative to its timestamp, and the limit of error. The LPM01A reports an edge
# after the sample in which it fell, and the change of power is seen in that sample; the JS110 dates it freely
# and the runner rounds to 1 ms, which is one sample.
_EDGE_OFFSET = {"lpm01a": (-0.5, 0.5), "js110": (0.0, 0.5)}
_EDGE_UNKNOWN = (-0.25, 0.75)
_STAMP = re.compile(r"^(\d{5,12})\.(\d{3}) ulp-")


def read_eembc(found: Found, stimuli: Path | None = None) -> Published:
    """Return the session in a folder; what cannot be read is noted. Raises `SessionError` if nothing is known."""
    refusals: list[str] = []
    log = _log(found, refusals)
    figures, unknown, stamp_ms = _results(found, log, refusals)
    mode = _mode(log, found, figures)
    benchmark_id = _benchmark(log, found)
    if mode is None or not benchmark_id:
        reasons = "; ".join(refusals) or "neither its files nor its folders tell the benchmark and the mode"
        raise SessionError(f"no session can be read: {reasons}")
    session = Published(
        folder=found.folder,
        runner=RUNNER,
        mode=mode,
        benchmark=benchmark_id,
        version=log.version,
        stamp=log.stamp,
        profile=log.profile,
        model=log.model,
        timestamp_mode=log.timestamp_mode,
        boot_lines=log.boot_lines,
        boot_ms=log.boot_ms,
        files=[path for paths in found.files.values() for path in paths],
        commands=log.commands,
        sync_ms=log.sync_ms,
        power=log.power,
        io_laps=log.io_laps,
        ended_ms=log.ended_ms,
        figures=figures,
    )
    for refusal in refusals:
        session.note("unreadable", refusal)
    session.score_field, session.unit = SCORES[mode]
    checks.check_files(session, found)
    checks.check_log(session, log, found)
    checks.check_results(session, unknown, stamp_ms, log)
    _reproduce(session, log, found, stimuli)
    checks.check_commands(session)
    return session


def _log(found: Found, refusals: list[str]) -> EembcLog:
    path = found.file("log")
    if path is None:
        return EembcLog()
    try:
        return read_log(read_lines(path, found.root, LARGEST_LOG))
    except SessionError as error:
        refusals.append(str(error))
        return EembcLog()


def _results(found: Found, log: EembcLog, refusals: list[str]) -> tuple[list[Figure], list[str], int | None]:
    """Return the published figures, the lines that could not be read, and the time of the first one."""
    path = found.file("results")
    lines = log.result_lines
    if path is not None:
        try:
            raw = list(read_lines(path, found.root, LARGEST_TEXT))
            lines = [line.decode("utf-8", "replace") for line in raw]
        except SessionError as error:
            refusals.append(str(error))
    read = read_figures(lines, PATTERNS)
    stamps = [match for line in lines if (match := _STAMP.match(line))]
    stamp_ms = int(stamps[0][1]) * 1000 + int(stamps[0][2]) if stamps else None
    return read.figures, read.unknown, stamp_ms


def _mode(log: EembcLog, found: Found, figures: list[Figure]) -> Mode | None:
    """Return the mode: by what the log says, then by its commands, then by the results and the folder's name."""
    if log.plugin == "ulp-ml" or log.trace_on_ms is not None:
        return "energy"
    names = {figure.field for figure in figures}
    single = bool(log.commands) and all(c.inferences == 1 and not c.warmups for c in log.commands)
    if log.settings.get("runMode") == "multi" or names & {"Top-1", "AUC"} or (single and len(log.commands) > 1):
        return "accuracy"
    if log.plugin == "ulp-mlperf" or "Median throughput" in names:
        return "energy" if "Median energy cost" in names else "performance"
    by_folder = found.mode_by_folder()
    for mode in SCORES:
        if by_folder == mode:
            return mode  # type: ignore[return-value]
    return None


def _benchmark(log: EembcLog, found: Found) -> str:
    for name in (log.model, log.settings.get("model", ""), found.benchmark_by_folder() or ""):
        if name and known_benchmark(name):
            return name
    return ""


def known_benchmark(name: str) -> Benchmark | None:
    """Return the benchmark called `name`, or None."""
    try:
        return load_benchmark(name)
    except ConfigurationError:
        return None


def _reproduce(session: Published, log: EembcLog, found: Found, stimuli: Path | None) -> None:
    benchmark = load_benchmark(session.benchmark)
    if session.mode != "accuracy":
        labels, _ = labels_of([command.file for command in session.commands], benchmark, stimuli)
        for command, label in zip(session.commands, labels, strict=True):
            command.label = label
    if session.mode == "energy":
        _energy(session, log, found)
    elif session.mode == "performance":
        _performance(session)
    else:
        if benchmark.metric == "auc":
            session.score_field, session.unit = "AUC", "AUC"
        reproduce_accuracy(session, benchmark, stimuli)


# --- energy ---------------------------------------------------------------------------------------------


def _energy(session: Published, log: EembcLog, found: Found) -> None:
    trace, timestamps = _trace(session, log, found)
    checks.check_timestamps(session, log, timestamps, trace)
    if trace is None:
        return
    if timestamps:
        counts = [command.inferences for command in session.commands]
        counts = counts or [int(f.text) for f in session.figures if f.field == "# Inferences"]
        windows = original.eembc_windows(trace.samples_uj, trace.rate_hz, timestamps, counts)
        session.reproduced = energy_figures(windows)
    odd = any(note.id == "trace-length" for note in session.notes)
    session.recording = _recording(log, trace, timestamps, tie_the_end=odd)


def _trace(session: Published, log: EembcLog, found: Found) -> tuple[Trace | None, list[float]]:
    trace, timestamps = None, []
    binary, stamps = (_registered(log, found, role) for role in ("trace", "timestamps"))
    try:
        if binary is None:
            session.note("trace-absent", "trace absent: no file of the kind trace1-energy.bin")
        else:
            trace = read_trace(binary, found.root)
            for oddity in trace.oddities:
                session.note("trace-damaged", oddity)
    except SessionError as error:
        session.note("trace-absent", f"trace absent or unreadable: {error}")
    try:
        if stamps is None:
            session.note("timestamps-absent", "timestamps absent: no file of the kind trace1-timestamps.json")
        else:
            timestamps = read_timestamps(stamps, found.root)
    except SessionError as error:
        session.note("timestamps-absent", f"timestamps absent or unreadable: {error}")
    return trace, timestamps


def _registered(log: EembcLog, found: Found, role: str) -> Path | None:
    """Return the file of a role that the log names, if it is there; else the first of the role."""
    paths = found.files.get(role, [])
    return next((path for path in paths if path.name in log.registered), found.file(role))


def _recording(log: EembcLog, trace: Trace, timestamps: list[float], *, tie_the_end: bool) -> Recording | None:
    """Return what the monitor recorded; None where the log does not tell when.

    The runner drops up to a second at the end of a trace, so that its end says little about time. But if the
    trace is of quite another length than the run, its end must be tied too: the analysis then sees that times do
    not fit, and gives no figure.
    """
    if log.trace_on_ms is None:
        return None
    offset, half_width = _EDGE_OFFSET.get(log.instrument, _EDGE_UNKNOWN)
    scale = trace.rate_hz / 1000  # half widths are those at 1 kHz, and timestamps have 1 ms everywhere
    half_width = max(half_width, half_width * scale)
    edges = [
        MonitorEdge(max(0.0, time_s * trace.rate_hz + offset), half_width)
        for time_s in timestamps
        if math.isfinite(time_s) and -1 < time_s * trace.rate_hz <= 2 * len(trace.samples_uj) + 1
    ]
    known = np.array(timestamps, dtype=np.float64)
    late = [
        MonitorEdge(lap_us * 1e-6 * trace.rate_hz + offset, half_width)
        for _, lap_us in log.monitor_laps
        if not np.any(np.abs(known - lap_us * 1e-6) < checks.LAP_AGREES_S)
    ]
    samples_j = trace.samples_uj * np.float32(1e-6)
    samples_j[~np.isfinite(trace.samples_uj)] = np.nan
    seconds = len(samples_j) / trace.rate_hz
    stopped_ms = log.trace_off_ms or log.last_ms or log.trace_on_ms + round(seconds * 1000)
    return Recording(
        instrument=log.instrument,
        rate_hz=trace.rate_hz,
        samples_j=samples_j,
        edges=edges,
        started_ms=log.trace_on_ms,
        stopped_ms=stopped_ms,
        voltage_v=None if log.voltage_mv is None else log.voltage_mv / 1000,
        arrivals=[(0, log.trace_on_ms), *([(len(samples_j), stopped_ms)] if tie_the_end else [])],
        late_edges=late,
    )


# --- performance and accuracy ---------------------------------------------------------------------------


def _performance(session: Published) -> None:
    """Pair the laps in order, as the runner does; that of the `timestamp` command before them is left out."""
    laps = [lap_us for command in session.commands for lap_us in command.laps_us]
    windows = [
        (2 * k + 2, session.commands[min(k, len(session.commands) - 1)].inferences, start_us, stop_us)
        for k, (start_us, stop_us) in enumerate(zip(laps[::2], laps[1::2], strict=False))
    ]
    session.reproduced = throughput_figures(
        [(number, count, original.eembc_runtime_s(start, stop)) for number, count, start, stop in windows]
    )


def reproduce_accuracy(session: Published, benchmark: Benchmark, stimuli: Path | None) -> None:
    """Give every command its label and compute the two figures of an accuracy session."""
    files = [command.file for command in session.commands]
    labels, session.labels_from = labels_of(files, benchmark, stimuli)
    for command, label in zip(session.commands, labels, strict=True):
        command.label = label
    unknown = sum(label is None for label in labels)
    if not files:
        return
    if unknown:
        detail = f"classes of {unknown} of {len(files)} stimuli unknown, so nothing can be reproduced"
        session.note("labels-unknown", f"{detail}; give their label file by --stimuli")
        return
    silent = sum(not command.results for command in session.commands)
    widths = {len(command.results) for command in session.commands if command.results}
    if silent or len(widths) != 1:
        lengths = ", ".join(str(width) for width in sorted(widths))
        detail = f"{silent} of {len(files)} answers are missing" if silent else f"answers of {lengths} numbers"
        session.note("answers-missing", f"{detail}, so nothing can be reproduced")
        return
    results = np.array([command.results for command in session.commands])
    truth = np.array([-1 if label is None else label for label in labels])
    if benchmark.metric == "auc":
        unique = list(dict.fromkeys(files))
        place = {name: number for number, name in enumerate(unique)}
        owner = np.array([place[name] for name in files])
        errors = np.bincount(owner, results[:, 0]) / np.bincount(owner)
        anomalous = np.bincount(owner, truth) > 0
        top1 = original.anomaly_accuracy_percent(errors, anomalous)
        auc = original.anomaly_auc_101(errors, anomalous)
    else:
        top1 = original.top1_percent(results, truth)
        auc = original.auc_101(results, truth, benchmark.classes)
    session.reproduced = accuracy_figures(top1, auc)
