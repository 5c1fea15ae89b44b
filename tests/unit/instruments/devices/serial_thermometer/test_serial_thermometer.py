# SPDX-License-Identifier: Apache-2.0
"""Lines with temperatures, whole and cut anywhere, and the driver against its twin."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from instruments.clock import VirtualClock
from instruments.devices.serial_thermometer.driver import Options, SerialThermometer
from instruments.devices.serial_thermometer.protocol import ANY_NUMBER, Reading
from instruments.devices.serial_thermometer.readings import Readings
from instruments.devices.serial_thermometer.twin import VirtualSerialThermometer
from instruments.errors import ProtocolViolation, TimedOut
from instruments.world.cable import CableLink
from instruments.world.world import World

LINES = b"T=23.06\r\n# probe 28-0316\r\nT=-4.5\r\n"


def probe(**options):
    clock = VirtualClock()
    twin = VirtualSerialThermometer(World(clock, seed=3))
    twin.world.drift_k = 0.0
    return SerialThermometer(CableLink("probe", clock, twin.port), clock, Options(**options)), twin, clock


def fed(pieces, pattern=r"T=(\S+)", *, mid_line=False):
    readings = Readings(pattern)
    readings.clear(mid_line=mid_line)
    return [one for piece in pieces for one in readings.feed(piece)]


def test_readings_whole_and_cut_anywhere():
    wanted = [Reading(23.06, "T=23.06"), Reading(-4.5, "T=-4.5")]
    assert fed([LINES]) == wanted
    assert all(fed([LINES[:cut], LINES[cut:]]) == wanted for cut in range(len(LINES) + 1))


def test_the_rest_of_a_line_is_no_temperature():
    """The port was opened in the middle of `T=23.06`: 3.06 °C was never printed."""
    for cut in range(len(b"T=23.06\r\n")):
        found = fed([LINES[cut:]], ANY_NUMBER, mid_line=True)
        assert Reading(3.06, "3.06") not in found
        assert found[-1] == Reading(-4.5, "T=-4.5")


@pytest.mark.parametrize("line", [b"T=\r\n", b"T=nan\r\n", b"T=1e9999\r\n", b"hello\r\n", b"\r\n"])
def test_lines_without_a_number_are_passed_over(line):
    assert fed([line]) == []


@given(st.lists(st.one_of(st.binary(max_size=300), st.just(LINES)), max_size=6))
def test_random_bytes_are_readings_or_a_violation(pieces):
    readings = Readings(ANY_NUMBER)
    for piece in pieces:
        try:
            assert all(isinstance(one, Reading) for one in readings.feed(piece))
        except ProtocolViolation:
            continue


def test_it_reads_what_is_printed():
    driver, twin, clock = probe(accuracy_k=0.5)
    driver.open(clock.deadline(5.0))
    now = driver.read(clock.deadline(5.0))
    assert abs(now.value_c - twin.world.room_c()) <= 0.5 + 1 / 32
    assert now.u_k == pytest.approx(0.5 / 3**0.5)


@pytest.mark.parametrize("unread_s", [0.0, 5.0, 120.0, 4000.0])
def test_a_reading_is_never_an_old_one(unread_s):
    """After an hour unread the oldest lines fill the system's buffer, and what is newest is lost."""
    driver, twin, clock = probe()
    driver.open(clock.deadline(5.0))
    first = driver.read(clock.deadline(5.0)).value_c
    clock.sleep(unread_s)
    twin.world.temperature_c += 10.0
    clock.sleep(1.0)
    assert driver.read(clock.deadline(5.0)).value_c == pytest.approx(first + 10.0, abs=0.2)


def test_it_waits_for_nothing_newer_than_three_seconds():
    driver, _, clock = probe()
    driver.open(clock.deadline(5.0))
    began_ns = clock.now_ns()
    first = driver.read(clock.deadline(5.0))
    assert driver.read(clock.deadline(5.0)) == first
    assert clock.now_ns() == began_ns


def test_an_old_reading_is_not_given_for_a_new_one():
    driver, twin, clock = probe()
    driver.open(clock.deadline(5.0))
    twin.world.faults.refuse = {"line"}
    clock.sleep(3.5)
    with pytest.raises(TimedOut):
        driver.read(clock.deadline(2.0))


def test_readings_differ_as_the_room_does():
    driver, twin, clock = probe()
    driver.open(clock.deadline(5.0))
    found = []
    for _ in range(5):
        twin.world.temperature_c += 1.0
        clock.sleep(1.0)
        found.append(driver.read(clock.deadline(5.0)).value_c)
    assert all(after - before == pytest.approx(1.0, abs=0.2) for before, after in pairwise(found))


def test_a_probe_that_is_not_there_or_has_not_measured():
    driver, twin, clock = probe()
    driver.open(clock.deadline(5.0))
    twin.world.faults.probe_open = True
    clock.sleep(2.0)
    with pytest.raises(ProtocolViolation, match="the probe is not there"):
        driver.read(clock.deadline(5.0))
    twin.port.emit(b"T=85.00\r\n")
    with pytest.raises(ProtocolViolation, match="has not measured yet"):
        driver.read(clock.deadline(5.0))


def test_a_board_that_prints_nothing_useful():
    driver, _, clock = probe(pattern=r"temperature (\d+)")
    with pytest.raises(TimedOut, match=r"options\.pattern"):
        driver.open(clock.deadline(5.0))


def test_one_that_answers_requests():
    driver, twin, clock = probe(request="?")
    twin._print_after = lambda opened: None
    twin.port._on_receive = lambda data: twin.port.emit(b"22.5 C\r\n" if data == b"?\r\n" else b"what?\r\n")
    driver.open(clock.deadline(5.0))
    assert driver.read(clock.deadline(5.0)).value_c == 22.5


@pytest.mark.parametrize("pattern", ["(", r"\d+", r"(\d)(\d)", "x" * 201])
def test_a_pattern_has_one_group(pattern):
    with pytest.raises(ValidationError):
        Options(pattern=pattern)


@pytest.mark.parametrize("pattern", [ANY_NUMBER, r"T=([-0-9.]+)"])
def test_a_decimal_comma_is_not_cut_off(pattern):
    """23.06 °C would be read as 23 °C, with the accuracy of the probe."""
    with pytest.raises(ProtocolViolation, match=r"comma .*options\.pattern"):
        fed([b"T=23,06 C\r\n"], pattern)


@pytest.mark.parametrize(
    ("line", "pattern"), [(b"T=23, H=45\n", ANY_NUMBER), (b"23,45\n", r"([0-9]+),"), (b"23.0,45\n", ANY_NUMBER)]
)
def test_a_comma_that_is_known_to_separate_is_none_of_the_number(line, pattern):
    assert [one.value for one in fed([line], pattern)] == [23.0]
