# SPDX-License-Identifier: Apache-2.0
"""Figures derived from energies and durations, with their uncertainty: throughput and energy-delay product.

A window's throughput is N/T, so a relative error of its duration T is one of the throughput, with the other sign
(JCGM 100:2008, 5.1.2). Each edge may be off by itself; the clock that timed the windows is off by the same
share in all of them. Their median is combined as that of the energies is.
"""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from energy_runner.analysis.uncertainty.combine import ROOT3, Cause, canonical, score_budget
from energy_runner.session.result import Derived, Score

_PER_S, _JOULE_SECOND = "1/s", "J·s"


@dataclass(frozen=True)
class Timed:
    """A timed window: its inferences, duration in s, and the limit in s of the error of either edge by itself.

    `alike_s` is the limit in s of what all starts, or all stops, may be late by without the others.
    """

    inferences: int
    duration_s: float
    edge_s: float
    alike_s: float = 0.0

    @property
    def per_s(self) -> float:
        """Return the inferences per second."""
        return self.inferences / self.duration_s


@dataclass(frozen=True)
class TimedBy:
    """The clock that timed all windows.

    `relative_limit` is its relative limit as specified (rectangular), `relative_u` a relative standard uncertainty
    (normal); `doubts` says in words what is not known about it.
    """

    relative_limit: float = 0.0
    relative_u: float = 0.0
    doubts: tuple[str, ...] = ()


def throughput(windows: Sequence[Timed], clock: TimedBy) -> Derived | None:
    """Return the median inferences per second of `windows` with its uncertainty; None without a window.

    One window alone has no repeatability, which is then named as missing.
    """
    if not windows:
        return None
    # To twelve digits, so that equal windows have no scatter of their last bits, which differ between machines.
    budget = score_budget([canonical(window.per_s) for window in windows], list(_causes(windows, clock)))
    alone = ("repeatability unknown: there is only one window",) if len(windows) == 1 else ()
    return Derived(
        value=statistics.median(window.per_s for window in windows),
        u=budget.u_j,
        U=budget.expanded_j,
        k=budget.k,
        unit=_PER_S,
        incomplete=[*clock.doubts, *alone],
    )


def energy_delay_product(score: Score, rate: Derived) -> Derived:
    """Return the energy of one inference times its mean duration, J·s.

    The same edges and the same clock may be in both, so their relative uncertainties are added by their amounts
    (JCGM 100:2008, 5.2.2, note 1, r = +1).
    """
    value = score.median / rate.value
    relative_u, relative = (
        score.u / score.median + rate.u / rate.value,
        score.U / score.median + rate.U / rate.value,
    )
    return Derived(
        value=canonical(value),
        u=canonical(value * relative_u),
        U=canonical(value * relative),
        k=canonical(relative / relative_u) if relative_u > 0 else score.k,
        unit=_JOULE_SECOND,
        incomplete=list(dict.fromkeys([*score.incomplete, *rate.incomplete])),
    )


def _causes(windows: Sequence[Timed], clock: TimedBy) -> Iterator[Cause]:
    count = len(windows)
    per_second = tuple(window.per_s / window.duration_s for window in windows)
    edges_u = tuple(window.edge_s / ROOT3 for window in windows)
    for end in ("start", "stop"):
        yield Cause(f"{end} edge", "limit of its place", edges_u, per_second, unit="s", shared=False)
    alike_u = tuple(window.alike_s / ROOT3 for window in windows)
    yield Cause("starts or stops late alike", "what their witnesses leave open", alike_u, per_second, unit="s")
    rates = tuple(window.per_s for window in windows)
    yield Cause("clock", "its specified limit", (clock.relative_limit / ROOT3,) * count, rates)
    yield Cause(
        "rate of the clock",
        "its comparison with another",
        (clock.relative_u,) * count,
        rates,
        distribution="normal",
        divisor=None,
    )
