# SPDX-License-Identifier: Apache-2.0
"""Say in a short line why a document of another program was refused."""

from pydantic import ValidationError

_LONGEST = 120


def first_error(error: ValidationError) -> str:
    """Return the first error of a validation."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    text = f"{place}: {first['msg']}" if place else str(first["msg"])
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
