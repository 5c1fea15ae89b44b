# SPDX-License-Identifier: Apache-2.0
"""Advice beside an error: what keeps the user from an instrument, what is plugged in instead, what seems swapped.

A power monitor that says nothing may be the IO manager: neither understands the other's commands, so both stay
silent, and the error alone would send the user to cables and firmware.
"""

from collections.abc import Callable, Collection

from energy_runner.bench import Bench
from energy_runner.bench.wiring import instruments_of
from energy_runner.director.supply_off import closed
from instruments.clock import Clock
from instruments.devices.io_manager.driver import IoManager
from instruments.errors import InstrumentError
from instruments.links.address import AddressError
from instruments.links.base import Link
from instruments.links.permission import closed_instruments, missing_permission, udev_rules
from instruments.links.search import search_resources
from instruments.links.serial_link import SerialLink, list_serial_ports
from instruments.links.tap import Direction
from instruments.registry import drivers

IO_MANAGER = "io-manager"
ASK_S = 4.0
KEPT_BYTES = 4096
# What only an IO manager says (Arduino IO manager 1.0.3).
IO_MANAGER_SAYS = (b"m-name-io", b"m-dut-passthrough", b"[dut]: ")

Connect = Callable[[str, int], Link]  # port and baud to a link that is not open yet


class Heard:
    """The first bytes that came from each instrument; it listens to a bench from now on."""

    def __init__(self, bench: Bench) -> None:
        self._said: dict[str, bytearray] = {}
        bench.listen(self.bytes_passed)

    def bytes_passed(self, name: str, direction: Direction, data: bytes) -> None:
        """Keep what comes from an instrument."""
        said = self._said.setdefault(name, bytearray())
        if direction == "rx" and len(said) < KEPT_BYTES:
            said += data[:KEPT_BYTES]

    def said(self, name: str) -> bytes:
        """Return the first bytes that came from an instrument."""
        return bytes(self._said.get(name, b""))


def _serial_link(port: str, baud: int) -> Link:
    return SerialLink("the instrument's port", port, baud)


def advised(reason: str, bench: Bench, heard: Heard, connect: Connect = _serial_link) -> str:
    """Return why a run failed, with the advice that an instrument and the IO manager seem to be swapped.

    The bench's ports must be closed again. If the instrument was silent, its port is opened once more and asked
    whether an IO manager is there; whatever goes wrong with that, `reason` comes back as it is.
    """
    present = {} if bench.virtual else instruments_of(bench.spec)
    io_managers = [name for name, one in present.items() if one.driver == IO_MANAGER]
    if len(io_managers) != 1:
        return reason
    own, known = io_managers[0], drivers()
    for name in bench.instruments:
        driver = known.get(present[name].driver)
        if name == own or driver is None or driver.link != "stream" or not driver.baud:
            continue
        said = heard.said(name)
        found = any(mark in said for mark in IO_MANAGER_SAYS)
        if not found and not said:
            baud = present[own].baud or known[IO_MANAGER].baud
            found = _io_manager_answers(connect(present[name].port, baud), bench.clock)
        if found:
            ports = f"{_key(bench, name)} and {_key(bench, own)}"
            return (
                f"{reason}. An IO manager answers on {_key(bench, name)} ({present[name].port}): {ports} seem to "
                "be swapped in the bench file. Try: exchange them, then energy-runner bench doctor"
            )
    return reason


def _key(bench: Bench, name: str) -> str:
    """Return the key of an instrument's port as the bench file has it."""
    return f"instruments.{name}.port" if name in bench.spec.instruments else f"{name.replace('-', '_')}.port"


def _io_manager_answers(link: Link, clock: Clock) -> bool:
    io_manager = IoManager(link, clock)
    try:
        io_manager.open(clock.deadline(ASK_S))
    except (InstrumentError, OSError):
        return False
    finally:
        closed(io_manager)
    return True


def permission_advice(bench: Bench, name: str) -> str:
    """Return what keeps this user from opening an instrument, with the remedy; "" if no permission is missing."""
    port = instruments_of(bench.spec)[name].port
    if bench.virtual:
        return ""
    try:
        return missing_permission(port)
    except (AddressError, OSError):
        return ""


def what_is_there(bench: Bench, names: Collection[str]) -> str:
    """Return which serial ports and VISA resources this computer has, if the instruments `names` need such."""
    known, present = drivers(), instruments_of(bench.spec)
    links = {known[present[name].driver].link for name in names if present[name].driver in known}
    found: list[str] = []
    if "stream" in links:
        ports = [" ".join(part for part in (one.port, one.description) if part) for one in list_serial_ports()]
        found.append(f"serial ports: {', '.join(ports) or 'none'}")
    if "scpi" in links:
        search = search_resources()
        resources = [" ".join(part for part in (one.resource, one.says) if part) for one in search.found]
        found.append(f"USB and LAN instruments: {', '.join(resources) or 'none'}")
        found += [f"not looked for: {missed}" for missed in search.not_searched]
        rules = udev_rules()
        found += [
            f"{one.title} is connected, but you may not open it (udev rules: {rules.file}). Try: {rules.command}"
            for one in closed_instruments()
        ]
    return "; ".join(found)
