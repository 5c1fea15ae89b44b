# SPDX-License-Identifier: Apache-2.0
"""The levels of a session outside its windows, and the energy of an inference above idle."""

import math
from dataclasses import dataclass

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.levels.host_line import host_line
from energy_runner.analysis.levels.idle import PowerLevel, find_idle, find_receive, find_transmit
from energy_runner.analysis.levels.traffic import traffic_of
from energy_runner.analysis.placing.alignment import Alignment
from energy_runner.analysis.uncertainty.coverage import Part, coverage_factor
from energy_runner.analysis.uncertainty.gtc import gtc
from energy_runner.session.folder import Session
from energy_runner.session.result import Finding, LevelResult, Levels, NetEnergy, Score, WindowResult

_ONE_LEVEL = 0.05  # of the level: places that differ more are no drift; real boards drift by 2 % in a run
_PLENTY = 1e5  # degrees of freedom, from which on they count as infinitely many


@dataclass(frozen=True)
class FoundLevels:
    """The levels outside the windows (None where there is no such stretch), and `searched`: by what, in words."""

    idle: PowerLevel | None
    transmit: PowerLevel | None
    receive: PowerLevel | None
    searched: str

    def result(self) -> Levels:
        """Return the levels as they stand in a result."""
        return Levels(
            idle=_result(self.idle),
            transmit=_result(self.transmit),
            receive=_result(self.receive),
            searched=self.searched,
        )

    def findings(self) -> list[Finding]:
        """Return that there is no idle level, or more than one."""
        idle = self.idle
        if idle is None:
            return [Finding(id="no-idle-level", detail="no stable level in 50 ms or more without traffic")]
        if idle.wakes_every_s is not None and idle.asleep_w is not None:
            detail = (
                f"the idle DUT wakes up every {idle.wakes_every_s:.2g} s: {idle.power_w * 1e3:.4g} mW is the mean "
                f"over whole intervals, {idle.asleep_w * 1e3:.4g} mW is drawn between"
            )
            return [Finding(id="idle-wakes", detail=detail)]
        if idle.most_w - idle.least_w <= _ONE_LEVEL * idle.power_w:
            return []
        detail = (
            f"while nothing is sent the DUT draws {idle.least_w * 1e3:.4g} to {idle.most_w * 1e3:.4g} mW in "
            f"{idle.places} places, so it waits in more than one state; {idle.power_w * 1e3:.4g} mW for most of it"
        )
        return [Finding(id="idle-levels-differ", detail=detail)]


def find_levels_outside(session: Session, source: EnergySource, facts: Facts, alignment: Alignment) -> FoundLevels:
    """Return the levels outside the windows of an energy session.

    Raises `SessionError` for a journal that cannot be read.
    """
    traffic = traffic_of(session)
    searched = f"where nothing is sent or received for 50 ms or more, by {traffic.basis}"
    line = host_line(facts, alignment, traffic.resolution_s)
    transmit = find_transmit(source, zip(facts.windows(), alignment.windows, strict=False))
    if line is None:
        return FoundLevels(None, transmit, None, f"{searched}: they cannot be tied to the trace")
    idle = find_idle(source, traffic.quiet, line, traffic.resolution_s)
    return FoundLevels(idle, transmit, find_receive(source, traffic.loads, line, transmit), searched)


def net_energy(windows: list[WindowResult], score: Score | None, idle: PowerLevel | None) -> NetEnergy | None:
    """Return the energy of an inference above idle: the score less the idle power over the same time.

    The monitor may be off at the idle level by as many watts as in the windows, and the two errors are counted as
    independent, although both come from one monitor. That is an upper bound: an offset cancels, and a gain acts on
    the difference alone. Only where the DUT draws more than twice as much at idle would a gain's effect be larger
    than the bound, which grows with it from there on.
    """
    each_s = sorted(one.duration_s / one.inferences for one in windows if one.duration_s)
    if score is None or idle is None or not each_s:
        return None
    duration_s = each_s[len(each_s) // 2]
    tree = gtc()
    inferred = tree.ureal(score.median, score.u, score.dof or math.inf, label="energy of an inference")
    level = tree.ureal(idle.power_w, idle.u_w, idle.dof, label="idle level")
    ratio = idle.power_w * duration_s / score.median
    monitor_u_w = score.u / duration_s * max(1.0, ratio - 1.0)
    monitor = tree.ureal(0.0, monitor_u_w, score.dof or math.inf, label="monitor at the idle level")
    net = inferred - (level + monitor) * duration_s
    u_j = float(tree.uncertainty(net))
    dof = float(tree.dof(net)) if u_j > 0 else math.inf
    many = not dof < _PLENTY
    k = coverage_factor([Part("normal", 1.0) if many else Part("t", 1.0, dof)])
    return NetEnergy(
        value_j=float(tree.value(net)),
        u_j=_twelve(u_j),
        U_j=_twelve(k * u_j),
        k=k,
        dof=None if many else _twelve(dof),
        idle_w=idle.power_w,
        complete=score.complete,
    )


def _result(level: PowerLevel | None) -> LevelResult | None:
    if level is None:
        return None
    return LevelResult(
        power_w=level.power_w,
        u_w=level.u_w,
        total_s=level.total_s,
        places=level.places,
        start_s=level.start_s,
        duration_s=level.duration_s,
    )


def _twelve(number: float) -> float:
    """Return `number` to twelve digits: libraries of different machines differ in the last bits only."""
    return float(f"{number:.12g}")
