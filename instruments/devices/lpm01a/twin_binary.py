# SPDX-License-Identifier: Apache-2.0
"""The binary stream of the LPM01A's twin (UM2269 Rev 6, "Binary format").

Edges are not in it: how they are encoded is not documented. A command other than `stop` is answered by a message
where the manual has one for it, and otherwise not at all, which is an assumption.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from instruments.devices.lpm01a.twin_stream import FloatArray, Mark, ShieldStream

TAIL = b"\xff\xff"
END = b"\xf0\xf4" + TAIL
MANTISSA = 4095


class BinaryShieldStream(ShieldStream):
    """One binary acquisition; a time stamp comes at its beginning, and after every 1000 samples."""

    sample_bytes = 2
    _stamped = False

    def _error(self, text: bytes) -> bytes:
        return b"\xf0\xf5" + TAIL if text == b"overcurrent" else b"\xf0\xf1" + text + b"\r\n" + TAIL

    def _stamps(self, first: int, last: int) -> list[Mark]:
        began = [] if self._stamped else [Mark(0, 1, 0, self._stamp(0, first))]
        self._stamped = True
        return began + super()._stamps(first, last)

    def _stamp(self, at: int, first: int) -> bytes:
        ms = round((at + self._plan.first_stamp) * 1000 / self._plan.rate_hz)
        return b"\xf0\xf3" + ms.to_bytes(4, "big") + bytes((self._percent(at - first),)) + TAIL

    def _events(self, released: int) -> list[Mark]:
        self._edges = self._edges[released:]
        return []

    def _spoil(self) -> tuple[tuple[int, Callable[[bytes], bytes]], ...]:
        faults = self._world.faults
        return (
            (faults.drop_sample_every, lambda sample: b""),
            (faults.garble_sample_every, lambda sample: sample[:1]),
            (faults.extra_characters_every, lambda sample: sample + b"?"),
        )

    def _rows(self, values: FloatArray) -> npt.NDArray[np.uint8]:
        return sample_words(values)


def sample_words(samples: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return currents (A, zero or above) as rows of two bytes: exponent e and mantissa m of m * 16^-e."""
    values = np.asarray(samples, dtype=np.float64)
    with np.errstate(divide="ignore"):
        exponent = np.floor(-np.log2(values / MANTISSA) / 4)  # the largest with m <= 4095
    exponent = np.clip(exponent, 0, 14)
    mantissa = np.rint(values * 16.0**exponent)
    over = (mantissa > MANTISSA) & (exponent > 0)
    exponent = exponent - over
    mantissa = np.minimum(np.where(over, np.rint(values * 16.0**exponent), mantissa), MANTISSA)
    words = exponent.astype(np.uint16) << 12 | mantissa.astype(np.uint16)
    rows: npt.NDArray[np.uint8] = words.astype(">u2").view(np.uint8).reshape(-1, 2)
    return rows


def answer(command: str, voltage_v: float, powered: bool) -> bytes:
    """Return what answers a command during a binary acquisition; empty where the manual has no message for it."""
    if command == "volt get":
        return b"\xf0\xf7" + round(voltage_v * 1000).to_bytes(2, "big") + TAIL
    if command.startswith("temp"):
        return b"\xf0\xf8" + (28).to_bytes(2, "big") + TAIL
    if command.startswith("pwr"):
        return b"\xf0\xf9" + bytes((powered,)) + TAIL
    return b""
