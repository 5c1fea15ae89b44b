# SPDX-License-Identifier: Apache-2.0
"""A hub against its twin, and against a program that stands for uhubctl."""

import sys
from pathlib import Path

import pytest

from instruments.clock import RealClock, VirtualClock
from instruments.devices.usb_hub import driver
from instruments.devices.usb_hub.driver import Options, UsbHub
from instruments.devices.usb_hub.twin import VirtualUsbHub
from instruments.errors import Refused, TimedOut, Unavailable
from instruments.links.vendor import VendorLink
from instruments.world.library import LibraryLink
from instruments.world.world import World

# Keeps the state of port 2 in a file beside it.
PROGRAM = """#!{python}
import pathlib, subprocess, sys, time
state = pathlib.Path(__file__).with_name("state")
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
if given["-l"] != "1-1.4":
    print("No compatible devices detected at location", given["-l"] + "!", file=sys.stderr)
    sys.exit(1)
if "-a" in given:
    state.write_text(given["-a"])
    print("Sent power", given["-a"], "request")
if state.exists() and state.read_text() == "hang":
    time.sleep(60)
if state.exists() and state.read_text() == "fork":  # killed, it leaves a child that holds its output
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(8)"])
    time.sleep(60)
on = not state.exists() or state.read_text() == "on"
print("Current status for hub 1-1.4 [0424:2514 USB 2.0, 4 ports, ppps]")
print("  Port 2:", "0100 power" if on else "0000 off")
"""


def hub(port: int = 1):
    clock = VirtualClock()
    twin = VirtualUsbHub(World(clock), "hub")
    return UsbHub(LibraryLink("hub", clock, twin.port), clock, Options(hub_port=port)), twin, clock


@pytest.fixture
def program(tmp_path: Path, monkeypatch):
    """Put a program called uhubctl into the path."""
    file = tmp_path / "uhubctl"
    file.write_text(PROGRAM.format(python=sys.executable), "utf-8")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_the_twin_is_asked_and_turned():
    switch, twin, clock = hub()
    identity = switch.open(clock.deadline(5.0))
    assert identity.virtual
    assert dict(identity.detail)["plugged in"] == "0483:374b STMicroelectronics STM32 STLink TWIN"
    switch.turn(False, clock.deadline(5.0))
    assert twin.on == {1: False, 2: True, 3: True, 4: True}
    assert switch.is_on(clock.deadline(5.0)) is False


def test_a_port_that_the_hub_has_not():
    switch, _, clock = hub(9)
    with pytest.raises(Unavailable, match="no hub that switches single ports"):
        switch.open(clock.deadline(5.0))


def test_a_hub_that_refuses_and_one_that_lies():
    switch, twin, clock = hub()
    switch.open(clock.deadline(5.0))
    twin.world.faults.refuse = {"hub off"}
    with pytest.raises(Refused, match="Failed to control port power"):
        switch.turn(False, clock.deadline(5.0))
    twin.world.faults.refuse = set()
    twin.world.faults.switch_stays_on = True
    with pytest.raises(Refused, match="says that it is on"):
        switch.turn(False, clock.deadline(5.0))


def test_the_program_is_run(program):
    clock = RealClock()
    switch = UsbHub(VendorLink("hub", "1-1.4"), clock, Options(hub_port=2))
    assert switch.open(clock.deadline(10.0)).model.startswith("0424:2514")
    switch.turn(False, clock.deadline(10.0))
    assert (program / "state").read_text() == "off"
    assert switch.is_on(clock.deadline(10.0)) is False
    switch.turn(True, clock.deadline(10.0))
    assert switch.is_on(clock.deadline(10.0)) is True


def test_a_program_that_hangs_is_killed_and_the_bench_looked_after(program):
    clock = RealClock()
    switch = UsbHub(VendorLink("hub", "1-1.4"), clock, Options(hub_port=2))
    switch.open(clock.deadline(10.0))
    (program / "state").write_text("hang")
    calls = []
    switch.while_waiting = lambda: calls.append(1)
    began_ns = clock.now_ns()
    with pytest.raises(TimedOut, match="did not end within"):
        switch.is_on(clock.deadline(0.5))
    assert clock.now_ns() - began_ns < 5_000_000_000
    assert len(calls) > 3


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("state", ["hang", "fork"])
def test_what_is_looked_after_meanwhile_does_not_prolong_the_wait(program, state):
    clock = RealClock()
    switch = UsbHub(VendorLink("hub", "1-1.4"), clock, Options(hub_port=2))
    switch.open(clock.deadline(10.0))
    (program / "state").write_text(state)
    calls = []
    switch.while_waiting = lambda: calls.append(clock.sleep(0.4))
    with pytest.raises(TimedOut, match="did not end within"):
        switch.is_on(clock.deadline(1.0))
    assert len(calls) <= 3  # and not one for each twentieth of a second


def test_a_hub_that_is_not_there(program):
    clock = RealClock()
    with pytest.raises(Unavailable, match="no hub that switches single ports"):
        UsbHub(VendorLink("hub", "3-2"), clock, Options()).open(clock.deadline(10.0))


def test_a_program_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(driver.shutil, "which", lambda name: None)
    clock = RealClock()
    with pytest.raises(Unavailable, match="uhubctl is not installed"):
        UsbHub(VendorLink("hub", "1-1"), clock, Options()).open(clock.deadline(1.0))


@pytest.mark.parametrize("address", ["-a off", "1-1 -a off", "the hub"])
def test_no_other_argument_gets_through(address, program):
    clock = RealClock()
    with pytest.raises(Refused, match="is no location of a hub"):
        UsbHub(VendorLink("hub", address), clock, Options()).open(clock.deadline(1.0))
    assert not (program / "state").exists()
