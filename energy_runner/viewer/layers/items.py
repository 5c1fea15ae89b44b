# SPDX-License-Identifier: Apache-2.0
"""The items of a layer as arrays, and those of a stretch of time, thinned where they are too many to be drawn.

A run of a million inferences has a million items, so no object is kept for each: begin and end stand in arrays,
and texts are made for those that are asked for.
"""

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from energy_runner.viewer.layers.host_times import HostTimes
from energy_runner.viewer.plain_text import LONGEST, LONGEST_LABEL, finite, told

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]
Kind = Literal["span", "point", "curve"]

CLASSES = ("", "good", "warn", "bad")  # of an item, from the least worth a look to the most
_CODES = {name: code for code, name in enumerate(CLASSES)}
WARN, BAD = _CODES["warn"], _CODES["bad"]


@dataclass(frozen=True)
class Said:
    """What is said of an item: a short label, a sentence, and how it is to be shown."""

    label: str
    text: str
    class_: str = ""


@dataclass(frozen=True)
class Family:
    """The items of a layer in the order of their beginning, in seconds of the trace.

    `starts_s` and `stops_s` are equal for points. `u_s` is the limit of the error of a point's place, s: it lies
    within ± `u_s`; NaN where that is not known. `say` tells of the item with a number in the arrays, and `classes`
    holds the number of its class. `many` is what several of them are called. `why_not` says why there are none, or
    why some are missing.
    """

    kind: Kind
    starts_s: FloatArray
    stops_s: FloatArray
    say: Callable[[int], Said]
    many: str
    u_s: FloatArray | None = None
    classes: npt.NDArray[np.uint8] | None = None
    curves: "Sequence[Curve]" = ()
    why_not: str = ""
    latest_s: FloatArray = field(init=False)  # the latest end of the items up to here

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "latest_s", np.maximum.accumulate(self.stops_s) if len(self.stops_s) else self.stops_s
        )

    def __len__(self) -> int:
        return sum(len(one.at_s) for one in self.curves) if self.kind == "curve" else len(self.starts_s)


@dataclass(frozen=True)
class Curve:
    """Values that were measured now and then: when, how surely then, how much, and of what."""

    label: str
    at_s: FloatArray
    value: FloatArray
    u_s: float | None


def _nothing(_: int) -> Said:
    return Said("", "")


def none(kind: Kind, why_not: str) -> Family:
    """Return a family without items, and why."""
    empty = np.zeros(0)
    return Family(kind, empty, empty, _nothing, "items", why_not=why_not)


def spans(
    starts_s: FloatArray,
    stops_s: FloatArray,
    say: Callable[[int], Said],
    many: str,
    *,
    classes: npt.NDArray[np.uint8] | None = None,
    why_not: str = "",
) -> Family:
    """Return spans in order; those without a finite place are left out. `say` gets the number as it was given."""
    return _ordered("span", starts_s, stops_s, say, many, classes=classes, why_not=why_not)


def points(
    at_s: FloatArray,
    u_s: FloatArray,
    say: Callable[[int], Said],
    many: str,
    *,
    classes: npt.NDArray[np.uint8] | None = None,
    why_not: str = "",
) -> Family:
    """Return points in order; those without a finite place are left out. `say` gets the number as it was given."""
    return _ordered("point", at_s, at_s, say, many, u_s=u_s, classes=classes, why_not=why_not)


def curves(found: Sequence[Curve], why_not: str = "") -> Family:
    """Return curves."""
    empty = np.zeros(0)
    return Family("curve", empty, empty, _nothing, "values", curves=found, why_not=why_not)


def _ordered(
    kind: Kind,
    starts_s: FloatArray,
    stops_s: FloatArray,
    say: Callable[[int], Said],
    many: str,
    *,
    u_s: FloatArray | None = None,
    classes: npt.NDArray[np.uint8] | None = None,
    why_not: str = "",
) -> Family:
    order = np.flatnonzero(np.isfinite(starts_s) & np.isfinite(stops_s) & (stops_s >= starts_s))
    order = order[np.argsort(starts_s[order], kind="stable")]
    return Family(
        kind,
        starts_s[order],
        stops_s[order],
        lambda number: say(int(order[number])),
        many,
        u_s[order] if u_s is not None else None,
        classes[order] if classes is not None else None,
        why_not=why_not,
    )


class Texts:
    """Many short texts in one piece of memory."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._ends = array("q")

    def append(self, text: str) -> None:
        """Add a text."""
        self._data += text.encode("utf-8", "replace")
        self._ends.append(len(self._data))

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> str:
        begin = self._ends[number - 1] if number else 0
        return self._data[begin : self._ends[number]].decode("utf-8", "replace")


class Told:
    """Points that have a host time each, as they come: collect them, then `placed` gives them a place."""

    def __init__(self, many: str) -> None:
        self._many = many
        self._times_ns = array("q")
        self._labels, self._texts = Texts(), Texts()
        self._classes = bytearray()

    def add(self, t_ns: int, label: str, text: str, class_: str = "") -> None:
        """Add a point; label and text may come from anybody."""
        self._times_ns.append(t_ns)
        self._labels.append(told(label, LONGEST_LABEL))
        self._texts.append(told(text, LONGEST))
        self._classes.append(_CODES[class_])

    def __len__(self) -> int:
        return len(self._times_ns)

    def placed(self, times: HostTimes, why_none: str) -> Family:
        """Return the points where `times` places them; `why_none` is said where there are none."""
        at_s = times.places(np.array(self._times_ns, dtype=np.int64))
        classes = np.frombuffer(bytes(self._classes), dtype=np.uint8)

        def say(number: int) -> Said:
            return Said(self._labels[number], self._texts[number], CLASSES[self._classes[number]])

        why = times.why_not or ("" if len(at_s) else why_none)
        return points(at_s, times.limits(at_s), say, self._many, classes=classes, why_not=why)


def codes(names: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return the numbers of classes."""
    return np.array([_CODES[name] for name in names], dtype=np.uint8)


# --- a stretch of time ----------------------------------------------------------------------------------


def within(family: Family, start_s: float, stop_s: float) -> IndexArray:
    """Return the numbers of the items that touch the stretch; a span that only ends or begins there does not."""
    low = int(np.searchsorted(family.latest_s, start_s, "left"))
    high = int(np.searchsorted(family.starts_s, stop_s, "right"))
    if high <= low:
        return np.zeros(0, dtype=np.intp)
    starts, stops = family.starts_s[low:high], family.stops_s[low:high]
    lasting = stops > starts
    inside = np.where(lasting, (starts < stop_s) & (stops > start_s), (starts >= start_s) & (starts <= stop_s))
    return np.flatnonzero(inside) + low


def answer(name: str, family: Family, start_s: float, stop_s: float, most: int) -> dict[str, Any]:
    """Return the items of a stretch as they go to the page."""
    if family.kind == "curve":
        return _curves(name, family, start_s, stop_s, most)
    chosen = within(family, start_s, stop_s)
    if len(chosen) > most:
        items = _counted(family, chosen, start_s, stop_s, most)
        return {"name": name, "kind": "span", "items": items, "total": len(chosen), "thinned": True}
    items = [_item(family, number) for number in chosen.tolist()]
    return {"name": name, "kind": family.kind, "items": items, "total": len(chosen), "thinned": False}


def _item(family: Family, number: int) -> dict[str, Any]:
    said = family.say(number)
    words = {"label": said.label, "text": said.text, "class": said.class_}
    if family.kind == "span":
        return {"start_s": float(family.starts_s[number]), "stop_s": float(family.stops_s[number]), **words}
    u_s = finite(float(family.u_s[number])) if family.u_s is not None else None
    return {"at_s": float(family.starts_s[number]), "u_s": u_s, **words}


def _counted(family: Family, chosen: IndexArray, start_s: float, stop_s: float, most: int) -> list[dict[str, Any]]:
    """Return how many items lie where: each is counted once, in the stretch of a fixed grid where its middle is.

    The grid does not move with the view, so that counts stay where they are while somebody pans.
    """
    low = max(start_s, float(family.starts_s[chosen[0]]))
    high = max(low, min(stop_s, float(np.max(family.stops_s[chosen]))))
    middles = np.clip(0.5 * (family.starts_s[chosen] + family.stops_s[chosen]), low, high)
    width = 2.0 ** math.ceil(math.log2((high - low) / (most - 1))) if most > 1 and high > low else math.inf
    places = np.floor(middles / width) if math.isfinite(width) else np.zeros(len(middles))
    found, first, counts = np.unique(places, return_index=True, return_counts=True)
    worst = np.zeros(len(found), dtype=np.uint8)
    if family.classes is not None:
        np.maximum.at(worst, np.searchsorted(found, places), family.classes[chosen])
    items = []
    for place, _, count, code in zip(found.tolist(), first, counts.tolist(), worst.tolist(), strict=True):
        begin = max(low, place * width) if math.isfinite(width) else low
        end = min(high, (place + 1) * width)
        text = f"{count} {family.many} from {begin:.6g} s to {end:.6g} s"
        items.append(
            {
                "start_s": begin,
                "stop_s": max(begin, end),
                "label": str(count),
                "text": text,
                "class": CLASSES[code],
                "count": count,
            }
        )
    return items


def _curves(name: str, family: Family, start_s: float, stop_s: float, most: int) -> dict[str, Any]:
    """Return the curves of a stretch, with one value before it and one after it, so that lines reach its ends."""
    items, total, thinned = [], 0, False
    for curve in family.curves:
        low = int(np.searchsorted(curve.at_s, start_s, "left"))
        high = int(np.searchsorted(curve.at_s, stop_s, "right"))
        total += high - low
        chosen = np.arange(max(0, low - 1), min(len(curve.at_s), high + 1))
        if len(chosen) > max(most, 4):
            chosen, thinned = _extremes(curve.value, chosen, most), True
        at_s, value = curve.at_s[chosen], curve.value[chosen]
        items.append({"label": curve.label, "at_s": at_s.tolist(), "value": value.tolist(), "u_s": curve.u_s})
    return {"name": name, "kind": "curve", "items": items, "total": total, "thinned": thinned}


def _extremes(value: FloatArray, chosen: IndexArray, most: int) -> IndexArray:
    """Return the first, the last, and of equal parts the least and the largest value each: none is lost."""
    parts = np.array_split(chosen, max(1, (most - 2) // 2))
    kept = {int(chosen[0]), int(chosen[-1])}
    for part in parts:
        if len(part):
            kept |= {int(part[np.argmin(value[part])]), int(part[np.argmax(value[part])])}
    return np.array(sorted(kept), dtype=np.intp)
