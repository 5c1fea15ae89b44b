# SPDX-License-Identifier: Apache-2.0
"""A Numato module against its twin."""

import pytest

from instruments.clock import VirtualClock
from instruments.devices.relay_numato.driver import NumatoRelay, Options
from instruments.devices.relay_numato.twin import VirtualNumatoRelay
from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.world.cable import CableLink
from instruments.world.world import World


def module(**options):
    clock = VirtualClock()
    twin = VirtualNumatoRelay(World(clock, seed=7), "relay")
    return NumatoRelay(CableLink("relay", clock, twin.port), clock, Options(**options)), twin, clock


def test_it_says_who_it_is_and_turns_its_own_relay():
    relay, twin, clock = module(relay=1)
    identity = relay.open(clock.deadline(2.0))
    assert (identity.make, identity.serial, identity.firmware) == ("Numato Lab", "TWIN0007", "A0M08.01")
    relay.turn(False, clock.deadline(1.0))
    assert twin.on == {"0": True, "1": False}
    assert relay.is_on(clock.deadline(1.0)) is False


def test_half_a_command_of_somebody_else_is_cleared_away():
    relay, twin, clock = module()
    twin.port.open()
    twin.port.receive(b"relay of")
    relay.open(clock.deadline(2.0))
    relay.turn(False, clock.deadline(1.0))
    assert twin.on["0"] is False


def test_after_a_lost_answer_it_is_in_step_again():
    relay, twin, clock = module()
    relay.open(clock.deadline(2.0))
    twin.world.faults.silent.add("relay")
    with pytest.raises(TimedOut, match="relay read 0"):
        relay.is_on(clock.deadline(1.0))
    twin.world.faults.silent.clear()
    twin.port.emit(b"relay read 0\n\roff\n\r>")  # the late answer
    assert relay.is_on(clock.deadline(1.0)) is True


def test_another_echo_is_another_devices():
    relay, twin, clock = module()
    relay.open(clock.deadline(2.0))
    twin.world.faults.corrupt["relay>host"] = lambda data: data.replace(b"read", b"reed")
    with pytest.raises(ProtocolViolation, match="the echo is"):
        relay.is_on(clock.deadline(1.0))


def test_a_relay_that_the_module_has_not():
    relay, _, clock = module(relay=9)
    with pytest.raises(ProtocolViolation, match="neither"):
        relay.open(clock.deadline(2.0))


def test_a_relay_that_stays_on_is_noticed():
    relay, twin, clock = module()
    relay.open(clock.deadline(2.0))
    twin.world.faults.refuse = {"relay off"}
    with pytest.raises(Refused, match="reads back as on"):
        relay.turn(False, clock.deadline(1.0))
