# SPDX-License-Identifier: Apache-2.0
"""The twin of a USB hub with four ports, as uhubctl shows it: it stands in for the program.

Port 1 carries the debug probe, and is on when the world begins. It is a hub of USB 3: two hubs are printed.
"""

from collections.abc import Callable, Sequence

from instruments.world.library import LibraryPort
from instruments.world.world import World

LOCATION, TWO, THREE = "1-1", "0424:2514 USB 2.0, 4 ports, ppps, TWIN", "0424:5744 USB 3.0, 4 ports, ppps, TWIN"
PORTS = 4
_PROBE = " [0483:374b STMicroelectronics STM32 STLink TWIN]"


class VirtualUsbHub:
    """The hub; `port` is its end of the cable to the host, `on` its ports."""

    def __init__(self, world: World, name: str = "hub") -> None:
        self.world = world
        self.on = dict.fromkeys(range(1, PORTS + 1), True)
        self.while_waiting: Callable[[], None] = lambda: None
        self._untouched = True
        self.port = LibraryPort(world, name, LOCATION, lambda: self, self._opened)

    def run(self, arguments: Sequence[str], timeout_s: float) -> tuple[int, str, str]:
        """Do what uhubctl does with these arguments."""
        given = dict(zip(arguments[::2], arguments[1::2], strict=True))
        port = int(given["-p"])
        if given["-l"] != LOCATION or port not in self.on:
            return (
                1,
                "",
                f"No compatible devices detected at location {given['-l']}!\nRun with -h to get usage info.\n",
            )
        printed = self._status("Current", port)
        action = given.get("-a")
        if action is not None:
            if self.world.faults.refuses(f"hub {action}"):
                return 1, printed, "Failed to control port power!\n"
            before, self.on[port] = self.on[port], action == "on" or self.world.faults.switch_stays_on
            if self.on[port] and not before:
                self.world.faults.replugged()
            printed += f"Sent power {action} request\n" + self._status("New", port)
        return 0, printed, ""

    def _status(self, when: str, port: int) -> str:
        plugged = _PROBE if port == 1 else ""
        two = f"0503 power highspeed enable connect{plugged}" if self.on[port] else "0000 off"
        three = "02a0 power 5gbps Rx.Detect" if self.on[port] else "00a0 off"
        return "".join(
            f"{when} status for hub {where} [{what}]\n  Port {port}: {status}\n"
            for where, what, status in (("2-1", THREE, three), (LOCATION, TWO, two))
        )

    def _opened(self) -> None:
        """Be found as others left us, if a fault says so."""
        if self._untouched and self.world.faults.left_over.get("switch") == "off":
            self.on[1] = False
        self._untouched = False
