# SPDX-License-Identifier: Apache-2.0
"""Texts of devices and files for a page: cut first, in one line, what cannot be seen of them escaped."""

import math

from energy_runner.report.units import plain
from energy_runner.wording import shown

LONGEST = 300  # characters of one text
LONGEST_LABEL = 48


def told(text: object, longest: int = LONGEST) -> str:
    """Return what a device, a file or a user said: at most `longest` characters, printable."""
    given = text if isinstance(text, str) else str(text)
    return shown(given[: longest + 1], longest)


def own(text: str, longest: int = 2 * LONGEST) -> str:
    """Return a sentence of ours that may quote others: thin spaces stay, everything else as `told` does."""
    safe = plain(text[: longest + 1])
    return safe if len(safe) <= longest else f"{safe[: longest - 3]}..."


def finite(value: float | None) -> float | None:
    """Return a number that JSON can hold; None for one that is not finite."""
    return value if value is not None and math.isfinite(value) else None
