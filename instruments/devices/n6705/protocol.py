# SPDX-License-Identifier: Apache-2.0
"""Models of the Keysight N6705 and N6700, and the meaning of their status bits.

Sources: Keysight N6705C Operating and Service Guide ("Status Tutorial"); Keysight N6700 User's Guide.
"""

import re

_MAINFRAME = re.compile(r"N6705[A-C]|N670[0-3][A-C]")
_SMU_MODULE = re.compile(r"N678[12456]A")  # the N6783A is not an SMU

# Bits of STAT:OPER:COND? that say that a measurement is initiated or waiting for its trigger. The N6705C guide
# lists only the second, the N6700C guide both.
OPERATION_ARMED = 8 | 32

# Bits of STAT:QUES:COND?: each means that the output or the measurement is not as configured.
QUESTIONABLE_BITS = (
    (1, "OV: over-voltage protection tripped"),
    (2, "OC: over-current protection tripped"),
    (4, "PF: power failed"),
    (8, "CP+: at the positive power limit"),
    (16, "OT: over-temperature protection tripped"),
    (32, "CP-: at the negative power limit"),
    (64, "OV-: negative over-voltage protection tripped"),
    (128, "LIM+: at the positive voltage or current limit"),
    (256, "LIM-: at the negative voltage or current limit"),
    (512, "INH: inhibited from outside"),
    (1024, "UNR: output unregulated"),
    (2048, "PROT: off because another channel or the output watchdog tripped"),
    (4096, "OSC: oscillation detected"),
)


def is_mainframe(model: str) -> bool:
    """Return whether `model` is an N6705 or one of the N6700 family, which accept the same commands."""
    return _MAINFRAME.fullmatch(model) is not None


def is_smu(module: str) -> bool:
    """Return whether `module` is an N678xA source/measure unit, which logs voltage and current at once."""
    return _SMU_MODULE.fullmatch(module) is not None
