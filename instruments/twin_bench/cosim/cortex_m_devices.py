# SPDX-License-Identifier: Apache-2.0
"""UART and timer of the emulated board: two of Arm's CMSDK peripherals, as far as the firmware uses them.

Source: Arm DDI0479, CMSDK UART and timer. Times are in cycles of the core; the peripherals count ticks of their
own clock. The UART's transmitter has one stage here, so TX_FULL lasts until the stop bit has been sent.
"""

import bisect
from collections.abc import Callable

PERIPHERAL_HZ = 25_000_000
BITS_PER_FRAME = 10
LEAST_DIVIDER = 16

TX_FULL, RX_FULL, TX_OVERRUN, RX_OVERRUN = 1, 2, 4, 8  # UART: STATE
TX_ENABLE, RX_ENABLE, TX_INTERRUPT, RX_INTERRUPT = 1, 2, 4, 8  # UART: CONTROL
TX_PENDING, RX_PENDING = 1, 2  # UART: INTSTATUS
TIMER_ENABLE, TIMER_INTERRUPT = 1, 8  # timer: CTRL

Read = Callable[[int], int]  # called with the cycle
Write = Callable[[int, int], None]  # called with the cycle and the word


def cycles(ticks: int, frequency_hz: int, clock_hz: int = PERIPHERAL_HZ) -> int:
    """Return the cycles of a core at `frequency_hz` in `ticks` ticks of a clock at `clock_hz`, rounded up."""
    return -(-ticks * frequency_hz // clock_hz)


class Uart:
    """One byte per direction. A byte that arrives before the last one was read replaces it and sets RX_OVERRUN."""

    def __init__(self, frequency_hz: int, sent: Write) -> None:
        self._frequency_hz = frequency_hz
        self._sent = sent
        self._arriving: list[tuple[int, int]] = []  # (cycle, byte), in order of time
        self._idle_at: int | None = None  # when the frame under way ends
        self._received = 0
        self._state = 0
        self._control = 0
        self._divider = LEAST_DIVIDER
        self.pending = 0
        self.reads: dict[int, Read] = {
            0x00: self._take,
            0x04: lambda _: self._state,
            0x08: lambda _: self._control,
            0x0C: lambda _: self.pending,
            0x10: lambda _: self._divider,
        }
        self.writes: dict[int, Write] = {
            0x00: self._send,
            0x04: self._clear_overruns,
            0x08: self._set_control,
            0x0C: self._clear_pending,
            0x10: self._set_divider,
        }

    @property
    def baud(self) -> int:
        """Bits per second, rounded."""
        return round(PERIPHERAL_HZ / self._divider)

    @property
    def next_cycle(self) -> int | None:
        """The cycle of the next event without a register access; None if nothing is in progress."""
        times = [self._arriving[0][0]] if self._arriving else []
        if self._idle_at is not None:
            times.append(self._idle_at)
        return min(times, default=None)

    def receive(self, cycle: int, byte: int) -> None:
        """Schedule a received byte, whose stop bit ends at `cycle`."""
        bisect.insort(self._arriving, (cycle, byte), key=lambda arrival: arrival[0])

    def advance(self, cycle: int) -> None:
        """Process all events due by `cycle`."""
        if self._idle_at is not None and self._idle_at <= cycle:
            self._idle_at = None
            self._state &= ~TX_FULL
            self.pending |= TX_PENDING if self._control & TX_INTERRUPT else 0
        while self._arriving and self._arriving[0][0] <= cycle:
            self._arrive(self._arriving.pop(0)[1])

    def _arrive(self, byte: int) -> None:
        if not self._control & RX_ENABLE:
            return
        self._state |= RX_FULL | (RX_OVERRUN if self._state & RX_FULL else 0)
        self._received = byte
        self.pending |= RX_PENDING if self._control & RX_INTERRUPT else 0

    def _take(self, _cycle: int) -> int:
        self._state &= ~RX_FULL
        return self._received

    def _send(self, cycle: int, word: int) -> None:
        if not self._control & TX_ENABLE:
            return
        if self._state & TX_FULL:
            self._state |= TX_OVERRUN
            return
        self._state |= TX_FULL
        self._idle_at = cycle + cycles(BITS_PER_FRAME * self._divider, self._frequency_hz)
        self._sent(cycle, word & 0xFF)

    def _clear_overruns(self, _cycle: int, word: int) -> None:
        self._state &= ~(word & (TX_OVERRUN | RX_OVERRUN))

    def _set_control(self, _cycle: int, word: int) -> None:
        self._control = word

    def _clear_pending(self, _cycle: int, word: int) -> None:
        self.pending &= ~word

    def _set_divider(self, _cycle: int, word: int) -> None:
        self._divider = max(LEAST_DIVIDER, word)


class Timer:
    """Counts down from VALUE, then repeatedly from RELOAD; each zero sets the interrupt."""

    def __init__(self, frequency_hz: int) -> None:
        self._frequency_hz = frequency_hz
        self._control = 0
        self._value = 0  # ticks to count, as last written to VALUE
        self._reload = 0
        self._zero_at: int | None = None
        self.pending = 0
        self.writes: dict[int, Write] = {
            0x0: self._set_control,
            0x4: self._set_value,
            0x8: self._set_reload,
            0xC: self._clear_pending,
        }

    @property
    def next_cycle(self) -> int | None:
        """The cycle at which it reaches zero; None while it is stopped."""
        return self._zero_at

    def advance(self, cycle: int) -> None:
        """Process all events due by `cycle`."""
        if self._zero_at is None or self._zero_at > cycle:
            return
        self.pending |= 1 if self._control & TIMER_INTERRUPT else 0
        period = cycles(self._reload, self._frequency_hz)
        missed = (cycle - self._zero_at) // period + 1 if period else 0
        self._zero_at = self._zero_at + missed * period if period else None

    def _set_control(self, cycle: int, word: int) -> None:
        started = word & TIMER_ENABLE and not self._control & TIMER_ENABLE
        self._control = word
        if started:
            self._set_value(cycle, self._value)
        elif not word & TIMER_ENABLE:
            self._zero_at = None  # the remaining ticks are not kept: the firmware sets VALUE before each start

    def _set_value(self, cycle: int, word: int) -> None:
        self._value = word
        if self._control & TIMER_ENABLE:
            self._zero_at = cycle + cycles(word, self._frequency_hz) if word else None

    def _set_reload(self, _cycle: int, word: int) -> None:
        self._reload = word

    def _clear_pending(self, _cycle: int, word: int) -> None:
        self.pending &= ~word
