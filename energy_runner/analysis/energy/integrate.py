# SPDX-License-Identifier: Apache-2.0
"""The integral of samples between two positions, fractions of a sample at both ends included, by their kind.

A sample of the kind `mean` is the mean over its period (`mean_samples`), one of the kind `instant` is the value at
the start of its period (`instant_samples`).

The second method is wrong in other ways than the first, so that their difference says how much depends on the
method.
"""

from dataclasses import dataclass
from typing import Literal

from energy_runner.analysis.energy.instant_samples import sum_instants
from energy_runner.analysis.energy.mean_samples import sum_means
from energy_runner.analysis.energy.sums import Read

Kind = Literal["mean", "instant"]
METHODS: dict[Kind, tuple[str, str]] = {
    "mean": (
        "definite integral of the samples, those that hold an edge cut at it by the level outside",
        "definite integral of the samples, those that hold an edge by their linear share",
    ),
    "instant": ("trapezoidal rule between the readings", "Simpson's rule between the readings"),
}


@dataclass(frozen=True)
class Integral:
    """The integral of samples over a window, in units of the samples times their period.

    `second` is the same by the second method. `expected` counts the samples that the window touches, `missing`
    those of them that are not finite, and `missing_share` is the share of the window's duration that these
    cover; the totals have the mean of the others in their place (NaN if there are no others). `unexplained` says
    for either edge by how much the sample that holds it differs from a mix of its neighbours, and `change` is the
    variance of what readings at an instant do not follow; each is 0 for the other kind.
    """

    total: float
    second: float
    expected: int
    missing: int
    missing_share: float
    unexplained: tuple[float, float] = (0.0, 0.0)
    change: float = 0.0


def integrate(read: Read, length: int, start: float, stop: float, kind: Kind = "mean") -> Integral:
    """Return the integral of the samples between the positions `start` and `stop`.

    `read(a, b)` returns the samples [a, b) of `length`. Memory does not grow with the window. Raises
    `ValueError` unless 0 <= start < stop <= length.
    """
    if not 0 <= start < stop <= length:
        raise ValueError(f"the window {start}..{stop} is not inside 0..{length}")
    found = {"mean": sum_means, "instant": sum_instants}[kind](read, length, start, stop)
    return Integral(**vars(found))
