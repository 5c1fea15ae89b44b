# SPDX-License-Identifier: Apache-2.0
"""Read the stream messages that pyjoulescope-driver hands to its subscribers.

A message is a dict: `sample_id` counts at the rate `sample_rate`, element k of `data` belongs to `sample_id` +
k × `decimate_factor`. Current and voltage are 32-bit floats; an input has one bit a sample, eight to a byte, the
first in the lowest bit (jsdrv.h of jetperch/joulescope_driver, `jsdrv_stream_signal_s`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from instruments.errors import ProtocolViolation

_MOST = 1 << 62  # of a count that is 64 bits wide


@dataclass(frozen=True)
class Piece:
    """Consecutive elements of one stream, the first at the count `first`, and so many counts apart: `step`."""

    first: int
    step: int
    values: npt.NDArray[Any]

    @property
    def end(self) -> int:
        """Return the count at which the next piece begins."""
        return self.first + self.step * len(self.values)


def read_floats(message: object, base_hz: int, step: int) -> Piece:
    """Return a message of current or voltage; raise `ProtocolViolation` for any other, or at another rate."""
    piece = _piece(message, base_hz, step)
    if piece.values.dtype != np.float32:
        raise _violation(f"data of the type {piece.values.dtype} instead of float32")
    return piece


def read_bits(message: object, base_hz: int, step: int) -> Piece:
    """Return a message of an input with its bits unpacked; raise `ProtocolViolation` for any other."""
    piece = _piece(message, base_hz, step)
    if piece.values.dtype != np.uint8:
        raise _violation(f"data of the type {piece.values.dtype} instead of uint8")
    return Piece(piece.first, piece.step, np.unpackbits(piece.values, bitorder="little"))


def _piece(message: object, base_hz: int, step: int) -> Piece:
    if not isinstance(message, Mapping):
        raise _violation(f"a {type(message).__name__} instead of a message")
    first, rate = _count(message, "sample_id"), _count(message, "sample_rate")
    decimate, values = _count(message, "decimate_factor"), message.get("data")
    if not isinstance(values, np.ndarray) or values.ndim != 1:
        raise _violation(f"data that are a {type(values).__name__}, not one row of numbers")
    if (rate, decimate) != (base_hz, step):
        raise _violation(f"every {decimate}. of {rate} samples a second, and set was every {step}. of {base_hz}")
    return Piece(first, decimate, values)


def _count(message: Mapping[Any, Any], key: str) -> int:
    value = message.get(key)
    if not isinstance(value, int | np.integer) or not 0 <= int(value) < _MOST:
        raise _violation(f"{key} = {str(value)[:40]}")
    return int(value)


def _violation(came: str) -> ProtocolViolation:
    return ProtocolViolation("read a stream of a Joulescope", came, "install the pyjoulescope-driver of our extra")
