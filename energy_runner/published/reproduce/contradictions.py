# SPDX-License-Identifier: Apache-2.0
"""Printed figures that contradict each other: this needs no trace and no log, only the results file.

A figure is checked to the digits that were printed, so what was rounded twice is no contradiction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from energy_runner.published.model import Figure
from energy_runner.wording import half_digit, printed_number

MEDIANS = {
    "Median energy cost": ("Energy/Inf.", "Energy/Inf"),
    "Median throughput": ("Throughput",),
}
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
    for name, of in MEDIANS.items():
        median = last.get((name, None))
        parts = [last[field, number] for number in numbers for field in of if (field, number) in last]
        values = sorted(value for part in parts if (value := printed_number(part.text)) is not None)
        if median is None or (printed := printed_number(median.text)) is None or len(values) != windows:
            continue
        lower, upper = values[(len(values) - 1) // 2], values[len(values) // 2]
        slack = half_step(median) + max(map(half_step, parts)) + _OF_THE_MEDIAN * abs(printed)
        if not lower - slack <= printed <= upper + slack:
            yield Contradiction(median, (lower + upper) / 2, tuple(parts), "the median of the printed windows is")
    for number in numbers:
        for names in _QUOTIENTS:
            if all((name, number) in last for name in names):
                yield from _quotient(*(last[name, number] for name in names))


def _quotient(figure: Figure, above: Figure, below: Figure) -> Iterator[Contradiction]:
    printed, over, under = printed_number(figure.text), printed_number(above.text), printed_number(below.text)
    if printed is None or over is None or not under:
        return
    value = over / under
    parts = half_step(above) / abs(under) + abs(value) * half_step(below) / abs(under)
    # The second order of the divisor's rounding matters where it has few digits.
    slack = half_step(figure) + 1.1 * parts + _OF_THE_MEDIAN * abs(value)
    if abs(printed - value) > slack:
        how = f"{above.field} / {below.field} of the same window is"
        yield Contradiction(figure, value, (above, below), how)


def half_step(figure: Figure) -> float:
    """Return half a step of the last digit that was printed; none for counts, which are exact."""
    counted = "nferences" in figure.field and figure.text.strip().isdecimal()
    return 0.0 if counted else half_digit(figure.text)
