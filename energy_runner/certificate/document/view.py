# SPDX-License-Identifier: Apache-2.0
"""The document as plain data: what stands where, in words; the template decides only how it looks."""

import re
from collections.abc import Sequence
from typing import Any

from energy_runner.certificate.document.finish import Attachment
from energy_runner.certificate.document.front import front
from energy_runner.certificate.document.sections import sections
from energy_runner.certificate.document.words import breakable, moment
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.errors import ConfigurationError
from energy_runner.session.days import days_after
from energy_runner.wording import shown

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)Z", re.ASCII)
_LONGEST_NAME = 60  # characters of a name in the head of the pages


def view(one: EnergyCertificate, attachments: Sequence[Attachment], paper: str, extent: str) -> dict[str, Any]:
    """Return what the template sets."""
    return {
        "paper": paper,
        "title": one.title,
        "id": one.id,
        "virtual": one.virtual,
        "language": one.language,
        "date": _date(one.issuing.issued_utc),
        "issued": moment(one.issuing.issued_utc),
        "laboratory": one.parties.laboratory.name,
        "laboratory-short": _short(one.parties.laboratory.name),
        "software": breakable(one.issuing.software),
        "front": front(one),
        "sections": sections(one, attachments) if extent == "whole" else [],
    }


def _date(utc: str) -> list[int]:
    """Return year, month, day, hour, minute and second; raise `ConfigurationError` for another form."""
    found = _MOMENT.fullmatch(utc)
    if found is None or not _is_day(found[1]):
        raise ConfigurationError(
            f"the date of issue is {shown(utc)!r}. Try: ISO 8601 in UTC to the second, as 2026-11-30T12:00:00Z"
        )
    day, *time = found.groups()
    return [int(part) for part in (*day.split("-"), *time)]


def _is_day(day: str) -> bool:
    try:
        return days_after(day, 0) == day
    except ValueError:
        return False


def _short(name: str) -> str:
    """Return a name for the head of the pages, in one line."""
    words = breakable(" ".join(name.split()))
    return words if len(words) <= _LONGEST_NAME else f"{words[: _LONGEST_NAME - 1]}…"
