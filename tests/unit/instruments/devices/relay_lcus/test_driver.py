# SPDX-License-Identifier: Apache-2.0
"""An LCUS board against its twin: each way of reading back, and a board that has none."""

import pytest

from instruments.clock import VirtualClock
from instruments.devices.relay_lcus.driver import LcusRelay, Options
from instruments.devices.relay_lcus.twin import VirtualLcusRelay
from instruments.errors import ProtocolViolation, Refused, TimedOut, Unavailable
from instruments.world.cable import CableLink
from instruments.world.world import World


def board(**options):
    clock = VirtualClock()
    twin = VirtualLcusRelay(World(clock), "relay")
    return LcusRelay(CableLink("relay", clock, twin.port), clock, Options(**options)), twin, clock


@pytest.mark.parametrize("read_back", ["words", "frame"])
@pytest.mark.parametrize("channel", [1, 2])
def test_it_turns_its_own_relay_and_no_other(read_back, channel):
    relay, twin, clock = board(read_back=read_back, channel=channel)
    assert dict(relay.open(clock.deadline(1.0)).detail) == {"relay": "closed"}
    relay.turn(False, clock.deadline(1.0))
    assert twin.closed == {1: channel != 1, 2: channel != 2}
    assert relay.is_on(clock.deadline(1.0)) is False
    relay.turn(True, clock.deadline(1.0))
    assert twin.closed == {1: True, 2: True}


def test_the_other_contact_is_closed_at_rest():
    relay, twin, clock = board(normally_closed=True)
    relay.open(clock.deadline(1.0))
    assert relay.is_on(clock.deadline(1.0)) is False
    relay.turn(True, clock.deadline(1.0))
    assert twin.closed[1] is False


def test_a_board_that_tells_nothing_is_turned_and_not_believed():
    relay, twin, clock = board(read_back="none")
    twin.world.faults.silent.add("relay")  # as most LCUS-1
    relay.open(clock.deadline(1.0))
    relay.turn(False, clock.deadline(1.0))
    assert twin.closed[1] is False
    assert relay.is_on(clock.deadline(1.0)) is None


def test_a_board_that_tells_nothing_and_should_is_named_with_the_remedy():
    relay, twin, clock = board()
    twin.world.faults.silent.add("relay")
    with pytest.raises(TimedOut, match="read_back = 'none'"):
        relay.open(clock.deadline(1.0))


def test_a_relay_that_the_board_has_not():
    relay, _, clock = board(channel=5)
    with pytest.raises(TimedOut, match="number of relays"):
        relay.open(clock.deadline(1.0))


@pytest.mark.parametrize("fault", ["switch_stays_on", "refuse"])
def test_a_relay_that_stays_closed_is_noticed(fault):
    relay, twin, clock = board()
    relay.open(clock.deadline(1.0))
    setattr(twin.world.faults, fault, True if fault == "switch_stays_on" else {"relay 0"})
    with pytest.raises(Refused, match="reads back as closed"):
        relay.turn(False, clock.deadline(1.0))


def test_a_late_answer_is_not_taken_for_the_next():
    relay, twin, clock = board()
    relay.open(clock.deadline(1.0))
    twin.port.emit(b"CH1:OFF\r\n")  # somebody asked before
    assert relay.is_on(clock.deadline(1.0)) is True


def test_noise_and_a_pulled_cable():
    relay, twin, clock = board()
    relay.open(clock.deadline(1.0))
    twin.world.faults.corrupt["relay>host"] = lambda data: b"?" + data
    with pytest.raises(ProtocolViolation):
        relay.is_on(clock.deadline(1.0))
    twin.world.faults.unplugged.add("relay")
    with pytest.raises(Unavailable):
        relay.turn(False, clock.deadline(1.0))


def test_the_rest_of_the_bench_is_looked_after_while_it_waits():
    relay, twin, clock = board()
    relay.open(clock.deadline(1.0))
    calls = []
    relay.while_waiting = lambda: calls.append(clock.now_ns())
    twin.world.faults.silent.add("relay")
    with pytest.raises(TimedOut):
        relay.is_on(clock.deadline(1.0))
    assert len(calls) > 40
