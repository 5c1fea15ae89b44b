# SPDX-License-Identifier: Apache-2.0
"""The files in which the Linux kernel shows temperatures, and what stands in them.

hwmon: a folder `/sys/class/hwmon/hwmonN` has a file `name`, and for each sensor `tempK_input` in thousandths of a
degree Celsius, perhaps `tempK_label`, and `tempK_fault`, which is 1 when the sensor is broken. The number N may
change from boot to boot, the name does not.
iio: a folder `/sys/bus/iio/devices/iio:deviceN` has `name`, and either `in_temp_input` in thousandths of a degree,
or `in_temp_raw`, to which `in_temp_offset` is added before it is multiplied by `in_temp_scale`.

Source: Linux kernel, Documentation/hwmon/sysfs-interface.rst ("temp[1-*]_input", "_label", "_fault") and
Documentation/ABI/testing/sysfs-bus-iio ("in_tempY_input", "_raw", "_offset", "_scale").
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from instruments.errors import ProtocolViolation, Refused, shown
from instruments.thermometry import NUMBER

FOLDERS = {"hwmon": "/sys/class/hwmon", "iio": "/sys/bus/iio/devices"}
FORM = "vendor:hwmon:NAME, vendor:hwmon:NAME:LABEL or vendor:iio:NAME"
_INPUT = re.compile(r"temp(\d{1,3})_input")


@dataclass(frozen=True)
class Place:
    """Where a sensor is: the kernel's subsystem, its chip's name, and its label (hwmon; "" for the only one)."""

    subsystem: str
    name: str
    label: str = ""


def parse_place(text: str) -> Place:
    """Return the place in an address; raise `Refused` for one that names none."""
    subsystem, _, rest = text.partition(":")
    name, _, label = rest.partition(":")
    if subsystem not in FOLDERS or not name or (label and subsystem != "hwmon"):
        raise Refused(f"find the sensor '{text}'", "that is no address of one", FORM)
    return Place(subsystem, name, label)


def hwmon_inputs(files: Collection[str]) -> list[str]:
    """Return the sensors of a chip, `temp1`, `temp2`..., by the names of its files."""
    found = (_INPUT.fullmatch(one) for one in files)
    return [f"temp{number}" for number in sorted(int(one[1]) for one in found if one is not None)]


def parse_number(file: str, text: str) -> float:
    """Return the number in a file; raise `ProtocolViolation` if it holds something else."""
    if not NUMBER.fullmatch(text.strip()):
        raise ProtocolViolation(f"read {file}", f"{shown(text)} is no number", "look at the file")
    return float(text)


def celsius(millidegrees: float) -> float:
    """Return thousandths of a degree in °C."""
    return millidegrees / 1000.0


def scaled(raw: float, offset: float, scale: float) -> float:
    """Return the thousandths of a degree that a raw reading of iio stands for."""
    return (raw + offset) * scale
