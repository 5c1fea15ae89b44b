# SPDX-License-Identifier: Apache-2.0
"""The commands of an MLCommons session and their times.

The log dates loading to the second: a command began after its own loading and ended before the next one, at most a
second later than the log says.
"""

from dataclasses import dataclass
from itertools import accumulate

from energy_runner.published.mlcommons.document import Document, Infer, Pass
from energy_runner.published.mlcommons.identity import Identity
from energy_runner.published.mlcommons.log import MlcommonsLog
from energy_runner.published.model import InferCommand

_SECOND_MS = 1000
Working = list[tuple[Pass, Infer]]


@dataclass(frozen=True)
class Commands:
    """The commands in order, and when the session ended; `timed` says whether the log dates them."""

    commands: list[InferCommand]
    ended_ms: int | None
    timed: bool


def make_commands(document: Document, log: MlcommonsLog, identity: Identity) -> Commands:
    """Make a command of each pass."""
    working, benchmark = document.working, identity.definition
    dated = _times(working, log)
    times = dated or _sample_times(working)
    commands: list[InferCommand] = []
    segments: dict[str, int] = {}
    for number, (one, infer) in enumerate(working):
        segment = segments.get(one.file, 0)
        segments[one.file] = segment + 1
        stride = one.stride or (benchmark.stride_bytes if benchmark else None) or 0
        sent_ms, end_ms = times[number]
        commands.append(
            InferCommand(
                file=one.file,
                offset=segment * stride if identity.mode == "accuracy" else 0,
                size=one.bytes_to_send or (benchmark.input_bytes if benchmark else None),
                inferences=infer.iterations,
                warmups=infer.warmups,
                sent_ms=sent_ms,
                load_begun_ms=log.loadings[number].begun_ms if dated else None,
                load_line=log.loadings[number].line if dated else None,
                end_ms=end_ms,
                finished_ms=max(sent_ms, end_ms),
                results=list(infer.results),
                laps_us=[lap for lap in (infer.start_time, infer.end_time) if lap is not None],
                label=one.label,
            )
        )
    last_ms = commands[-1].finished_ms if commands else log.last_ms
    return Commands(commands, last_ms if log.complete else None, timed=dated is not None)


def _times(working: Working, log: MlcommonsLog) -> list[tuple[int, int]] | None:
    """Return earliest start and latest end of each pass's command, in ms; None if the log does not date them."""
    loads = log.loadings
    if not loads or len(loads) != len(working):
        return None
    begun = [load.begun_ms if load.done_ms is None else load.done_ms for load in loads]
    if any(later.begun_ms < sent for sent, later in zip(begun, loads[1:], strict=False)):
        return None
    power = working[-1][0].power
    length_ms = len(power.samples) if power else 0
    final = max(begun[-1], (log.last_ms or begun[-1]), loads[-1].begun_ms + length_ms) + _SECOND_MS
    return list(zip(begun, [*(load.begun_ms + _SECOND_MS for load in loads[1:]), final], strict=True))


def _sample_times(working: Working) -> list[tuple[int, int]]:
    """Return times for passes whose log is lost: those of the monitor's samples, a millisecond between passes."""
    lengths = [len(one.power.samples) if one.power else 0 for one, _ in working]
    ends = [end + number for number, end in enumerate(accumulate(lengths))]
    return [(end - length, end) for end, length in zip(ends, lengths, strict=True)]
