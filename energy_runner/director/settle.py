# SPDX-License-Identifier: Apache-2.0
"""Waits around the power-up: for a DUT without power to cool down, and for the voltage of its supply to settle."""

from contextlib import suppress

from energy_runner.director.preparation import Settle
from energy_runner.director.stage import ANSWER_S, Stage
from energy_runner.errors import BenchFault
from energy_runner.session.events import SupplySettled
from instruments.clock import NS_PER_S
from instruments.errors import Refused
from instruments.roles import Supply

LOOK_S = 0.1


def cool_down(stage: Stage) -> None:
    """Wait until the supply has been off for as long as the plan says, by the bench's clock."""
    wanted_s = stage.plan.preparation.cool_down_s
    if wanted_s is None:
        return
    stage.phase("cool down", f"{wanted_s:g} s without power")
    if stage.off_since_ns is not None:
        stage.wait(max(0.0, wanted_s - (stage.clock.now_ns() - stage.off_since_ns) / NS_PER_S))


def check_settling(stage: Stage) -> None:
    """Raise `BenchFault` while the supply is off if the plan waits for a voltage that nobody measures."""
    if stage.plan.preparation.settle is None:
        return
    for rail, (supply, _) in _supplies(stage).items():
        with suppress(Refused):  # some refuse to measure an output that is off
            if supply.measured_voltage_v(stage.deadline(ANSWER_S)) is None:
                raise _cannot_tell(stage, rail)


def settle(stage: Stage, voltage_set_v: float) -> None:
    """Wait until every rail has been near its set voltage for as long as the plan says.

    `voltage_set_v` is that of the only rail. Raises `BenchFault` at the plan's time limit.
    """
    wanted = stage.plan.preparation.settle
    if wanted is None:
        return
    stage.phase("settle", _in_words(wanted))
    began_ns, deadline = stage.clock.now_ns(), stage.deadline(wanted.timeout_s)
    since_ns: int | None = None
    while True:
        readings = _readings(stage, voltage_set_v)
        now_ns = stage.clock.now_ns()
        near = all(abs(now_v - set_v) <= wanted.within_of(set_v) for now_v, set_v in readings.values())
        since_ns = (now_ns if since_ns is None else since_ns) if near else None
        if since_ns is not None and now_ns - since_ns >= wanted.duration_s * NS_PER_S:
            break
        if deadline.expired():
            raise BenchFault(_failure(wanted, readings))
        stage.wait(min(LOOK_S, deadline.remaining_s()))
    for rail, (now_v, set_v) in readings.items():
        stage.recorder.emit(
            SupplySettled(
                t_ns=stage.clock.now_ns(),
                voltage_v=now_v,
                voltage_set_v=set_v,
                within_v=wanted.within_of(set_v),
                waited_s=(now_ns - began_ns) / NS_PER_S,
                rail=rail,
            )
        )


def _supplies(stage: Stage, voltage_set_v: float = 0.0) -> dict[str, tuple[Supply, float]]:
    """Return each rail's supply with the voltage that it has reported as set (V)."""
    bench = stage.bench
    rails = {
        rail.name: (rail.supply, rail.applied.voltage_set_v if rail.applied is not None else voltage_set_v)
        for rail in bench.rails
    }
    return rails or ({"": (bench.supply, voltage_set_v)} if bench.supply is not None else {})


def _readings(stage: Stage, voltage_set_v: float) -> dict[str, tuple[float, float]]:
    found = {}
    for rail, (supply, set_v) in _supplies(stage, voltage_set_v).items():
        now_v = supply.measured_voltage_v(stage.deadline(ANSWER_S))
        if now_v is None:
            raise _cannot_tell(stage, rail)
        found[rail] = now_v, set_v
    return found


def _cannot_tell(stage: Stage, rail: str) -> BenchFault:
    by = next((one.fed_by for one in stage.bench.rails if one.name == rail), stage.bench.players.supply)
    return BenchFault(
        f"the run was to wait until the voltage settles (settle_s), and {by} does not measure its voltage. Try: "
        "without it, or a supply that measures"
    )


def _in_words(wanted: Settle) -> str:
    within = f"{wanted.within_v:g} V" if wanted.within_v is not None else f"{100 * (wanted.within_share or 0):g} %"
    return f"within {within} of the set voltage for {wanted.duration_s:g} s"


def _failure(wanted: Settle, readings: dict[str, tuple[float, float]]) -> str:
    measured = ", ".join(
        f"{f'{rail} ' if rail else ''}{now_v:.5g} V of {set_v:.5g} V" for rail, (now_v, set_v) in readings.items()
    )
    return (
        f"the supply was not {_in_words(wanted)}, waited {wanted.timeout_s:g} s (settle_timeout_s) for it; last "
        f"measured: {measured}. Try: look at its current limit and its wires, or a wider settle_v or settle_share"
    )
