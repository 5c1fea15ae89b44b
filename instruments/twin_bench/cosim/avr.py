# SPDX-License-Identifier: Apache-2.0
"""An ATmega328P that runs the IO manager's real ELF, cycle by cycle, in this process.

simavr (GPL-3) emulates it through avr_host.c, which is compiled on the user's machine. Instruction timing is
simavr's: an edge or a byte takes effect at its cycle, or at the end of the current instruction, at most three
cycles later.
"""

import ctypes
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from instruments.errors import Refused, Unavailable

_PINS = {"D2": 2, "D3": 3}  # of port D
# simavr counts a parity bit that is not sent, so a frame at 115200 baud takes 11 bits of 136 cycles there. Bytes
# that follow each other faster overflow a queue that the chip does not have.
_FRAME_CYCLES = 11 * 136


class AvrKind(IntEnum):
    """The kind of an `AvrEvent`; the numbers are those of avr_host.c."""

    UART = 0  # a byte whose start bit begins
    PIN = 1  # the new level of D9, 0 or 1


@dataclass(frozen=True)
class AvrEvent:
    """A byte or a level that left the chip, with its cycle since reset."""

    cycle: int
    kind: AvrKind
    value: int


class _Item(ctypes.Structure):
    _fields_ = (("cycle", ctypes.c_uint64), ("kind", ctypes.c_uint32), ("value", ctypes.c_uint32))


class Atmega328p:
    """One chip at a fixed clock.

    `library` is avr_host.c, compiled; `elf` the firmware. Raises `Unavailable` if the library or the ELF is
    missing, `Refused` for a file that is not an AVR program.
    """

    def __init__(self, library: Path, elf: Path, frequency_hz: int = 16_000_000) -> None:
        self.frequency_hz = frequency_hz
        self._elf = elf
        self._library = _declared(library)
        self._chip: int | None = None
        self.reset()

    def reset(self) -> None:
        """Start again as after power-up: cycle 0, all memory zero, scheduled inputs dropped."""
        self.close()
        self._line_free = 0
        if not self._elf.is_file():
            raise Unavailable(f"load {self._elf}", "there is no such file")
        self._chip = self._library.er_avr_open(bytes(self._elf), self.frequency_hz)
        if self._chip is None:
            raise Refused(f"load {self._elf}", "it is not a program for an ATmega328P", "make io_manager")

    def close(self) -> None:
        """Free the chip's memory; safe to call twice."""
        if self._chip is not None:
            self._library.er_avr_close(self._chip)
            self._chip = None

    def __del__(self) -> None:
        if getattr(self, "_chip", None) is not None:
            self.close()

    @property
    def cycle(self) -> int:
        """Cycles since reset; up to three beyond the argument of `run_until`, since instructions are not split."""
        return int(self._library.er_avr_cycle(self._chip))

    def schedule_uart(self, cycle: int, byte: int) -> None:
        """Schedule a byte on UART0's receive pin; its start bit begins at `cycle`, or after the last frame."""
        self._line_free = max(cycle, self._line_free)
        self._input(self._line_free, AvrKind.UART, byte)
        self._line_free += _FRAME_CYCLES

    def schedule_pin(self, cycle: int, pin: str, level: bool) -> None:
        """Schedule the level of an input pin ("D2" or "D3") from `cycle` on."""
        self._input(cycle, AvrKind.PIN, _PINS[pin] << 1 | level)

    def _input(self, cycle: int, kind: AvrKind, value: int) -> None:
        if self._library.er_avr_input(self._chip, cycle, kind, value) != 0:
            raise MemoryError("no memory for the inputs of the emulated IO manager")

    def run_until(self, cycle: int) -> list[AvrEvent]:
        """Run to `cycle`; return the events, in order.

        Raises `Refused` if the program has stopped: it executed invalid code, or sleeps with interrupts disabled.
        """
        state = self._library.er_avr_run(self._chip, cycle)
        if state < 0:
            raise MemoryError("no memory for the events of the emulated IO manager")
        if state != 0:
            raise Refused(
                "run the IO manager's firmware",
                f"it stopped for ever at cycle {self.cycle} (simavr's state {state})",
                "look for a jump through a bad pointer, or a sleep with interrupts disabled",
            )
        count = ctypes.c_size_t()
        items = self._library.er_avr_events(self._chip, ctypes.byref(count))
        return [AvrEvent(item.cycle, AvrKind(item.kind), item.value) for item in items[: count.value]]


def _declared(library: Path) -> ctypes.CDLL:
    """Return the library, with the types of its functions declared."""
    try:
        shim = ctypes.CDLL(str(library))
    except OSError as error:
        raise Unavailable(f"load {library}", str(error), "sudo apt-get install libsimavr2 libelf1") from error
    chip = ctypes.c_void_p
    shim.er_avr_open.restype, shim.er_avr_open.argtypes = chip, [ctypes.c_char_p, ctypes.c_uint32]
    shim.er_avr_close.restype, shim.er_avr_close.argtypes = None, [chip]
    shim.er_avr_cycle.restype, shim.er_avr_cycle.argtypes = ctypes.c_uint64, [chip]
    shim.er_avr_run.restype, shim.er_avr_run.argtypes = ctypes.c_int, [chip, ctypes.c_uint64]
    shim.er_avr_input.restype = ctypes.c_int
    shim.er_avr_input.argtypes = [chip, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint32]
    shim.er_avr_events.restype = ctypes.POINTER(_Item)
    shim.er_avr_events.argtypes = [chip, ctypes.POINTER(ctypes.c_size_t)]
    return shim
