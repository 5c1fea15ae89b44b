# SPDX-License-Identifier: Apache-2.0
"""Which axis explains what: an analysis of variance of the log energy, with the drift beside the axes.

The model is linear in the logarithm of the energy, so that effects are ratios. Axes are categories: no shape is
assumed. The sums of squares are of type II: each main effect is adjusted for all others and for the drift, each
interaction for all main effects and all other interactions; so they hold for unbalanced nights as well. Time is
a covariate (hours since the first point, one slope for each bench), so that a drift is not taken for an effect.
An error that a monitor has in common in all points moves the mean and no effect where it is the same in relative
terms, as a gain is. What is not, such as an offset at energies or latencies that differ, poses as an effect of the
size of its contributions; the test allows for it.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from energy_runner.errors import ConfigurationError
from energy_runner.session.days import epoch_s
from energy_runner.sweep.reading.settings import any_real, axes_of, same, sort_out
from energy_runner.sweep.reading.shared_errors import relative_contributions, same_range
from energy_runner.sweep.rows import PointRow

FloatArray = npt.NDArray[np.float64]
DRIFT, BENCH, TIMES = "drift over the night", "bench", "\u00d7"
LEAST_RESIDUAL = 3  # degrees of freedom that are left for the scatter, or an interaction stays out
_TOUCHED = 0.1  # of what scatter adds to an effect: what shared errors add beyond it is said
_SMALL = 1e-9  # relative: what is no rank and no variance


@dataclass(frozen=True)
class Effect:
    """One term: its degrees of freedom, sum of squares, test, and share of the variance.

    `eta_squared` is its share of the total sum of squares (in an unbalanced night shares do not add up to 1), and
    `omega_squared` the same less what chance alone would give, so that it may be slightly negative. `range` is by
    how much the energy differs from its lowest to its highest level, as a ratio less 1, others held fixed; None
    for an interaction. `f` and `p` are None where nothing is left for the scatter. `shared_sum_squares` is what
    errors that points share may be expected to add to its sum of squares; `p` is that of such an effect by chance
    and by them together, `f` is of the scatter alone.
    """

    name: str
    axes: tuple[str, ...]
    dof: int
    sum_squares: float
    f: float | None
    p: float | None
    eta_squared: float
    omega_squared: float | None
    range: float | None
    shared_sum_squares: float = 0.0


@dataclass(frozen=True)
class Anova:
    """An analysis of variance: the effects, largest first, and what is left.

    `scatter` is the relative standard deviation of what no effect explains, None where nothing is left. `left_out`
    says which terms are not in the model, and why.
    """

    effects: tuple[Effect, ...]
    residual_dof: int
    residual_sum_squares: float
    total_sum_squares: float
    scatter: float | None
    points: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    virtual: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Term:
    name: str
    axes: tuple[str, ...]
    columns: FloatArray


def explain(rows: Sequence[PointRow], *, invalid: bool = False) -> Anova:
    """Return which axis explains how much of the differences between the points' energies.

    Points without a valid energy do not count (`invalid` lets those count that broke a rule), nor do those of the
    reference point, nor virtual ones among real ones. Raises `ConfigurationError` if no axis varies, or there are
    too few points.
    """
    virtual = not any_real(rows)
    points = [row for row in rows if row.kind == "point"]
    sorted_ = sort_out(points, virtual=virtual, invalid=invalid)
    counted = sorted_.counted
    excluded = dict(sorted_.excluded)
    if len(points) < len(rows):
        excluded["of the reference point"] = len(rows) - len(points)
    factors, left_out = _factors(counted)
    if not any(term.name != BENCH for term in factors):
        raise ConfigurationError(
            f"no axis has two values among the {len(counted)} points that count, so there is nothing to explain"
        )
    values = np.array([math.log(row.energy_j or math.nan) for row in counted])
    remarks: list[str] = []
    drift = _drift(counted, remarks)
    mains = [*factors, *([drift] if drift is not None else [])]
    mains, unknown = _told_apart(mains, len(counted))
    left_out += unknown
    pairs, missing = _interactions(mains, len(counted))
    left_out += missing
    shared = relative_contributions(counted)
    found = _effects(values - values.mean(), shared, mains, pairs)
    remarks += _remarks(found, counted)
    return replace(
        found,
        points=len(counted),
        excluded=excluded,
        left_out=tuple(left_out),
        virtual=virtual,
        remarks=tuple(remarks),
    )


def _factors(rows: Sequence[PointRow]) -> tuple[list[_Term], list[str]]:
    """Return a term for each axis that varies; axes that always change together are one term."""
    groups: dict[tuple[int, ...], list[str]] = {}
    left_out = []
    for name in axes_of(rows):
        found: dict[object, int] = {}
        levels = tuple(found.setdefault(same(row.values.get(name)), len(found)) for row in rows)
        if len(found) > 1:
            groups.setdefault(levels, []).append(name)
        else:
            left_out.append(f"{name}: it has one value only")
    benches: dict[str, int] = {}
    by_bench = tuple(benches.setdefault(row.bench or "", len(benches)) for row in rows)
    if len(benches) > 1:
        groups.setdefault(by_bench, []).append(BENCH)
    terms = [_Term(" & ".join(names), tuple(names), _dummies(levels)) for levels, names in groups.items()]
    return terms, left_out


def _dummies(levels: Sequence[int]) -> FloatArray:
    """Return a column for each level but the first."""
    numbers = np.array(levels)
    return np.stack([(numbers == level).astype(np.float64) for level in range(1, max(levels) + 1)], axis=1)


def _drift(rows: Sequence[PointRow], remarks: list[str]) -> _Term | None:
    """Return the time as a covariate, in hours, one slope a bench; by the order where times are not known."""
    times = [epoch_s(row.started_utc) for row in rows]
    known = [time for time in times if time is not None]
    if len(known) == len(rows):
        hours = np.array([(time - min(known)) / 3600 for time in known])
    else:
        hours = np.array([float(row.order) for row in rows])
        remarks.append("not every point tells when it began, so the drift is one over their order")
    if np.ptp(hours) <= 0:
        remarks.append("all points have the same time, so no drift is in the model")
        return None
    hours = (hours - hours.mean()) / np.ptp(hours)
    benches = sorted({row.bench or "" for row in rows})
    columns = [hours * np.array([(row.bench or "") == bench for row in rows]) for bench in benches]
    return _Term(DRIFT, (), np.stack(columns, axis=1))


def _told_apart(mains: Sequence[_Term], count: int) -> tuple[list[_Term], list[str]]:
    """Return the terms that the others do not explain wholly, and why the rest is left out."""
    kept, unknown = list(mains), []
    for term in mains:
        others = [other for other in kept if other is not term]
        if _rank([*others, term], count) == _rank(others, count):
            kept = others
            unknown.append(f"{term.name}: it changes together with the others and cannot be told from them")
    return kept, unknown


def _interactions(mains: Sequence[_Term], count: int) -> tuple[list[_Term], list[str]]:
    """Return the interactions of two axes that the points can tell from scatter, and why others are left out."""
    pairs = []
    for one, other in itertools.combinations([term for term in mains if term.name != DRIFT], 2):
        if BENCH in one.axes or BENCH in other.axes:
            continue
        products = one.columns[:, :, None] * other.columns[:, None, :]
        columns = products.reshape(count, -1)
        pairs.append(_Term(f"{one.name} {TIMES} {other.name}", (*one.axes, *other.axes), columns))
    pairs.sort(key=lambda term: term.columns.shape[1])
    kept: list[_Term] = []
    left_out = []
    rank = _rank(mains, count)
    for term in pairs:
        with_it = _rank([*mains, *kept, term], count)
        if with_it == rank:
            left_out.append(f"{term.name}: no two points differ in it alone")
        elif count - with_it < LEAST_RESIDUAL:
            left_out.append(f"{term.name}: too few points are repeated to tell it from scatter")
        else:
            kept.append(term)
            rank = with_it
    return kept, left_out


def _design(terms: Sequence[_Term], count: int) -> FloatArray:
    return np.concatenate([np.ones((count, 1)), *(term.columns for term in terms)], axis=1)


def _rank(terms: Sequence[_Term], count: int) -> int:
    return int(np.linalg.matrix_rank(_design(terms, count), tol=_SMALL * math.sqrt(count)))


def _residual(columns: FloatArray, terms: Sequence[_Term]) -> tuple[FloatArray, int]:
    """Return what a model leaves of the sum of squares of each column, and its rank."""
    design = _design(terms, len(columns))
    solution, _, rank, _ = np.linalg.lstsq(design, columns, rcond=_SMALL)
    left = columns - design @ solution
    return np.einsum("ij,ij->j", left, left), int(rank)


def _effects(values: FloatArray, shared: FloatArray, mains: Sequence[_Term], pairs: Sequence[_Term]) -> Anova:
    """Return the analysis of log energies whose mean is zero; `shared` has a column for each shared error."""
    columns = np.column_stack([values, shared])
    total = float(values @ values)
    left, rank = _residual(columns, [*mains, *pairs])
    dof = len(values) - rank
    rest = float(left[0]) if dof > 0 and left[0] > _SMALL**2 * total else 0.0
    mean_square = rest / dof if dof > 0 and rest > 0 else None
    ranges = _ranges(values, mains, pairs)
    effects = []
    for term in (*mains, *pairs):
        # Type II: against the model of all terms that do not contain this one.
        beside = [
            other for other in (*mains, *pairs) if other is not term and not set(term.axes) < set(other.axes)
        ]
        if term.name == DRIFT:
            beside = [other for other in (*mains, *pairs) if other is not term]
        without, small = _residual(columns, beside)
        with_it, large = _residual(columns, [*beside, term])
        explained = np.maximum(0.0, without - with_it)
        squares, degrees = float(explained[0]), large - small
        f = squares / degrees / mean_square if mean_square and degrees else None
        effects.append(
            Effect(
                name=term.name,
                axes=term.axes,
                dof=degrees,
                sum_squares=squares,
                f=f,
                p=_probability(squares, degrees, explained[1:], mean_square, dof)
                if mean_square and degrees
                else None,
                eta_squared=squares / total if total > 0 else 0.0,
                omega_squared=(squares - degrees * mean_square) / (total + mean_square) if mean_square else None,
                range=ranges.get(term.name),
                shared_sum_squares=math.fsum(explained[1:].tolist()),
            )
        )
    return Anova(
        effects=tuple(sorted(effects, key=lambda effect: -effect.sum_squares)),
        residual_dof=dof,
        residual_sum_squares=rest,
        total_sum_squares=total,
        scatter=math.sqrt(mean_square) if mean_square else None,
    )


def _probability(squares: float, degrees: int, shared: FloatArray, mean_square: float, dof: int) -> float:
    """Return how probable so large a sum of squares is by scatter and by shared errors.

    Scatter adds `degrees` squares of one size, each shared error one of its own size: together about as many
    degrees of freedom as have their mean and variance (Welch and Satterthwaite).
    """
    from scipy.special import fdtrc

    expected = degrees * mean_square + float(shared.sum())
    effective = expected**2 / (degrees * mean_square**2 + float(shared @ shared))
    return float(fdtrc(effective, dof, squares / expected))


def _remarks(found: Anova, rows: Sequence[PointRow]) -> list[str]:
    remarks = []
    scatter = found.scatter**2 if found.scatter else 0.0
    touched = [one.name for one in found.effects if one.shared_sum_squares > _TOUCHED * one.dof * scatter]
    if touched:
        remarks.append(
            "errors that points share are not equal in all of them, such as an offset, and may pose as an effect: "
            f"p allows for that in {', '.join(touched)}"
        )
    if not same_range(rows):
        remarks.append(
            "mean powers differ by more than a factor of 2, so that the monitor may have measured in several "
            "ranges: effects smaller than its gain may be differences between them"
        )
    return remarks


def _ranges(values: FloatArray, mains: Sequence[_Term], pairs: Sequence[_Term]) -> dict[str, float]:
    """Return by how much the energy differs between the extreme levels of each term, all others held fixed."""
    found = {}
    drift = [term for term in mains if term.name == DRIFT]
    if drift:  # beside all others, interactions too: what they explain would else be taken for drift
        slopes = _solution(values, [*drift, *(term for term in (*mains, *pairs) if term.name != DRIFT)])[0]
        width = drift[0].columns.shape[1]
        # It has been scaled to go from 0 to 1 over the night.
        found[DRIFT] = math.expm1(float(np.max(np.abs(slopes[:width]))))
    solution, rank = _solution(values, mains)
    if rank <= len(solution):
        return found  # some levels cannot be told apart, so their means are not defined
    at = 0
    for term in mains:
        width = term.columns.shape[1]
        if term.name != DRIFT:
            found[term.name] = math.expm1(float(np.ptp(np.append(0.0, solution[at : at + width]))))
        at += width
    return found


def _solution(values: FloatArray, terms: Sequence[_Term]) -> tuple[FloatArray, int]:
    """Return the coefficients of the terms' columns, and the rank with the mean."""
    solution, _, rank, _ = np.linalg.lstsq(_design(terms, len(values)), values, rcond=_SMALL)
    return solution[1:], int(rank)
