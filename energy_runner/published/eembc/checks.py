# SPDX-License-Identifier: Apache-2.0
"""Find what is odd about a session of the EEMBC runner, one phrase each."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from energy_runner.published.contents import Contents
from energy_runner.published.discover import LINK
from energy_runner.published.eembc.log import EembcLog
from energy_runner.published.eembc.recording import LAP_AGREES_S
from energy_runner.published.eembc.results import EembcResults
from energy_runner.published.eembc.trace import TraceFiles
from energy_runner.published.model import Figure, InferCommand, Mode, Note

PHASE_TOLERANCE_S = 0.25  # of 690 published windows none is off by more than 0.112 s
# Results follow the end of their session within 4 s; those over 48608 inferences may take longer.
_LATEST_RESULT_S = {"energy": 30, "performance": 30, "accuracy": 600}
_TRACE_SLACK_S = 2.5  # the runner drops up to a second at the end of a trace
_MOST_DROPPED = 0.001
_EXPECTED = {"log": "log.txt", "results": "results.txt", "script": "script.async"}


@dataclass(frozen=True)
class Checked:
    """Everything that was read of one session; `trace` is None in modes other than energy."""

    contents: Contents
    benchmark: str
    mode: Mode
    log: EembcLog
    results: EembcResults
    trace: TraceFiles | None
    answers: tuple[Note, ...]


def check(read: Checked) -> list[Note]:
    """Return everything that is odd: files, log, results, trace, answers and commands, in this order."""
    notes = [
        *_check_files(read.contents),
        *_check_log(read),
        *_check_results(read),
        *(_check_trace(read, read.trace) if read.trace is not None else ()),
        *read.answers,
        *_check_commands(read.mode, read.log.commands, read.results.figures),
    ]
    for name in read.contents.found.refused:
        if not any(name in note.detail for note in notes):
            notes.append(Note("link-refused", f"{name}: {LINK}"))
    return notes


def _check_files(contents: Contents) -> Iterator[Note]:
    """Note files that cannot be read, or that a session of this runner should have."""
    for role in ("log", "results"):
        if role in contents.refusals:
            yield Note("unreadable", contents.refusals[role])
    for role, name in _EXPECTED.items():
        if role not in contents.names:
            yield Note("file-missing", f"missing file: {name}")
    if "script" in contents.refusals:
        yield Note("unreadable", contents.refusals["script"])


def _check_log(read: Checked) -> Iterator[Note]:
    """Note a log that breaks off, is damaged, or does not fit its folder."""
    log, found = read.log, read.contents.found
    if log.lines and not log.prefixed:
        yield Note("log-unreadable", "the log holds no line of the runner")
    elif log.lines and log.ended_ms is None:
        yield Note("log-truncated", "log truncated: it breaks off before the end of the session")
    if log.too_many:
        yield Note("log-absurd", f"{log.too_many} more infer commands than any session has; they are not read")
    if log.damaged:
        yield Note("log-damaged", f"{log.damaged} lines of the log are garbled", wrong=False)
    if log.backwards:
        yield Note("log-backwards", f"the log's clock runs backwards {log.backwards} times", wrong=False)
    if found.mode is not None and found.mode != read.mode:
        yield Note("mode-differs", f"a session in {read.mode} mode in a folder for {found.mode}")
    if found.benchmark is not None and found.benchmark != read.benchmark:
        yield Note("benchmark-differs", f"a session of {read.benchmark} in a folder for {found.benchmark}")
    for error in log.errors[:3]:
        yield Note("dut-error", f"the DUT answered e-[{error}]")
    if log.dropped is not None and log.dropped[0]:
        share = log.dropped[0] / max(1, log.dropped[1])
        detail = f"the monitor dropped {log.dropped[0]} of {log.dropped[1]} packets ({share:.3%})"
        yield Note("packets-dropped", detail, wrong=share > _MOST_DROPPED)


def _check_results(read: Checked) -> Iterator[Note]:
    """Note results that are garbled or of another run."""
    unknown, log, printed_ms = read.results.unknown, read.log, read.results.printed_ms
    if unknown:
        first = f"first {unknown[0][:60]!r}"
        yield Note("results-garbled", f"garbled results: {len(unknown)} lines cannot be read, {first}")
    if not read.results.figures:
        yield Note("results-absent", "no published figure can be read")
    if printed_ms is not None and log.ended_ms is not None and log.last_ms is not None:
        late_s = (printed_ms - log.last_ms) / 1000
        if not -1 <= late_s <= _LATEST_RESULT_S[read.mode]:
            yield Note("another-run", f"results of another run: printed {late_s:+.0f} s after the log's end")


def _check_commands(mode: Mode, commands: Sequence[InferCommand], figures: Sequence[Figure]) -> Iterator[Note]:
    """Note what differs between the `infer` commands, or is missing in their answers."""
    published = {figure.window for figure in figures if figure.window is not None}
    timed = mode != "accuracy"
    if timed and commands and len(published) > len(commands):
        yield Note(
            "log-truncated", f"log truncated: it holds {len(commands)} of the {len(published)} published windows"
        )
    counts = sorted({command.inferences for command in commands})
    if timed and len(counts) > 1:
        yield Note("iterations-differ", f"iterations not all equal: {', '.join(map(str, counts))}")
    asked = {2 * k + 2: command.inferences for k, command in enumerate(commands)}
    other = [
        f for f in figures if f.field == "# Inferences" and f.window in asked and f.text != str(asked[f.window])
    ]
    if timed and other and len(counts) == 1:
        detail = f"{other[0].text} inferences are published, {counts[0]} were asked for"
        yield Note("another-run", f"results of another run: {detail}")
    announced = [c for c in commands if c.announced is not None and c.announced != c.inferences]
    if announced:
        first = announced[0]
        detail = f"the DUT announced {first.announced} inferences where {first.inferences} were asked for"
        yield Note("iterations-differ", detail)
    if any(lap_us >= 2**32 for command in commands for lap_us in command.laps_us):
        yield Note("laps-long", "laps of the DUT above 2^32 us are kept modulo 2^32", wrong=False)
    unanswered = sum(not command.results for command in commands)
    if timed and unanswered:
        garbled = sum(command.garbled for command in commands)
        detail = f"m-results missing or garbled in {unanswered} of {len(commands)} windows ({garbled} garbled)"
        yield Note("results-line-lost", f"garbled UART text: {detail}; figures do not depend on it", wrong=False)


def _check_trace(read: Checked, trace: TraceFiles) -> Iterator[Note]:
    """Note a trace that is absent or damaged, and timestamps that do not match the commands one to one."""
    for role, example in (("trace", "trace1-energy.bin"), ("timestamps", "trace1-timestamps.json")):
        if role not in read.contents.names:
            yield Note(f"{role}-absent", f"{role} absent: no file of the kind {example}")
        elif role in trace.absent:
            yield Note(f"{role}-absent", f"{role} absent or unreadable: {trace.absent[role]}")
        if role == "trace" and trace.samples is not None:
            yield from (Note("trace-damaged", oddity) for oddity in trace.samples.oddities)
    timestamps = trace.timestamps_s
    if not timestamps:
        return
    if not all(math.isfinite(time_s) for time_s in timestamps):
        yield Note("timestamps-damaged", "timestamps that are NaN or infinite")
        return
    if any(after < before for before, after in pairwise(timestamps)):
        yield Note("timestamps-unsorted", "timestamps are not in order")
    yield from _check_count(read, timestamps)
    yield from _check_phases(read.log, timestamps)
    yield from _check_laps(read.log, timestamps)
    yield from _check_length(read.log, trace)


def _check_count(read: Checked, timestamps: list[float]) -> Iterator[Note]:
    """Note edges that are missing or too many for the commands."""
    log, figures = read.log, read.results.figures
    if not log.commands:
        return
    expected = 2 * len(log.commands) + (log.sync_ms is not None)
    published = {figure.window for figure in figures if figure.window is not None}
    # If the log breaks off, edges of lost commands are not surplus.
    cut = log.ended_ms is None and len(log.commands) < len(published)
    if len(timestamps) != expected and not cut:
        name = "missing" if len(timestamps) < expected else "surplus"
        detail = f"edge {name}: {len(timestamps)} timestamps, {expected} expected"
        yield Note(f"edge-{name}", f"{detail} for {len(log.commands)} infer commands")


def _check_length(log: EembcLog, trace: TraceFiles) -> Iterator[Note]:
    """Note a trace that is shorter than its timestamps, or of another length than the log says."""
    if trace.samples is None:
        return
    first_s, last_s = min(trace.timestamps_s), max(trace.timestamps_s)
    seconds = len(trace.samples.samples_uj) / trace.samples.rate_hz
    if last_s > seconds:
        detail = f"it ends at {seconds:.3f} s, the last edge is at {last_s:.3f} s"
        yield Note("trace-short", f"trace truncated: {detail}")
    if first_s < 0:
        yield Note("timestamps-damaged", f"a timestamp before the trace began: {first_s:g} s")
    if log.trace_on_ms is not None and log.trace_off_ms is not None:
        host_s = (log.trace_off_ms - log.trace_on_ms) / 1000
        if abs(seconds - host_s) > _TRACE_SLACK_S + 0.001 * host_s:
            detail = f"the trace lasts {seconds:.2f} s, by the log {host_s:.2f} s"
            yield Note("trace-length", f"{detail}: truncated, or its sample rate is wrong")


def _check_phases(log: EembcLog, timestamps: list[float]) -> Iterator[Note]:
    """Compare each window, as the runner paired its edges, with the lines of its command in the log."""
    if log.trace_on_ms is None:
        return
    wrong: list[tuple[int, float]] = []
    for number, command in enumerate(log.commands):
        pair = timestamps[2 * number + 1 : 2 * number + 3]
        off = _out_of_phase(command, log.trace_on_ms, pair) if len(pair) == 2 else None
        if off is not None:
            wrong.append((2 * number + 2, off))
    if wrong:
        windows = ", ".join(str(number) for number, _ in wrong)
        yield Note(
            "window-in-wrong-phase",
            f"window {windows} not in the phase of its infer command, the first off by {wrong[0][1]:+.2f} s "
            "by the log: downloads or idling were measured",
        )


def _out_of_phase(command: InferCommand, origin_ms: int, edges_s: list[float]) -> float | None:
    for edge_s, line_ms in zip(edges_s, (command.start_ms, command.done_ms), strict=True):
        if line_ms is not None:
            off = edge_s - (line_ms - origin_ms) / 1000
            if abs(off) > PHASE_TOLERANCE_S:
                return off
    return None


def _check_laps(log: EembcLog, timestamps: list[float]) -> Iterator[Note]:
    """Compare the laps that the monitor reported while running (JS110) with the timestamps saved at the end."""
    laps_s = [lap_us * 1e-6 for _, lap_us in log.monitor_laps]
    lost = [lap_s for lap_s in laps_s if all(abs(lap_s - time_s) > LAP_AGREES_S for time_s in timestamps)]
    if lost:
        detail = f"{len(lost)} edges in the log are not among the timestamps, first at {lost[0]:.3f} s"
        yield Note("laps-differ", detail)
