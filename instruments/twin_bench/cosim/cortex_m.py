# SPDX-License-Identifier: Apache-2.0
"""A Cortex-M4 that runs the DUT's real ELF, instruction by instruction, in this process.

Time is the core's cycle count. One executed instruction counts as one cycle, which is an assumption: a real
Cortex-M4 needs more for loads, branches, divisions and slow flash. The count itself is exact, and does not depend
on how time is sliced. WFI costs the host nothing: time skips to the next received byte, sent byte or timer event.

Interrupts end a WFI. If the firmware has unmasked them they are taken, between two blocks of instructions and in
no cycles of their own; one that is already pending when the firmware unmasks it is taken at the board's next
event. What would be a fault stops the core for ever, like a chip in lock-up.
"""

from pathlib import Path

from instruments.twin_bench.cosim.core_events import CoreEvent, Fault, Kind
from instruments.twin_bench.cosim.cortex_m_board import PAGES, Board
from instruments.twin_bench.cosim.elf_image import flash_image
from instruments.twin_bench.cosim.thumb_engine import FLASH_BYTES, Outcome, ThumbEngine

__all__ = ["CoreEvent", "CortexM4", "Fault", "Kind"]


class CortexM4:
    """One core with flash, RAM and the board's peripherals, at a fixed clock.

    `library` is block_hook.c, compiled; `elf` the firmware, linked to address 0. Raises `Unavailable` if unicorn
    is missing or the ELF cannot be read, `Refused` if it is not such an ELF.
    """

    def __init__(self, library: Path, elf: Path, frequency_hz: int) -> None:
        self.frequency_hz = frequency_hz
        self._library = library
        self._image = flash_image(elf, FLASH_BYTES)
        self.reset()

    def reset(self) -> None:
        """Start as after power-up: cycle 0, RAM zero, flash as in the ELF, no fault and no bytes in transit."""
        self._events: list[CoreEvent] = []
        self._board = Board(self.frequency_hz, self._events.append)
        self._engine = ThumbEngine(self._library, self._image, PAGES, self._board)
        self._slept = 0
        self._waiting = False
        self._hung = False

    @property
    def cycle(self) -> int:
        """Cycles since reset, executed and slept; at most one block of instructions short of `run_until`."""
        return self._engine.cycle

    @property
    def instructions(self) -> int:
        """Instructions executed since reset, including those that an IT block skips: they take a cycle too."""
        return self._engine.cycle - self._slept

    @property
    def baud(self) -> int:
        """The UART speed that the firmware has set, in bits per second, rounded."""
        return self._board.uart.baud

    @property
    def waiting(self) -> bool:
        """Whether the core is in WFI."""
        return self._waiting

    @property
    def fault(self) -> str | None:
        """What stopped the core for ever, with PC and address; None while it runs."""
        return None if self._engine.fault is None else str(self._engine.fault)

    def schedule_uart(self, cycle: int, byte: int) -> None:
        """Schedule a byte whose reception is complete at `cycle`, or now if that has passed.

        The UART holds one byte: one that arrives before the last was read replaces it and sets the overrun flag.
        """
        self._board.uart.receive(cycle, byte)

    def run_until(self, cycle: int) -> list[CoreEvent]:
        """Run to `cycle`; return the events since the last call, in order.

        A block of instructions that would end later is left to the next call, so that no event lies beyond `cycle`
        and events do not depend on how time is sliced.
        """
        while self.cycle < cycle and self._goes_on_until(cycle):
            pass
        events = self._events.copy()
        self._events.clear()
        return events

    def hang(self) -> None:
        """Let the CPU loop for ever from now on, without any effect."""
        self._hung = True
        self._waiting = False

    def crash(self) -> None:
        """Make the next instruction undefined; a core in WFI reaches it when it wakes."""
        self._engine.spoil_next_instruction()

    def _goes_on_until(self, cycle: int) -> bool:
        """Take one step (sleep, loop, wake or execute); return False if no more fits before `cycle`."""
        if self._engine.fault is not None:
            self._sleep(cycle)
        elif self._hung:
            self._engine.cycle = cycle
        elif self._waiting:
            return self._wakes_until(cycle)
        else:
            return self._execute_until(cycle)
        return True

    def _sleep(self, cycle: int) -> None:
        self._slept += cycle - self.cycle
        self._engine.cycle = cycle

    def _wakes_until(self, cycle: int) -> bool:
        """Sleep until an enabled interrupt is pending; return False if that is not before `cycle`."""
        self._board.advance(self.cycle)
        while not self._board.awake:
            following = self._board.next_cycle
            if following is None or following > cycle:
                self._sleep(cycle)
                return False
            self._sleep(following)
            self._board.advance(following)
        self._waiting = False
        return True

    def _execute_until(self, cycle: int) -> bool:
        self._board.advance(self.cycle)
        if self._board.awake and self._engine.interruptible:
            self._engine.interrupt(self._board.take_interrupt())
        outcome = self._engine.run(cycle)
        self._waiting = outcome is Outcome.WAITING
        if outcome is Outcome.RETURNED:
            self._board.end_interrupt(self.cycle)
        fault = self._engine.fault
        if fault is not None:
            self._events.append(CoreEvent(self.cycle, Kind.FAULT, fault.pc, fault=fault))
        return outcome is not Outcome.DEADLINE
