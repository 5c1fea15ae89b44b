# SPDX-License-Identifier: Apache-2.0
"""What uhubctl prints: hubs, ports, failures, and what is none of it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.usb_hub.protocol import (
    LOCATION,
    PortStatus,
    failure,
    is_on,
    parse_status,
    power_arguments,
)
from instruments.errors import ProtocolViolation, Refused, Unavailable

HUB = "0424:2514 USB 2.0, 4 ports, ppps"
PRINTED = f"""Current status for hub 1-1.4 [{HUB}]
  Port 2: 0503 power highspeed enable connect [0483:374b STMicroelectronics STM32 STLink 066BFF]
  Port 3: 0100 power
Sent power off request
New status for hub 1-1.4 [{HUB}]
  Port 2: 0000 off
"""


def test_ports_with_what_is_plugged_in():
    found = parse_status(PRINTED)
    probe = "0483:374b STMicroelectronics STM32 STLink 066BFF"
    assert found[0] == PortStatus("1-1.4", HUB, 2, True, probe)
    assert [(one.port, one.on) for one in found] == [(2, True), (3, True), (2, False)]


def test_a_port_is_off_when_it_is_off_in_both_halves_of_the_hub():
    halves = "Current status for hub {} [x USB {}.0]\n  Port 2: {}\n"
    on, off = halves.format("1-1", 2, "0100 power"), halves.format("2-1", 3, "00a0 off")
    assert is_on(parse_status(on + off), 2)
    assert not is_on(parse_status(off), 2)
    with pytest.raises(ProtocolViolation, match="no such port"):
        is_on(parse_status(on), 4)


@pytest.mark.parametrize(
    "text",
    ["  Port 2: 0100 power\n", "usage\n", PRINTED + "?", "Current status for hub 1 [x]\n  Port 2: 0100 connect\n"],
)
def test_what_it_does_not_print(text):
    with pytest.raises(ProtocolViolation):
        parse_status(text)


def test_failures_are_told_apart():
    denied = failure("ask", 1, "There were permission problems while accessing USB.\nTo fix this, run as root")
    assert isinstance(denied, Unavailable)
    assert "udev" in denied.try_this
    assert isinstance(failure("ask", 1, "No compatible devices detected at location 9-9!"), Unavailable)
    assert isinstance(failure("ask", 3, "Unable to parse"), Refused)


@pytest.mark.parametrize("text", ["1-1; rm -rf", "-a", "1-1 -a off", "", "hub", "1-1\n"])
def test_only_locations_reach_the_program(text):
    assert not LOCATION.fullmatch(text)


def test_arguments():
    assert power_arguments("1-1.4", 2, False) == ["-l", "1-1.4", "-p", "2", "-a", "off"]


@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PRINTED.splitlines(keepends=True))).map("".join)))
def test_random_text_is_a_status_or_a_violation(text):
    with contextlib.suppress(ProtocolViolation):
        assert all(isinstance(one, PortStatus) for one in parse_status(text))
