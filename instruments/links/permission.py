# SPDX-License-Identifier: Apache-2.0
"""Check whether the user may open an instrument on Linux, and say what to do if not.

Serial ports belong to a group; USB instruments without a serial port belong to root unless a udev rule says
otherwise. The rules are part of this package, in `udev/`; installing them takes an administrator. Other systems
need no such permission, so nothing is reported there.
"""

import os
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from instruments.errors import InstrumentError
from instruments.links.parse import parse_address

RULES_FILE = Path(__file__).parent / "udev" / "72-energy-runner.rules"
_RULES_FOLDERS = ("/etc/udev/rules.d", "/run/udev/rules.d", "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d")
_USBTMC_CLASS = ("fe", "03")  # interface class and subclass (USBTMC 1.0, section 4.3)
# Instruments that a vendor's library opens over USB; their ids are in the rules too.
_BY_LIBRARY = {"16d0:0e88": "Joulescope JS110", "16d0:10ba": "Joulescope JS220", "16d0:135a": "Joulescope JS320"}


@dataclass(frozen=True)
class Rules:
    """The udev rules: the file of this package, and the installed one, if any.

    `current` says that both are the same; an older file may lack instruments.
    """

    file: Path
    installed: Path | None
    current: bool

    @property
    def command(self) -> str:
        """Return the command with which an administrator installs the rules."""
        return (
            f"sudo cp '{self.file}' {_RULES_FOLDERS[0]}/ && sudo udevadm control --reload && sudo udevadm trigger"
        )


@dataclass(frozen=True)
class UsbInstrument:
    """A USB instrument without a serial port; `usb` is its vendor and product id, `node` the file to open."""

    usb: str
    title: str
    serial: str
    node: Path


def udev_rules(root: Path = Path("/")) -> Rules:
    """Return the state of the udev rules on the system under `root`."""
    places = [root / folder.lstrip("/") / RULES_FILE.name for folder in _RULES_FOLDERS]
    installed = next((place for place in places if place.is_file()), None)
    current = installed is not None and installed.read_bytes() == RULES_FILE.read_bytes()
    return Rules(RULES_FILE, installed, current)


def usb_instruments(root: Path = Path("/")) -> list[UsbInstrument]:
    """Return the USB instruments of this computer without a serial port, as Linux lists them; open nothing."""
    found = []
    for folder in sorted((root / "sys/bus/usb/devices").glob("*")):
        usb = f"{_text(folder / 'idVendor')}:{_text(folder / 'idProduct')}"
        title = _BY_LIBRARY.get(usb) or (_text(folder / "product") if _is_usbtmc(folder) else "")
        bus, number = _text(folder / "busnum"), _text(folder / "devnum")
        if title and bus.isdigit() and number.isdigit():
            node = root / f"dev/bus/usb/{int(bus):03d}/{int(number):03d}"
            found.append(UsbInstrument(usb, title, _text(folder / "serial"), node))
    return found


def closed_instruments(root: Path = Path("/")) -> list[UsbInstrument]:
    """Return the USB instruments that are connected but that this user may not open."""
    return [
        one for one in usb_instruments(root) if one.node.exists() and not os.access(one.node, os.R_OK | os.W_OK)
    ]


def missing_permission(address: str, root: Path = Path("/")) -> str:
    """Return what keeps this user from opening an instrument, and what to do; "" if no permission is missing.

    Raises `AddressError` for an address that cannot be parsed.
    """
    read = parse_address(address)
    if not sys.platform.startswith("linux"):
        return ""
    if read.visa_parts[:1] == ("USB",):
        vendor, product, serial = read.visa_parts[1:]
        usb = f"{vendor[2:]}:{product[2:]}"
        return next(
            (
                _closed(one, udev_rules(root))
                for one in closed_instruments(root)
                if one.usb == usb and one.serial.upper() == serial.upper()
            ),
            "",
        )
    port = read.target if read.form in ("serial", "visa-serial") else ""
    from instruments.links.serial_link import located  # pyserial is imported only where it is needed

    with suppress(InstrumentError):
        return _closed_port(Path(located(port))) if port else ""
    return ""  # it is not plugged in


def _closed(one: UsbInstrument, rules: Rules) -> str:
    state = "not installed" if rules.installed is None else "installed"
    if rules.installed is not None and not rules.current:
        state = "installed in another version"
    remedy = f"unplug it and plug it in again (or {rules.command})" if rules.current else rules.command
    return f"you may not open {one.title} ({one.node}); the udev rules are {state}. Try: {remedy}"


def _closed_port(port: Path) -> str:
    if not port.exists() or os.access(port, os.R_OK | os.W_OK):
        return ""
    import grp
    import pwd

    state = port.stat()
    user = pwd.getpwuid(os.geteuid()).pw_name
    try:
        group = grp.getgrgid(state.st_gid)
    except KeyError:
        return f"you may not open {port}: its group is unknown. Try: ask an administrator"
    if not state.st_mode & stat.S_IWGRP or group.gr_gid == 0:
        return f"you may not open {port}, and no group may. Try: {udev_rules().command}"
    if user in group.gr_mem:
        return f"you may not open {port} yet: you were added to '{group.gr_name}'. Try: log out and in again"
    remedy = f"sudo usermod -aG {group.gr_name} {user}, then log out and in again"
    return f"you may not open {port}: only the group '{group.gr_name}' may. Try: {remedy}"


def _is_usbtmc(folder: Path) -> bool:
    return any(
        (_text(interface / "bInterfaceClass"), _text(interface / "bInterfaceSubClass")) == _USBTMC_CLASS
        for interface in folder.glob(f"{folder.name}:*")
    )


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""
