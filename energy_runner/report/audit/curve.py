# SPDX-License-Identifier: Apache-2.0
"""The trace of an audited session as a small still picture with its windows; a path of some kilobytes."""

import math
from collections.abc import Iterator, Sequence

from energy_runner.published.row import AuditWindow, Curve
from energy_runner.report.markup import Html, join, tag
from energy_runner.report.units import prefixed

_MOST = 400  # columns that are drawn; more are merged, each extreme kept
_HEIGHT = 160  # units of the picture's height

Band = tuple[int, int]


def picture(curve: Curve | None, windows: Sequence[AuditWindow]) -> Html:
    """Return the picture with its windows; empty where there is no trace."""
    if curve is None or not math.isfinite(curve.step_s) or curve.step_s <= 0:
        return Html("")
    merged, width = _merged(curve)
    largest = max((band[1] for band, _ in merged if band is not None), default=0.0)
    if largest <= 0:
        return Html("")
    columns = [None if band is None else (_y(band[0], largest), _y(band[1], largest)) for band, _ in merged]
    total_s = width * len(merged) * curve.step_s
    spans = [(one, *edges) for one in windows if (edges := _edges(one, total_s)) is not None]
    inside = [
        *(_rect(start, stop, len(columns), "w by-others" if one.placed_by else "w") for one, start, stop in spans),
        *(_rect(k / len(columns), (k + 1) / len(columns), len(columns), "lost") for k in _lost(merged)),
        tag("path", d=outline(columns)),
    ]
    drawn = tag(
        "svg",
        *inside,
        viewBox=f"0 0 {len(columns)} {_HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"Power over {prefixed(total_s, 's')}, up to {prefixed(largest, 'W')}",
    )
    numbers = [tag("span", one.number, style=f"left:{(a + b) * 50:.2f}%") for one, a, b in spans]
    return tag(
        "figure",
        tag("div", tag("span", prefixed(largest, "W")), *numbers, class_="top"),
        drawn,
        tag("div", tag("span", "0"), tag("span", prefixed(total_s, "s")), class_="axis"),
        tag("figcaption", _caption(spans, any(lost for _, lost in merged))),
        class_="curve",
    )


def outline(columns: Sequence[Band | None]) -> str:
    """Return the path around the columns, from top to bottom in units of the picture; a gap stays a gap."""
    parts: list[str] = []
    first = 0
    while first < len(columns):
        stop = first
        while stop < len(columns) and columns[stop] is not None:
            stop += 1
        run = [band for band in columns[first:stop] if band is not None]
        if run:
            parts.append(f"M{first} {run[0][1]}{''.join(_steps([top for _, top in run], 1))}")
            parts.append(f"V{run[-1][0]}{''.join(_steps([low for low, _ in reversed(run)], -1))}Z")
        first = max(stop, first + 1)
    return "".join(parts)


def _steps(levels: Sequence[int], direction: int) -> Iterator[str]:
    """Yield relative steps along `levels`; equal ones are one step."""
    length = 0
    for before, level in zip((levels[0], *levels), levels, strict=False):
        if level != before:
            yield f"h{length * direction}v{level - before}"
            length = 0
        length += 1
    yield f"h{length * direction}"


def _merged(curve: Curve) -> tuple[list[tuple[tuple[float, float] | None, bool]], int]:
    """Return the columns, some merged into one with whether anything is missing in it, and how many are merged."""
    pairs = list(zip(map(_finite, curve.low_w), map(_finite, curve.high_w), strict=False))
    width = max(1, math.ceil(len(pairs) / _MOST))
    merged: list[tuple[tuple[float, float] | None, bool]] = []
    for first in range(0, len(pairs), width):
        part = pairs[first : first + width]
        known = [(low, high) for low, high in part if low is not None and high is not None]
        band = (min(low for low, _ in known), max(high for _, high in known)) if known else None
        merged.append((band, len(known) < len(part)))
    return merged, width


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _y(power_w: float, largest_w: float) -> int:
    return min(_HEIGHT, max(0, round(_HEIGHT * (1 - power_w / largest_w))))


def _edges(window: AuditWindow, total_s: float) -> tuple[float, float] | None:
    """Return where a window begins and ends, as shares of the picture; None where that is not known."""
    start, stop = _finite(window.start_s), _finite(window.stop_s)
    if start is None or stop is None or not 0 <= start < stop or start >= total_s:
        return None
    return start / total_s, min(stop, total_s) / total_s


def _rect(start: float, stop: float, columns: int, kind: str) -> Html:
    x, width = start * columns, (stop - start) * columns
    return tag("rect", x=f"{x:.2f}", width=f"{width:.2f}", y=0, height=_HEIGHT, class_=kind)


def _lost(merged: Sequence[tuple[object, bool]]) -> Iterator[int]:
    return (index for index, (_, lost) in enumerate(merged) if lost)


def _caption(spans: Sequence[tuple[AuditWindow, float, float]], lost: bool) -> Html:
    parts = ["Least to largest power over time"]
    parts += ["shaded: the windows"] if spans else []
    parts += ["dashed: placed by the others"] if any(one.placed_by for one, _, _ in spans) else []
    parts += ["red: nothing recorded"] if lost else []
    return join(("; ".join(parts), "."))
