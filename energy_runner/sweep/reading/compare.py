# SPDX-License-Identifier: Apache-2.0
"""Two sets of points compared: two nights, two firmware versions, two benches.

Points are matched by their settings, repeats are averaged (mean of the log energy), and the ratio B / A of each
setting and of all together is stated with an uncertainty in which errors that both sides share cancel
(`shared_errors`). What differs from run to run is taken from repeats, pooled over the settings of a side, with the
degrees of freedom that they give. A ratio is significant if it differs from 1 at the 5 % level; over all settings
together at most 5 % of comparisons without any difference find one (Holm 1979, valid also for dependent tests).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.reading.matching import Match, Matched, matched, sides_of
from energy_runner.sweep.reading.ratio import LEVEL, Estimate, Sides, estimate, holm, scatter_of
from energy_runner.sweep.reading.settings import setting_text
from energy_runner.sweep.rows import PointRow, Scalar

MOST_NAMED = 5


@dataclass(frozen=True)
class Change:
    """What became of one setting: `values` of the axes, the sessions on each side, and B against A."""

    values: Mapping[str, Scalar]
    benchmark: str
    repeats: tuple[int, int]
    sessions: tuple[tuple[str, ...], tuple[str, ...]]
    estimate: Estimate


@dataclass(frozen=True)
class SweepComparison:
    """Two sets of points compared, setting by setting and over all settings that both have.

    `names` are those of A and B. `overall` is the geometric mean of the ratios; `reference` that of the reference
    point, None where a side has none. `excluded` counts, by reason, the points of each side that do not count, and
    `unmatched` are the settings that the other side lacks. `ignored` are axes that were not compared. `cancelled`
    names components that both sides share, `added` those of a monitor that count for each side. `scatter` is the
    relative standard deviation from run to run of each side, None where nothing was repeated.
    """

    names: tuple[str, str]
    changes: tuple[Change, ...]
    overall: Estimate
    reference: Estimate | None
    excluded: tuple[Mapping[str, int], Mapping[str, int]]
    unmatched: tuple[tuple[Mapping[str, Scalar], ...], tuple[Mapping[str, Scalar], ...]]
    ignored: tuple[str, ...]
    cancelled: tuple[str, ...]
    added: tuple[str, ...]
    scatter: tuple[float | None, float | None]
    virtual: bool
    remarks: tuple[str, ...]


def compare_sweeps(
    a: Sequence[PointRow],
    b: Sequence[PointRow],
    *,
    names: tuple[str, str] = ("A", "B"),
    ignore: Sequence[str] = (),
    invalid: bool = False,
) -> SweepComparison:
    """Return what changed from A to B, for each setting that both have.

    Axes to `ignore` may differ between the sides, such as the firmware; an axis that has one value on each side is
    ignored by itself. `invalid` lets points count that broke a rule. Virtual points only count where all are
    virtual. Raises `ConfigurationError` if nothing can be compared.
    """
    sides = sides_of(a, b, invalid=invalid, names=names)
    found = matched(sides, ignore=ignore, names=names)
    if not found.matches:
        raise ConfigurationError(_nothing(found, names))
    scatters = scatter_of(found)
    estimates = [estimate([match], scatters) for match in found.matches]
    judged = [None if one.p is None else one.p for one in estimates]
    adjusted = holm([p for p in judged if p is not None])
    place = iter(adjusted)
    estimates = [one if one.p is None else one.with_adjusted(next(place)) for one in estimates]
    overall = estimate(found.matches, scatters)
    overall = overall if overall.p is None else overall.with_adjusted(overall.p)
    reference = _reference(found, scatters)
    return SweepComparison(
        names=names,
        changes=tuple(map(_change, found.matches, estimates)),
        overall=overall,
        reference=reference,
        excluded=sides.excluded,
        unmatched=found.unmatched,
        ignored=found.ignored,
        cancelled=overall.cancelled,
        added=overall.added,
        scatter=scatters.relative,
        virtual=sides.virtual,
        remarks=(*found.remarks, *_remarks(found, scatters, overall, reference)),
    )


def _change(match: Match, found: Estimate) -> Change:
    ids = tuple(tuple(row.session or "" for row in side) for side in (match.a, match.b))
    return Change(match.values, match.benchmark, (len(match.a), len(match.b)), (ids[0], ids[1]), found)


def _reference(found: Matched, scatters: Sides) -> Estimate | None:
    """Return how the reference point changed; it is one comparison of its own."""
    if found.reference is None:
        return None
    one = estimate([found.reference], replace(scatters, fallback=None))
    return one if one.p is None else one.with_adjusted(one.p)


def _remarks(found: Matched, scatters: Sides, overall: Estimate, reference: Estimate | None) -> list[str]:
    remarks = [*scatters.remarks]
    if overall.added:
        remarks.append(
            "the sides were measured by different monitors, or by ones that tell no serial number: "
            f"{', '.join(overall.added)} count for each side"
        )
    if not found.same_range:
        remarks.append(
            "in some settings the mean powers of the sides differ by more than a factor of 2, so that the monitor "
            "may have measured in another range: its gain and offset do not cancel there"
        )
    if reference is not None and reference.verdict == "significant":
        remarks.append(
            f"the reference point itself changed by {100 * (reference.ratio - 1):+.2g} %: the bench or its "
            "surroundings changed, and differences of that size say nothing about the DUT's settings"
        )
    rows = [row for match in found.matches for row in (*match.a, *match.b)]
    doubtful = sum(row.bench_trust == "out of control" for row in rows)
    if doubtful:
        remarks.append(f"{doubtful} of the points were measured on a bench that was out of control")
    incomplete = sum(row.complete is False for row in rows)
    if incomplete:
        remarks.append(f"the uncertainty of {incomplete} of the points is incomplete")
    if any(not row.components for row in rows):
        remarks.append("some points tell no uncertainty budget: all that they state counts for each side")
    nights = [{row.sweep for match in found.matches for row in match.a}]
    nights.append({row.sweep for match in found.matches for row in match.b})
    if overall.verdict == "significant" and not nights[0] & nights[1]:
        remarks += _of_the_bench(overall, reference)
    return remarks


def _of_the_bench(overall: Estimate, reference: Estimate | None) -> list[str]:
    """Return that a change between nights may be one of the bench, unless its reference point says otherwise."""
    if reference is None:
        return [
            "no reference point was measured in both nights, so that a change of the bench or its surroundings "
            "between them cannot be told from one of the DUT. Try: [reference] in the plan"
        ]
    apart = abs(math.log(overall.ratio / reference.ratio))
    if apart > math.hypot(overall.U / overall.ratio, reference.U / reference.ratio):
        return []
    return [
        f"the reference point changed by {_percent(reference)}: all of these together differ from that by no "
        "more than U, so that what changed may be the bench"
    ]


def _percent(one: Estimate) -> str:
    return f"({100 * (one.ratio - 1):+.2g} ± {100 * one.U:.2g}) %"


def _nothing(found: Matched, names: tuple[str, str]) -> str:
    lacking = [
        f"{name} has {', '.join(setting_text(one) for one in side[:MOST_NAMED])}"
        for name, side in zip(names, found.unmatched, strict=True)
        if side
    ]
    told = f": {'; '.join(lacking)}" if lacking else ""
    return f"no setting was measured on both sides{told}. Try: --ignore AXIS for axes that may differ"


__all__ = ["LEVEL", "Change", "Estimate", "SweepComparison", "compare_sweeps"]
