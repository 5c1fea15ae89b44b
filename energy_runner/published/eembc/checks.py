# SPDX-License-Identifier: Apache-2.0
"""Find what is odd about a session of the EEMBC runner, one phrase each."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from energy_runner.published.contents import Contents
from energy_runner.published.eembc.log import EembcLog, Mark
from energy_runner.published.eembc.recording import LAP_AGREES_S
from energy_runner.published.eembc.results import EembcResults
from energy_runner.published.eembc.trace import Samples, TraceFiles
from energy_runner.published.files import check_links, check_packed, check_pieces, placed
from energy_runner.published.findings import seen
from energy_runner.published.forgery import BLOCK, LPM01A, odd_digits
from energy_runner.published.model import Figure, InferCommand, Mode, Note
from energy_runner.published.row import Evidence

PHASE_TOLERANCE_S = 0.25  # of 690 published windows none is off by more than 0.112 s
# Results follow the end of their session within 4 s; those over 48608 inferences may take longer.
_LATEST_RESULT_S = {"energy": 30, "performance": 30, "accuracy": 600}
_ABSURD_S = 1e7  # no session lasts 115 days
_TRACE_SLACK_S = 2.5  # the runner drops up to a second at the end of a trace
_MOST_DROPPED = 0.001
_LONGEST_COUNT = 9  # digits; a command has no more either
_EXPECTED = {"log": "log.txt", "results": "results.txt", "script": "script.async"}
_EXAMPLES = {"trace": "trace1-energy.bin", "timestamps": "trace1-timestamps.json"}


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
        *check_packed(read.contents, read.mode),
        *_check_files(read.contents),
        *_check_log(read),
        *_check_results(read),
        *(_check_trace(read, read.trace) if read.trace is not None else ()),
        *read.answers,
        *_check_commands(read.mode, read.log.commands, read.results.figures),
        *_check_counts(read.mode, read.log),
    ]
    return placed(notes + check_links(read.contents, read.mode, notes), read.contents.names, _EXPECTED | _EXAMPLES)


def _check_files(contents: Contents) -> Iterator[Note]:
    """Note files that cannot be read, or that a session of this runner should have."""
    for role in ("log", "results"):
        if role in contents.refusals:
            yield Note("unreadable", contents.refusals[role], seen=(seen(role),))
    for role, name in _EXPECTED.items():
        if role not in contents.names:
            kind = "script-missing" if role == "script" else "file-missing"
            yield Note(kind, f"missing file: {name}", wrong=role != "script", seen=(seen(role),))
    if "script" in contents.refusals:
        yield Note("unreadable", contents.refusals["script"], wrong=False, seen=(seen("script"),))


def _in_log(line: int | None = None, ms: int | None = None, text: str | None = None) -> Evidence:
    return seen("log", line, ms, text)


def _at(mark: Mark) -> tuple[Evidence, ...]:
    return (_in_log(mark.line, mark.ms, mark.text),)


def _check_log(read: Checked) -> Iterator[Note]:
    """Note a log that breaks off, is damaged, or does not fit its folder."""
    log, found = read.log, read.contents.found
    end = (_in_log(log.lines or None, log.last_ms),)
    if log.lines and not log.prefixed:
        yield Note("log-unreadable", "the log holds no line of the runner", seen=end)
    elif log.lines and log.ended_ms is None:
        yield Note("log-truncated", "log truncated: it breaks off before the end of the session", seen=end)
    if log.too_many:
        detail = f"{log.too_many} more infer commands than any session has; they are not read"
        yield Note("log-absurd", detail, seen=end)
    if log.damaged:
        yield Note("log-damaged", f"{log.damaged} lines of the log are garbled", wrong=False)
    if log.backwards:
        yield Note("log-backwards", f"the log's clock runs backwards {log.backwards} times", wrong=False)
    if found.mode is not None and found.mode != read.mode:
        yield Note("mode-differs", f"a session in {read.mode} mode in a folder for {found.mode}")
    if found.benchmark is not None and found.benchmark != read.benchmark:
        detail = f"a session of {read.benchmark} in a folder for {found.benchmark}"
        yield Note("benchmark-differs", detail, seen=_at(log.model_mark) if log.model_mark else ())
    for number, error in enumerate(log.errors[:3]):
        where = _at(log.error_marks[number]) if number < len(log.error_marks) else ()
        yield Note("dut-error", f"the DUT answered e-[{error}]", seen=where)
    if log.dropped is not None and log.dropped[0]:
        share = log.dropped[0] / max(1, log.dropped[1])
        detail = f"the monitor dropped {log.dropped[0]} of {log.dropped[1]} packets ({share:.3%})"
        yield Note(
            "packets-dropped", detail, wrong=share > _MOST_DROPPED, measured=share, limit=_MOST_DROPPED, seen=end
        )


def _check_results(read: Checked) -> Iterator[Note]:
    """Note results that are garbled or of another run."""
    results, log, printed_ms = read.results, read.log, read.results.printed_ms
    if results.unknown:
        first, line = results.unknown[0], results.unknown_lines[0] if results.unknown_lines else None
        detail = f"garbled results: {len(results.unknown)} lines cannot be read, first {first[:60]!r}"
        yield Note("results-garbled", detail, seen=(seen("results", line, text=first),))
    if not results.figures:
        yield Note("results-absent", "no published figure can be read", seen=(seen("results"),))
    if printed_ms is not None and log.ended_ms is not None and log.last_ms is not None:
        late_s = (printed_ms - log.last_ms) / 1000
        if not -1 <= late_s <= _LATEST_RESULT_S[read.mode]:
            side = "after" if late_s > 0 else "before"
            detail = f"results of another run: printed {abs(late_s):.0f} s {side} the log's end"
            yield Note(
                "another-run",
                detail,
                measured=late_s,
                limit=_LATEST_RESULT_S[read.mode],
                seen=(seen("results", 1, printed_ms), _in_log(log.lines, log.last_ms)),
            )


def _check_commands(mode: Mode, commands: Sequence[InferCommand], figures: Sequence[Figure]) -> Iterator[Note]:
    """Note what differs between the `infer` commands, or is missing in their answers."""
    published = {figure.window for figure in figures if figure.window is not None}
    timed = mode != "accuracy"
    if timed and commands and len(published) > len(commands):
        detail = f"log truncated: it holds {len(commands)} of the {len(published)} published windows"
        last = (_in_log(commands[-1].line, commands[-1].sent_ms, commands[-1].file),)
        yield Note("log-truncated", detail, measured=len(commands), limit=len(published), seen=last)
    counts = sorted({command.inferences for command in commands})
    if timed and len(counts) > 1:
        yield Note("iterations-differ", f"iterations not all equal: {', '.join(map(str, counts))}")
    asked = {2 * k + 2: command for k, command in enumerate(commands)}
    other = [
        f
        for f in figures
        if f.field == "# Inferences" and f.window in asked and f.text != str(asked[f.window].inferences)
    ]
    if timed and other and len(counts) == 1:
        detail = f"{other[0].text} inferences are published, {counts[0]} were asked for"
        command = asked[other[0].window or 0]
        where = (seen("results", other[0].line), _in_log(command.line, command.sent_ms))
        yield Note("another-run", f"results of another run: {detail}", seen=where)
    announced = [c for c in commands if c.announced is not None and c.announced != c.inferences]
    if announced:
        first = announced[0]
        detail = f"the DUT announced {first.announced} inferences where {first.inferences} were asked for"
        yield Note("iterations-differ", detail, seen=(_in_log(first.line, first.sent_ms),))
    if any(lap_us >= 2**32 for command in commands for lap_us in command.laps_us):
        yield Note("laps-long", "laps of the DUT above 2^32 us are kept modulo 2^32", wrong=False)
    odd = [command for command in commands if timed and not all(map(math.isfinite, command.results))]
    if odd:
        detail = f"{len(odd)} of {len(commands)} answers hold NaN or infinity, first that to {odd[0].file[:80]}"
        first_odd = (_in_log(odd[0].line, odd[0].sent_ms, odd[0].file),)
        yield Note("answers-not-numbers", detail, measured=len(odd), limit=0, seen=first_odd)
    silent = [command for command in commands if not command.results]
    if timed and silent:
        garbled = sum(command.garbled for command in commands)
        detail = f"m-results missing or garbled in {len(silent)} of {len(commands)} windows ({garbled} garbled)"
        yield Note(
            "results-line-lost",
            f"garbled UART text: {detail}; figures do not depend on it",
            wrong=False,
            seen=(_in_log(silent[0].line, silent[0].sent_ms),),
        )


def _check_counts(mode: Mode, log: EembcLog) -> Iterator[Note]:
    """Note lines of the log that state another number of inferences than the `infer` commands.

    The setting of the runner is that of timed sessions; over all stimuli of an accuracy it asks for one each.
    """
    for mark, stated, asked in log.counts_differ[:1]:
        detail = f"the log states {stated} inferences where the infer command asks for {asked}"
        more = f", and {len(log.counts_differ) - 1} more such lines" if len(log.counts_differ) > 1 else ""
        yield Note("iterations-differ", detail + more, measured=stated, limit=asked, seen=_at(mark))
    setting = log.settings.get("iterInfer", "")
    known = setting.isascii() and setting.isdecimal() and len(setting) <= _LONGEST_COUNT
    other = [one for one in log.commands if known and one.inferences != int(setting)]
    if mode != "accuracy" and other:
        first, mark = other[0], log.setting_marks["iterInfer"]
        detail = f"the runner was set to {setting} inferences (iterInfer), its infer command asks for"
        yield Note(
            "iterations-differ",
            f"{detail} {first.inferences}, in {len(other)} of {len(log.commands)} windows",
            measured=first.inferences,
            limit=int(setting),
            seen=(*_at(mark), _in_log(first.line, first.sent_ms)),
        )


def _check_trace(read: Checked, trace: TraceFiles) -> Iterator[Note]:
    """Note a trace that is absent or damaged, and timestamps that do not match the commands one to one."""
    for role, example in _EXAMPLES.items():
        where = (seen(role),)
        if role not in read.contents.names:
            yield Note(f"{role}-absent", f"{role} absent: no file of the kind {example}", seen=where)
        elif role in trace.absent:
            yield Note(f"{role}-absent", f"{role} absent or unreadable: {trace.absent[role]}", seen=where)
        if role == "trace" and trace.samples is not None:
            yield from (Note("trace-damaged", oddity, seen=where) for oddity in trace.samples.oddities)
            yield from _check_instrument(read.log.instrument, trace.samples)
    timestamps = trace.timestamps_s
    if not timestamps:
        return
    if not all(math.isfinite(time_s) for time_s in timestamps):
        yield Note("timestamps-damaged", "timestamps that are NaN or infinite", seen=_IN_TIMESTAMPS)
        return
    largest_s = max(timestamps, key=abs)
    if abs(largest_s) > _ABSURD_S:
        detail = f"a timestamp of {largest_s:.6g} s is absurd"
        yield Note("timestamps-damaged", detail, measured=largest_s, limit=_ABSURD_S, seen=_IN_TIMESTAMPS)
        return
    if any(after < before for before, after in pairwise(timestamps)):
        yield Note("timestamps-unsorted", "timestamps are not in order", seen=_IN_TIMESTAMPS)
    yield from _check_count(read, timestamps)
    yield from _check_phases(read.log, timestamps)
    yield from _check_laps(read.log, timestamps)
    yield from _check_length(read.log, trace)


_IN_TRACE = (seen("trace"),)
_IN_TIMESTAMPS = (seen("timestamps"),)


def _check_instrument(instrument: str, samples: Samples) -> Iterator[Note]:
    """Note samples that the instrument which the log names cannot have written."""
    odd = odd_digits(samples.samples_uj) if instrument == LPM01A else 0
    if odd:
        detail = f"{odd} of {len(samples.samples_uj)} samples have more than the four digits that an LPM01A writes"
        yield Note("digits-impossible", detail, measured=odd, limit=0, seen=_IN_TRACE)
    if instrument == LPM01A:
        yield from check_pieces(samples.samples_uj, samples.rate_hz, _IN_TRACE[0])
    rest = len(samples.samples_uj) % BLOCK if instrument == LPM01A else 0
    if rest:
        detail = (
            f"{len(samples.samples_uj)} samples are no whole blocks of {BLOCK}, as the runner stores an LPM01A's"
        )
        yield Note("blocks-impossible", detail, measured=rest, limit=0, seen=_IN_TRACE)


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
        yield Note(
            f"edge-{name}",
            f"{detail} for {len(log.commands)} infer commands",
            measured=len(timestamps),
            limit=expected,
            seen=_IN_TIMESTAMPS,
        )


def _check_length(log: EembcLog, trace: TraceFiles) -> Iterator[Note]:
    """Note a trace that is shorter than its timestamps, or of another length than the log says."""
    where = _IN_TRACE
    if trace.samples is None:
        return
    first_s, last_s = min(trace.timestamps_s), max(trace.timestamps_s)
    seconds = len(trace.samples.samples_uj) / trace.samples.rate_hz
    if last_s > seconds:
        detail = f"it ends at {seconds:.3f} s, the last edge is at {last_s:.3f} s"
        yield Note("trace-short", f"trace truncated: {detail}", measured=seconds, limit=last_s, seen=where)
    if first_s < 0:
        yield Note("timestamps-damaged", f"a timestamp before the trace began: {first_s:g} s", seen=_IN_TIMESTAMPS)
    if log.trace_on_ms is not None and log.trace_off_ms is not None:
        host_s = (log.trace_off_ms - log.trace_on_ms) / 1000
        if abs(seconds - host_s) > _TRACE_SLACK_S + 0.001 * host_s:
            detail = f"the trace lasts {seconds:.2f} s, by the log {host_s:.2f} s"
            detail = f"{detail}: truncated, or its sample rate is wrong"
            yield Note("trace-length", detail, measured=seconds, limit=host_s, seen=where)


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
            measured=wrong[0][1],
            limit=PHASE_TOLERANCE_S,
            seen=tuple(
                _in_log(command.line, command.sent_ms)
                for command in (log.commands[number // 2 - 1] for number, _ in wrong[:3])
            ),
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
    laps_s = [(ms, lap_us * 1e-6) for ms, lap_us in log.monitor_laps]
    lost = [lap for lap in laps_s if all(abs(lap[1] - time_s) > LAP_AGREES_S for time_s in timestamps)]
    if lost:
        detail = f"{len(lost)} edges in the log are not among the timestamps, first at {lost[0][1]:.3f} s"
        yield Note("laps-differ", detail, seen=(_in_log(ms=lost[0][0]), *_IN_TIMESTAMPS))
