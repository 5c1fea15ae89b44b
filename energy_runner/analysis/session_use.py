# SPDX-License-Identifier: Apache-2.0
"""The use of a DUT whose energy a session measured: its duty cycle, from the score and the idle level."""

import math
from dataclasses import dataclass
from typing import get_args

from energy_runner.analysis.use import Battery, Between, DutyCycle, Quantity, Use, energy_in_use
from energy_runner.errors import Argument, Call, ConfigurationError
from energy_runner.session.folder import Session
from energy_runner.session.result import NetEnergy, Result


@dataclass(frozen=True)
class SessionUse:
    """What a session's energy comes to in use: the duty cycle, the battery if there is one, and the figures.

    `net_energy` is the energy of an inference above the session's idle level; None where the figures do not use
    that level. `valid` and `verdict` say how the session was judged: figures from one that is not valid are not.
    """

    cycle: DutyCycle
    battery: Battery | None
    use: Use
    net_energy: NetEnergy | None = None
    valid: bool = False
    verdict: str = "not judged"


def use_of_session(
    session: Session,
    result: Result,
    *,
    period_s: Quantity,
    between: Between = "idle",
    rest_w: Quantity | None = None,
    boot_j: Quantity | None = None,
    boot_s: Quantity | None = None,
    battery: Battery | None = None,
) -> SessionUse:
    """Return what the session's energy per inference comes to with one inference every `period_s`.

    `result` is the session's, with its verdicts.
    `rest_w` is the power in between; without it that is the session's idle level, or nothing while the DUT is off.
    Raises `ConfigurationError` where the session has no score or no idle level to go by, and for what cannot be.
    """
    if between not in get_args(Between):
        raise ConfigurationError(
            Argument("between", repr(between)), f": is not one of {', '.join(get_args(Between))}"
        )
    inference_j, inference_s, relative_u = measured_inference(session, result)
    cycle = DutyCycle(
        inference_j=inference_j,
        inference_s=inference_s,
        period_s=period_s,
        between=between,
        rest_w=rest_w or _rest_w(session, result, between, inference_j.value / inference_s.value * relative_u),
        boot_j=boot_j or Quantity(0.0),
        boot_s=boot_s or Quantity(0.0),
    )
    by_idle_level = rest_w is None and between == "idle"
    return SessionUse(
        cycle,
        battery,
        energy_in_use(cycle, battery),
        net_energy=result.net_energy_per_inference_j if by_idle_level else None,
        valid=result.valid,
        verdict=result.judged(),
    )


def measured_inference(session: Session, result: Result) -> tuple[Quantity, Quantity, float]:
    """Return energy and duration of one inference as scored, and the relative uncertainty of the energy.

    Raises `ConfigurationError` for a session without a score.
    """
    score, rate = result.energy_per_inference_j, result.throughput_per_s
    if score is None or not rate:
        raise ConfigurationError(
            f"{session.path}: has no score, so there is no energy to go by. Try: ",
            Call("er.check(session)", "energy-runner check SESSION"),
        )
    each = [window.duration_s / window.inferences for window in result.windows if window.duration_s]
    spread = (max(each) - min(each)) / math.sqrt(12) if each else 0.0
    clock_u = result.sample_clock.u if result.sample_clock is not None else 0.0
    duration = Quantity(1 / rate, math.hypot(spread, clock_u / rate))
    return Quantity(score.median, score.u), duration, score.u / score.median


def _rest_w(session: Session, result: Result, between: Between, error_w: float) -> Quantity:
    """Return the power between inferences where none was given: the idle level of the session.

    That is the level while nothing is sent either way. `error_w` is what the uncertainty of the score amounts to
    in power. All of it may be a constant error (an offset of the monitor), which is as large at the idle level; so
    it is not scaled down.
    """
    if between == "off":
        return Quantity(0.0)
    if between == "sleep":
        raise ConfigurationError(
            "a session holds no sleep level, for the benchmark never sleeps. Try: ",
            Argument("rest_w"),
            " with the power asleep",
        )
    levels = result.levels
    if levels is None or levels.idle is None:
        searched = levels.searched if levels is not None else "without a trace"
        raise ConfigurationError(
            f"{session.path}: no idle level {searched}. Try: ",
            Argument("rest_w"),
            " with the power while idle",
        )
    return Quantity(levels.idle.power_w, math.hypot(levels.idle.u_w, error_w))
