# SPDX-License-Identifier: Apache-2.0
"""Instruments: which drivers there are, and what is plugged in or on the network."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any, Literal, get_args, get_origin

from energy_runner.bench.instrument_checks import driver_of_model
from energy_runner.bench.words import meant
from energy_runner.errors import ConfigurationError
from instruments.links.search import TIMEOUT_S, FoundResource, search_resources
from instruments.links.serial_link import SerialPortInfo, list_serial_ports
from instruments.registry import DriverSpec, broken_drivers, drivers

__all__ = ["FoundInstruments", "find_instruments", "instrument_facts", "list_drivers"]

# Boards that are no instruments and have these USB ids, or that may have an instrument's.
OTHERS = {
    "0483:5740": "or another STM32 with a USB port of its own",
    "0483:374b": "ST-LINK of a NUCLEO or Discovery board",
    "0483:374e": "ST-LINK of a NUCLEO or Discovery board",
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


def likely_device(usb: str) -> str:
    """Return which devices have a USB id such as `0483:5740`; "" if unknown. Only its own answer is certain."""
    named = [f"{' or '.join(one.models)} (driver {one.name})" for one in drivers().values() if usb in one.usb]
    return ", ".join([*named, *([OTHERS[usb]] if usb in OTHERS else [])])


def find_instruments(*, search: bool = True, timeout_s: float = TIMEOUT_S) -> FoundInstruments:
    """Return serial ports, and with `search` also the USB, GPIB and LAN instruments that VISA can open.

    The search takes some seconds, at most `timeout_s`. Nothing is opened.
    """
    ports = tuple(PortRow(**asdict(port), likely=likely_device(port.usb)) for port in list_serial_ports())
    if not search:
        return FoundInstruments(ports, (), ("USB, GPIB and LAN instruments: not asked for",))
    found = search_resources(timeout_s)
    return FoundInstruments(ports, found.found, found.not_searched)


def instrument_facts(name: str) -> dict[str, Any]:
    """Return the facts about a driver, given by its own name or a model's, with its specification or None.

    Raises `ConfigurationError` for an unknown name.
    """
    known = drivers()
    driver = known.get(name) or known.get(driver_of_model(name))
    if driver is None:
        names = [*known, *(model for one in known.values() for model in one.models)]
        raise ConfigurationError(
            f"no driver or model is called {name!r}{meant(name, names)} (drivers: {', '.join(sorted(known))}). "
            "Try: one of them, or a driver of your own (docs/how-to/write-a-driver.md)"
        )
    limits = _known(driver.limits)
    return driver_facts(driver) | {
        "link": driver.link,
        "baud": driver.baud,
        "port_example": driver.port_example,
        "options": {
            key: field.description or "" for key, field in sorted(driver.options_model().model_fields.items())
        },
        "choices": {
            key: list(get_args(field.annotation))
            for key, field in sorted(driver.options_model().model_fields.items())
            if get_origin(field.annotation) is Literal
        },
        "defaults": {key: field.default for key, field in sorted(driver.options_model().model_fields.items())},
        "specification": asdict(limits) if limits else None,
    }


def _known[T](ask: Callable[[], T | None]) -> T | None:
    """Return what is asked, or None: parts of another package's driver may fail in any way when loaded."""
    with suppress(Exception):
        return ask()
    return None


def driver_facts(driver: DriverSpec) -> dict[str, Any]:
    """Return what a list of drivers says of each."""
    rates, limits = _known(driver.rates), _known(driver.limits)
    return {
        "name": driver.name,
        "title": driver.title,
        "models": list(driver.models),
        "roles": list(driver.roles),
        "quantities": list(driver.quantities),
        "kind": driver.kind,
        "rates": rates.listed() if rates else None,
        "rates_hz": [rates.least_hz, rates.most_hz] if rates else None,
        "ranges": driver.ranges,
        "edges": driver.edges,
        "oldest_firmware": [asdict(one) for one in driver.oldest],
        "document": limits.document if limits else None,
        "assumed": limits.assumed if limits else None,
        "extra": driver.extra,
        "installed": not driver.library or find_spec(driver.library) is not None,
        "usb": list(driver.usb),
    }
