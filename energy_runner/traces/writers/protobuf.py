# SPDX-License-Identifier: Apache-2.0
"""Write messages in the wire format of Protocol Buffers: varints, doubles, and fields with a length."""

import struct

_VARINT, _FIXED64, _LENGTH = 0, 1, 2
_MOST = 1 << 64


def varint(value: int) -> bytes:
    """Return a whole number from 0 to 2**64 - 1 as a varint; a negative one as its two's complement.

    Raises `ValueError` for one that 64 bits cannot hold.
    """
    if not -_MOST // 2 <= value < _MOST:
        raise ValueError(f"{value} does not fit into 64 bits")
    value %= _MOST
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def number(field: int, value: int) -> bytes:
    """Return a field with a whole number."""
    return varint(field << 3 | _VARINT) + varint(value)


def double(field: int, value: float) -> bytes:
    """Return a field with a 64-bit float."""
    return varint(field << 3 | _FIXED64) + struct.pack("<d", value)


def text(field: int, value: str) -> bytes:
    """Return a field with a text; what UTF-8 cannot hold becomes a question mark."""
    return message(field, value.encode("utf-8", "replace"))


def message(field: int, value: bytes) -> bytes:
    """Return a field with a message, or with bytes."""
    return varint(field << 3 | _LENGTH) + varint(len(value)) + value
