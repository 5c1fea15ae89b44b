# SPDX-License-Identifier: Apache-2.0
"""The key of a session in addresses: nothing of a path is in it, so no address can name another file."""

import hashlib
from pathlib import Path

DIGITS = 12


def key_of(folder: Path) -> str:
    """Return the key of a session's folder: the same each time, whatever way leads to it."""
    return hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:DIGITS]
