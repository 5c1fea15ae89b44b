# SPDX-License-Identifier: Apache-2.0
"""The figures: power over the run, and over one mean inference; shades of grey only, so that they print anywhere.

All places are shares of the figure's width and height, from its lower left corner.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from energy_runner.certificate.document.blocks import Block, section
from energy_runner.certificate.document.words import number, prefixed
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.facts.evidence import Curve

_TICKS = 8
_STEPS = (1.0, 2.0, 5.0, 10.0)
_HEADROOM = 1.06
_DIGITS = 5
Point = tuple[float, float]


def figures_section(one: EnergyCertificate) -> list[dict[str, Any]]:
    """Return the section of the figures; none where there is no curve."""
    curves = one.curves
    blocks: list[Block] = []
    if curves.run is not None and curves.run.mean_w:
        bands = [
            (each.start_s, each.stop_s, str(each.index + 1))
            for each in one.result.windows
            if each.start_s is not None and each.stop_s is not None
        ]
        blocks.append(
            _plot(
                curves.run,
                bands,
                "Power over the whole run: mean (line), least and largest (grey). "
                "The numbered bands are the windows.",
                "Time from the start of the acquisition",
            )
        )
    if curves.inference is not None and curves.inference.mean_w:
        blocks.append(
            _plot(
                curves.inference,
                [],
                f"Power over one inference: mean of {curves.inferences_averaged} inferences of a window (line), "
                "and the range that holds 90 % of them (grey).",
                "Time from the start of an inference",
            )
        )
    return [section("Figures", *blocks)] if blocks else []


def _plot(curve: Curve, bands: Sequence[tuple[float, float, str]], caption: str, along: str) -> Block:
    end_s = curve.start_s + curve.step_s * len(curve.mean_w)
    time, second = prefixed([end_s], "s")
    values = [each for each in (*curve.mean_w, *curve.high_w) if each is not None]
    top_w = _HEADROOM * max(values, default=0.0) or 1.0
    bottom_w = min(0.0, *(each for each in (*curve.mean_w, *curve.low_w) if each is not None), 0.0)
    power, watt = prefixed([top_w], "W")

    def place(at_s: float, watts: float) -> Point:
        share = (at_s - curve.start_s) / (end_s - curve.start_s), (watts - bottom_w) / (top_w - bottom_w)
        return round(share[0], _DIGITS), round(share[1], _DIGITS)

    return {
        "kind": "plot",
        "title": "",
        "caption": caption,
        "alt": f"{caption} {along} up to {number(end_s / second, 4)} {time}; power up to "
        f"{number(max(values, default=0.0) / watt, 4)} {power}.",
        "x_label": f"{along}, {time}",
        "y_label": f"Power, {power}",
        "x_ticks": [
            [place(at * second, 0)[0], label] for at, label in _ticks(curve.start_s / second, end_s / second)
        ],
        "y_ticks": [[place(0, at * watt)[1], label] for at, label in _ticks(bottom_w / watt, top_w / watt)],
        "bands": [
            [max(place(a, 0)[0], 0.0), min(place(b, 0)[0], 1.0), label]
            for a, b, label in bands
            if a < end_s and b > curve.start_s  # nothing is drawn beside the figure
        ],
        "areas": [_area(curve, part, place) for part in _whole(curve, "range")],
        "lines": [
            [place(_middle(curve, i), curve.mean_w[i] or 0.0) for i in part] for part in _whole(curve, "mean")
        ],
    }


def _middle(curve: Curve, index: int) -> float:
    return curve.start_s + (index + 0.5) * curve.step_s


def _whole(curve: Curve, what: str) -> Iterator[list[int]]:
    """Yield the stretches without a gap, as indices: nothing is drawn where nothing was measured."""
    held = [(curve.mean_w,), (curve.low_w, curve.high_w)][what == "range"]
    count = min(map(len, held))
    for whole, part in groupby(range(count), lambda i: all(each[i] is not None for each in held)):
        if whole:
            yield list(part)


def _area(curve: Curve, part: Sequence[int], place: Any) -> list[Point]:
    upper = [place(_middle(curve, i), curve.high_w[i]) for i in part]
    lower = [place(_middle(curve, i), curve.low_w[i]) for i in reversed(part)]
    return [*upper, *lower]


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return round places between two values, with their labels: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / _TICKS
    ten = 10.0 ** math.floor(math.log10(rough))
    step = next(each * ten for each in _STEPS if each * ten >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(index * step, number(index * step, 6)) for index in range(first, last + 1)]
