# SPDX-License-Identifier: Apache-2.0
"""The whole inferences inside a region, and what one of them takes there.

Of a window that lies inside, they are the stated ones, with the window's own energy and uncertainty, edges
included. Of a window that the region cuts, they are those that the trace shows (`inferences.segment`), from the
first boundary inside to the last.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.inferences.segment import Segmentation, WindowInferences
from energy_runner.analysis.region.places import Place, Window
from energy_runner.analysis.uncertainty.combine import canonical

_SAME = 1e-6  # of an energy: machines and versions add up samples a little differently
_ON_MARKER = 0.5  # samples: a boundary so near a marker counts as inside; it is hardly known better


@dataclass(frozen=True)
class Figure:
    """An energy in joule with its expanded uncertainty; `U` is None where it cannot be stated."""

    energy_j: float
    U: float | None
    incomplete: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inside:
    """The whole inferences inside a region: how many, in which windows (from 0), and the energy of one.

    `each` is None where the energy of none of them is known; `notes` says what was counted and what was not.
    """

    count: int = 0
    windows: tuple[int, ...] = ()
    each: Figure | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Part:
    """Inferences of one window, and their energy together; None where it is not known."""

    count: int
    whole: Figure | None


def expected_inside(place: Place, windows: Sequence[Window]) -> int:
    """Return about how many inferences run inside a region, by the share of each window that is."""
    return round(math.fsum(place.overlap(window) * window.inferences for window in windows))


def find_inside(
    place: Place,
    windows: Sequence[Window],
    source: EnergySource,
    segmentation: Callable[[], Segmentation],
    measure: Callable[[Place], Figure | None],
) -> Inside:
    """Return the whole inferences inside a region.

    `segmentation` is called only if the region cuts a window, and `measure` for each stretch that lies inside.
    """
    touched = [window for window in windows if place.overlap(window) > 0]
    parts: list[_Part] = []
    of: list[int] = []
    notes: list[str] = []
    cut = [window for window in touched if not place.covers(window)]
    found = {one.index: one for one in segmentation().windows} if cut else {}
    for window in touched:
        number = window.index + 1
        if place.covers(window):
            stale = _stale(window, source)
            notes += [stale] if stale else []
            parts.append(_Part(window.inferences, None if stale else _of_window(window)))
        else:
            one = found.get(window.index)
            part = _of_trace(place, one, source, measure) if one is not None and one.resolved else None
            if part is None:
                why = one.reason if one is not None and one.reason else "no whole inference lies inside"
                notes.append(f"window {number} is cut by a marker, and none of its inferences counts: {why}")
                continue
            parts.append(part)
            notes.append(
                f"window {number} is cut by a marker: of its inferences the {part.count} whole ones count that "
                "the trace shows between the markers"
            )
        of.append(window.index)
    return _together(parts, of, notes)


def _together(parts: Sequence[_Part], of: Sequence[int], notes: list[str]) -> Inside:
    count = sum(part.count for part in parts)
    known = [part for part in parts if part.whole is not None]
    if not known:
        return Inside(count, tuple(of), None, tuple(notes))
    if len(known) < len(parts):
        notes.append(f"of {len(parts) - len(known)} windows the energy is not known; they are not in the mean")
    if len(parts) > 1:
        notes.append(
            f"the energy of an inference is the mean over {len(known)} windows, what lies between them left out; "
            "their uncertainties are added by their amounts, which is an upper bound"
        )
    counted = sum(part.count for part in known)
    figures = [part.whole for part in known if part.whole is not None]
    stated = [one.U for one in figures if one.U is not None]
    each = Figure(
        energy_j=math.fsum(one.energy_j for one in figures) / counted,
        U=canonical(math.fsum(stated) / counted) if len(stated) == len(figures) else None,
        incomplete=tuple(dict.fromkeys(text for one in figures for text in one.incomplete)),
    )
    return Inside(count, tuple(of), each, tuple(notes))


def _stale(window: Window, source: EnergySource) -> str:
    """Return how the result contradicts the samples; empty if it does not, or has no energy of the window.

    A result is a file, which may be of another version or edited.
    """
    if window.energy_j is None or window.stop > source.length:
        return ""
    energy_j = source.window(window.start, window.stop).total * source.joule
    if abs(energy_j - window.energy_j) <= _SAME * abs(energy_j):
        return ""
    return (
        f"window {window.index + 1} has {window.energy_j:.6g} J by the result, {energy_j:.6g} J by the samples, "
        "so its figures do not count; analyse the session again"
    )


def _of_window(window: Window) -> Figure | None:
    if window.energy_j is None:
        return None
    found = window.uncertainty
    doubt = () if found is not None else ("the result states no uncertainty of the window",)
    expanded = None if found is None else found.U * window.inferences
    return Figure(window.energy_j, expanded, doubt)


def _of_trace(
    place: Place,
    found: WindowInferences,
    source: EnergySource,
    measure: Callable[[Place], Figure | None],
) -> _Part | None:
    """Return the inferences between the first and the last boundary inside; None if there are not two."""
    bounds = [at_s / source.step_s for at_s in found.boundaries_s]
    inside = [at for at in bounds if place.start - _ON_MARKER <= at <= place.stop + _ON_MARKER]
    if len(inside) < 2:
        return None
    begin, end = max(0.0, inside[0]), min(float(source.length), inside[-1])
    count = len(inside) - 1
    figure = measure(Place(begin, end)) if begin < end else None
    if figure is None or found.energy_resolution_j is None or figure.U is None:
        return _Part(count, figure)
    # Both ends are known as well as those of a single inference; by twice, as other uncertainties are expanded.
    return _Part(count, replace(figure, U=math.hypot(figure.U, 2 * found.energy_resolution_j)))
