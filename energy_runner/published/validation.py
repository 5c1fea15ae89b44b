# SPDX-License-Identifier: Apache-2.0
"""Why a document of somebody else was refused, in a short line."""

from pydantic import ValidationError

_LONGEST = 120


def first_error(error: ValidationError) -> str:
    """Return the first complaint of a validation."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    text = f"{place}: {first['msg']}" if place else str(first["msg"])
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
