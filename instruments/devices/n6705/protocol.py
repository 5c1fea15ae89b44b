"""What a Keysight N6705 or N6700 says: its identity, and the records of its external data log (ELOG).

Sources: Keysight N6705C Operating and Service Guide ("External Data Logging", "Status Tutorial"); Keysight
N6700 User's Guide ("External Data Logging": order of the values in a record, minimum period, FIFO).
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instruments.errors import ProtocolViolation, shown
from instruments.roles import Float32Array, Identity

TWIN_SERIAL = "TWIN"  # our twin's serial number begins so; no instrument of Keysight's does

# SCPI says 9.9E37 for "over range" and 9.91E37 for "not a number"; both, and the occasional absurd value
# that users of the logger report, are far above what any module can measure.
ABSURD_ABOVE = 1e6
_VALUE_BYTES = 4

_MAINFRAME = re.compile(r"N6705[A-C]|N670[0-3][A-C]")
_SMU_MODULE = re.compile(r"N678[12456]A")  # the N6783A is no SMU

# Bits of STAT:OPER:COND? that say that a measurement is initiated or waits for its trigger. The N6705C
# guide lists only the second, the N6700C guide both.
OPERATION_ARMED = 8 | 32

# Bits of STAT:QUES:COND?: each of them means that output or measurement is not what was set up.
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
    (2048, "PROT: off because another channel tripped"),
    (4096, "OSC: oscillation detected"),
)


@dataclass(frozen=True)
class Records:
    """Decoded records: one array for each parameter, NaN where the instrument gave no usable number.

    `bad` is true for every record in which at least one value was over range, not a number, or absurd.
    """

    values: tuple[Float32Array, ...]
    bad: npt.NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Return the number of records."""
        return len(self.bad)


def decode_records(data: bytes, parameters: int, *, big_endian: bool = True) -> Records:
    """Return the records in the data of a `FETC:ELOG?` block.

    A record is one float32 for each enabled parameter, in the order the instrument gives them (current
    before voltage). `big_endian` is `FORM:BORD NORM`. Bytes left over after the last whole record raise
    `ProtocolViolation`: they mean that the instrument logs other parameters than we think.
    """
    stride = parameters * _VALUE_BYTES
    if len(data) % stride:
        raise ProtocolViolation(
            "fetch logged records",
            f"{len(data)} bytes, which is no multiple of {stride} bytes ({parameters} values a record)",
            "check that only the wanted channel and parameters are logged",
        )
    table = np.frombuffer(data, dtype=">f4" if big_endian else "<f4").reshape(-1, parameters)
    columns = table.T.astype(np.float32)
    usable = np.abs(columns) <= ABSURD_ABOVE  # false for NaN and infinity as well
    columns[~usable] = np.nan
    return Records(tuple(columns), ~usable.all(axis=0))


def runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return start and length of every run of true values."""
    if not mask.any():
        return []
    steps = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    return [(int(start), int(stop - start)) for start, stop in zip(steps[::2], steps[1::2], strict=True)]


def parse_identity(line: str) -> Identity:
    """Return who answered `*IDN?` with `line` (`make,model,serial,firmware`).

    Raises `ProtocolViolation` unless there are exactly four fields. Which makes and models will do is for
    the driver to say.
    """
    fields = [part.strip() for part in line.split(",")]
    if len(fields) != 4 or not all(fields):
        raise ProtocolViolation("ask *IDN?", f"{shown(line)} instead of make, model, serial and firmware")
    make, model, serial, firmware = fields
    return Identity("monitor", make, model, serial, firmware, virtual=serial.startswith(TWIN_SERIAL))


def is_mainframe(model: str) -> bool:
    """Return whether `model` is an N6705 or one of the N6700 family, which take the same commands."""
    return _MAINFRAME.fullmatch(model) is not None


def is_smu(module: str) -> bool:
    """Return whether `module` is an N678xA source/measure unit, which logs voltage and current at once."""
    return _SMU_MODULE.fullmatch(module) is not None


def questionable(bits: int) -> str:
    """Return in words which bits of the questionable status are set; empty for none."""
    return "; ".join(text for bit, text in QUESTIONABLE_BITS if bits & bit)
