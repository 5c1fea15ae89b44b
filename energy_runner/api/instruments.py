# SPDX-License-Identifier: Apache-2.0
"""Instruments: which drivers there are, and what is plugged in or on the network."""

from dataclasses import asdict, dataclass
from typing import Any

from energy_runner.bench.words import meant
from energy_runner.errors import ConfigurationError
from instruments.links.search import TIMEOUT_S, FoundResource, search_resources
from instruments.links.serial_link import SerialPortInfo, list_serial_ports
from instruments.registry import DriverSpec, broken_drivers, drivers

__all__ = ["FoundInstruments", "find_instruments", "instrument_facts", "list_drivers"]

# Devices that may have a USB id; only the device's own answer is certain.
LIKELY = {
    "0483:5740": "LPM01A, or another STM32 with a USB port of its own",
    "0483:374b": "ST-LINK of a NUCLEO or Discovery board",
    "0483:374e": "ST-LINK of a NUCLEO or Discovery board",
    "2341:0043": "Arduino UNO",
    "2341:0001": "Arduino UNO",
    "2a03:0043": "Arduino UNO",
    "2a03:0243": "Arduino UNO",
}


@dataclass(frozen=True)
class PortRow(SerialPortInfo):
    """A serial port, and the device that its USB id suggests (empty if unknown)."""

    likely: str = ""


@dataclass(frozen=True)
class FoundInstruments:
    """What was found: serial ports, VISA resources, and what was not searched for, with the reason."""

    serial_ports: tuple[PortRow, ...]
    resources: tuple[FoundResource, ...]
    not_searched: tuple[str, ...]


def list_drivers() -> tuple[list[DriverSpec], dict[str, str]]:
    """Return the drivers sorted by name, and for those of other packages that cannot be loaded the reason."""
    return sorted(drivers().values(), key=lambda driver: driver.name), broken_drivers()


def find_instruments(*, search: bool = True, timeout_s: float = TIMEOUT_S) -> FoundInstruments:
    """Return serial ports, and with `search` also the USB, GPIB and LAN instruments that VISA can open.

    The search takes some seconds, at most `timeout_s`. Nothing is opened.
    """
    ports = tuple(PortRow(**asdict(port), likely=LIKELY.get(port.usb, "")) for port in list_serial_ports())
    if not search:
        return FoundInstruments(ports, (), ("USB, GPIB and LAN instruments: not asked for",))
    found = search_resources(timeout_s)
    return FoundInstruments(ports, found.found, found.not_searched)


def instrument_facts(name: str) -> dict[str, Any]:
    """Return the facts about a driver, with its specification or None.

    Raises `ConfigurationError` for an unknown driver.
    """
    known = drivers()
    if name not in known:
        raise ConfigurationError(
            f"unknown driver {name!r}{meant(name, known)} (known: {', '.join(sorted(known))}). "
            "Try: one of them, or a driver of your own (docs/how-to/write-a-driver.md)"
        )
    driver = known[name]
    limits = driver.limits()
    return {
        "name": driver.name,
        "title": driver.title,
        "link": driver.link,
        "roles": list(driver.roles),
        "baud": driver.baud,
        "edges": driver.edges,
        "options": sorted(driver.options_model().model_fields),
        "specification": asdict(limits) if limits else None,
    }
