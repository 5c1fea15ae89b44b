# SPDX-License-Identifier: Apache-2.0
"""The IO manager of the co-simulated bench: the firmware's ELF in an emulated ATmega328P, between host and DUT.

The board's oscillator is exact here, so that its laps can be compared with the true window; on the `virtual-…`
benches the twin draws the error of a real UNO's resonator.
"""

from collections.abc import Callable, Iterable

from instruments.twin_bench.cosim.avr import Atmega328p, AvrKind
from instruments.twin_bench.cosim.bits import BitReceiver, frame_ns
from instruments.twin_bench.cosim.lockstep import Lockstep
from instruments.world.cable import HostPort
from instruments.world.world import World

FREQUENCY_HZ = 16_000_000
HOST_BAUD = 115200
RESET_NS = 1_300_000_000  # time of the UNO's boot loader after a reset by DTR
# Latency of the USB adapter in each direction: constant, and no shorter than a short slice of the lockstep.
USB_LATENCY_NS = 1_000_000

ByteListener = Callable[[int, int], None]  # called with (time in ns, byte)


class EmulatedIoManager:
    """An UNO whose host side is `port`; opening that port resets it, as DTR does.

    The DUT calls `wire_change(at_ns, level)` for its transmit pin and `pin_change(at_ns, level)` for the timestamp
    pin. `to_dut` is called with the bytes that the DUT's UART (at `dut_baud`) receives from the IO manager.
    """

    def __init__(
        self, world: World, lockstep: Lockstep, core: Atmega328p, dut_baud: int, to_dut: ByteListener
    ) -> None:
        self.port = HostPort(world, "io-manager", self._from_host, on_open=self._reset, on_dtr=self._reset)
        self._world = world
        self._lockstep = lockstep
        self._core = core
        self._to_dut = to_dut
        self._receiver = BitReceiver(dut_baud)
        self._life = 0
        self._line_free_ns = 0
        self._levels = {"D2": True, "D3": True}
        self._starts_ns = lockstep.horizon_ns
        self._running = False

    # --- what goes in -------------------------------------------------------------------------------------

    def wire_change(self, at_ns: int, level: bool) -> None:
        """Pass a change of the DUT's transmit pin to D2."""
        self._pin("D2", at_ns, level)

    def pin_change(self, at_ns: int, level: bool) -> None:
        """Pass a change of the timestamp pin to D3."""
        self._pin("D3", at_ns, level)

    def _pin(self, pin: str, at_ns: int, level: bool) -> None:
        self._levels[pin] = level
        if self._running:
            self._core.schedule_pin(self._cycle(at_ns), pin, level)

    def _from_host(self, data: bytes) -> None:
        now_ns = self._lockstep.at_earliest(self._world.clock.now_ns() + USB_LATENCY_NS)
        for byte in data:
            start_ns = max(now_ns, self._line_free_ns)
            self._line_free_ns = start_ns + frame_ns(HOST_BAUD)
            self._lockstep.note_traffic(self._line_free_ns)
            if self._running:  # the boot loader ignores these bytes
                self._core.schedule_uart(self._cycle(start_ns), byte)

    def _reset(self) -> None:
        self._life += 1
        self._line_free_ns = 0
        self._running = False
        self._receiver.reset(level=True)
        self._starts_ns = self._lockstep.at_earliest(self._world.clock.now_ns() + RESET_NS)

    # --- what comes out -----------------------------------------------------------------------------------

    def run_until(self, at_ns: int) -> None:
        """Run the core up to `at_ns`."""
        if at_ns <= self._starts_ns:
            return
        if not self._running:
            self._running = True
            self._core.reset()
            for pin, level in self._levels.items():
                self._core.schedule_pin(0, pin, level)
        for event in self._core.run_until(self._cycle(at_ns)):
            event_ns = self._starts_ns + event.cycle * 1_000_000_000 // FREQUENCY_HZ
            if event.kind is AvrKind.UART:
                self._send(event_ns, event.value)
            else:
                self._received(self._receiver.change(event_ns, bool(event.value)))
        self._received(self._receiver.settle(at_ns))

    def _cycle(self, at_ns: int) -> int:
        return max(0, at_ns - self._starts_ns) * FREQUENCY_HZ // 1_000_000_000

    def _send(self, at_ns: int, byte: int) -> None:
        life = self._life
        if self._world.faults.is_silent("io-manager", at_ns):
            return

        def arrives() -> None:
            if life == self._life:
                self.port.emit(bytes([byte]))

        self._world.clock.call_at(at_ns + frame_ns(HOST_BAUD) + USB_LATENCY_NS, arrives)

    def _received(self, frames: Iterable[tuple[int, int]]) -> None:
        for at_ns, byte in frames:
            self._lockstep.note_traffic(at_ns)
            self._to_dut(at_ns, byte)
