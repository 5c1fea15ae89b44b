# SPDX-License-Identifier: Apache-2.0
"""One reference of a bench over all its nights: charts between decisions, and the state that follows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from energy_runner.sweep.trust.baseline import OUTLIER, Estimate
from energy_runner.sweep.trust.control_chart import LEAST_NIGHTS, SHIFT, Chart, found_within
from energy_runner.sweep.trust.hints import hints, percent
from energy_runner.sweep.trust.nights import NightValue, series_of, split_nights
from energy_runner.sweep.trust.points import Decision, ReferencePoint, State
from energy_runner.sweep.trust.t_tests import BASELINE_NIGHTS, WITHIN_NIGHTS
from instruments.clock import NS_PER_S, utc_text


@dataclass(frozen=True)
class Alarm:
    """A change of a bench: since `since_utc_s`, noticed at `utc_s` (seconds since 1970).

    `shift` is relative, with its standard uncertainty, which is that of a difference on one bench: errors that all
    nights share are not in it. `statistic` is the share of the limit, `nights` how many nights show the change.
    """

    utc_s: float
    since_utc_s: float
    shift: float
    u_shift: float
    statistic: float
    nights: int


@dataclass(frozen=True)
class Era:
    """A time with one baseline: `mean_j` (J), and, relative, its `u_mean`, the `scatter` of a night and `finds`.

    `finds` is the smallest shift that is found within ten nights in 95 of 100 cases. They are None while there are
    too few nights; `nights` is how many the baseline has, and `until_utc_s` None for the present one.
    """

    from_utc_s: float
    until_utc_s: float | None
    nights: int
    mean_j: float
    u_mean: float | None = None
    scatter: float | None = None
    finds: float | None = None


@dataclass(frozen=True)
class Night:
    """A night on the chart: its value (J) and where that lies, as a share, from the mean of its era.

    `u` is the relative independent standard uncertainty of its value. `statistic` is a share of the limit, with
    the sign of the shift, None where there was nothing to compare with or the bench was out of control. An
    `outlier` lies far off alone: a remark.
    """

    first_utc_s: float
    last_utc_s: float
    points: int
    value_j: float
    deviation: float
    u: float
    era: int
    statistic: float | None
    outlier: bool
    judged: bool


@dataclass(frozen=True)
class SeriesTrust:
    """What one reference tells of its bench; `points` are the measurements, sorted by time."""

    series: str
    state: State
    reason: str
    since_utc_s: float | None
    points: tuple[ReferencePoint, ...]
    nights: tuple[Night, ...]
    eras: tuple[Era, ...]
    alarms: tuple[Alarm, ...]
    remarks: tuple[str, ...]

    @property
    def last_utc_s(self) -> float:
        """Return when the last point was measured, seconds since 1970."""
        return self.points[-1].utc_s


def judge_series(name: str, points: Sequence[ReferencePoint], decisions: Sequence[Decision]) -> SeriesTrust:
    """Return what one or more points of one reference tell, with decisions in force; both are sorted by time."""
    walk = _Walk()
    rest = list(points)
    for decision in decisions:
        before = [point for point in rest if point.utc_s < decision.utc_s]
        rest = rest[len(before) :]
        walk.measure(before)
        walk.decide(decision)
    walk.measure(rest)
    return walk.ended(name, tuple(points))


class _Walk:
    """The way through the facts, in order of time."""

    def __init__(self) -> None:
        self._good: list[NightValue] = []  # of the present era
        self._good_nights: list[list[ReferencePoint]] = []
        self._bad_points: list[ReferencePoint] = []  # since the change that is not yet decided
        self._nights: list[Night] = []
        # Nights of the present era: first and last point, value, and statistic and z where it was judged.
        self._open: list[tuple[float, float, NightValue, tuple[float, float] | None]] = []
        self._eras: list[Era] = []
        self._alarms: list[Alarm] = []
        self._alarm: Alarm | None = None
        self._trusted_s: float | None = None
        self._decided: Decision | None = None
        self._begun_s: float | None = None

    def measure(self, points: Sequence[ReferencePoint]) -> None:
        """Add the points between two decisions."""
        if not points:
            return
        self._begun_s = points[0].utc_s if self._begun_s is None else self._begun_s
        nights = split_nights(points)
        series = series_of(nights)
        whole = series.whole()
        judged = Chart(self._good, series).judge()
        change = judged.change
        good = len(whole) if change is None else change.since
        needed = LEAST_NIGHTS - len(self._good)
        if self._trusted_s is None and 0 < needed <= good:
            self._trusted_s = nights[needed - 1][-1].utc_s
        self._good += whole[:good]
        self._good_nights += nights[:good]
        self._bad_points = [point for night in nights[good:] for point in night]
        tests = zip(judged.statistic.tolist(), judged.z.tolist(), strict=True)
        for night, value, test in zip_longest(nights, whole, tests):
            self._open.append((night[0].utc_s, night[-1].utc_s, value, test))
        if change is not None:
            self._alarm = Alarm(
                nights[change.night][change.point].utc_s,
                nights[change.since][0].utc_s,
                math.expm1(change.shift),
                math.exp(change.shift) * change.u_shift,
                change.statistic,
                change.night - change.since + 1,
            )
            self._alarms.append(self._alarm)

    def decide(self, decision: Decision) -> None:
        """Take a person's word: judge again, by the same baseline or by a new one."""
        self._decided = decision
        self._bad_points, self._alarm = [], None
        if self._trusted_s is not None:
            self._trusted_s = decision.utc_s
        if decision.baseline == "new" and self._begun_s is not None:
            self._close_era(decision.utc_s)
            self._good, self._good_nights, self._trusted_s, self._begun_s = [], [], None, None

    def _close_era(self, until_utc_s: float | None) -> Estimate | None:
        before = Chart(self._good, series_of(())).baseline(len(self._good))
        if before is not None:
            mean = before.mean
        else:
            values = self._good or [value for _, _, value, _ in self._open]
            mean = math.fsum(value.log_value for value in values) / len(values)
        for first_s, last_s, value, test in self._open:
            statistic, z = test if test is not None else (math.nan, math.nan)
            self._nights.append(
                Night(
                    first_utc_s=first_s,
                    last_utc_s=last_s,
                    points=value.points,
                    value_j=math.exp(value.log_value),
                    deviation=math.expm1(value.log_value - mean),
                    u=value.u,
                    era=len(self._eras),
                    statistic=statistic if math.isfinite(statistic) else None,
                    outlier=abs(z) > OUTLIER,
                    judged=test is not None,
                )
            )
        self._open = []
        self._eras.append(
            Era(
                self._begun_s or 0.0,
                until_utc_s,
                min(len(self._good), BASELINE_NIGHTS) if before is None else before.nights,
                math.exp(mean),
                before.u_mean if before else None,
                before.scatter if before else None,
                math.expm1(found_within(before)) if before else None,
            )
        )
        return before

    def ended(self, name: str, points: tuple[ReferencePoint, ...]) -> SeriesTrust:
        """Return the state at the end."""
        good = len(self._good)
        fresh = self._begun_s is None  # a new baseline, and nothing measured since
        before = None if fresh else self._close_era(None)
        said = self._decided
        word = f"; {said.who} on {_day(said.utc_s)}: {said.reason}" if said is not None else ""
        state: State
        since: float | None
        if self._alarm is not None:
            state, since = "out of control", self._alarm.since_utc_s
            lately = [point for night in self._good_nights[-WITHIN_NIGHTS:] for point in night]
            reason = "; ".join([_in_words(self._alarm), *hints(lately, self._bad_points)])
        elif before is None:
            state, since = "not watched", said.utc_s if said is not None else None
            nights = "night" if good == 1 else "nights"
            reason = f"too few: {good} {nights} of {LEAST_NIGHTS} that a baseline needs{word}"
        else:
            state, since = "trusted", self._trusted_s
            finds = math.expm1(found_within(before))
            reason = (
                f"no change in {good} nights; a shift of {percent(finds)} would be found within {WITHIN_NIGHTS} "
                f"nights{word}"
            )
        return SeriesTrust(
            name,
            state,
            reason,
            since,
            points,
            tuple(self._nights),
            tuple(self._eras),
            tuple(self._alarms),
            tuple(self._remarks(before)),
        )

    def _remarks(self, before: Estimate | None) -> list[str]:
        remarks = [
            f"the night of {_day(night.first_utc_s)} lies {percent(night.deviation, sign=True)} off; one night "
            "alone is no change"
            for night in self._nights
            if night.outlier and not any(one.since_utc_s <= night.first_utc_s <= one.utc_s for one in self._alarms)
        ]
        if before is not None:
            finds = math.expm1(found_within(before))
            if finds > SHIFT:
                remarks.append(
                    f"its nights scatter by {percent(before.scatter)}, and its baseline has {before.nights} of "
                    f"them: a shift smaller than {percent(finds)} may stay unnoticed"
                )
        return remarks


def _in_words(alarm: Alarm) -> str:
    nights = "one night" if alarm.nights == 1 else f"{alarm.nights} nights"
    return (
        f"shifted by ({100 * alarm.shift:+.2f} ± {200 * alarm.u_shift:.2f}) % since {_day(alarm.since_utc_s)}, by "
        f"{nights}"
    )


def _day(utc_s: float) -> str:
    return utc_text(round(utc_s * NS_PER_S))[:10]
