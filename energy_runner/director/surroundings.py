# SPDX-License-Identifier: Apache-2.0
"""What on this computer may keep an instrument from answering, although it is there and its port can be opened."""

from collections.abc import Collection, Sequence
from itertools import groupby
from pathlib import Path

from energy_runner.bench import Bench
from energy_runner.bench.wiring import instruments_of
from instruments.links.permission import udev_rules
from instruments.links.serial_link import SerialPortInfo, list_serial_ports
from instruments.registry import drivers

MODEM_MANAGER = "ModemManager"


def disturbed(bench: Bench, unreached: Collection[str], root: Path = Path("/")) -> list[str]:
    """Return what may disturb the serial instruments `unreached`; nothing on a virtual bench."""
    known, present = drivers(), instruments_of(bench.spec)
    serial = [name for name in unreached if name in present and present[name].driver in known]
    serial = [name for name in serial if known[present[name].driver].link == "stream"]
    if bench.virtual or not serial:
        return []
    found = alike(list_serial_ports())
    rules = udev_rules(root)
    if is_running(MODEM_MANAGER, root) and not rules.current:
        found.append(
            f"{MODEM_MANAGER} runs, and sends commands to serial ports that are plugged in. Try: {rules.command}"
        )
    return found


def alike(ports: Sequence[SerialPortInfo]) -> list[str]:
    """Return which ports have devices with one USB id, so that their names may be exchanged at the next start."""
    by_id = sorted((one for one in ports if one.usb), key=lambda one: one.usb)
    groups = [(usb, list(group)) for usb, group in groupby(by_id, key=lambda one: one.usb)]
    return [
        f"{len(group)} devices have the USB id {usb}: {', '.join(map(_named, group))}. Try: name the one that is "
        "meant by its serial number"
        for usb, group in groups
        if len({one.serial for one in group}) > 1
    ]


def is_running(program: str, root: Path = Path("/")) -> bool:
    """Return whether a program of this name runs, as Linux tells; False where that is not known."""
    for file in (root / "proc").glob("[0-9]*/comm"):
        try:
            if file.read_text("utf-8", "replace").strip() == program[:15]:  # the kernel keeps 15 characters
                return True
        except OSError:
            continue  # it has ended meanwhile
    return False


def _named(port: SerialPortInfo) -> str:
    return f"{port.port} (serial-number:{port.serial})" if port.serial else f"{port.port} (no serial number)"
