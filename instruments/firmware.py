# SPDX-License-Identifier: Apache-2.0
"""The oldest firmware with which a driver's commands work, and whether the one that answers is older.

A table holds only what a document states; no version is guessed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from instruments.errors import Refused, shown
from instruments.roles import Identity

Part = int | str


@dataclass(frozen=True)
class OldestFirmware:
    """The first `version` that has what a driver needs, `needed_for`, by the document `source`.

    `models` is a regular expression for the models to which it applies. `of` names the detail of the identity that
    holds the version, where it is not that of the firmware but, for example, of a server in front of it.
    """

    version: str
    needed_for: str
    source: str
    try_this: str
    models: str = ".*"
    of: str = ""

    def found(self, identity: Identity) -> str:
        """Return the version that the instrument states; "" if it states none."""
        return dict(identity.detail).get(self.of, "") if self.of else identity.firmware


@dataclass(frozen=True)
class FirmwareDoubt:
    """Why a version is in doubt: it `is_older` than the one needed, or cannot be compared with it."""

    text: str
    is_older: bool


def is_older(found: str, needed: str) -> bool | None:
    """Return whether a version is older than another, part by part; None if they cannot be compared."""
    parts, least = _parts(found), _parts(needed)
    if not parts or any(type(one) is not type(other) for one, other in zip(parts, least, strict=False)):
        return None
    for one, other in zip(parts, least, strict=False):
        if one != other:
            return one < other if isinstance(one, int) and isinstance(other, int) else str(one) < str(other)
    return len(parts) < len(least)


def doubts(oldest: Sequence[OldestFirmware], identity: Identity) -> list[FirmwareDoubt]:
    """Return what is in doubt about the version of an instrument that answered; nothing if it is new enough."""
    found: list[FirmwareDoubt] = []
    for one in oldest:
        version = one.found(identity)
        older = is_older(version, one.version)
        if not re.fullmatch(one.models, identity.model) or older is False:
            continue
        found.append(FirmwareDoubt(f"{_came(one, version)}. Try: {one.try_this}", bool(older)))
    return found


def check_version(name: str, oldest: Sequence[OldestFirmware], version: str) -> None:
    """Raise `Refused` if the version of `name` is older than needed; one that cannot be compared passes."""
    for one in oldest:
        if is_older(version, one.version):
            raise Refused(f"check the {one.of or 'firmware'} of {name}", _came(one, version), one.try_this)


def _came(one: OldestFirmware, version: str) -> str:
    what = f"version of {one.of}" if one.of else "firmware"
    needs = f"{one.needed_for} needs {one.version} or later ({one.source})"
    if not version:
        return f"it states no {what}, and {needs}"
    if is_older(version, one.version) is None:
        return f"its {what} is {shown(version)}, which cannot be compared with what is needed: {needs}"
    return f"its {what} is {shown(version)}, and {needs}"


def _parts(version: str) -> list[Part]:
    """Return the numbers and words of a version; a `v` before the first number is none of them."""
    words = re.findall(r"[0-9]+|[A-Za-z]+", re.sub(r"^\s*[vV](?=[0-9])", "", version))
    return [int(word) if word.isdecimal() else word.upper() for word in words]
