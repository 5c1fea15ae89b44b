# SPDX-License-Identifier: Apache-2.0
"""The flash image of a 32-bit Arm ELF.

Source: ELF for the Arm architecture (Arm IHI0044), System V ABI chapters 4 and 5 (ELF header, program headers).
"""

import struct
from pathlib import Path

from instruments.errors import Refused, Unavailable

_MACHINE_ARM = 40
_LOAD = 1


def flash_image(elf: Path, flash_bytes: int) -> bytes:
    """Return the image from address 0 on: each loaded segment at its physical address, 0xff between them.

    Raises `Unavailable` for a file that cannot be read, `Refused` for one that is not such an ELF or whose image
    is empty or does not fit into `flash_bytes` bytes from address 0.
    """
    try:
        data = elf.read_bytes()
    except OSError as error:
        raise Unavailable(f"read {elf}", error.strerror or str(error)) from error
    try:
        segments = _segments(data)
    except (struct.error, ValueError) as error:
        raise Refused(f"load {elf}", f"it is not a 32-bit little-endian Arm ELF ({error})") from error
    end = max((place + len(content) for place, content in segments), default=0)
    if not 0 < end <= flash_bytes:
        raise Refused(
            f"load {elf}",
            f"its image ends at {end} bytes, the flash has {flash_bytes}",
            "check the port's linker script",
        )
    image = bytearray(b"\xff" * end)
    for place, content in segments:
        image[place : place + len(content)] = content
    return bytes(image)


def _segments(data: bytes) -> list[tuple[int, bytes]]:
    """Return (physical address, content) of every loaded segment with content."""
    if data[:6] != b"\x7fELF\x01\x01" or struct.unpack_from("<H", data, 18)[0] != _MACHINE_ARM:
        raise ValueError("its header says otherwise")
    (table,) = struct.unpack_from("<I", data, 28)
    entry_bytes, entries = struct.unpack_from("<HH", data, 42)
    found = []
    for number in range(entries):
        kind, offset, _, place, size = struct.unpack_from("<5I", data, table + number * entry_bytes)
        if kind != _LOAD or size == 0:
            continue
        content = data[offset : offset + size]
        if len(content) != size:
            raise ValueError(f"segment {number} lies outside the file")
        found.append((place, content))
    return found
