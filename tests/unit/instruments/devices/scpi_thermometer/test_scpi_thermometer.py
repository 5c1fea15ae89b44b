# SPDX-License-Identifier: Apache-2.0
"""A SCPI thermometer: what answers may be, and the driver against its twin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from instruments.clock import VirtualClock
from instruments.devices.scpi_thermometer.driver import Options, ScpiThermometer
from instruments.devices.scpi_thermometer.protocol import parse_reading
from instruments.devices.scpi_thermometer.twin import ACCURACY_K, VirtualScpiThermometer
from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.links.stream_scpi import StreamScpiLink
from instruments.world.cable import CableLink
from instruments.world.world import World


def thermometer(**options):
    clock = VirtualClock()
    twin = VirtualScpiThermometer(World(clock, seed=3))
    link = StreamScpiLink(CableLink("thermometer", clock, twin.port))
    return ScpiThermometer(link, clock, Options(**options)), twin, clock


@pytest.mark.parametrize(
    ("line", "unit", "value"),
    [
        ("+2.31250000E+01", "C", 23.125),
        ("23.125, C", "C", 23.125),
        ("74.3,FAR", "F", 74.3),
        ("-4,0,0", "C", -4.0),
        ("23.5,45", "C", 23.5),
        ("+23,+5", "C", 23.0),
    ],
)
def test_readings(line, unit, value):
    assert parse_reading("ask", line, unit) == (value, unit)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("9.9E37", "no valid reading"),
        ("0.0,OL", "no valid reading"),
        ("-9.9E+37", "no valid reading"),
        ("74.3,F", "is not in C"),
        ("", "no number"),
        ("nan", "no number"),
        ("warm", "no number"),
        ("23,5", "comma"),  # 23.5 °C, or 23 °C and a 5
        ("+2,31250000E+01", "comma"),  # and not 2 °C
        ("23,125,C", "comma"),
    ],
)
def test_what_is_no_reading(line, words):
    with pytest.raises(ProtocolViolation, match=words):
        parse_reading("ask", line, "C")


@given(st.text(max_size=60))
def test_random_answers_are_readings_or_a_violation(line):
    try:
        value, unit = parse_reading("ask", line, "C")
    except ProtocolViolation:
        return
    assert unit == "C"
    assert abs(value) < 1e38


def test_it_reads_the_room_with_its_uncertainty():
    driver, twin, clock = thermometer(accuracy_k=ACCURACY_K)
    identity = driver.open(clock.deadline(2.0))
    assert identity.virtual
    now = driver.read(clock.deadline(2.0))
    assert abs(now.value_c - twin.world.room_c()) <= ACCURACY_K
    assert now.u_k == pytest.approx(0.2 / 3**0.5)


def test_without_a_stated_accuracy_its_uncertainty_is_not_known():
    driver, _, clock = thermometer()
    driver.open(clock.deadline(2.0))
    assert driver.read(clock.deadline(2.0)).u_k is None


def test_fahrenheit_and_kelvin_are_told_from_celsius():
    driver, twin, clock = thermometer(unit="F", query="FETC?")
    driver.open(clock.deadline(2.0))
    twin.world.temperature_c, twin.world.drift_k = 73.4, 0.0
    assert driver.read(clock.deadline(2.0)).value_c == pytest.approx(23.0, abs=0.2)
    kelvin, _, clock = thermometer(unit="K")
    with pytest.raises(ProtocolViolation, match="is no temperature of a bench"):
        kelvin.open(clock.deadline(2.0))


def test_a_query_that_it_does_not_know_is_named_with_its_error():
    driver, _, clock = thermometer(query="READ:TEMP?")
    with pytest.raises(Refused, match=r"-113.*options\.query"):
        driver.open(clock.deadline(4.0))


def test_an_open_probe_and_silence():
    driver, twin, clock = thermometer()
    driver.open(clock.deadline(2.0))
    twin.world.faults.probe_open = True
    with pytest.raises(ProtocolViolation, match="no valid reading"):
        driver.read(clock.deadline(2.0))
    twin.world.faults.silent.add("thermometer")
    with pytest.raises(TimedOut):
        driver.read(clock.deadline(2.0))


@pytest.mark.parametrize("query", ["MEAS:TEMP", "A?\nOUTP ON", "", "?"])
def test_a_query_is_one_line_with_a_question(query):
    with pytest.raises(ValidationError):
        Options(query=query)
