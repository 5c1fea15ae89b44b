# SPDX-License-Identifier: Apache-2.0
"""Whether the trace repeats as many times in a window as inferences are stated, found without being told.

A DUT that answers for 474 inferences and makes 237 halves its figure, and nothing but the trace knows. It
contradicts the stated number only where no harmless structure explains what repeats:

* it repeats a whole number of times with each inference, which then consists of parts that look alike;
* inferences come in turns of two to four kinds: they repeat as stated, too, nearly as clearly as their turns;
* it is something beside the inferences, a tick or a beat: it stands at another place in each window, or the
  inferences repeat as stated when it is taken out, or it is far faster or slower than they are.

A window in which nothing repeats clearly, from its beginning to its end, tells nothing. Where none does, because
each holds only a few inferences, all windows together may tell (`joined`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import FloatArray
from energy_runner.analysis.inferences.count import LEAD_S
from energy_runner.analysis.inferences.edge_shapes import AtEdges, Shapes, shapes_at_edges, stand_alike
from energy_runner.analysis.inferences.joined import join
from energy_runner.analysis.inferences.period import explained, find_period, flattened, repeating
from energy_runner.analysis.inferences.window_length import (
    BY_CHANCE,
    EACH,
    Found,
    Repetitions,
    repetitions,
    samples_of,
    usual_s,
)
from energy_runner.analysis.placing.alignment import Alignment, Placed
from energy_runner.analysis.placing.edges import Matching
from energy_runner.analysis.placing.plausible import LATEST_S
from energy_runner.analysis.uncertainty.combine import canonical
from energy_runner.session.result import TraceCount

_MOST_KINDS = 4  # of inferences that come in turns, and of parts of one inference that look alike
_WHOLE = 0.03  # relative, by which a ratio of counts may differ from a whole number
# Of what is left when something that repeats is taken out: inferences beside it come to 0.6 and more. What is left
# of an uneven pace or of steep edges comes to 0.12, joints of windows laid end to end to 0.06.
_LEFT = 0.2
_RATIOS = sorted({p / q for p in range(1, 7) for q in range(1, 7)})
_TURNS = 0.5  # share of what repeats that repeats as stated, too, where inferences come in turns


@dataclass(frozen=True)
class _Seen:
    """How often one window repeats, and whether that is as stated (None: a harmless structure, by `note`)."""

    stated: int
    held: Repetitions
    room: tuple[float, float]
    same: bool | None
    note: str
    at_edges: AtEdges


def count_in_trace(
    source: EnergySource, matching: Matching, alignment: Alignment, found: Found | None = None
) -> TraceCount | None:
    """Return what `count_by_trace` finds in a session, by the inferences of each command."""
    done = [matched.command.inference for matched in matching.windows()]
    return count_by_trace(source, alignment, [one.inferences if one is not None else 0 for one in done], found)


def count_by_trace(
    source: EnergySource, alignment: Alignment, inferences: Sequence[int], found: Found | None = None
) -> TraceCount | None:
    """Return how often the trace repeats against the number of inferences stated; None where no window tells.

    `found` is what was found in this trace so far.
    """
    found = found or Found()
    seen = [
        one
        for placed, stated in zip(alignment.windows, inferences, strict=True)
        if placed is not None and stated > 0 and (one := _look(source, placed, stated, found)) is not None
    ]
    seen = seen or _look_at_all(source, alignment, inferences)
    if not seen:
        return None
    others = [one for one in seen if one.same is False]
    locked = len(others) > 1 and stand_alike([one.at_edges for one in others], alignment.rate_u)
    same = [one for one in seen if one.same]
    if others and locked:
        worst, agrees, note = max(others, key=_off), False, ""
    elif same and not others:
        worst, agrees, note = max(same, key=_off), True, ""
    else:
        worst = max(others or seen, key=_off)
        agrees, note = None, worst.note or "what repeats stands at another place in each window: a tick or a beat"
    return TraceCount(
        windows=len(seen),
        stated=worst.stated,
        found=canonical(worst.held.count),
        u=canonical(worst.held.u),
        least=canonical(worst.room[0]),
        most=canonical(worst.room[1]),
        agrees=agrees,
        note=note,
    )


def _off(seen: _Seen) -> float:
    return abs(seen.held.count / seen.stated - 1)


def _look(source: EnergySource, placed: Placed, stated: int, found: Found) -> _Seen | None:
    """Return what a window tells by itself; None where nothing repeats clearly."""
    power_w, first, factor = samples_of(source, placed, stated)
    held = found.repetitions(placed, power_w, stated)
    same: bool | None = True
    note = ""
    if held is None or not _inside(held.count, _room(source, placed, held, stated)):
        free = find_period(power_w)
        held = repetitions(power_w, max(1, round(len(power_w) / free.samples))) if free is not None else None
        if held is None:
            return None
        note = _explained_away(power_w, held.count, stated)
        same = None if note else False
    edges = (placed.start - first) / factor, (placed.stop - first) / factor
    shapes = shapes_at_edges(power_w, edges, (held.first, held.last), EACH)
    at_edges = _at_edges(source, placed, held, shapes)
    return _Seen(stated, held, _room(source, placed, held, stated), same, note, at_edges)


def _at_edges(source: EnergySource, placed: Placed, held: Repetitions, shapes: Shapes) -> AtEdges:
    return AtEdges(shapes, placed.start * source.step_s, (placed.stop - placed.start) * source.step_s / held.count)


def _look_at_all(source: EnergySource, alignment: Alignment, inferences: Sequence[int]) -> list[_Seen]:
    """Return what windows of as many inferences tell together, where none tells alone; empty for nothing."""
    stated = max(inferences, default=0)
    windows = [
        placed
        for placed, count in zip(alignment.windows, inferences, strict=True)
        if placed is not None and count == stated > 0
    ]
    joined = join(source, windows)
    if joined is None:
        return []
    room = [_room(source, placed, joined.held, stated) for placed in windows]
    note, same = "", all(_inside(joined.held.count, one) for one in room)
    if not same:
        every = joined.windows
        note = _explained_away(joined.power_w, every * joined.held.count, every * stated)
    told = True if same else None if note else False
    return [
        _Seen(stated, joined.held, one, told, note, _at_edges(source, placed, joined.held, both))
        for one, placed, both in zip(room, windows, joined.shapes, strict=True)
    ]


def _inside(count: float, room: tuple[float, float]) -> bool:
    return room[0] <= count <= room[1]


def _room(source: EnergySource, placed: Placed, held: Repetitions, stated: int) -> tuple[float, float]:
    """Return how many repetitions the window may hold, at least and at most.

    Fewer by what edges may be late, which `by_repetitions` counts. One more, by which the first may take longer,
    and what a DUT does about its edges.
    """
    each_s = (placed.stop - placed.start) * source.step_s / held.count
    allowed = usual_s(source, placed, held) / each_s + 3 * held.u
    return stated - allowed - LATEST_S / each_s, stated + allowed + 1 + LEAD_S / each_s


def _explained_away(power_w: FloatArray, count: float, stated: int) -> str:
    """Return which harmless structure explains another number than the stated one; "" for none.

    Beside something that repeats more clearly, inferences explain at least the share `_LEFT` of what it leaves.
    """
    ratio = count / stated
    times = max(ratio, 1 / ratio)
    whole = abs(times / round(times) - 1) <= _WHOLE and round(times) >= 2
    if times > (1 + _WHOLE) * _MOST_KINDS:
        return "what repeats is far faster or slower than the inferences stated"
    if whole and ratio > 1:
        return f"each inference may consist of {round(times)} parts that look alike"
    y = flattened(power_w)
    as_stated = explained(y, len(y) / stated)
    if whole and as_stated.strength >= _TURNS * explained(y, len(y) / count).strength:
        return f"the inferences may come in turns of {round(times)} kinds"
    rest = y - repeating(y, len(y) / count, fine=True)
    beside = explained(rest, len(y) / stated)
    if not whole and beside.sigmas > BY_CHANCE and beside.strength >= max(_LEFT, _residue(rest, count, stated)):
        return "something beside the inferences repeats more clearly than they do"
    return ""


def _residue(rest: FloatArray, count: float, stated: int) -> float:
    """Return how much is explained by what may be left of something that repeats `count` times in a window.

    It comes at ratios of small whole numbers to it. Where the inferences as stated stand at such a ratio, they are
    more than that residue only if they explain more than every other one; divisors explain the same as they do.
    """
    numbers = [ratio * count for ratio in _RATIOS]
    others = [number for number in numbers if abs(stated / number / max(1, round(stated / number)) - 1) > _WHOLE]
    return max(explained(rest, len(rest) / number).strength for number in others)
