# SPDX-License-Identifier: Apache-2.0
"""Logged records: float32 values of several signals, interleaved."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instruments.errors import ProtocolViolation
from instruments.roles import Float32Array

# SCPI uses 9.9E37 for infinity (over range) and 9.91E37 for "not a number" (SCPI-1999, volume 1, 7.2.1.4). Both,
# and the occasional absurd values that users of such logs report, are far above anything an instrument here
# measures.
ABSURD_ABOVE = 1e6
_VALUE_BYTES = 4


@dataclass(frozen=True)
class Records:
    """Decoded records: one array for each signal, NaN where the instrument gave no usable number.

    `bad` is true for every record in which at least one value was over range, not a number, or absurd.
    """

    values: tuple[Float32Array, ...]
    bad: npt.NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Return the number of records."""
        return len(self.bad)


def decode_records(data: bytes, signals: int, *, big_endian: bool = True) -> Records:
    """Return the records in `data`: one float32 for each of `signals`, in the instrument's order.

    Raises `ProtocolViolation` for bytes left over after the last complete record: they mean that the instrument
    does not log the signals that were set.
    """
    stride = signals * _VALUE_BYTES
    if len(data) % stride:
        raise ProtocolViolation(
            "fetch logged records",
            f"{len(data)} bytes, which is not a multiple of {stride} bytes ({signals} values a record)",
            "check that only the wanted channel and signals are logged",
        )
    table = np.frombuffer(data, dtype=">f4" if big_endian else "<f4").reshape(-1, signals)
    columns = table.T.astype(np.float32)
    usable = np.abs(columns) <= ABSURD_ABOVE  # false for NaN and infinity as well
    columns[~usable] = np.nan
    return Records(tuple(columns), ~usable.all(axis=0))


def runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the start and length of every run of true values."""
    if not mask.any():
        return []
    steps = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    return [(int(start), int(stop - start)) for start, stop in zip(steps[::2], steps[1::2], strict=True)]
