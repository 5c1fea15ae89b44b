# SPDX-License-Identifier: Apache-2.0
"""The state of a bench from recorded facts alone: measurements of its references, and what people decided.

A pure function: the same facts give the same state on any machine, so nothing is stored that cannot be derived
again. Once a bench is out of control no measurement makes it trusted again, only a person does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from energy_runner.sweep.trust.points import Decision, ReferencePoint, State
from energy_runner.sweep.trust.series import SeriesTrust, judge_series

# A reference that nobody has measured for so long says nothing of today.
STALE_S = 14 * 86400.0
_ORDER: dict[State, int] = {"out of control": 0, "trusted": 1, "not watched": 2}


@dataclass(frozen=True)
class BenchTrust:
    """The state of a bench, why, and since when (seconds since 1970; None where it has no beginning).

    `series` holds the chart of each reference; the bench is out of control if one of them is, and trusted if none
    is and at least one is trusted.
    """

    state: State
    reason: str
    since_utc_s: float | None
    series: tuple[SeriesTrust, ...] = ()
    decisions: tuple[Decision, ...] = ()


def bench_state(
    points: Sequence[ReferencePoint], decisions: Sequence[Decision] = (), *, now_utc_s: float | None = None
) -> BenchTrust:
    """Return the state of a bench from all its reference points and all decisions about it, in any order.

    Virtual points count only where none is real. With `now_utc_s`, a trusted bench whose last reference is older
    than `STALE_S` is not watched.
    """
    decided = tuple(sorted(decisions, key=lambda one: (one.utc_s, one.file)))
    grouped: dict[str, list[ReferencePoint]] = {}
    virtual = all(point.virtual for point in points)
    counted = [point for point in points if point.virtual == virtual]
    for point in sorted(counted, key=lambda one: (one.utc_s, one.session)):
        grouped.setdefault(point.series, []).append(point)
    series = tuple(judge_series(name, group, decided) for name, group in sorted(grouped.items()))
    if not series:
        return BenchTrust("not watched", "no reference was measured on this bench", None, (), decided)
    named = series[0] if len(series) == 1 else min(series, key=lambda one: (_ORDER[one.state], -one.last_utc_s))
    reason = named.reason if len(series) == 1 else f"{named.series}: {named.reason}"
    if named.state == "trusted" and now_utc_s is not None:
        last = max(one.last_utc_s for one in series if one.state == "trusted")
        if now_utc_s - last > STALE_S:
            days = (now_utc_s - last) / 86400
            reason = f"the last reference was measured {days:.0f} days ago; it counts for {STALE_S / 86400:.0f}"
            return BenchTrust("not watched", reason, last + STALE_S, series, decided)
    return BenchTrust(named.state, reason, named.since_utc_s, series, decided)
