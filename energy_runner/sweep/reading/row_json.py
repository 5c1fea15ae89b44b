# SPDX-License-Identifier: Apache-2.0
"""A row of a sweep's table as a JSON document and back, for the catalogue and for files."""

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from energy_runner.errors import SessionError
from energy_runner.sweep.rows import PointRow

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def row_json(row: PointRow) -> dict[str, Any]:
    """Return a row as plain JSON values; numbers keep their type and every digit."""
    document: dict[str, Any] = _adapter().dump_python(row, mode="json")
    return document


def row_text(row: PointRow) -> str:
    """Return a row as one line of JSON."""
    return json.dumps(row_json(row), ensure_ascii=False, separators=(",", ":"))


def row_from_json(document: Mapping[str, Any]) -> PointRow:
    """Return the row that `row_json` made a document of.

    Keys that a later version adds are ignored, and keys that an earlier version lacks have their default. Raises
    `SessionError`, which names the key, for anything that is not a row.
    """
    from pydantic import ValidationError

    try:
        return _adapter().validate_python(dict(document))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SessionError(f"not a row of a sweep ({place or 'document'}: {first['msg']})") from None


@cache
def _adapter() -> "TypeAdapter[PointRow]":
    from pydantic import TypeAdapter

    return TypeAdapter(PointRow)
