# SPDX-License-Identifier: Apache-2.0
"""A supply over SCPI believes no read-back that is not what it asked for, and no voltage that cannot be."""

import pytest

from instruments.clock import VirtualClock
from instruments.errors import InstrumentError, Refused
from instruments.links.stream_scpi import StreamScpiLink
from instruments.roles import SupplyLimits, SupplySettings
from instruments.scpi.session import ScpiSession
from instruments.scpi.supply import ScpiSupply, SupplyDialect
from instruments.scpi.twin_core import ScpiCore
from instruments.world.cable import CableLink, HostPort
from instruments.world.world import World

DIALECT = SupplyDialect(
    limits=SupplyLimits(0.0, 20.0, 3.0),
    set_up=(("supply", ("VOLT {voltage}", "CURR {limit}")),),
    on="OUTP 1",
    off=(("OUTP 0",), ("OUTP 0",)),
    is_on="OUTP?",
    voltage_set="VOLT?",
    limit_set="CURR?",
    measure="MEAS:VOLT?",
    default_limit_a=0.5,
)


def supply_that_says(clock: VirtualClock, **answers: str) -> ScpiSupply:
    """Return a supply that takes every setting, and answers what it is told to answer."""
    said = {"VOLT": "3.0", "CURR": "0.5", "MEAS": "0.0", "OUTP": "0"} | answers
    handlers = {"VOLTage": lambda call: None, "CURRent": lambda call: None, "OUTPut": lambda call: None}
    queries = {"VOLTage?": "VOLT", "CURRent?": "CURR", "OUTPut?": "OUTP", "MEASure:VOLTage?": "MEAS"}
    core = ScpiCore(
        handlers | {query: lambda call, key=key: said[key] for query, key in queries.items()},
        lambda command: False,
    )
    port = HostPort(World(clock), "monitor", lambda data: port.emit(core.feed(data)))
    link = StreamScpiLink(CableLink("psu", clock, port))
    link.open(clock.deadline(1.0))
    return ScpiSupply(ScpiSession(link, "psu"), link, clock, DIALECT)


@pytest.mark.parametrize("answer", ["3.0054", "2.9946", "+3.000000E+00"])
def test_a_voltage_that_the_supply_rounds_to_its_steps_is_told_as_it_is(answer: str) -> None:
    clock = VirtualClock()
    applied = supply_that_says(clock, VOLT=answer).configure(SupplySettings(3.0), clock.deadline(5.0))
    assert applied.voltage_set_v == float(answer)
    assert applied.current_limit_a == 0.5


@pytest.mark.parametrize("answer", ["0.0", "5.0", "20", "2.9", "-3.0", "9.9E37", "9.91E37", "3.1"])
def test_another_voltage_than_was_asked_for_stops_the_run(answer: str) -> None:
    clock = VirtualClock()
    supply = supply_that_says(clock, VOLT=answer)
    with pytest.raises(Refused, match=r"set 3: psu answers .* to VOLT\?"):
        supply.configure(SupplySettings(3.0), clock.deadline(5.0))
    assert supply.voltage_set_v == 0.0  # and half of it is no level below which a supply is off


@pytest.mark.parametrize("answer", ["0.1", "3.0", "0", "9.9E37", "-0.01"])
def test_another_current_limit_than_was_asked_for_stops_the_run(answer: str) -> None:
    clock = VirtualClock()
    with pytest.raises(Refused, match=r"set 0.01: psu answers .* to CURR\?"):
        supply_that_says(clock, CURR=answer).configure(SupplySettings(3.0, 0.01), clock.deadline(5.0))


@pytest.mark.parametrize("answer", ["3.0", "-3.0", "9.9E37", "-9.9E37", "9.91E37", "NAN"])
def test_off_is_not_confirmed_by_a_voltage_that_has_not_fallen_or_cannot_be(answer: str) -> None:
    clock = VirtualClock()
    supply = supply_that_says(clock, MEAS=answer)
    supply.configure(SupplySettings(3.0), clock.deadline(5.0))
    with pytest.raises(InstrumentError, match="switch the supply off, 2 times"):
        supply.off(clock.deadline(5.0))


def test_off_is_confirmed_by_a_voltage_near_zero_of_either_sign() -> None:
    clock = VirtualClock()
    for answer in ("0.02", "-0.02"):
        supply_that_says(clock, MEAS=answer).off(clock.deadline(5.0))
