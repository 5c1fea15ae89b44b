# SPDX-License-Identifier: Apache-2.0
"""What uhubctl prints: hubs with their ports, each with its status word and what the bits mean.

    Current status for hub 1-1 [0424:2514 USB 2.0, 4 ports, ppps]
      Port 2: 0503 power highspeed enable connect [0483:374b STMicroelectronics STM32 STLink 066BFF]

A port without power says `off`. A hub of USB 3 is two hubs to the computer, and uhubctl prints and switches both;
a port is off when it is off in every hub that was printed.

Source: uhubctl 2.5.0, README ("Usage", "USB 3.0 duality note", "Linux USB permissions") and what it prints.
"""

import re
from dataclasses import dataclass

from instruments.errors import InstrumentError, ProtocolViolation, Refused, Unavailable, shown

LOCATION = re.compile(r"\d{1,3}(?:-\d{1,3}(?:\.\d{1,3}){0,6})?")
_HUB = re.compile(r"(?:Current|New) status for hub (\d[\d.-]*) \[(.*)\]")
_PORT = re.compile(r" +Port (\d{1,2}): ([0-9a-f]{4}) (\S.*)")
_SENT = re.compile(r"Sent power (?:on|off) request")
_MOST_CHARACTERS = 65536


@dataclass(frozen=True)
class PortStatus:
    """One port of a hub; `device` describes what is plugged in, if anything."""

    hub: str
    description: str
    port: int
    on: bool
    device: str


def status_arguments(location: str, port: int) -> list[str]:
    """Return the arguments that print the status of a port."""
    return ["-l", location, "-p", str(port)]


def power_arguments(location: str, port: int, on: bool) -> list[str]:
    """Return the arguments that switch a port."""
    return [*status_arguments(location, port), "-a", "on" if on else "off"]


def parse_status(text: str) -> list[PortStatus]:
    """Return the ports in what uhubctl printed; raise `ProtocolViolation` for a line that it does not print."""
    if len(text) > _MOST_CHARACTERS:
        raise _violation(text)
    found: list[PortStatus] = []
    hub = description = ""
    for line in text.splitlines():
        head, port = _HUB.fullmatch(line.rstrip()), _PORT.fullmatch(line.rstrip())
        if head is not None:
            hub, description = head[1], head[2]
        elif port is not None and hub:
            flags, _, device = port[3].partition(" [")
            words = flags.split()
            if ("power" in words) == ("off" in words):
                raise _violation(line)
            found.append(PortStatus(hub, description, int(port[1]), "power" in words, device.rstrip("]")))
        elif line.strip() and not _SENT.fullmatch(line.strip()):
            raise _violation(line)
    return found


def is_on(ports: list[PortStatus], port: int) -> bool:
    """Return whether a port has power in any of the hubs; raise `ProtocolViolation` if none has such a port."""
    found = [one.on for one in ports if one.port == port]
    if not found:
        raise ProtocolViolation(
            f"read the status of port {port}", "uhubctl prints no such port", "options.hub_port"
        )
    return any(found)


def failure(asked: str, code: int, said: str) -> InstrumentError:
    """Return the error for what uhubctl says when it fails."""
    words = " ".join(said.split())
    if "permission" in words.lower():
        return Unavailable(
            asked, "uhubctl may not open the hub", "the udev rules in uhubctl's README, or a rule for your group"
        )
    if "No compatible devices" in words:
        return Unavailable(
            asked,
            "no hub that switches single ports is at that location",
            "run `uhubctl`: it lists such hubs with their locations; most hubs cannot switch",
        )
    return Refused(asked, f"uhubctl ends with status {code}: {shown(words)}", "run it by hand")


def _violation(text: str) -> ProtocolViolation:
    return ProtocolViolation("read what uhubctl prints", f"{shown(text)} is no status", "uhubctl 2.2 or newer")
