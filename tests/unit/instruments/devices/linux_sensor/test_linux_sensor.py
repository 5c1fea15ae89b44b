# SPDX-License-Identifier: Apache-2.0
"""The kernel's sensors: addresses, files, the twin, and files in a folder in the place of the kernel's."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import RealClock, VirtualClock
from instruments.devices.linux_sensor import protocol
from instruments.devices.linux_sensor.driver import LinuxSensor, Options, Sysfs
from instruments.devices.linux_sensor.protocol import Place, hwmon_inputs, parse_number, parse_place, scaled
from instruments.devices.linux_sensor.twin import CHIP_K, IIO_K, VirtualLinuxSensor
from instruments.errors import ProtocolViolation, Refused, Unavailable
from instruments.links.vendor import VendorLink
from instruments.world.library import LibraryLink
from instruments.world.world import World


def on_twin(address="hwmon:tmp102"):
    clock = VirtualClock()
    twin = VirtualLinuxSensor(World(clock, seed=3))
    twin.port.address = address
    return LinuxSensor(LibraryLink("sensor", clock, twin.port), clock, Options(accuracy_k=1.0)), twin, clock


@pytest.fixture
def files(tmp_path: Path, monkeypatch):
    """Put a folder in the place of the kernel's."""
    monkeypatch.setitem(protocol.FOLDERS, "hwmon", str(tmp_path / "hwmon"))
    monkeypatch.setitem(protocol.FOLDERS, "iio", str(tmp_path / "iio"))

    def write(**texts: str) -> None:
        for place, text in texts.items():
            file = tmp_path / place.replace("__", "/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{text}\n", "ascii")

    return write


def sensor(address: str) -> tuple[LinuxSensor, RealClock]:
    clock = RealClock()
    return LinuxSensor(VendorLink("sensor", address), clock), clock


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("hwmon:tmp102", Place("hwmon", "tmp102")),
        ("hwmon:coretemp:Package id 0", Place("hwmon", "coretemp", "Package id 0")),
        ("iio:bme280", Place("iio", "bme280")),
    ],
)
def test_addresses(text, place):
    assert parse_place(text) == place


@pytest.mark.parametrize("text", ["", "hwmon:", "tmp102", "iio:bme280:label", "proc:version"])
def test_what_names_no_sensor(text):
    with pytest.raises(Refused, match="no address"):
        parse_place(text)


def test_numbers_of_the_abi():
    assert hwmon_inputs(["temp10_input", "temp2_input", "temp2_label", "in0_input", "temp_input"]) == [
        "temp2",
        "temp10",
    ]
    assert scaled(2300.0, -40.0, 10.0) == 22600.0
    with pytest.raises(ProtocolViolation, match="no number"):
        parse_number("temp1_input", "")


@given(st.text(max_size=40))
def test_random_text_is_a_number_or_a_violation(text):
    try:
        assert isinstance(parse_number("file", text), float)
    except ProtocolViolation:
        assert not text.strip().isdecimal() or not text.isascii()


@pytest.mark.parametrize(("address", "limit_k"), [("hwmon:tmp102", CHIP_K), ("iio:bme280", IIO_K)])
def test_the_twins_sensors(address, limit_k):
    driver, twin, clock = on_twin(address)
    driver.open(clock.deadline(2.0))
    now = driver.read(clock.deadline(2.0))
    assert abs(now.value_c - twin.world.room_c()) <= limit_k + 0.07
    assert now.u_k == pytest.approx(1.0 / 3**0.5)


def test_one_of_several_is_chosen_by_its_label():
    driver, _, clock = on_twin("hwmon:coretemp:Core 0")
    assert dict(driver.open(clock.deadline(2.0)).detail)["folder"] == "/sys/class/hwmon/hwmon0"
    with pytest.raises(Refused, match="Package id 0, Core 0"):
        on_twin("hwmon:coretemp")[0].open(clock.deadline(2.0))
    with pytest.raises(Unavailable, match="there is: coretemp, tmp102"):
        on_twin("hwmon:tmp1")[0].open(clock.deadline(2.0))


def test_a_chip_that_does_not_answer():
    driver, twin, clock = on_twin()
    driver.open(clock.deadline(2.0))
    twin.world.faults.probe_open = True
    with pytest.raises(Unavailable, match="Remote I/O error"):
        driver.read(clock.deadline(2.0))


def test_files_are_read(files):
    files(hwmon__hwmon3__name="tmp102", hwmon__hwmon3__temp1_input="23062", iio__iio1__name="bme280")
    driver, clock = sensor("hwmon:tmp102")
    driver.open(clock.deadline(2.0))
    assert driver.read(clock.deadline(2.0)).value_c == 23.062
    files(hwmon__hwmon3__temp1_input="-4500")
    assert driver.read(clock.deadline(2.0)).value_c == -4.5
    files(hwmon__hwmon3__temp1_input="250000")
    with pytest.raises(ProtocolViolation, match="no temperature of a bench"):
        driver.read(clock.deadline(2.0))


def test_a_sensor_that_the_kernel_calls_broken(files):
    files(hwmon__hwmon0__name="lm75", hwmon__hwmon0__temp1_input="0", hwmon__hwmon0__temp1_fault="1")
    driver, clock = sensor("hwmon:lm75")
    with pytest.raises(ProtocolViolation, match="broken"):
        driver.open(clock.deadline(2.0))


def test_two_chips_of_one_name(files):
    files(hwmon__hwmon0__name="tmp102", hwmon__hwmon1__name="tmp102")
    driver, clock = sensor("hwmon:tmp102")
    with pytest.raises(Refused, match="there are 2"):
        driver.open(clock.deadline(2.0))


def test_a_computer_without_such_files(files):
    driver, clock = sensor("iio:bme280")
    with pytest.raises(Unavailable, match="is this Linux"):
        driver.open(clock.deadline(2.0))


def test_a_one_wire_probe_that_has_not_measured_yet(files):
    files(hwmon__hwmon0__name="w1_slave_temp", hwmon__hwmon0__temp1_input="85000")
    driver, clock = sensor("hwmon:w1_slave_temp")
    with pytest.raises(ProtocolViolation, match="has not measured yet"):
        driver.open(clock.deadline(2.0))
    files(hwmon__hwmon1__name="lm75", hwmon__hwmon1__temp1_input="85000")  # in an oven
    driver, clock = sensor("hwmon:lm75")
    driver.open(clock.deadline(2.0))
    assert driver.read(clock.deadline(2.0)).value_c == 85.0


def test_files_that_vanish_are_said_without_python(files, tmp_path, monkeypatch):
    files(hwmon__hwmon0__name="tmp102", hwmon__hwmon0__temp1_input="23062")
    files(hwmon__hwmon1__name="other")
    text = Sysfs.text

    def vanishing(self, file, timeout_s):
        return text(self, f"{file}/gone" if "hwmon1" in file else file, timeout_s)

    monkeypatch.setattr(Sysfs, "text", vanishing)
    driver, clock = sensor("hwmon:tmp102")
    driver.open(clock.deadline(2.0))  # another chip may go meanwhile
    (tmp_path / "hwmon" / "hwmon0" / "temp1_input").unlink()
    with pytest.raises(Unavailable, match=r"No such file or directory \(.*temp1_input\)") as caught:
        driver.read(clock.deadline(2.0))
    assert "Error" not in str(caught.value)
    assert "Errno" not in str(caught.value)
