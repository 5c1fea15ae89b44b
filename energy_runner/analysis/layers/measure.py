# SPDX-License-Identifier: Apache-2.0
"""Energy of each layer of the network, from marks that say when the layers began.

A layer may be shorter than a sample, so cutting the trace at the marks would charge neighbours to each other.
Instead the levels of all layers are fitted to all samples at once (fit.py), none of them negative. Over many
inferences the marks lie everywhere within a sample, which is what tells short layers apart. The layers add up to
the energy of the windows, unless samples are missing. A layer shorter than two samples is a finding.

Where the windows were placed by another clock than the monitor's, they drift against the trace by milliseconds,
which would be whole layers. How much is found from the trace itself: marks in the wrong place do not fit.

A layer shorter than a tenth of a sample could take any level unnoticed, at the expense of its neighbours. It is
given the level of the layer before it, and an uncertainty as large as its energy.

The stated `u_j` has two parts: the scatter of the fit, and the places of the window's edges, with which the marks
shift and stretch; their effect is found by fitting again with the edges elsewhere inside their limits. The fit
assumes that a layer's level is constant and the same in all inferences; one that changes inside a layer shows as
scatter, not as an error of the mean.
"""

import bisect
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.layers.fit import Pair, find_shift, fit_levels, moved, places
from energy_runner.analysis.placing.alignment import Alignment, Placed
from energy_runner.session.events import PhasesMarked
from energy_runner.session.result import Finding, LayerResult, Layers

FloatArray = npt.NDArray[np.float64]

_SHORTEST = 0.1  # samples
_SHORT = 2.0  # samples: a shorter layer may have no sample of its own
_FEW = 4.0  # samples
_RESOLVED = 0.5  # samples: half width of a place that was found in the trace
# Shifts of a window's two edges, as fractions of their limits: together, and against each other. The half steps
# are for layers shorter than the limit, whose error does not keep growing with the shift.
_ELSEWHERE = ((-1.0, -1.0), (-0.5, -0.5), (0.5, 0.5), (1.0, 1.0), (-1.0, 1.0), (1.0, -1.0))


def measure_layers(
    source: EnergySource, facts: Facts, alignment: Alignment, drift: float = 0.0
) -> tuple[Layers | None, list[Finding]]:
    """Return the energy of each layer, over all windows whose marks are known; None where there are none.

    `drift` is the relative limit of the error of the clock that placed the windows against the monitor's: a window
    that begins t seconds into the trace may be off by `drift` · t.
    """
    if not facts.marks:
        return None, []
    first = facts.marks[0]
    for marks in facts.marks:
        doubt = _doubt(marks, first.names)
        if doubt:
            return None, [Finding(id="layers-in-doubt", detail=doubt, window=marks.window)]
    layers = len(first.names)
    each_s = _durations_s(facts.marks)
    kept = [k for k in range(layers) if k == 0 or each_s[k] >= _SHORTEST * source.step_s]
    pairs = [
        (placed, _only(marks, kept))
        for marks in facts.marks
        if (placed := _place(alignment, marks.window)) is not None and placed.stop <= source.length
    ]
    if drift and pairs:
        pairs = _found_in_trace(source, pairs, len(kept), drift)
    edges = [(0.0, 0.0), *(_ELSEWHERE if any(placed.half_width for placed, _ in pairs) else ())]
    fits = [fit_levels(source, [places(pair, start, stop) for pair in pairs], len(kept)) for start, stop in edges]
    solved = [fit.energies() for fit in fits]
    if any(one is None for one in solved):
        detail = f"{fits[0].count} samples do not tell {len(kept)} layers apart"
        return None, [Finding(id="layers-not-resolved", detail=detail)]
    (energy, scatter), *others = [one for one in solved if one is not None]
    off = np.max([np.zeros(len(energy)), *(np.abs(other - energy) for other, _ in others)], axis=0)
    u_j = np.hypot(scatter, off / math.sqrt(3)) * source.joule
    fitted_s = fits[0].time / fits[0].inferences * source.step_s
    rows = []
    for k, (name, operations) in enumerate(zip(first.names, first.operations, strict=True)):
        owner = bisect.bisect_right(kept, k) - 1
        power_w = float(energy[owner]) * source.joule / float(fitted_s[owner])
        # An owner's time holds that of the short layers after it, which they get back here.
        lent_s = sum(each_s[kept[owner] + 1 : kept[owner + 1] if owner + 1 < len(kept) else layers])
        duration_s = float(fitted_s[owner]) - lent_s if k == kept[owner] else float(each_s[k])
        energy_j = power_w * duration_s
        # How the two share their power is not known: the one may have none of it, or twice as much.
        own_u_j = math.hypot(float(u_j[owner]), power_w * lent_s) if k == kept[owner] else energy_j
        rows.append(
            LayerResult(name=name, operations=operations, duration_s=duration_s, energy_j=energy_j, u_j=own_u_j)
        )
    total_j = math.fsum(row.energy_j for row in rows)
    found = Layers(inferences=fits[0].inferences, energy_per_inference_j=total_j, layers=rows)
    return found, _short(rows, source.step_s)


def _short(rows: Sequence[LayerResult], period_s: float) -> list[Finding]:
    short = [row for row in rows if row.duration_s < _SHORT * period_s]
    if not short:
        return []
    worst = max(short, key=lambda row: row.u_j / row.energy_j if row.energy_j > 0 else math.inf)
    known = f"± {worst.u_j / worst.energy_j:.1%}" if worst.energy_j > worst.u_j else "not at all"
    detail = (
        f"{len(short)} of {len(rows)} layers are shorter than two samples, so they are known by how they divide "
        f"samples with others; the least known, {worst.name}, {known} (standard uncertainty)"
    )
    return [Finding(id="layers-short", detail=detail)]


def _found_in_trace(source: EnergySource, pairs: list[Pair], layers: int, drift: float) -> list[Pair]:
    """Return the windows where their layers fit the trace.

    The last one, which drift moves most, is searched within its whole limit; the others follow it to within a
    few samples. A place that was found in the trace is no better than its samples.
    """
    last = max(pairs, key=lambda pair: pair[0].start)
    if last[0].start == 0:  # the trace begins with it, so there was no time to drift
        return pairs
    shift = find_shift(source, last, layers, expected=0.0, reach=drift * last[0].start)
    rate = shift / last[0].start
    found = []
    for placed, marks in pairs:
        expected = rate * placed.start
        own = shift
        if marks is not last[1]:
            own = find_shift(source, (placed, marks), layers, expected=expected, reach=_FEW, rate=rate)
        there = moved(placed, own, rate)
        found.append((replace(there, half_width=max(_RESOLVED, placed.half_width)), marks))
    return found


def _durations_s(marks: list[PhasesMarked]) -> FloatArray:
    """Return how long each layer takes on average, by the marks alone."""
    layers = len(marks[0].names)
    spans = [np.diff([*one.offsets_ns, one.stop_ns]).reshape(-1, layers) for one in marks]
    mean: FloatArray = np.mean(np.concatenate(spans), axis=0) * 1e-9
    return mean


def _only(marks: PhasesMarked, kept: list[int]) -> PhasesMarked:
    """Return the marks of some layers; the time of the others belongs to the layer before them."""
    offsets = np.array(marks.offsets_ns).reshape(-1, len(marks.names))[:, kept]
    return marks.model_copy(
        update={"names": [marks.names[k] for k in kept], "offsets_ns": offsets.reshape(-1).tolist()}
    )


def _place(alignment: Alignment, window: int) -> Placed | None:
    placed = alignment.windows[window] if 0 <= window < len(alignment.windows) else None
    return placed if placed is not None and 0 <= placed.start < placed.stop else None


def _doubt(marks: PhasesMarked, names: list[str]) -> str:
    """Return what is wrong with marks that should be of the layers `names`; empty if nothing is."""
    offsets = np.array([*marks.offsets_ns, marks.stop_ns], dtype=np.float64)
    if marks.names != names or len(marks.operations) != len(names) or not names:
        return "not all windows have the same layers"
    if not marks.offsets_ns or len(marks.offsets_ns) % len(names):
        return f"{len(marks.offsets_ns)} marks are not whole inferences of {len(names)} layers"
    if offsets[0] < 0 or np.any(np.diff(offsets) <= 0):
        return "the marks do not come one after the other"
    return ""
