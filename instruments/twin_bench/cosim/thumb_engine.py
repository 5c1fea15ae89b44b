# SPDX-License-Identifier: Apache-2.0
"""Execute the instructions of a Cortex-M4 and count them exactly: unicorn, with a hook of our own in C.

Unicorn (GPL-2) is an optional extra, imported only here. Two of its properties shape this file:

* A Python hook for each block of instructions costs forty times the emulation, so `block_hook.c` counts.
* In a callback of a memory-mapped register, the PC is that of the start of the block, unless the access was
  refused first. So register pages are mapped without permissions, and `_refused` permits accesses to them: then
  the PC is that of the instruction, and every load and store has its exact cycle.
"""

import ctypes
import mmap
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from instruments.errors import Unavailable
from instruments.twin_bench.cosim.core_events import Fault
from instruments.twin_bench.cosim.interrupts import FIRST_INTERRUPT, RETURN_PC, Exceptions

FLASH_BYTES = 4 << 20  # from address 0; read-only, and the only memory that code can run from
RAM, RAM_BYTES = 0x20000000, 4 << 20
PAGE_BYTES = 0x1000
_UNDEFINED = b"\x00\xde"  # UDF #0
_WFI = b"\x30\xbf"
_NOWHERE = 0xFFFFFFFE  # an address that is never reached
_NEVER = (1 << 64) - 1  # a cycle
_STOPPED_BY_ALARM = 2
_MEANINGS = {
    "UC_ERR_READ_UNMAPPED": "load from an unmapped address",
    "UC_ERR_WRITE_UNMAPPED": "store to an unmapped address",
    "UC_ERR_FETCH_UNMAPPED": "jump to an unmapped address",
    "UC_ERR_WRITE_PROT": "store to flash",
    "UC_ERR_FETCH_PROT": "jump to memory that is not executable",
    "UC_ERR_INSN_INVALID": "undefined instruction",
    "UC_ERR_EXCEPTION": "exception",
}


class NoRegisterError(Exception):
    """A load or store of a register that does not exist, or not with that size."""


class Registers(Protocol):
    """The registers in the mapped pages; both methods raise `NoRegisterError` for one that does not exist."""

    def read(self, cycle: int, address: int, size: int) -> int:
        """Return the word that a load of `size` bytes reads."""

    def write(self, cycle: int, address: int, size: int, word: int) -> None:
        """Store a word of `size` bytes."""

    @property
    def next_cycle(self) -> int | None:
        """The cycle of the next event without a register access; None if nothing is in progress."""


class Outcome(Enum):
    """Why `ThumbEngine.run` returned."""

    DEADLINE = "the next block of instructions would end after the deadline"
    EVENT = "an event of a peripheral is due"
    RETURNED = "an interrupt's handler has returned"
    WAITING = "a WFI was executed"
    FAULT = "no further instruction can be executed"


class _Counter(ctypes.Structure):
    """er_counter_t of block_hook.c."""

    _fields_ = (
        ("cycle", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("alarm", ctypes.c_uint64),
        ("address", ctypes.c_uint64),
        ("size", ctypes.c_uint32),
        ("stopped", ctypes.c_uint32),
        ("stop", ctypes.c_void_p),
        ("flash", ctypes.c_void_p),
        ("known", ctypes.c_void_p),
        ("flash_size", ctypes.c_uint64),
    )


class ThumbEngine:
    """A core after reset: stack pointer and PC come from the first two words of the flash image.

    `library` is block_hook.c, compiled; `pages` are the addresses of the pages that contain `registers`. Raises
    `Unavailable` if unicorn is missing.
    """

    def __init__(self, library: Path, image: bytes, pages: tuple[int, ...], registers: Registers) -> None:
        self.fault: Fault | None = None
        self._unicorn = uc = _unicorn()
        self._registers = registers
        self._pages = pages
        self._refused_address: int | None = None
        self._flash = mmap.mmap(-1, FLASH_BYTES)
        self._flash.write(image.ljust(FLASH_BYTES, b"\xff"))
        self._known = mmap.mmap(-1, 2 * FLASH_BYTES)
        self._core = uc.Uc(uc.UC_ARCH_ARM, uc.UC_MODE_THUMB | uc.UC_MODE_MCLASS)
        self._core.ctl_set_cpu_model(uc.arm_const.UC_CPU_ARM_CORTEX_M4)
        self._map_memory()
        self._count(ctypes.CDLL(str(library)))
        self._exceptions = Exceptions(self._core, uc.arm_const)
        self._handling = False
        stack, entry = (int.from_bytes(image[at : at + 4], "little") for at in (0, 4))
        self._core.reg_write(uc.arm_const.UC_ARM_REG_SP, stack)
        self._pc = entry & ~1

    @property
    def cycle(self) -> int:
        """Cycles since reset: instructions executed, plus what was added by setting it."""
        return int(self._counter.cycle)

    @cycle.setter
    def cycle(self, cycle: int) -> None:
        self._counter.cycle = cycle

    @property
    def interruptible(self) -> bool:
        """Whether an interrupt would be taken now: no handler is running, and interrupts are not masked."""
        return not self._handling and not self._exceptions.masked

    def interrupt(self, number: int) -> None:
        """Enter the handler of interrupt `number` of the NVIC, between two blocks of instructions."""
        try:
            self._exceptions.enter(self._pc)
        except self._unicorn.UcError as error:
            self._fail(f"no stack for an interrupt: {self._meaning(error)}", None)
        at = 4 * (FIRST_INTERRUPT + number)
        self._pc = int.from_bytes(self._flash[at : at + 4], "little") & ~1
        self._handling = True

    def run(self, deadline: int) -> Outcome:
        """Execute up to a WFI, a fault, the registers' next event, or a block that would end after `deadline`."""
        self._counter.deadline = deadline
        self._counter.stopped = 0
        self._set_alarm()
        returned = self.fault is None and self._execute()
        if self.fault is not None:
            self.cycle = self._failed_at
            return Outcome.FAULT
        if returned:
            return Outcome.RETURNED
        if self._counter.stopped:
            return Outcome.EVENT if self._counter.stopped == _STOPPED_BY_ALARM else Outcome.DEADLINE
        if self._flash[self._pc - 2 : self._pc] == _WFI:
            return Outcome.WAITING
        self._fail("the emulator stopped without a reason", None)
        return Outcome.FAULT

    def _execute(self) -> bool:
        """Let unicorn run until it stops; return whether that was the return from a handler."""
        try:
            self._core.emu_start(self._pc | 1, _NOWHERE)
        except self._unicorn.UcError as error:
            # Unicorn does not support handlers: for it, their return is a jump to an unmapped address.
            if not self._handling or self._read_pc() != RETURN_PC:
                self._fail(self._meaning(error), self._refused_address)
                return False
            self._handling = False
            self._pc = self._exceptions.leave()
            return True
        self._pc = self._read_pc()
        return False

    def spoil_next_instruction(self) -> None:
        """Replace the next instruction with an undefined one."""
        end = self._pc + len(_UNDEFINED)
        self._flash[self._pc : end] = _UNDEFINED
        self._known[2 * self._pc : 2 * end] = bytes(2 * len(_UNDEFINED))
        self._core.ctl_remove_cache(self._pc, end)

    # --- construction --------------------------------------------------------------------------------------

    def _map_memory(self) -> None:
        uc = self._unicorn
        self._core.mem_map_ptr(0, FLASH_BYTES, uc.UC_PROT_READ | uc.UC_PROT_EXEC, _address(self._flash))
        self._core.mem_map(RAM, RAM_BYTES, uc.UC_PROT_READ | uc.UC_PROT_WRITE)
        for page in self._pages:
            self._core.mmio_map(page, PAGE_BYTES, self._load, page, self._store, page)
            self._core.mem_protect(page, PAGE_BYTES, uc.UC_PROT_NONE)
        self._core.hook_add(uc.UC_HOOK_MEM_UNMAPPED | uc.UC_HOOK_MEM_PROT, self._refused)

    def _count(self, hook: ctypes.CDLL) -> None:
        """Register block_hook.c for every block through the C API: the binding accepts only Python functions."""
        library = self._unicorn.unicorn_py3.unicorn.uclib
        self._count_instructions = hook.er_count_instructions
        self._counter = _Counter(
            stop=_function(library.uc_emu_stop),
            flash=_address(self._flash),
            known=_address(self._known),
            flash_size=FLASH_BYTES,
        )
        handle = ctypes.c_size_t()
        status = library.uc_hook_add(
            self._core._uch,  # noqa: SLF001 - the handle has no public name
            ctypes.byref(handle),
            self._unicorn.UC_HOOK_BLOCK,
            _function(hook.er_count_block),
            ctypes.addressof(self._counter),
            ctypes.c_uint64(1),  # begin > end means all addresses
            ctypes.c_uint64(0),
        )
        if status != self._unicorn.UC_ERR_OK:
            raise self._unicorn.UcError(status)

    # --- within an instruction -----------------------------------------------------------------------------

    def _refused(self, _core: Any, _access: int, address: int, _size: int, _value: int, _data: Any) -> bool:
        self._refused_address = address
        return address & ~(PAGE_BYTES - 1) in self._pages

    def _load(self, _core: Any, offset: int, size: int, page: int) -> int:
        try:
            return self._registers.read(self._now(), page + offset, size)
        except NoRegisterError:
            self._fail("load from a register that does not exist", page + offset)
            return 0

    def _store(self, _core: Any, offset: int, size: int, word: int, page: int) -> None:
        if self.fault is not None:
            return  # unicorn executes the current block to its end
        try:
            self._registers.write(self._now(), page + offset, size, word)
        except NoRegisterError:
            self._fail("store to a register that does not exist", page + offset)
        self._set_alarm()

    def _set_alarm(self) -> None:
        following = self._registers.next_cycle
        self._counter.alarm = _NEVER if following is None else following

    def _now(self) -> int:
        """Return the number of cycles before the current instruction."""
        pc, end = self._read_pc(), self._counter.address + self._counter.size
        if not self._counter.address <= pc < end:
            return self.cycle
        return self.cycle - int(self._count_instructions(self._flash[pc:end], ctypes.c_uint32(end - pc)))

    def _read_pc(self) -> int:
        return int(self._core.reg_read(self._unicorn.arm_const.UC_ARM_REG_PC))

    def _fail(self, what: str, address: int | None) -> None:
        self.fault = Fault(what, self._read_pc(), address)
        self._failed_at = self._now()
        self._core.emu_stop()

    def _meaning(self, error: Exception) -> str:
        known = {getattr(self._unicorn, name): text for name, text in _MEANINGS.items()}
        return known.get(getattr(error, "errno", None), str(error))


def _unicorn() -> Any:
    try:
        import unicorn
        import unicorn.arm_const
    except ImportError as error:
        raise Unavailable(
            "emulate a Cortex-M4",
            f"the package unicorn cannot be imported ({error})",
            "scripts/prepare --dev in a clone, or pip install 'energy-runner[cosim]'; or the bench "
            "virtual-lpm01a, which does not need it",
        ) from error
    return unicorn


def _address(memory: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def _function(function: Any) -> int:
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)
