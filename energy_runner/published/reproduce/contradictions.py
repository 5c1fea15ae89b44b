# SPDX-License-Identifier: Apache-2.0
"""Printed figures that contradict each other: this needs no trace and no log, only the results file.

A figure is checked to the digits that were printed, so what was rounded twice is no contradiction.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from energy_runner.published.model import Figure

_MEDIANS = (
    ("Median energy cost", ("Energy/Inf.", "Energy/Inf")),
    ("Median throughput", ("Throughput",)),
)
# Quotient, dividend, divisor of each window.
_QUOTIENTS = (
    ("Energy/Inf.", "Energy", "# Inferences"),
    ("Energy/Inf", "Total Energy", "Inferences"),
    ("Throughput", "# Inferences", "Runtime"),
    ("Throughput", "Inferences", "Elapsed time"),
)
_OF_THE_MEDIAN = 1e-9  # a double's own rounding, relative


@dataclass(frozen=True)
class Contradiction:
    """A printed `figure`, the `value` that follows from the printed figures `of`, and how: in words."""

    figure: Figure
    value: float
    of: tuple[Figure, ...]
    how: str


def contradictions(figures: Sequence[Figure], windows: int) -> Iterator[Contradiction]:
    """Yield each printed figure that does not follow from the others; where one was printed twice the last counts.

    `windows` is how many a session has: with fewer or more, lines are missing, and medians are not checked.
    """
    last = {(figure.field, figure.window): figure for figure in figures}
    numbers = sorted({figure.window for figure in figures if figure.window is not None})
    for name, of in _MEDIANS:
        median = last.get((name, None))
        parts = [last[field, number] for number in numbers for field in of if (field, number) in last]
        values = sorted(value for part in parts if (value := _number(part)) is not None)
        if median is None or (printed := _number(median)) is None or len(values) != windows:
            continue
        lower, upper = values[(len(values) - 1) // 2], values[len(values) // 2]
        slack = _half_digit(median) + max(map(_half_digit, parts)) + _OF_THE_MEDIAN * abs(printed)
        if not lower - slack <= printed <= upper + slack:
            yield Contradiction(median, (lower + upper) / 2, tuple(parts), "the median of the printed windows is")
    for number in numbers:
        for names in _QUOTIENTS:
            if all((name, number) in last for name in names):
                yield from _quotient(*(last[name, number] for name in names))


def _quotient(figure: Figure, above: Figure, below: Figure) -> Iterator[Contradiction]:
    printed, over, under = _number(figure), _number(above), _number(below)
    if printed is None or over is None or not under:
        return
    value = over / under
    parts = _half_digit(above) / abs(under) + abs(value) * _half_digit(below) / abs(under)
    # The second order of the divisor's rounding matters where it has few digits.
    slack = _half_digit(figure) + 1.1 * parts + _OF_THE_MEDIAN * abs(value)
    if abs(printed - value) > slack:
        how = f"{above.field} / {below.field} of the same window is"
        yield Contradiction(figure, value, (above, below), how)


def _number(figure: Figure) -> float | None:
    try:
        value = float(figure.text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _half_digit(figure: Figure) -> float:
    """Return half a step of the last digit that was printed; none for counts, which are exact."""
    mantissa, _, exponent = figure.text.strip().lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    if not decimals and not exponent:
        return 0.0 if "nferences" in figure.field else 0.5
    return float(0.5 * 10.0 ** (int(exponent or 0) - decimals))
