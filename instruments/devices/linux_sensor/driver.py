# SPDX-License-Identifier: Apache-2.0
"""A temperature sensor that the Linux kernel reads: hwmon (a TMP102 on I2C, say) or iio (a BME280).

Its port in a bench file names the chip, not its number: `vendor:hwmon:tmp102`, `vendor:hwmon:NAME:LABEL` or
`vendor:iio:bme280`. Sensors inside the computer's processor show that processor's temperature, not the bench's.
"""

from contextlib import suppress
from pathlib import Path

from instruments.clock import Clock, Deadline
from instruments.devices.linux_sensor.protocol import (
    FOLDERS,
    Place,
    celsius,
    hwmon_inputs,
    parse_number,
    parse_place,
    scaled,
)
from instruments.errors import ProtocolViolation, Refused, Unavailable
from instruments.links.vendor import VendorLink
from instruments.roles import Identity, Instrument, Temperature, Thermometer
from instruments.thermometry import ThermometerOptions, check_probe, checked

_LONGEST_FILE = 200


class Options(ThermometerOptions):
    """Options of a sensor: those of every thermometer."""


class Sysfs:
    """The kernel's files. Reading one asks the sensor, which takes milliseconds."""

    def __init__(self, address: str) -> None:
        """Do nothing: the files are the same for every address."""

    def names(self, folder: str, timeout_s: float) -> list[str]:
        """Return the names in a folder; none if there is no such folder."""
        path = Path(folder)
        return sorted(one.name for one in path.iterdir()) if path.is_dir() else []

    def text(self, file: str, timeout_s: float) -> str:
        """Return what stands in a file; raise `OSError` if it cannot be read: the sensor does not answer."""
        with Path(file).open(encoding="ascii", errors="replace") as opened:
            return opened.read(_LONGEST_FILE)


class LinuxSensor(Instrument):
    """A `Thermometer`."""

    def __init__(self, link: VendorLink, clock: Clock, options: ThermometerOptions | None = None) -> None:
        self.name = link.name
        self._link = link
        self._options = options or Options()
        self._files = ""  # the beginning of the names of the sensor's files
        self._one_wire = False
        self._known: frozenset[str] = frozenset()  # what follows it

    def thermometer(self, channel: str = "") -> Thermometer:
        """Return the thermometer."""
        return self

    def open(self, deadline: Deadline) -> Identity:
        """Find the sensor by its name, read it once; raise `Unavailable` if there is none, `Refused` if many."""
        place = parse_place(self._link.address)
        self._one_wire = place.name.startswith("w1_")  # the kernel's w1_slave_temp is a DS18B20
        self._link.open(Sysfs)
        try:
            folder = self._folder(place, deadline)
            files = self._names(folder, deadline)
            base = "in_temp" if place.subsystem == "iio" else self._labelled(place, folder, files, deadline)
            self._files = f"{folder}/{base}"
            self._known = frozenset(one.removeprefix(base) for one in files if one.startswith(f"{base}_"))
            now = self.read(deadline)
        except BaseException:
            self._link.close()
            raise
        seen = (("folder", folder), ("temperature", f"{now.value_c:.2f} °C"))
        model = f"{place.name} ({place.subsystem})"
        return Identity("thermometer", make="Linux", model=model, detail=seen)

    def close(self) -> None:
        """Forget the files."""
        self._link.close()

    def read(self, deadline: Deadline) -> Temperature:
        """Return the present temperature; raise `ProtocolViolation` if the kernel calls the sensor broken."""
        asked = f"read {self._files} of {self.name}"
        if "_fault" in self._known and self._number("_fault", deadline):
            raise ProtocolViolation(asked, "the kernel says that the sensor is broken", "check its wires")
        if "_input" in self._known:
            value = self._number("_input", deadline)
        else:
            offset = self._number("_offset", deadline) if "_offset" in self._known else 0.0
            scale = self._number("_scale", deadline) if "_scale" in self._known else 1.0
            value = scaled(self._number("_raw", deadline), offset, scale)
        if self._one_wire:
            check_probe(asked, celsius(value), f"{value:g} m°C")
        return checked(asked, celsius(value), f"{value:g} m°C", self._options)

    def _folder(self, place: Place, deadline: Deadline) -> str:
        """Return the folder of the chip with that name."""
        root = FOLDERS[place.subsystem]
        folders = self._names(root, deadline)
        named = {one: self._name_of(f"{root}/{one}", deadline) for one in folders}
        found = [f"{root}/{folder}" for folder, name in named.items() if name == place.name]
        asked = f"find the sensor {place.name} in {root}"
        if not found:
            there = ", ".join(sorted({name for name in named.values() if name})) or "none: is this Linux?"
            raise Unavailable(asked, f"there is: {there}", "check its wires, and that its driver is loaded")
        if len(found) > 1:
            raise Refused(
                asked, f"there are {len(found)}: {', '.join(found)}", "leave one of them in the computer"
            )
        return found[0]

    def _name_of(self, folder: str, deadline: Deadline) -> str:
        with suppress(Unavailable):  # another chip may vanish meanwhile
            return self._text(f"{folder}/name", deadline) if "name" in self._names(folder, deadline) else ""
        return ""

    def _labelled(self, place: Place, folder: str, files: list[str], deadline: Deadline) -> str:
        """Return which of the chip's sensors is meant."""
        inputs = hwmon_inputs(files)
        labels = {
            one: self._text(f"{folder}/{one}_label", deadline) if f"{one}_label" in files else one
            for one in inputs
        }
        found = [one for one, label in labels.items() if place.label in (label, one, "")]
        if len(found) != 1:
            there = ", ".join(labels.values()) or "none"
            raise Refused(
                f"find the sensor '{place.label or 'without a label'}' of {place.name}",
                f"it has {len(inputs)} sensors of temperature: {there}",
                f"vendor:hwmon:{place.name}:LABEL with one of these labels",
            )
        return found[0]

    def _number(self, file: str, deadline: Deadline) -> float:
        return parse_number(f"{self._files}{file}", self._text(f"{self._files}{file}", deadline))

    def _text(self, file: str, deadline: Deadline) -> str:
        return str(self._link.call(self._link.device.text, file, timeout_s=deadline.remaining_s())).strip()

    def _names(self, folder: str, deadline: Deadline) -> list[str]:
        return list(self._link.call(self._link.device.names, folder, timeout_s=deadline.remaining_s()))
