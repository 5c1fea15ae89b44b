# SPDX-License-Identifier: Apache-2.0
"""A DUT behind a virtual IO manager, and one fault at a time on the cable between."""

from collections.abc import Callable

from instruments.clock import Deadline, VirtualClock
from instruments.devices.dut.driver import Dut
from instruments.devices.dut.twin import DutOptions, VirtualDut
from instruments.devices.dut.twin_profile import load_network
from instruments.devices.io_manager.driver import IoManager
from instruments.devices.io_manager.twin import RESET_NS, VirtualIoManager
from instruments.world.cable import CableLink
from instruments.world.world import World


class Bench:
    """A DUT behind an IO manager; `ask` talks to the twin's port without a driver in between."""

    def __init__(
        self, seed: int = 1, *, ideal: bool = False, dut_baud: int = 9600, start_ns: int = 0, mode: str = "energy"
    ) -> None:
        self.clock = VirtualClock()
        self.clock.advance_to(start_ns)
        self.world = World(self.clock, seed, ideal=ideal)
        self.faults = self.world.faults
        self.dut = VirtualDut(self.world, load_network("kws01"), DutOptions(mode=mode))
        self.uno = VirtualIoManager(self.world, "io-manager", self.dut, dut_baud)
        self.cable = CableLink("IO manager", self.clock, self.uno.port)
        self.driver = IoManager(self.cable, self.clock)
        self.device = Dut(self.driver, self.clock)

    def within(self, after_s: float = 5.0) -> Deadline:
        return self.clock.deadline(after_s)

    def ask(self, data: bytes, wait_s: float = 0.2) -> list[bytes]:
        self.uno.port.receive(data)
        self.clock.sleep(wait_s)
        return self.uno.port.take(1 << 16).split(b"\r\n")[:-1]

    def connected(self) -> "Bench":
        """Open the port, wait for the UNO, feed the DUT and wait for its boot lines."""
        self.cable.open(self.within())
        self.clock.advance_to(self.clock.now_ns() + RESET_NS)
        self.world.set_supply(True, 3.0)
        self.clock.sleep(0.3)
        self.uno.port.take(1 << 16)
        return self

    def opened(self, *, powered: bool = True) -> "Bench":
        """Open the driver, feed the DUT and wait for it."""
        self.driver.open(self.within(20.0))
        if powered:
            self.world.set_supply(True, 3.0)
            self.device.wait_for_boot(self.within())
        return self


def once(change: Callable[[bytes], bytes], when: Callable[[bytes], bool] = lambda data: True) -> Callable:
    """Return a fault switch that changes the first burst for which `when` holds, and no other."""
    left = [change]
    return lambda data: left.pop()(data) if left and when(data) else data
