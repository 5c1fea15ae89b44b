# SPDX-License-Identifier: Apache-2.0
"""The peripherals of the emulated core: the registers of Arm's MPS2+ board (image AN386) that the firmware uses.

Source: Arm DAI0386 (memory map, interrupts), DDI0479 (GPIO), DDI0403 (NVIC); the firmware's side is
`dut_firmware/port/cortex_m/board.h`. Accessing a register that is not modelled is a fault: if it were ignored, a
driver could seem to work.
"""

from collections.abc import Callable

from instruments.twin_bench.cosim.core_events import CoreEvent, Kind
from instruments.twin_bench.cosim.cortex_m_devices import RX_PENDING, TX_PENDING, Read, Timer, Uart, Write
from instruments.twin_bench.cosim.thumb_engine import NoRegisterError

COUNTER_HZ = 20_000_000
TIMER0, UART0, GPIO0, FPGAIO, MARKER, NVIC = 0x40000000, 0x40004000, 0x40010000, 0x40028000, 0x4002E000, 0xE000E000
PAGES = (TIMER0, UART0, GPIO0, FPGAIO, MARKER, NVIC)
PIN = 1 << 0


class Board:
    """All registers. `emit` receives the events. Each call gives its cycle; cycles never decrease."""

    def __init__(self, frequency_hz: int, emit: Callable[[CoreEvent], None]) -> None:
        self._frequency_hz = frequency_hz
        self._emit = emit
        self.uart = Uart(frequency_hz, lambda cycle, byte: self._emit(CoreEvent(cycle, Kind.UART, byte)))
        self._timer = Timer(frequency_hz)
        self._prescale = 0
        self._level = 1  # a pull-up holds the pin until the firmware drives it
        self._operations = 0
        self._enabled = 0
        self._pending = 0
        self._handled = 0  # the interrupt whose handler is running
        self._reads: dict[int, Read] = {
            FPGAIO + 0x18: self._counter,
            FPGAIO + 0x1C: lambda _: self._prescale,
            NVIC + 0x100: lambda _: self._enabled,
            NVIC + 0x280: lambda _: self._pending,
        }
        self._writes: dict[int, Write] = {
            GPIO0 + 0x10: lambda _cycle, _word: None,  # output enable: the pull-up has the same level
            GPIO0 + 0x400 + 4 * PIN: self._set_pin,
            FPGAIO + 0x1C: self._set_prescale,
            MARKER + 0x0: lambda cycle, word: self._emit(CoreEvent(cycle, Kind.ACTIVITY, word)),
            MARKER + 0x4: self._set_operations,
            MARKER + 0x8: self._start_layer,
            NVIC + 0x100: self._enable,
            NVIC + 0x180: self._disable,
            NVIC + 0x280: self._clear_pending,
        }
        self._reads |= {UART0 + offset: read for offset, read in self.uart.reads.items()}
        self._writes |= {UART0 + offset: write for offset, write in self.uart.writes.items()}
        self._writes |= {TIMER0 + offset: write for offset, write in self._timer.writes.items()}

    def read(self, cycle: int, address: int, size: int) -> int:
        """Return the word that a load reads; raise `NoRegisterError` if there is no such register."""
        register = self._reads.get(address)
        if register is None or size != 4:
            raise NoRegisterError
        self.advance(cycle)
        return register(cycle)

    def write(self, cycle: int, address: int, size: int, word: int) -> None:
        """Store a word; raise `NoRegisterError` if there is no such register."""
        register = self._writes.get(address)
        if register is None or size != 4:
            raise NoRegisterError
        self.advance(cycle)
        register(cycle, word)

    @property
    def awake(self) -> bool:
        """Whether an enabled interrupt is pending, so that WFI does not wait."""
        return bool(self._pending & self._enabled)

    def take_interrupt(self) -> int:
        """Return the lowest enabled, pending interrupt; it cannot become pending again until its handler ends."""
        wanted = self._pending & self._enabled
        self._handled = wanted & -wanted
        self._pending &= ~self._handled
        return self._handled.bit_length() - 1

    def end_interrupt(self, cycle: int) -> None:
        """End the handler of the current interrupt; if its line is still high, it becomes pending again."""
        self._handled = 0
        self.advance(cycle)

    @property
    def next_cycle(self) -> int | None:
        """The cycle of the next event without a register access; None if nothing is in progress."""
        times = (self.uart.next_cycle, self._timer.next_cycle)
        return min((cycle for cycle in times if cycle is not None), default=None)

    def advance(self, cycle: int) -> None:
        """Process all events due by `cycle`; the NVIC latches each interrupt line that is high."""
        self.uart.advance(cycle)
        self._timer.advance(cycle)
        pending = self.uart.pending
        lines = bool(pending & RX_PENDING) << 0 | bool(pending & TX_PENDING) << 1 | self._timer.pending << 8
        self._pending |= lines & ~self._handled

    def _counter(self, cycle: int) -> int:
        return cycle * COUNTER_HZ // (self._frequency_hz * (self._prescale + 1)) & 0xFFFFFFFF

    def _set_prescale(self, _cycle: int, word: int) -> None:
        self._prescale = word

    def _set_pin(self, cycle: int, word: int) -> None:
        level = word & PIN
        if level != self._level:
            self._level = level
            self._emit(CoreEvent(cycle, Kind.TIMESTAMP, level))

    def _set_operations(self, _cycle: int, word: int) -> None:
        self._operations = word

    def _start_layer(self, cycle: int, word: int) -> None:
        self._emit(CoreEvent(cycle, Kind.LAYER, word, self._operations))

    def _enable(self, _cycle: int, word: int) -> None:
        self._enabled |= word

    def _disable(self, _cycle: int, word: int) -> None:
        self._enabled &= ~word

    def _clear_pending(self, cycle: int, word: int) -> None:
        self._pending &= ~word
        self.advance(cycle)  # a line that is still high becomes pending again
