# SPDX-License-Identifier: Apache-2.0
"""Moments in signed documents: ISO 8601 in UTC, always with their `Z`."""

import re

from energy_runner.errors import SessionError
from energy_runner.session.days import seconds_utc
from energy_runner.wording import shown

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")


def moment_s(text: object) -> float:
    """Return a moment (`YYYY-MM-DDThh:mm:ssZ`, with a fraction or not) in seconds since 1970.

    Raises `SessionError` for anything else.
    """
    try:
        if isinstance(text, str) and _MOMENT.fullmatch(text):
            return seconds_utc(text)
    except ValueError:
        pass
    raise SessionError(f"{shown(text)!r} is no moment. Try: one in UTC, such as 2026-11-30T12:00:00Z")
