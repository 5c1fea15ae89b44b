# SPDX-License-Identifier: Apache-2.0
"""Combine causes of error to the uncertainty of every window and of the score, with GTC's uncertain numbers.

The model is linear: a window's energy per inference is what was measured plus, for every cause, sensitivity
times an error whose estimate is zero (JCGM 100:2008, 5.1.2). A cause that is shared is one uncertain number
that enters all windows, so their median has it in full. A cause of each window's own is drawn anew in each.

The score is the median of the windows. Shared causes contribute what they do to the window in the middle. The
windows' own causes contribute the standard deviation of a median: that of one window times `median_factor`.
What the windows scatter beyond that is their repeatability (type A). Scatter that the own causes explain is
not counted a second time (JCGM 100:2008, 4.3.10).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from scipy.integrate import dblquad, quad
from scipy.special import ndtr

from energy_runner.analysis.uncertainty.coverage import Distribution, Part, coverage_factor
from energy_runner.analysis.uncertainty.gtc import gtc
from energy_runner.analysis.uncertainty.scatter import find_scatter
from energy_runner.session.result import Component

ROOT3 = math.sqrt(3)
_PLENTY = 1e5  # from here on degrees of freedom count as infinitely many, as in GTC
_MANY = 100  # windows; beyond, the factor of their median is the asymptotic one, which is larger by 0.7 % at most
_DIGITS = 5  # of that factor after the point, the same on every machine; results of 0.1.0 had a table of as many
_REACH = 9.0  # standard deviations: how far the density of a median is integrated


@dataclass(frozen=True)
class Cause:
    """One input quantity: for each window its standard uncertainty and what an error of one unit does.

    `sensitivity` is in joule per inference and `unit`. `shared` says that the windows have one error in
    common (then `u` is the same for all), `voltage` that it is an error of the voltage, which the energy is in
    proportion to.
    """

    name: str
    source: str
    u: tuple[float, ...]
    sensitivity: tuple[float, ...]
    unit: str = ""
    distribution: Distribution = "rectangular"
    divisor: float | None = ROOT3
    dof: float = math.inf
    kind: Literal["A", "B"] = "B"
    shared: bool = True
    voltage: bool = False

    def contribution_j(self, window: int) -> float:
        """Return the standard uncertainty that this cause alone gives one window, in J per inference."""
        return abs(self.sensitivity[window]) * self.u[window]


@dataclass(frozen=True)
class Budget:
    """A combined uncertainty in J per inference, and the rows it is made of."""

    value_j: float
    u_j: float
    dof: float | None
    k: float
    k_t: float
    rows: list[Component]

    @property
    def expanded_j(self) -> float:
        """Return U."""
        return canonical(self.k * self.u_j)


@cache
def median_factor(count: int) -> float:
    """Return the standard deviation of the median of `count` independent normal numbers of deviation 1.

    It is integrated over the density of the number in the middle, or of the two in the middle, m ± s, with their
    mean m as median (H. A. David, H. N. Nagaraja, Order Statistics, 2003, 2.1 and 2.2); above 100 it is √(π/2n).
    """
    half = count // 2
    if count > _MANY:
        return math.sqrt(math.pi / (2 * count))
    if count % 2:
        ways = math.exp(math.lgamma(count + 1) - 2 * math.lgamma(half + 1))
        variance, _ = quad(lambda m: m * m * ways * (ndtr(m) * ndtr(-m)) ** half * _bell(m), -_REACH, _REACH)
    else:
        ways = 2 * math.exp(math.lgamma(count + 1) - 2 * math.lgamma(half))
        variance, _ = dblquad(
            lambda s, m: m * m * ways * (ndtr(m - s) * ndtr(-m - s)) ** (half - 1) * _bell(m - s) * _bell(m + s),
            *(-_REACH, _REACH),
            *(0.0, _REACH),
            epsabs=1e-9,
        )
    return round(math.sqrt(variance), _DIGITS)


def _bell(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def canonical(number: float) -> float:
    """Return `number` to twelve digits: libraries of different machines differ in the last bits only."""
    return float(f"{number:.12g}")


def window_budget(value_j: float, causes: Sequence[Cause], window: int) -> Budget:
    """Return the budget of one window's energy per inference, whose value is `value_j`."""
    tree = gtc()
    number, rows, parts = tree.constant(value_j), [], []
    for cause in causes:
        error = _error(tree, cause.name, cause.u[window], cause.dof)
        number += cause.sensitivity[window] * error
        contribution_j = tree.component(number, error)
        rows.append(_row(cause, window, contribution_j, value_j))
        parts.append(Part(cause.distribution, contribution_j, cause.dof))
    return _budget(tree, number, rows, parts)


def score_budget(
    values_j: Sequence[float], causes: Sequence[Cause], stimuli: Sequence[int | None] | None = None
) -> Budget:
    """Return the budget of the median of `values_j`, each one window's energy per inference.

    `stimuli` says which stimulus each window had.
    """
    tree = gtc()
    shared = [cause for cause in causes if cause.shared]
    errors = [_error(tree, cause.name, cause.u[0], cause.dof) for cause in shared]
    windows = [
        sum((cause.sensitivity[i] * error for cause, error in zip(shared, errors, strict=True)), tree.constant(e))
        for i, e in enumerate(values_j)
    ]
    middle = _middle(values_j)
    number = sum(windows[i] for i in middle) / len(middle)
    median_j = float(tree.value(number))
    rows, parts = [], []
    for cause, error in zip(shared, errors, strict=True):
        contribution_j = float(tree.component(number, error))
        rows.append(_shared_row(cause, middle, contribution_j, median_j))
        parts.append(Part(cause.distribution, contribution_j, cause.dof))
    for cause in _own_and_repeatability(values_j, causes, stimuli):
        error = _error(tree, cause.name, cause.u[0], cause.dof)
        number += error
        rows.append(_row(cause, 0, cause.u[0], median_j))
        parts.append(Part(cause.distribution, cause.u[0], cause.dof))
    return _budget(tree, number, rows, parts)


def _own_and_repeatability(
    values_j: Sequence[float], causes: Sequence[Cause], stimuli: Sequence[int | None] | None
) -> list[Cause]:
    """Return what the windows' own errors do to the median, as causes in J per inference."""
    count = len(values_j)
    factor = median_factor(count)
    own = [cause for cause in causes if not cause.shared]
    found = []
    explained = 0.0
    for cause in own:
        mean_square = math.fsum(cause.contribution_j(i) ** 2 for i in range(count)) / count
        explained += mean_square
        found.append(
            Cause(
                name=cause.name,
                source=f"{cause.source}; median of {count} windows: {factor:.4g} of one window's",
                u=(factor * math.sqrt(mean_square),),
                sensitivity=(1.0,),
                unit="J",
                distribution="normal",
                divisor=None,
                shared=False,
            )
        )
    for scatter in find_scatter(values_j, stimuli or [None] * count, explained, factor):
        found.append(
            Cause(
                name=scatter.name,
                source=scatter.source,
                u=(scatter.u,),
                sensitivity=(1.0,),
                unit="J",
                distribution="t",
                divisor=None,
                dof=scatter.dof,
                kind="A",
                shared=False,
            )
        )
    return found


def _middle(values_j: Sequence[float]) -> list[int]:
    """Return which of the values make the median: one, or two where their number is even."""
    order = sorted(range(len(values_j)), key=values_j.__getitem__)
    return order[(len(order) - 1) // 2 : len(order) // 2 + 1]


def _error(tree: Any, name: str, u: float, dof: float) -> Any:
    return tree.ureal(0.0, u, dof, label=name)


def _row(cause: Cause, window: int, contribution_j: float, value_j: float) -> Component:
    u, divisor = cause.u[window], cause.divisor
    return Component(
        name=cause.name,
        relative=canonical(contribution_j / value_j),
        value_j=canonical(contribution_j),
        source=cause.source,
        unit=cause.unit,
        distribution=cause.distribution,
        limit=canonical(u * divisor) if divisor is not None else None,
        divisor=divisor,
        u=canonical(u),
        sensitivity=canonical(cause.sensitivity[window]),
        dof=None if cause.dof >= _PLENTY else cause.dof,
        kind=cause.kind,
        correlated=cause.shared,
    )


def _shared_row(cause: Cause, middle: Sequence[int], contribution_j: float, value_j: float) -> Component:
    row = _row(cause, middle[0], contribution_j, value_j)
    mean = math.fsum(cause.sensitivity[i] for i in middle) / len(middle)
    return row.model_copy(update={"sensitivity": canonical(mean)})


def _budget(tree: Any, number: Any, rows: list[Component], parts: list[Part]) -> Budget:
    u_j = float(tree.uncertainty(number))
    dof = float(tree.dof(number)) if u_j > 0 else math.inf
    many = not dof < _PLENTY
    single = Part("normal", 1.0) if many else Part("t", 1.0, dof)
    return Budget(
        value_j=float(tree.value(number)),
        u_j=canonical(u_j),
        dof=None if many else canonical(dof),
        k=coverage_factor(parts),
        k_t=coverage_factor([single]),
        rows=rows,
    )
