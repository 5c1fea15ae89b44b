# SPDX-License-Identifier: Apache-2.0
"""A DUT behind a virtual interface board."""

from instruments.clock import Deadline, VirtualClock
from instruments.devices.dut.driver import Dut
from instruments.devices.dut.twin import DutOptions, VirtualDut
from instruments.devices.dut.twin_profile import load_network
from instruments.devices.interface_board.driver import InterfaceBoard, Options
from instruments.devices.interface_board.twin import VirtualInterfaceBoard
from instruments.world.cable import CableLink
from instruments.world.world import World


class Bench:
    """A DUT behind a board; `ask` talks to the twin's port without a driver in between."""

    def __init__(
        self, seed: int = 1, *, dut_baud: int = 9600, wanted_baud: int = 9600, mode: str = "energy"
    ) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock, seed)
        self.faults = self.world.faults
        self.dut = VirtualDut(self.world, load_network("kws01"), DutOptions(mode=mode, baud=dut_baud))
        self.board = VirtualInterfaceBoard(self.world, "interface-board", self.dut)
        self.wanted_baud = wanted_baud
        self.driver, self.device = self.another()

    def another(self) -> tuple[InterfaceBoard, Dut]:
        """Return a driver of another run on the same board, and its DUT."""
        cable = CableLink("interface board", self.clock, self.board.port)
        driver = InterfaceBoard(cable, self.clock, Options(dut_baud=self.wanted_baud))
        return driver, Dut(driver, self.clock)

    def within(self, after_s: float = 5.0) -> Deadline:
        return self.clock.deadline(after_s)

    def ask(self, data: bytes, wait_s: float = 0.3) -> bytes:
        if not self.board.port.is_open:
            self.board.port.open()
        self.board.port.receive(data)
        self.clock.sleep(wait_s)
        return self.board.port.take(1 << 20)

    def fed(self) -> "Bench":
        """Feed the DUT and wait until it has booted, while the board does not listen."""
        self.world.set_supply(True, 3.0)
        self.clock.sleep(0.5)
        return self

    def opened(self) -> "Bench":
        """Open the driver, feed the DUT and wait for it."""
        self.driver.open(self.within(20.0))
        self.fed()
        self.device.wait_for_boot(self.within())
        return self
