# SPDX-License-Identifier: Apache-2.0
"""The emulated DUT's UART, connected directly to the host through a USB adapter."""

from instruments.twin_bench.cosim.bits import frame_ns
from instruments.twin_bench.cosim.dut import EmulatedDut
from instruments.twin_bench.cosim.io_manager import USB_LATENCY_NS
from instruments.twin_bench.cosim.lockstep import Lockstep
from instruments.world.cable import HostPort
from instruments.world.world import World

SPEED_TOLERANCE = 0.03  # two UARTs that differ by more lose the last bits of a frame


class EmulatedSerialLine:
    """A USB serial adapter on the DUT's UART; `baud` is the speed the host chose."""

    def __init__(self, world: World, lockstep: Lockstep, dut: EmulatedDut, baud: int) -> None:
        self.port = HostPort(world, "dut", self._from_host)
        self._world = world
        self._lockstep = lockstep
        self._dut = dut
        self._baud = baud
        self._line_free_ns = 0
        dut.on_byte(self._from_dut)

    def _from_host(self, data: bytes) -> None:
        now_ns = self._lockstep.at_earliest(self._world.clock.now_ns() + USB_LATENCY_NS)
        for byte in data:
            self._line_free_ns = max(now_ns, self._line_free_ns) + frame_ns(self._baud)
            self._lockstep.note_traffic(self._line_free_ns)
            self._dut.byte_arrives(self._line_free_ns, self._garbled(byte))

    def _from_dut(self, at_ns: int, byte: int) -> None:
        data = bytes([self._garbled(byte)])
        self._world.clock.call_at(at_ns + USB_LATENCY_NS, lambda: self.port.emit(data))

    def _garbled(self, byte: int) -> int:
        # What a wrong speed makes of a byte is not defined; for a test it is enough that it is another byte.
        alike = abs(self._baud / self._dut.baud - 1.0) < SPEED_TOLERANCE
        return byte if alike else byte ^ 0xA5
