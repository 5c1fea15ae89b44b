# SPDX-License-Identifier: Apache-2.0
"""Which errors two sessions have in common, and what a weighted sum of their log energies is uncertain by.

The logarithm of an energy turns ratios into differences and relative errors into additive ones. A mean, a ratio of
two means, or a mean of ratios is then a sum of sessions, each with a weight, and first-order propagation (JCGM
100:2008, 5.2) treats all of them alike. A component of a session's budget is one of three kinds:

- an error of the monitor (`OF_THE_MONITOR`): one and the same in all sessions of that monitor, so that their
  weighted relative contributions are added with their signs before they are squared. A gain, the clock, a voltage
  as set: equal in relative terms, so they cancel fully in a ratio; the voltage only where the same one was set. An
  offset or a latency: equal in absolute terms, so what differs in relative terms remains;
- another error that all windows of a session share (sampling phase, quantisation, temperature, method of
  integration, clock of the IO manager): nobody knows how far it repeats. It counts as the same in all sessions of
  one side on one bench, where it does not average out, and as another one on the other side, where it does not
  cancel: the larger choice in both;
- what each window has of its own: another one in each session. Repeats show it, with everything else that differs
  from run to run.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import fdtrc, stdtrit

from energy_runner.analysis.uncertainty.coverage import PROBABILITY, Distribution, Part
from energy_runner.analysis.uncertainty.ranges import RANGED, one_range
from energy_runner.sweep.rows import PointRow, RowComponent

FloatArray = npt.NDArray[np.float64]
# By how the names of the budget's components begin.
_SET_VOLTAGE = "supply voltage (as set, not measured)"
OF_THE_MONITOR = (
    "gain of the ",
    "offset of the ",
    _SET_VOLTAGE,
    "calibration of the ",
    "voltage across the meter",
    "latency of the edge capture",
    "latency of the trigger",
    "edge-to-sample delay",
)
_CLOCK = "clock of the monitor"  # not the one that a run corrected by its own measurement
RESTLESS = 0.05  # probability below which a setting is taken to scatter more than the others
PLENTY = 1e5  # from here on degrees of freedom count as infinitely many
_SHAPES: dict[str, Distribution] = {"rectangular": "rectangular", "t": "t"}


@dataclass(frozen=True)
class Weighed:
    """A session in a sum: its row, weight and side, and whether the other side is in the same range."""

    row: PointRow
    weight: float
    side: str = ""
    same_range: bool = True


@dataclass
class _Error:
    """One error: the sum of weight times relative contribution over the sessions that share it."""

    sum: float = 0.0
    largest: float = 0.0
    shape: Distribution = "normal"
    dof: float = math.inf
    sides: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Systematic:
    """The errors that repeats do not show: independent parts in relative terms, and what became of each.

    `cancelled` names the components of a monitor that both sides share, `added` those of a monitor that count for
    each side on its own.
    """

    parts: tuple[Part, ...]
    cancelled: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def u(self) -> float:
        """Return their combined standard uncertainty."""
        return math.sqrt(math.fsum(part.u**2 for part in self.parts))


def of_the_monitor(component: RowComponent) -> bool:
    """Return whether a component is an error that all sessions of one monitor share."""
    return component.correlated and (component.name == _CLOCK or component.name.startswith(OF_THE_MONITOR))


def monitor_known(row: PointRow) -> bool:
    """Return whether the row tells which instrument measured: its serial number, not its driver alone."""
    return bool(row.monitor and " " in row.monitor.strip())


def systematic(sessions: Iterable[Weighed]) -> Systematic:
    """Return what shared errors do to the sum of weight times log energy."""
    errors: dict[tuple[str, ...], _Error] = defaultdict(_Error)
    for each in sessions:
        energy_j = each.row.energy_j or math.inf
        for component in _shared(each.row):
            error = errors[_identity(each, component)]
            relative = component.u_j / energy_j
            error.sum += each.weight * relative
            error.largest = max(error.largest, relative)
            error.shape = _SHAPES.get(component.distribution, "normal")
            error.dof = min(error.dof, component.dof or math.inf)
            error.sides.add(each.side)
    cancelled: set[str] = set()
    added: set[str] = set()
    for (kind, name, *_), error in errors.items():
        if kind == "monitor" and error.largest > 0:
            (cancelled if len(error.sides) > 1 else added).add(name)
    parts = tuple(Part(error.shape, abs(error.sum), error.dof) for error in errors.values() if error.sum)
    return Systematic(parts, tuple(sorted(cancelled - added)), tuple(sorted(added)))


def _shared(row: PointRow) -> list[RowComponent]:
    """Return what sessions may share of a row's budget; of one that tells none, its uncertainty as a whole."""
    if not row.components:  # nobody knows which part of it repeats
        return [RowComponent("uncertainty as stated", row.u_j, True, "B")] if row.u_j else []
    return [one for one in row.components if one.correlated]


def relative_contributions(rows: Sequence[PointRow]) -> FloatArray:
    """Return the relative contributions of errors that sessions share: a row a session, a column an error."""
    columns: dict[tuple[str, ...], FloatArray] = defaultdict(lambda: np.zeros(len(rows)))
    for place, row in enumerate(rows):
        for component in _shared(row):
            if row.energy_j:
                columns[_identity(Weighed(row, 1.0), component)][place] += component.u_j / row.energy_j
    return np.column_stack(list(columns.values())) if columns else np.zeros((len(rows), 0))


def _identity(each: Weighed, component: RowComponent) -> tuple[str, ...]:
    """Return the name under which one error is found again in other sessions."""
    row = each.row
    if not of_the_monitor(component):
        return ("other", component.name, each.side, row.bench or "", row.monitor or "")
    if not monitor_known(row):
        return ("monitor", component.name, each.side, row.bench or "", row.monitor or "")
    ranged = component.name.startswith(RANGED) and not each.same_range
    # A supply that was set otherwise is off by another amount.
    set_to = str(row.voltages_v) if component.name.startswith(_SET_VOLTAGE) else ""
    return ("monitor", component.name, row.monitor or "", each.side if ranged else "", set_to)


def same_range(rows: Sequence[PointRow]) -> bool:
    """Return whether the mean powers of sessions are near enough for one range of the monitor, as far as known."""
    powers_w = [row.energy_j / row.latency_s for row in rows if row.energy_j and row.latency_s]
    return one_range(powers_w)


def own_variance(row: PointRow, *, scatter: bool = True) -> float:
    """Return the variance that a session's windows have of their own, in relative terms.

    Without `scatter` it is that of known causes alone: what windows scatter is partly the difference between their
    stimuli, which are the same ones in each session.
    """
    if not row.energy_j:
        return 0.0
    own = (one for one in row.components if not one.correlated and (scatter or one.kind == "B"))
    return math.fsum((one.u_j / row.energy_j) ** 2 for one in own)


@dataclass(frozen=True)
class Scatter:
    """How sessions of the same settings scatter: variance of log energy and degrees of freedom (0: not known)."""

    variance: float = 0.0
    dof: int = 0


def pooled_scatter(groups: Iterable[Sequence[PointRow]]) -> Scatter:
    """Return the scatter within groups of repeats, pooled: at least what known errors of each window explain."""
    squares, dof, own = 0.0, 0, []
    for rows in groups:
        logs = [math.log(row.energy_j) for row in rows if row.energy_j]
        if len(logs) > 1:
            mean = math.fsum(logs) / len(logs)
            squares += math.fsum((value - mean) ** 2 for value in logs)
            dof += len(logs) - 1
            own += [own_variance(row, scatter=False) for row in rows]
    if not dof:
        return Scatter()
    return Scatter(max(squares / dof, math.fsum(own) / len(own)), dof)


def scatters(settings: Sequence[Sequence[Sequence[PointRow]]]) -> tuple[Scatter, list[Scatter | None]]:
    """Return the pooled scatter of settings, each of one or more groups of repeats, and those with their own.

    A setting that scatters more than the rest by an F test has its own: else one that is restless would be judged
    by the quiet of all others. What has none is None. Only one beyond what the largest of so many would be by
    chance leaves the pool, which else would lose its larger half.
    """
    each = [pooled_scatter(groups) for groups in settings]
    own: list[Scatter | None] = [None] * len(each)
    inside = {place for place, one in enumerate(each) if one.dof}
    while True:
        pooled = pooled_scatter(rows for place in sorted(inside) for rows in settings[place])
        chances = {place: _chance(each[place], pooled) for place in inside}
        for place, chance in chances.items():
            own[place] = each[place] if chance < RESTLESS else None
        least = min(chances, key=chances.__getitem__, default=None)
        if least is None or chances[least] * len(inside) >= RESTLESS:
            return pooled, own
        inside.remove(least)


def _chance(one: Scatter, pooled: Scatter) -> float:
    """Return how probable it is that a setting of a pool scatters by so much more than the rest of it."""
    dof = pooled.dof - one.dof
    rest = pooled.variance * pooled.dof - one.variance * one.dof
    if dof < 1 or not one.variance > 0:
        return 1.0
    return float(fdtrc(one.dof, dof, one.variance * dof / rest)) if rest > 0 else 0.0


def degrees(parts: Iterable[Part], u: float) -> float:
    """Return the effective degrees of freedom of parts whose root of the sum of squares is `u`.

    By Welch and Satterthwaite (JCGM 100:2008, G.4).
    """
    if not u > 0:
        return PLENTY
    below = math.fsum((part.u / u) ** 4 / part.dof for part in parts)
    return min(PLENTY, 1.0 / below) if below > 0 else PLENTY


def t_factor(dof: float) -> float:
    """Return the coverage factor for 95 % of a t distribution."""
    return float(stdtrit(dof, (1 + PROBABILITY) / 2))
