# SPDX-License-Identifier: Apache-2.0
"""Calendar days in the laboratory's time zone; which day it is now is not known here."""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = 1970, 2200
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


def day_in(name: str, utc_text: str) -> str:
    """Return the day (`YYYY-MM-DD`) that it is in a time zone at a moment given as ISO 8601 text in UTC.

    Raises `ValueError` for anything else.
    """
    moment = datetime.fromisoformat(utc_text)
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(zone(name)).strftime("%Y-%m-%d")
    except OverflowError as error:
        raise ValueError(str(error)) from None


def epoch_s(utc_text: str | None) -> float | None:
    """Return a moment given as ISO 8601 text as seconds since 1970; None for anything else.

    A text without a zone is taken for UTC.
    """
    try:
        return seconds_utc(utc_text or "")
    except (ValueError, OverflowError):
        return None


def days_after(day: str, count: int) -> str:
    """Return the day `count` days after `day`, both `YYYY-MM-DD`; raise `ValueError` beyond the calendar."""
    try:
        return (date.fromisoformat(day) + timedelta(days=count)).isoformat()
    except OverflowError as error:
        raise ValueError(str(error)) from None


def days_between(day: str, later: str) -> int:
    """Return the number of days from one day to another, both `YYYY-MM-DD`."""
    return (date.fromisoformat(later) - date.fromisoformat(day)).days


def seconds_utc(utc_text: str) -> float:
    """Return a moment given as ISO 8601 text (UTC, where it names no zone) in seconds since 1970.

    Raises `ValueError` for anything else.
    """
    moment = datetime.fromisoformat(utc_text)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def zoned_ns(text: str) -> int:
    """Return a moment given as ISO 8601 text with its zone, as ns since 1970 to the microsecond.

    Raises `ValueError` that says what is wrong with the text, also for years that no trace is from.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is no date and time of ISO 8601") from None
    if moment.tzinfo is None:
        raise ValueError("has no time zone")
    if not _EARLIEST < moment.year < _LATEST:
        raise ValueError(f"its year is not from {_EARLIEST + 1} to {_LATEST - 1}")
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def utc_of(utc_ns: int) -> str:
    """Return ns since 1970 as ISO 8601 text in UTC, with milliseconds where there are some."""
    moment = _EPOCH + timedelta(microseconds=utc_ns // 1000)
    return moment.isoformat(timespec="milliseconds" if utc_ns % 10**9 else "seconds")


def utc_after(utc_text: str, lasted_s: float) -> str:
    """Return the moment `lasted_s` seconds after another one, both ISO 8601; `ValueError` for what is none."""
    try:
        return datetime.fromtimestamp(seconds_utc(utc_text) + lasted_s, UTC).isoformat()
    except (OverflowError, OSError) as error:
        raise ValueError(str(error)) from None
