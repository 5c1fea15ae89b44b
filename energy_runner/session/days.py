# SPDX-License-Identifier: Apache-2.0
"""Calendar days in the laboratory's time zone."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DISTANCE = re.compile(r"UTC([+-])([01][0-9]|2[0-3]):([0-5][0-9])")


def zone(name: str) -> tzinfo:
    """Return the time zone with an IANA name, or `UTC+01:00`; raise `ValueError` for one that is unknown."""
    match = _DISTANCE.fullmatch(name)
    if match is not None:
        distance = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-distance if match[1] == "-" else distance)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name[:80]!r}") from None


def day_in(name: str, utc: datetime) -> str:
    """Return the day (`YYYY-MM-DD`) that it is in a time zone at a moment given in UTC."""
    return utc.astimezone(zone(name)).strftime("%Y-%m-%d")


def moment(utc_text: str) -> datetime | None:
    """Return the moment that an ISO 8601 text in UTC names; None for anything else."""
    try:
        found = datetime.fromisoformat(utc_text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
