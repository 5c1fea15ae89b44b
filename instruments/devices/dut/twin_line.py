# SPDX-License-Identifier: Apache-2.0
"""The UART of the DUT's twin, connected directly to the host, without an IO manager.

With the fault `dut_restarts_on_open`, opening the port with DTR asserted restarts the DUT, as on many boards.
"""

from instruments.world.cable import HostPort
from instruments.world.dut import TwinDut
from instruments.world.wire import Wire
from instruments.world.world import World


class VirtualDutLine:
    """A USB serial adapter on the DUT's UART; `baud` is the speed the host chose."""

    def __init__(self, world: World, name: str, dut: TwinDut, baud: int) -> None:
        self.port = HostPort(world, name, self._from_host, on_open=self._opened)
        self._world = world
        self._dut = dut
        self._garbles = baud != dut.baud
        self._to_dut = Wire(world, "host>dut line", baud, self._reaches_dut, dut.receiving_starts)
        dut.attach(self._from_dut)

    def _opened(self) -> None:
        if self._world.faults.dut_restarts_on_open and self.port.dtr and self._world.powered:
            voltage_v = self._world.voltage_v
            self._world.set_supply(False, 0.0)
            self._world.set_supply(True, voltage_v)

    def _from_host(self, data: bytes) -> None:
        self._to_dut.send(data)

    def _reaches_dut(self, data: bytes) -> None:
        self._dut.receive(bytes(byte ^ 0xA5 for byte in data) if self._garbles else data)

    def _from_dut(self, data: bytes) -> None:
        self.port.emit(bytes((byte ^ 0xA5) | 0x80 for byte in data) if self._garbles else data)
