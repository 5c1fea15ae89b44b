# SPDX-License-Identifier: Apache-2.0
"""The layers of the network, on a bench whose firmware marks where each begins."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from energy_runner.report.units import THIN, prefixed, value_and_expanded
from energy_runner.session.events import PhasesMarked
from energy_runner.session.result import LayerResult
from energy_runner.viewer.layers.items import Family, FloatArray, Said, none, spans
from energy_runner.viewer.layers.seen import Seen
from energy_runner.viewer.plain_text import own, told

_NO_MARKS = "the firmware of this bench does not mark its layers"


@dataclass(frozen=True)
class Marked:
    """The marks of a window: where each layer of each inference begins, in order, and where the window ends."""

    window: int
    names: tuple[str, ...]
    operations: tuple[int, ...]
    begin_s: FloatArray
    stop_s: float
    why_not: str = ""


def marked(seen: Seen) -> Iterator[Marked]:
    """Yield the marks of each window that has a place; they are stretched so that they end with the window."""
    for marks in seen.journal.of(PhasesMarked):
        names, operations = tuple(told(name, 60) for name in marks.names), tuple(marks.operations)
        window = seen.windows[marks.window] if 0 <= marks.window < len(seen.windows) else None
        why = _doubt(marks)
        if not why and (window is None or window.start_s is None or window.stop_s is None):
            why = f"window {marks.window + 1} has no place in the trace"
        if why or window is None or window.start_s is None or window.stop_s is None:
            yield Marked(marks.window, names, operations, np.zeros(0), np.nan, why)
            continue
        share = np.array(marks.offsets_ns, dtype=np.float64) / marks.stop_ns
        begin_s = window.start_s + share * (window.stop_s - window.start_s)
        yield Marked(marks.window, names, operations, begin_s, window.stop_s)


def _doubt(marks: PhasesMarked) -> str:
    """Return what is wrong with the marks of a window; empty if nothing is."""
    where = f"the marks of window {marks.window + 1}"
    if not marks.names or len(marks.operations) != len(marks.names) or len(marks.offsets_ns) % len(marks.names):
        return f"{where} are not whole inferences"
    ends = (*marks.offsets_ns[:1], *marks.offsets_ns[-1:], marks.stop_ns)
    rising = all(-(2**62) < end < 2**62 for end in ends) and marks.stop_ns > 0
    if (
        not rising
        or np.any(np.diff(np.array(marks.offsets_ns, dtype=np.float64)) < 0)
        or marks.offsets_ns[:1] < [0]
    ):
        return f"{where} do not come one after the other"
    return ""


def network(seen: Seen) -> Family:
    """Return a span for each layer of each inference."""
    found = list(marked(seen))
    good = [one for one in found if not one.why_not and len(one.begin_s)]
    why = "; ".join(one.why_not for one in found if one.why_not)
    if not good:
        return none("span", own(why) or _NO_MARKS)
    starts = np.concatenate([one.begin_s for one in good])
    stops = np.concatenate([np.append(one.begin_s[1:], one.stop_s) for one in good])
    ends = np.cumsum([len(one.begin_s) for one in good])
    energies = _energies(seen)

    def say(number: int) -> Said:
        k = int(np.searchsorted(ends, number, "right"))
        one = good[k]
        inference, layer = divmod(number - int(ends[k] - len(one.begin_s)), len(one.names))
        name = one.names[layer].replace("_", " ")
        text = (
            f"{name} of inference {inference + 1}, window {one.window + 1}: "
            f"{prefixed(float(stops[number] - starts[number]), 's', 3)}, {one.operations[layer]} operations"
        )
        known = energies.get(one.names[layer])
        return Said(name, own(f"{text}; {_energy(known)}" if known is not None else text))

    return spans(starts, stops, say, "layers", why_not=own(why))


def _energies(seen: Seen) -> dict[str, LayerResult]:
    if seen.result is None or seen.result.layers is None:
        return {}
    return {told(row.name, 60): row for row in seen.result.layers.layers}


def _energy(row: LayerResult) -> str:
    value, expanded = value_and_expanded(1e6 * row.energy_j, 2e6 * row.u_j)
    return f"on average {value} ± {expanded}{THIN}µJ per inference"
