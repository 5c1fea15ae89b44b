# SPDX-License-Identifier: Apache-2.0
"""The time zone in which a laboratory counts its days: that of the bench file, or else this computer's."""

import os
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator

from energy_runner.session.days import zone
from instruments.clock import local_offset_s

_LINK = Path("/etc/localtime")
_FOLDER = "zoneinfo/"


def _known(name: str) -> str:
    try:
        zone(name)
    except ValueError:
        raise ValueError("an IANA time zone such as Europe/Berlin") from None
    return name


ZoneName = Annotated[str, AfterValidator(_known)]


def host_zone() -> str:
    """Return this computer's time zone by its IANA name, or else its present distance from UTC: `UTC+01:00`."""
    for name in (os.environ.get("TZ", "").removeprefix(":"), _linked()):
        try:
            return ZoneInfo(name).key if name else _distance()
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return _distance()


def _linked() -> str:
    """Return the zone that the system's link names; empty where there is no such link."""
    try:
        target = str(_LINK.resolve(strict=True))
    except OSError:
        return ""
    return target.partition(_FOLDER)[2]


def _distance() -> str:
    minutes = round(local_offset_s() / 60)
    return f"UTC{'+' if minutes >= 0 else '-'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
