"""What is odd about a session of the EEMBC runner: one function for each file, notes in a phrase each."""

import math
from itertools import pairwise

from energy_runner.errors import SessionError
from energy_runner.published.discover import Found
from energy_runner.published.eembc.log import EembcLog
from energy_runner.published.eembc.trace import Trace
from energy_runner.published.files import LARGEST_LOG, check
from energy_runner.published.model import InferCommand, Published

PHASE_TOLERANCE_S = 0.25  # of 690 published windows none is off by more than 0.112 s
LAP_AGREES_S = 0.0015
# Results follow the end of their session within 4 s; those over 48608 inferences may take longer.
_LATEST_RESULT_S = {"energy": 30, "performance": 30, "accuracy": 600}
_TRACE_SLACK_S = 2.5  # the runner drops up to a second at the end of a trace
_MOST_DROPPED = 0.001
_EXPECTED = {"log": "log.txt", "results": "results.txt", "script": "script.async"}


def check_files(session: Published, found: Found) -> None:
    """Note files that a session of this mode should have."""
    for role, name in _EXPECTED.items():
        if found.file(role) is None:
            session.note("file-missing", f"missing file: {name}")
    script = found.file("script")
    if script is not None:
        try:
            if not check(script, found.root, LARGEST_LOG):
                session.note("unreadable", f"{script.name}: is empty")
        except SessionError as error:
            session.note("unreadable", str(error))


def check_log(session: Published, log: EembcLog, found: Found) -> None:
    """Note a log that breaks off, is damaged, or does not fit its folder."""
    if log.lines and not log.prefixed:
        session.note("log-unreadable", "the log holds no line of the runner")
    elif log.lines and log.ended_ms is None:
        session.note("log-truncated", "log truncated: it breaks off before the end of the session")
    if log.too_many:
        session.note("log-absurd", f"{log.too_many} more infer commands than any session has; they are not read")
    if log.damaged:
        session.note("log-damaged", f"{log.damaged} lines of the log are garbled", wrong=False)
    if log.backwards:
        session.note("log-backwards", f"the log's clock runs backwards {log.backwards} times", wrong=False)
    by_folder = found.mode_by_folder()
    if by_folder is not None and by_folder != session.mode:
        session.note("mode-differs", f"a session in {session.mode} mode in a folder for {by_folder}")
    folder = found.benchmark_by_folder()
    if folder is not None and folder != session.benchmark:
        session.note("benchmark-differs", f"a session of {session.benchmark} in a folder for {folder}")
    for error in log.errors[:3]:
        session.note("dut-error", f"the DUT answered e-[{error}]")
    if log.dropped is not None and log.dropped[0]:
        share = log.dropped[0] / max(1, log.dropped[1])
        detail = f"the monitor dropped {log.dropped[0]} of {log.dropped[1]} packets ({share:.3%})"
        session.note("packets-dropped", detail, wrong=share > _MOST_DROPPED)


def check_results(session: Published, unknown: list[str], stamp_ms: int | None, log: EembcLog) -> None:
    """Note results that are garbled or of another run."""
    if unknown:
        session.note(
            "results-garbled", f"garbled results: {len(unknown)} lines cannot be read, first {unknown[0][:60]!r}"
        )
    if not session.figures:
        session.note("results-absent", "no published figure can be read")
    if stamp_ms is not None and log.ended_ms is not None and log.last_ms is not None:
        late_s = (stamp_ms - log.last_ms) / 1000
        if not -1 <= late_s <= _LATEST_RESULT_S[session.mode]:
            session.note("another-run", f"results of another run: printed {late_s:+.0f} s after the log's end")


def check_commands(session: Published) -> None:
    """Note what differs between the `infer` commands, or is missing in their answers."""
    commands = session.commands
    published = {f.window for f in session.figures if f.window is not None}
    timed = session.mode != "accuracy"
    if timed and commands and len(published) > len(commands):
        session.note(
            "log-truncated", f"log truncated: it holds {len(commands)} of the {len(published)} published windows"
        )
    counts = sorted({command.inferences for command in commands})
    if timed and len(counts) > 1:
        session.note("iterations-differ", f"iterations not all equal: {', '.join(map(str, counts))}")
    asked = {2 * k + 2: command.inferences for k, command in enumerate(commands)}
    other = [
        f
        for f in session.figures
        if f.field == "# Inferences" and f.window in asked and f.text != str(asked[f.window])
    ]
    if timed and other and len(counts) == 1:
        detail = f"{other[0].text} inferences are published, {counts[0]} were asked for"
        session.note("another-run", f"results of another run: {detail}")
    told = [c for c in commands if c.announced is not None and c.announced != c.inferences]
    if told:
        detail = f"the DUT announced {told[0].announced} inferences where {told[0].inferences} were asked for"
        session.note("iterations-differ", detail)
    if any(lap_us >= 2**32 for command in commands for lap_us in command.laps_us):
        session.note("laps-long", "laps of the DUT above 2^32 us are kept modulo 2^32", wrong=False)
    if not timed:
        return
    unanswered = [k + 1 for k, c in enumerate(commands) if not c.results]
    if unanswered:
        garbled = sum(command.garbled for command in commands)
        detail = (
            f"m-results missing or garbled in {len(unanswered)} of {len(commands)} windows ({garbled} garbled)"
        )
        session.note("results-line-lost", f"garbled UART text: {detail}; figures do not depend on it", wrong=False)


def check_timestamps(session: Published, log: EembcLog, timestamps: list[float], trace: Trace | None) -> None:
    """Note timestamps that do not match the commands one to one, in order and in time."""
    if not timestamps:
        return
    if not all(math.isfinite(time_s) for time_s in timestamps):
        session.note("timestamps-damaged", "timestamps that are NaN or infinite")
        return
    if any(after < before for before, after in pairwise(timestamps)):
        session.note("timestamps-unsorted", "timestamps are not in order")
    if session.commands:
        expected = 2 * len(session.commands) + (log.sync_ms is not None)
        published = {figure.window for figure in session.figures if figure.window is not None}
        cut = log.ended_ms is None and len(session.commands) < len(
            published
        )  # then edges of lost commands are no surplus
        if len(timestamps) != expected and not cut:
            name = "missing" if len(timestamps) < expected else "surplus"
            detail = f"edge {name}: {len(timestamps)} timestamps, {expected} expected"
            session.note(f"edge-{name}", f"{detail} for {len(session.commands)} infer commands")
    _check_phases(session, log, timestamps)
    _check_laps(session, log, timestamps)
    if trace is None:
        return
    seconds = len(trace.samples_uj) / trace.rate_hz
    if max(timestamps) > seconds:
        session.note(
            "trace-short",
            f"trace truncated: it ends at {seconds:.3f} s, the last edge is at {max(timestamps):.3f} s",
        )
    if min(timestamps) < 0:
        session.note("timestamps-damaged", f"a timestamp before the trace began: {min(timestamps):g} s")
    if log.trace_on_ms is not None and log.trace_off_ms is not None:
        host_s = (log.trace_off_ms - log.trace_on_ms) / 1000
        if abs(seconds - host_s) > _TRACE_SLACK_S + 0.001 * host_s:
            detail = f"the trace lasts {seconds:.2f} s, by the log {host_s:.2f} s"
            session.note("trace-length", f"{detail}: truncated, or its sample rate is wrong")


def _check_phases(session: Published, log: EembcLog, timestamps: list[float]) -> None:
    """Compare each window, as the runner paired its edges, with the lines of its command in the log."""
    if log.trace_on_ms is None:
        return
    wrong: list[tuple[int, float]] = []
    for number, command in enumerate(session.commands):
        pair = timestamps[2 * number + 1 : 2 * number + 3]
        off = _out_of_phase(command, log.trace_on_ms, pair) if len(pair) == 2 else None
        if off is not None:
            wrong.append((2 * number + 2, off))
    if wrong:
        windows = ", ".join(str(number) for number, _ in wrong)
        session.note(
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


def _check_laps(session: Published, log: EembcLog, timestamps: list[float]) -> None:
    """Compare the laps that the monitor reported while running (JS110) with the timestamps saved at the end."""
    if not log.monitor_laps:
        return
    laps_s = [lap_us * 1e-6 for _, lap_us in log.monitor_laps]
    lost = [lap_s for lap_s in laps_s if all(abs(lap_s - time_s) > LAP_AGREES_S for time_s in timestamps)]
    if lost:
        session.note(
            "laps-differ", f"{len(lost)} edges in the log are not among the timestamps, first at {lost[0]:.3f} s"
        )
