# SPDX-License-Identifier: Apache-2.0
"""CRC-32C (Castagnoli), the checksum of JLS files, fast enough for samples without an extension of our own.

The register is linear in the message, so blocks are cut into equal parts whose checksums are computed side by
side, and then joined by advancing the register over each further part. Source: RFC 3720, sections 12.1 and B.4.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_POLYNOMIAL = 0x82F63B78  # reflected
_PART = 256  # bytes
_START = np.frombuffer(b"\xff\xff\xff\xff", dtype=np.uint8)
UInt32Array = npt.NDArray[np.uint32]


def _byte_table() -> UInt32Array:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> np.uint32(1)) ^ np.uint32(_POLYNOMIAL), table >> np.uint32(1))
    return table.astype(np.uint32)


_TABLE = _byte_table()


def _advanced(register: UInt32Array, data: npt.NDArray[np.uint8]) -> UInt32Array:
    """Return the registers after each has taken in its row of `data`."""
    for column in np.ascontiguousarray(data.T):
        register = _TABLE[(register ^ column) & np.uint32(0xFF)] ^ (register >> np.uint32(8))
    return register


def _skip_table(place: int) -> list[int]:
    """Return what `_PART` bytes of zero do to a register, for each value of its byte `place`."""
    registers = np.arange(256, dtype=np.uint32) << np.uint32(8 * place)
    return [int(value) for value in _advanced(registers, np.zeros((256, _PART), dtype=np.uint8))]


_SKIP = [_skip_table(place) for place in range(4)]


def crc32c(blocks: Sequence[bytes]) -> list[int]:
    """Return the CRC-32C of each of `blocks`, which have at least four bytes each."""
    if not blocks:
        return []
    if min(map(len, blocks)) < len(_START):
        raise ValueError("a block has fewer than four bytes")
    # A register of ones before a message is one of zeros before the message with its first bytes inverted, and
    # then zeros in front change nothing.
    width = -(-max(map(len, blocks)) // _PART) * _PART
    padded = np.zeros((len(blocks), width), dtype=np.uint8)
    for row, block in zip(padded, blocks, strict=True):
        row[width - len(block) :] = np.frombuffer(block, dtype=np.uint8)
        row[width - len(block) :][: len(_START)] ^= _START
    parts = padded.reshape(-1, _PART)
    values = _advanced(np.zeros(len(parts), dtype=np.uint32), parts).reshape(len(blocks), -1)
    return [_joined(row) for row in values.tolist()]


def _joined(values: list[int]) -> int:
    first, second, third, fourth = _SKIP
    register = 0
    for value in values:
        register = (
            first[register & 0xFF]
            ^ second[register >> 8 & 0xFF]
            ^ third[register >> 16 & 0xFF]
            ^ fourth[register >> 24]
            ^ value
        )
    return register ^ 0xFFFFFFFF
