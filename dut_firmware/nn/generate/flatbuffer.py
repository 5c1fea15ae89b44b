# SPDX-License-Identifier: Apache-2.0
"""Read FlatBuffers tables with every access checked against the end of the file.

Source: "FlatBuffer Internals", flatbuffers.dev/internals. The format has no checksum, and generated readers trust
their offsets; this one is small because .tflite needs few types, and damaged bytes give one clear error. Our own
instead of the packages `flatbuffers` and `tflite`, which read outside a table or allocate what a bad length says.
"""

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dut_firmware.nn.generate.errors import UnusableModel


class Table:
    """A table at one position of the file; fields are named by their number in the schema."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position
        self._vtable = position - self._integer("<i", position)
        self._vtable_size = self._integer("<H", self._vtable)

    @classmethod
    def root(cls, data: bytes, identifier: bytes) -> "Table":
        """Return the root table of a file that must carry the four-byte identifier."""
        if data[4:8] != identifier:
            raise UnusableModel(f"not a .tflite file: bytes 4 to 8 are {data[4:8]!r}, not {identifier!r}")
        return cls(data, int.from_bytes(data[:4], "little"))

    def integer(self, field: int, kind: str, default: int = 0) -> int:
        """Return a scalar field, `kind` being one of the struct module's letters, or the schema's default."""
        position = self._field(field)
        return default if position is None else self._integer("<" + kind, position)

    def real(self, field: int, default: float = 0.0) -> float:
        """Return a float32 field."""
        position = self._field(field)
        return default if position is None else float(self._scalar("<f", position))

    def table(self, field: int) -> "Table | None":
        """Return the table that a field points at, or None where the field is absent."""
        position = self._field(field)
        return None if position is None else Table(self._data, self._follow(position))

    def tables(self, field: int) -> Iterator["Table"]:
        """Yield the tables of a vector of tables."""
        start, count = self._vector(field, 4)
        for index in range(count):
            yield Table(self._data, self._follow(start + 4 * index))

    def array(self, field: int, dtype: str) -> NDArray[np.generic]:
        """Return a vector of numbers as a read-only array of the given little-endian dtype; empty where absent."""
        kind = np.dtype(dtype)
        start, count = self._vector(field, kind.itemsize)
        return np.frombuffer(self._data, kind, count, start)

    def _vector(self, field: int, item_size: int) -> tuple[int, int]:
        position = self._field(field)
        if position is None:
            return 0, 0
        start = self._follow(position)
        count = self._integer("<I", start)
        if start + 4 + count * item_size > len(self._data):
            raise UnusableModel(f"damaged file: a list of {count} items at byte {start} runs past the end")
        return start + 4, count

    def _field(self, field: int) -> int | None:
        slot = 4 + 2 * field
        if slot + 2 > self._vtable_size:
            return None
        offset = self._integer("<H", self._vtable + slot)
        return self._position + offset if offset else None

    def _follow(self, position: int) -> int:
        return position + self._integer("<I", position)

    def _integer(self, form: str, position: int) -> int:
        return int(self._scalar(form, position))

    def _scalar(self, form: str, position: int) -> int | float:
        if position < 0 or position + struct.calcsize(form) > len(self._data):
            raise UnusableModel(f"damaged file: byte {position} is asked for, the file has {len(self._data)}")
        value: int | float = struct.unpack_from(form, self._data, position)[0]
        return value
