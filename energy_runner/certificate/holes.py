# SPDX-License-Identifier: Apache-2.0
"""The hole for the signature: a form that carries the envelope which vouches for it.

An envelope names the digest of each form, and two forms carry the envelope. So their digests are taken with a run
of zeros as long as the envelope in its place, and the envelope is put there afterwards.
"""

import re
from collections.abc import Mapping

_FILLING = b"0"


def filling(length: int) -> bytes:
    """Return what stands in a hole of `length` bytes."""
    return _FILLING * length


def fill(data: bytes, length: int, content: bytes, count: int) -> bytes:
    """Return `data` with `content` in each of its `count` holes of `length` bytes.

    Raises `ValueError` if `content` is of another length, or if there are not as many holes.
    """
    if len(content) != length:
        raise ValueError(f"a hole of {length} bytes cannot hold {len(content)}")
    filled, found = re.subn(rb"(?<!0)0{%d}(?!0)" % length, lambda _: content, data)
    if found != count:
        raise ValueError(f"{found} holes of {length} bytes in place of {count}")
    return filled


def emptied(data: bytes, contents: Mapping[bytes, int]) -> bytes | None:
    """Return `data` with zeros in place of each content; None where one is not there as often as is said."""
    for content, count in contents.items():
        if data.count(content) != count:
            return None
        data = data.replace(content, filling(len(content)))
    return data
