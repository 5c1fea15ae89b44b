# SPDX-License-Identifier: Apache-2.0
"""Enter an interrupt handler and return from it as the hardware of a Cortex-M does: with eight words on the stack.

Source: Arm DDI0403, B1.5.6 (exception entry), B1.5.8 (exception return) and B1.4.2 (xPSR). Only what this core
needs: one stack, no floating point, no nested handlers.
"""

import struct
from typing import Any

# EXC_RETURN, in the link register of a handler: return to thread mode and the main stack. A jump to it returns.
RETURN = 0xFFFFFFF9
RETURN_PC = RETURN & ~1
FIRST_INTERRUPT = 16  # exception number of interrupt 0; the vector table has one word per exception
_FRAME_BYTES = 32
_PADDED = 1 << 9  # in the stacked xPSR: the stack pointer was moved by one more word, to a multiple of 8
_IT_STATE = 0x0600FC00  # bits of the xPSR: the instructions left in an IT block, and their condition


class Exceptions:
    """Exception entry and return on the registers of `core`; `names` is `unicorn.arm_const`."""

    def __init__(self, core: Any, names: Any) -> None:
        self._core = core
        self._stacked = tuple(
            getattr(names, f"UC_ARM_REG_{name}") for name in ("R0", "R1", "R2", "R3", "R12", "LR")
        )
        self._masks = (names.UC_ARM_REG_PRIMASK, names.UC_ARM_REG_FAULTMASK)
        self._sp, self._lr, self._psr = names.UC_ARM_REG_SP, names.UC_ARM_REG_LR, names.UC_ARM_REG_XPSR

    @property
    def masked(self) -> bool:
        """Whether the firmware has masked interrupts (CPSID)."""
        return any(self._core.reg_read(mask) & 1 for mask in self._masks)

    def enter(self, pc: int) -> None:
        """Stack the registers that the handler may change; `pc` is the instruction to return to."""
        sp, psr = self._core.reg_read(self._sp), self._core.reg_read(self._psr)
        padding = sp & 4
        frame = sp - padding - _FRAME_BYTES
        psr = psr & ~_PADDED | (_PADDED if padding else 0)
        words = (*(self._core.reg_read(register) for register in self._stacked), pc, psr)
        self._core.mem_write(frame, struct.pack("<8I", *words))
        self._core.reg_write(self._sp, frame)
        self._core.reg_write(self._lr, RETURN)
        self._core.reg_write(self._psr, psr & ~_IT_STATE)

    def leave(self) -> int:
        """Restore what `enter` stacked; return the PC."""
        frame = self._core.reg_read(self._sp)
        *registers, pc, psr = struct.unpack("<8I", self._core.mem_read(frame, _FRAME_BYTES))
        for register, word in zip(self._stacked, registers, strict=True):
            self._core.reg_write(register, word)
        self._core.reg_write(self._sp, frame + _FRAME_BYTES + (4 if psr & _PADDED else 0))
        self._core.reg_write(self._psr, psr & ~_PADDED)
        return int(pc)
