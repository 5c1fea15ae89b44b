# SPDX-License-Identifier: Apache-2.0
"""The hole for the signature: a form that carries the envelope which vouches for it.

An envelope names the digest of each form, and two forms carry the envelope. So their digests are taken with zeros
in its place, and the envelope is put there afterwards.
"""

import re

_FILLING = b"0"


def filling(length: int) -> bytes:
    """Return what stands in a hole of `length` bytes."""
    return _FILLING * length


def fill(data: bytes, content: bytes) -> bytes:
    """Return `data` with `content` in its hole of that length; raise `ValueError` unless there is exactly one."""
    filled, found = re.subn(rb"(?<!0)0{%d}(?!0)" % len(content), lambda _: content, data)
    if found != 1:
        raise ValueError(f"{found} holes of {len(content)} bytes in place of one")
    return filled


def put(data: bytes, before: bytes, after: bytes) -> bytes:
    """Return `data` with `after` in place of `before`; raise `ValueError` unless that is there exactly once."""
    found = data.count(before)
    if found != 1:
        raise ValueError(f"{len(before)} bytes are there {found} times in place of once")
    return data.replace(before, after)
