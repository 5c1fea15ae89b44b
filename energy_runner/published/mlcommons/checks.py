# SPDX-License-Identifier: Apache-2.0
"""Find what is odd about a session of the MLCommons runner, one phrase each."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

import numpy as np

from energy_runner.published.contents import Contents
from energy_runner.published.files import check_links, check_packed, check_pieces, placed
from energy_runner.published.findings import seen
from energy_runner.published.forgery import LPM01A, odd_digits
from energy_runner.published.mlcommons.commands import Commands
from energy_runner.published.mlcommons.document import Document, Power
from energy_runner.published.mlcommons.identity import Identity
from energy_runner.published.mlcommons.log import MlcommonsLog
from energy_runner.published.mlcommons.recording import Recorded
from energy_runner.published.mlcommons.results import MlcommonsResults
from energy_runner.published.model import WAKE_WORDS, Figure, FloatArray, Note
from energy_runner.published.row import Evidence
from energy_runner.wording import half_digit, printed_number

_EARLY_MS = 600  # whole seconds, and a start of the recording known to half a second
_EXAMPLES = {"log": "log.txt", "results": "results.txt", "json": "results.json"}
# A line that nobody can tell from a figure, though no figure of the runner looks so.
_A_FIGURE = re.compile(r"(?=.*\d)(?:median|top.?1|auc|u?j/inf|inf\.?/s)", re.IGNORECASE)
_LARGEST_J = float(np.finfo(np.float32).max)  # beyond it a sample of ours is infinite
_COUNTS = {"Inferences", "# Inferences"}


@dataclass(frozen=True)
class Checked:
    """Everything that was read of one session."""

    contents: Contents
    identity: Identity
    refusals: list[str]
    document: Document
    log: MlcommonsLog
    results: MlcommonsResults
    commands: Commands
    recorded: Recorded | None
    answers: tuple[Note, ...]


def check(read: Checked) -> list[Note]:
    """Return everything that is odd: files, commands, what its mode has, and the log against the results."""
    notes = [
        *check_packed(read.contents, read.identity.mode),
        *(Note("unreadable", refusal) for refusal in read.refusals),
        *_check_files(read),
        *_check_folder(read),
        *(
            Note("samples-lost", f"samples lost: {line}", seen=(seen("log", number, text=line),))
            for line, number in zip_longest(read.log.lost[:3], read.log.lost_lines[:3])
        ),
        *_check_commands(read),
    ]
    if read.identity.mode == "energy":
        notes += _check_recording(read)
    elif read.identity.benchmark != WAKE_WORDS:
        notes += _check_laps(read.document) if read.identity.mode == "performance" else read.answers
    notes += _check_against_log(read.results)
    return placed(notes + check_links(read.contents, read.identity.mode, notes), read.contents.names, _EXAMPLES)


def _in_json(text: str | None = None) -> tuple[Evidence, ...]:
    return (seen("json", text=text),)


_IN_LOG = seen("log")


def _check_files(read: Checked) -> Iterator[Note]:
    """Note files that are missing or damaged, and errors that were published as results."""
    log, results = read.log, read.results
    for role, name in _EXAMPLES.items():
        if role not in read.contents.names:
            yield Note("file-missing", f"missing file: {name}", seen=(seen(role),))
    if log.lines and not log.recognised:
        yield Note("log-unreadable", "the log holds no line of the runner", seen=(_IN_LOG,))
    elif log.lines and not log.complete:
        detail = "log truncated: it breaks off before the end of the session"
        yield Note("log-truncated", detail, seen=(seen("log", log.lines),))
    odd = [
        line for line in results.unknown if not line.isprintable() or "\ufffd" in line or _A_FIGURE.search(line)
    ]
    if odd:
        detail = f"garbled results: {len(odd)} lines cannot be read, first {odd[0][:60]!r}"
        yield Note("results-garbled", detail, seen=(seen("results"),))
    if not results.figures and not results.errors:
        yield Note("results-absent", "no published figure can be read", seen=(seen("results"),))
    for text in results.errors:
        yield Note("error-published", f"published with {text[:100]!r}", seen=(seen("results", text=text),))


def _check_folder(read: Checked) -> Iterator[Note]:
    """Note a session that does not fit its folder; a wake word run in energy mode is filed under both modes."""
    found, identity = read.contents.found, read.identity
    for name, filed, is_ in (
        ("mode-differs", found.mode, identity.mode),
        ("benchmark-differs", found.benchmark, identity.benchmark),
    ):
        if filed is not None and filed != is_ and identity.benchmark != WAKE_WORDS:
            yield Note(name, f"a session of {is_} in a folder for {filed}")


def _check_commands(read: Checked) -> Iterator[Note]:
    """Note passes that are missing in the log, and unequal numbers of inferences."""
    loadings, working = read.log.loadings, read.document.working
    if working and not read.commands.timed:
        detail = f"the log tells of {len(loadings)} loadings, results.json of {len(working)}"
        wrong = bool(loadings) and read.identity.benchmark != WAKE_WORDS
        yield Note("log-differs", detail, wrong=wrong, seen=(_IN_LOG, *_in_json()))
    counts = sorted({command.inferences for command in read.commands.commands})
    if read.identity.mode != "accuracy" and len(counts) > 1:
        detail = f"iterations not all equal: {', '.join(map(str, counts))}"
        yield Note("iterations-differ", detail, seen=_in_json())
    yield from _check_iterations(read)


def _check_iterations(read: Checked) -> Iterator[Note]:
    """Note inferences in `results.json` or in `results.txt` that are not those that the log says ran."""
    running, working = read.log.running, read.document.working
    stated = [(infer.iterations, f"pass {number}") for number, (_, infer) in enumerate(working)]
    in_json = [
        (ran, line, count, where)
        for (ran, line), (count, where) in zip(running, stated, strict=False)
        if count != ran and len(running) == len(stated)
    ]
    for ran, line, count, where in in_json[:1]:
        more = f", and {len(in_json) - 1} more" if len(in_json) > 1 else ""
        detail = f"iterations of another run: results.json has {count} in {where}, the log ran {ran}{more}"
        place = (*_in_json(where), seen("log", line))
        yield Note("another-run", detail, measured=count, limit=ran, seen=place)
    if not running or read.identity.benchmark == WAKE_WORDS:
        return
    ran_at_all = {str(ran) for ran, _ in running}
    other = [one for one in read.results.figures if one.field in _COUNTS and one.text not in ran_at_all]
    for first in other[:1]:
        ran, line = running[0]
        detail = f"results of another run: {first.text} inferences are published, the log ran {ran}"
        place = (seen("results", first.line), seen("log", line))
        yield Note("another-run", detail, measured=printed_number(first.text), limit=ran, seen=place)


def _check_recording(read: Checked) -> Iterator[Note]:
    """Note what is odd about samples and edges."""
    recorded = read.recorded
    if recorded is None:
        yield Note("trace-absent", "trace absent: results.json holds no samples", seen=_in_json())
        return
    powers = [one.power for one, _ in read.document.working if one.power is not None]
    for number, (power, block) in enumerate(zip(powers, recorded.blocks, strict=True)):
        yield from _check_pass(read.log, number, power, len(block))
    counters = [counter for power in powers for counter, _ in power.timestamps]
    yield from _check_samples(np.concatenate(recorded.blocks), counters)
    if read.log.instrument == LPM01A and not _simulated(read):
        yield from _check_digits(np.concatenate(recorded.blocks))
        yield from check_pieces(np.concatenate(recorded.blocks), recorded.recording.rate_hz, _in_json()[0])
    if recorded.boot_edges:
        detail = f"{recorded.boot_edges} edge(s) before the first stimulus, taken as the DUT's start"
        yield Note("boot-edges", detail, wrong=False)
    if read.log.loadings:
        yield from _check_phases(recorded, powers, read.commands)


def _check_pass(log: MlcommonsLog, number: int, power: Power, samples: int) -> Iterator[Note]:
    where = _in_json(f"trial {number}")
    counts = [count for _, count in power.timestamps]
    if len(counts) < 2:
        detail = f"edge missing: {len(counts)} timestamps in trial {number}, 2 expected"
        yield Note("edge-missing", detail, measured=len(counts), limit=2, seen=where)
    if any(not 0 <= count <= samples for count in counts):
        detail = f"an edge of trial {number} lies beyond its {samples} samples"
        yield Note("trace-short", f"trace truncated: {detail}", seen=where)
    if counts != sorted(counts):
        yield Note("timestamps-unsorted", f"timestamps of trial {number} are not in order", seen=where)
    if number < len(log.captured) and log.captured[number] != (samples, len(counts)):
        size, seen = log.captured[number]
        detail = f"trial {number} has {samples} samples and {len(counts)} timestamps, by the log {size} and {seen}"
        yield Note("another-run", f"results.json differs from the log: {detail}", seen=(*where, _IN_LOG))


def _check_samples(samples: FloatArray, counters: Sequence[object]) -> Iterator[Note]:
    where = _in_json()
    missing, infinite = (
        int(np.count_nonzero(np.isnan(samples))),
        int(np.count_nonzero(np.abs(samples) > _LARGEST_J)),
    )
    if missing or infinite:
        yield Note("trace-damaged", f"{missing} samples are NaN and {infinite} infinite", seen=where)
    if np.any(samples < 0):
        detail = f"{int(np.count_nonzero(samples < 0))} samples are negative"
        yield Note("trace-damaged", detail, seen=where)
    numbers = [int(text) for text in map(str, counters) if text.isdecimal() and len(text) < 10]
    lost = sum((after - before) % 100 != 1 for before, after in pairwise(numbers))
    if lost:
        detail = f"edge missing: the monitor's event counter jumps {lost} times"
        yield Note("edge-missing", detail, measured=lost, limit=0, seen=where)


def _check_digits(samples: FloatArray) -> Iterator[Note]:
    odd = odd_digits(samples)
    if odd:
        detail = f"{odd} of {len(samples)} samples have more than the four digits that an LPM01A writes"
        yield Note("digits-impossible", detail, measured=odd, limit=0, seen=_in_json())


def _simulated(read: Checked) -> bool:
    """Return whether the session says that a virtual bench made it, whose samples have all their digits."""
    return any(one.energy_runner.simulated for one in read.document.passes) or "virtual twin" in read.log.name


def _check_phases(recorded: Recorded, powers: Sequence[Power], commands: Commands) -> Iterator[Note]:
    """Note windows, as the runner cut them, that began before their stimulus was loaded."""
    origin_ms = recorded.recording.started_ms
    passes = zip(recorded.starts, powers, commands.commands, strict=False)
    wrong = [
        str(number)
        for number, (start, power, command) in enumerate(passes)
        if len(power.timestamps) >= 2 and origin_ms + start + power.timestamps[-2][1] < command.sent_ms - _EARLY_MS
    ]
    if wrong:
        yield Note(
            "window-in-wrong-phase",
            f"window {', '.join(wrong)} not in the phase of its infer command: it begins before the stimulus was "
            "loaded, so idling or a download was measured",
            seen=(_IN_LOG, *_in_json()),
        )


def _check_laps(document: Document) -> Iterator[Note]:
    """Note windows that the DUT's laps do not time, and errors that stopped the runner."""
    for number, (_, infer) in enumerate(document.working, start=1):
        if infer.start_time is None or infer.end_time is None:
            yield Note("laps-missing", f"window {number} has no two laps of the DUT's clock")
        elif infer.elapsed_time != infer.end_time - infer.start_time:
            text = f"elapsed_time {infer.elapsed_time}, laps {infer.start_time} and {infer.end_time}"
            detail = f"window {number}: its elapsed time is not the difference of its laps"
            yield Note("laps-differ", detail, seen=_in_json(text))
    for error in document.errors[:2]:
        yield Note("error-published", f"results.json tells of {error[:60]!r}")


def _check_against_log(results: MlcommonsResults) -> Iterator[Note]:
    """Compare results.txt with the lines of the log that state the same: they may be of different runs."""
    published = {(figure.field, figure.window): figure for figure in results.figures}
    differing = [
        (figure, other)
        for other in results.in_log
        if (figure := published.get((other.field, other.window))) is not None and not _same(figure, other)
    ]
    if differing:
        # A figure of the whole session is the one that people quote.
        first, other = min(differing, key=lambda pair: pair[0].window is not None)
        more = f", and {len(differing) - 1} more" if len(differing) > 1 else ""
        yield Note(
            "another-run",
            f"results of another run: results differ from the log: {_place(first)} is published as {first.text}, "
            f"reproduced as {other.text}{more}",
            seen=(seen("results", first.line), _IN_LOG),
        )


def _same(figure: Figure, other: Figure) -> bool:
    """Return whether two printed figures are one, to the digits that both have: while it runs a log has fewer."""
    one, two = printed_number(figure.text), printed_number(other.text)
    if figure.text == other.text or one is None or two is None or figure.field in _COUNTS:
        return figure.text == other.text
    return abs(one - two) <= half_digit(figure.text) + half_digit(other.text) + 1e-9 * abs(one)


def _place(figure: Figure) -> str:
    return figure.field if figure.window is None else f"{figure.field} of window {figure.window}"
