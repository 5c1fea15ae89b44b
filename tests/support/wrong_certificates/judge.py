# SPDX-License-Identifier: Apache-2.0
"""Whether a verifier says of a case what it has to say."""

from collections.abc import Mapping, Sequence
from typing import Any

READABLE = "readable"


def complaints(expected: Mapping[str, Any], status: int, document: Mapping[str, Any] | None) -> list[str]:
    """Return what is wrong with an answer: exit status, and its JSON document, None if there is none.

    Status 2 says that it is no certificate at all, which is as good as a check `readable` that fails.
    """
    wanted = 0 if expected["holds"] else 1
    refused = status == 2 and any(one["id"] == READABLE for one in expected["fails"])
    if refused:
        return []
    if document is None:
        return [f"status {status} and no JSON document"]
    found = [] if status == wanted else [f"status {status} in place of {wanted}"]
    if document.get("holds") is not expected["holds"]:
        found.append(f"holds is {document.get('holds')}")
    failed = [one for one in document.get("checks", []) if one["state"] == "fails"]
    return [*found, *_lacking(expected["fails"], failed), *_too_many(expected, failed)]


def _lacking(wanted: Sequence[Mapping[str, str]], failed: Sequence[Mapping[str, str]]) -> list[str]:
    return [
        f"{one['id']} does not fail at {one['place'] or 'any place'}"
        for one in wanted
        if not any(each["id"] == one["id"] and one["place"] in each["place"] for each in failed)
    ]


def _too_many(expected: Mapping[str, Any], failed: Sequence[Mapping[str, str]]) -> list[str]:
    """Return what fails of a certificate that has to verify."""
    return [f"{one['id']} fails: {one['place']}: {one['detail']}" for one in failed] if expected["holds"] else []
