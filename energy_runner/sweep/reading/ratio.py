# SPDX-License-Identifier: Apache-2.0
"""The ratio of two sides, its uncertainty and its significance.

Both by the t distribution with effective degrees of freedom (Welch-Satterthwaite, JCGM 100:2008, G.4), so that U
and the test agree: a single ratio is significant if it differs from 1 by more than U. Where rectangular limits of
two monitors outweigh all else, that is a little more than 95 %.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scipy.special import stdtr

from energy_runner.analysis.uncertainty.coverage import PROBABILITY, Part
from energy_runner.sweep.reading.matching import Match, Matched
from energy_runner.sweep.reading.settings import Key, key_of, same, setting_text
from energy_runner.sweep.reading.shared_errors import (
    PLENTY,
    Scatter,
    Weighed,
    degrees,
    own_variance,
    scatters,
    systematic,
    t_factor,
)
from energy_runner.sweep.rows import PointRow

LEVEL = 1 - PROBABILITY
_MOST_NAMED = 3
LEAST_FOR_SPREAD = 3  # settings, of whose ratios a spread is taken where nothing was repeated
Significance = Literal["significant", "not significant", "not judged"]


@dataclass(frozen=True)
class Estimate:
    """A ratio B / A with `u` (standard) and `U` (95 %), the energies it is made of, and whether it differs from 1.

    `difference_j` is B less A, and `difference_expanded_u_j` its expanded uncertainty; both None for a mean of
    several settings, as are the energies. `p` is the probability of so large a deviation without any difference;
    `p_adjusted` allows for the number of comparisons. Both are None where nothing tells the scatter from run to
    run: then it is "not judged".
    """

    ratio: float
    u: float
    U: float
    k: float
    dof: float | None
    a_j: float | None
    b_j: float | None
    difference_j: float | None
    difference_expanded_u_j: float | None
    p: float | None
    p_adjusted: float | None
    verdict: Significance
    cancelled: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    def with_adjusted(self, p: float) -> "Estimate":
        """Return this estimate judged by a probability that allows for other comparisons."""
        return replace(self, p_adjusted=p, verdict="significant" if p < LEVEL else "not significant")


@dataclass(frozen=True)
class Sides:
    """What differs from run to run on each side; `fallback` is the spread of the ratios where nothing repeats.

    `apart` are the settings that scatter more than the others on a side, with the scatter of each side there.
    """

    a: Scatter
    b: Scatter
    fallback: Scatter | None
    remarks: tuple[str, ...]
    apart: tuple[tuple[Match, Scatter, Scatter], ...] = ()

    def of(self, match: Match) -> tuple[Scatter, Scatter]:
        """Return the scatter of each side in a setting."""
        return next(((a, b) for one, a, b in self.apart if one is match), (self.a, self.b))

    @property
    def relative(self) -> tuple[float | None, float | None]:
        """Return the relative standard deviation of each side; None where it is not known."""
        return (
            math.sqrt(self.a.variance) if self.a.dof else None,
            math.sqrt(self.b.variance) if self.b.dof else None,
        )


def scatter_of(found: Matched) -> Sides:
    """Return the scatter from run to run of each side, from all that was repeated there."""
    matches = [*found.matches, *([found.reference] if found.reference is not None else [])]
    (a, own_a), (b, own_b) = (
        scatters([list(_repeats(rows).values()) for rows in side])
        for side in ([m.a for m in matches], [m.b for m in matches])
    )
    apart = tuple(
        (match, one or a, other or b)
        for match, one, other in zip(matches, own_a, own_b, strict=True)
        if one is not None or other is not None
    )
    words = []
    if apart:
        named = "; ".join(setting_text(match.values) for match, *_ in apart[:_MOST_NAMED])
        more = f" and {len(apart) - _MOST_NAMED} more" if len(apart) > _MOST_NAMED else ""
        words.append(f"{named}{more}: scatters more than the other settings, so that its own repeats count there")
    if a.dof and b.dof:
        return Sides(a, b, None, tuple(words), apart)
    if a.dof or b.dof:
        lacking, known = ("A", "B") if b.dof else ("B", "A")
        words.append(
            f"nothing was repeated in {lacking}: the scatter from run to run is taken to be that of {known}"
        )
        return Sides(a, b, None, tuple(words), apart)
    ratios = [_mean_log(match.b) - _mean_log(match.a) for match in found.matches]
    if len(ratios) < LEAST_FOR_SPREAD:
        unknown = "nothing was repeated, so the scatter from run to run is not known and nothing is judged"
        return Sides(a, b, None, (f"{unknown}; U holds what the sessions state",))
    mean = math.fsum(ratios) / len(ratios)
    spread = Scatter(math.fsum((one - mean) ** 2 for one in ratios) / (len(ratios) - 1), len(ratios) - 1)
    stands = (
        "nothing was repeated: the spread of the ratios over the settings stands for the scatter from run to run, "
        "which makes it harder to find a difference in one setting"
    )
    return Sides(a, b, spread, (stands,))


def _repeats(rows: Sequence[PointRow]) -> dict[Key, list[PointRow]]:
    """Return groups of rows that repeat each other in every axis, those that the comparison ignores included."""
    found: dict[Key, list[PointRow]] = {}
    for row in rows:
        found.setdefault((*key_of(row, names := sorted(row.values)), *map(same, names)), []).append(row)
    return found


def _shares(rows: Sequence[PointRow]) -> list[tuple[PointRow, float]]:
    """Return each row with its share of their mean: all settings of ignored axes count alike.

    Else one repeat that is missing would shift the mean between them.
    """
    groups = _repeats(rows).values()
    return [(row, 1 / len(groups) / len(group)) for group in groups for row in group]


def estimate(matches: Sequence[Match], sides: Sides) -> Estimate:
    """Return the ratio of one setting, or the geometric mean of the ratios of several."""
    sessions = _weighed(matches)
    log = math.fsum(each.weight * math.log(each.row.energy_j or math.nan) for each in sessions)
    shared = systematic(sessions)
    random = _random(sessions, matches, sides)
    u = math.sqrt(shared.u**2 + math.fsum(part.u**2 for part in random))
    dof = degrees([*shared.parts, *random], u)
    k = t_factor(dof)
    known = bool(sides.a.dof or sides.b.dof or sides.fallback)
    p = _probability(log, u, dof) if known else None
    ratio = math.exp(log)
    one = matches[0] if len(matches) == 1 else None
    a_j, b_j = (math.exp(_mean_log(one.a)), math.exp(_mean_log(one.b))) if one is not None else (None, None)
    difference_u_j = _difference_u_j(sessions, a_j, b_j, random) if a_j is not None and b_j is not None else None
    return Estimate(
        ratio=ratio,
        u=ratio * u,
        U=ratio * k * u,
        k=k,
        dof=None if dof >= PLENTY else dof,
        a_j=a_j,
        b_j=b_j,
        difference_j=b_j - a_j if a_j is not None and b_j is not None else None,
        difference_expanded_u_j=difference_u_j,
        p=p,
        p_adjusted=None,
        verdict="not judged",
        cancelled=shared.cancelled,
        added=shared.added,
    )


def _mean_log(rows: Sequence[PointRow]) -> float:
    return math.fsum(share * math.log(row.energy_j or math.nan) for row, share in _shares(rows))


def _weighed(matches: Sequence[Match], weights: tuple[float, float] = (-1.0, 1.0)) -> list[Weighed]:
    """Return each session with its share of the mean of the settings' mean log ratios."""
    return [
        Weighed(row, weight * share / len(matches), side, match.same_range)
        for match in matches
        for side, rows, weight in (("A", match.a, weights[0]), ("B", match.b, weights[1]))
        for row, share in _shares(rows)
    ]


def _random(sessions: Sequence[Weighed], matches: Sequence[Match], sides: Sides) -> list[Part]:
    """Return what differs from run to run, as t distributions with the degrees of freedom of their estimates."""
    if sides.fallback is not None:
        own = math.fsum(one.weight**2 * own_variance(one.row, scatter=False) for one in sessions)
        variance = max(sides.fallback.variance / len(matches), own)
        return [Part("t", math.sqrt(variance), sides.fallback.dof)] if variance > 0 else []
    if not sides.a.dof and not sides.b.dof:
        own = math.fsum(one.weight**2 * own_variance(one.row) for one in sessions)
        return [Part("normal", math.sqrt(own))] if own > 0 else []
    pooled = [match for match in matches if sides.of(match) == (sides.a, sides.b)]
    alone = [[match] for match in matches if sides.of(match) != (sides.a, sides.b)]
    groups = [(sides.of(group[0]), group) for group in (pooled, *alone) if group]
    return [part for scatter, group in groups for part in _scattering(*scatter, _squares(group, len(matches)))]


def _squares(matches: Sequence[Match], count: int) -> tuple[float, float]:
    """Return the sums of the squared weights of each side's sessions in a mean of `count` settings."""
    a, b = (
        math.fsum(share**2 for rows in side for _, share in _shares(rows))
        for side in ([match.a for match in matches], [match.b for match in matches])
    )
    return a / count**2, b / count**2


def _scattering(a: Scatter, b: Scatter, squares: tuple[float, float]) -> list[Part]:
    """Return the scatter of two sides as t distributions."""
    if not (a.dof and b.dof):  # one scatter for both, so one t distribution
        known = a if a.dof else b
        variance = known.variance * (squares[0] + squares[1])
        return [Part("t", math.sqrt(variance), known.dof)] if variance > 0 else []
    pairs = ((a, squares[0]), (b, squares[1]))
    return [Part("t", math.sqrt(one.variance * each), one.dof) for one, each in pairs if one.variance * each > 0]


def _probability(log: float, u: float, dof: float) -> float:
    """Return the two-sided probability of a deviation as large as `log`."""
    if not u > 0:
        return 1.0 if log == 0 else 0.0
    return float(2 * stdtr(dof, -abs(log) / u))


def _difference_u_j(sessions: Sequence[Weighed], a_j: float, b_j: float, random: Sequence[Part]) -> float:
    """Return U of B less A, J: relative errors count with the energy of their side, so a gain does not cancel."""
    energy_j = {"A": a_j, "B": b_j}
    in_joule = [replace(one, weight=one.weight * energy_j[one.side]) for one in sessions]
    # To first order, what differs from run to run counts with the larger of the two energies.
    own = [replace(part, u=part.u * max(a_j, b_j)) for part in random]
    parts = [*systematic(in_joule).parts, *own]
    u = math.sqrt(math.fsum(part.u**2 for part in parts))
    return t_factor(degrees(parts, u)) * u


def holm(ps: Sequence[float]) -> list[float]:
    """Return probabilities adjusted for their number (S. Holm, Scand. J. Statist. 6, 1979), in the same order."""
    order = sorted(range(len(ps)), key=ps.__getitem__)
    adjusted = [0.0] * len(ps)
    highest = 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - place) * ps[index]))
        adjusted[index] = highest
    return adjusted
