# SPDX-License-Identifier: Apache-2.0
"""JSON in its one canonical form (RFC 8785), written and read.

What has only one form can be compared byte by byte: a reader that accepts nothing else notices every changed byte,
and no two programs can read different things in the same file.
"""

import json
from collections.abc import Sequence
from typing import Any, NoReturn

from energy_runner.certificate.needed import needed
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.wording import short_words, shown

# RFC 8785, section 3.2.2.3: numbers are those of IEEE 754; from here on, not every whole number is one.
_SAFE = 2**53
_SAFE_DIGITS = 16
# Signed facts are some ten deep; what reads and compares them goes down call by call, and so has an end.
MOST_DEPTH = 100


def canonical_bytes(document: Any) -> bytes:
    """Return plain data as canonical JSON in UTF-8.

    Raises `ConfigurationError` for what it cannot hold: NaN, infinity, whole numbers of 2^53 and more, half of a
    surrogate pair, keys that are no text, objects that are no plain data.
    """
    with needed():
        import rfc8785
    try:
        return rfc8785.dumps(document)
    except (ValueError, TypeError, RecursionError) as error:
        raise ConfigurationError(
            f"cannot be written as canonical JSON (RFC 8785): {_words(error)}. Try: correct that value"
        ) from None


def read_canonical(data: bytes, what: str, most_bytes: int) -> Any:
    """Return the plain data in canonical JSON; `what` is its name in messages.

    Raises `SessionError` for more than `most_bytes` bytes, and for all that is not byte for byte what
    `canonical_bytes` writes of the same data, so also for a key that an object has twice.
    """
    document = read_strict(data, what, most_bytes)
    if _is_too_deep(document):
        refuse(what, "nested too deeply")
    try:
        again = canonical_bytes(document)
    except ConfigurationError as error:
        refuse(what, str(error))
    if again != data:
        refuse(what, f"not in canonical form (RFC 8785) from byte {_first_difference(again, data) + 1} on")
    return document


def read_strict(data: bytes, what: str, most_bytes: int) -> Any:
    """Return the plain data in JSON for people: any layout, but no key twice, no NaN; raises `SessionError`."""
    if len(data) > most_bytes:
        refuse(what, f"{len(data)} bytes, more than the {most_bytes} that are read")
    try:
        return json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_int=_whole, parse_constant=_no_number
        )
    except UnicodeDecodeError as error:
        refuse(what, f"not text in UTF-8: byte {error.start + 1} is {error.object[error.start]:#04x}")
    except (ValueError, RecursionError) as error:
        refuse(what, _words(error))


def refuse(what: str, why: str) -> NoReturn:
    """Raise the `SessionError` of something that cannot be what it should."""
    raise SessionError(
        f"{what}: cannot be read: {short_words(why)}. Try: get it again from where it was issued; it was changed "
        "or damaged"
    )


def keys_are(document: Any, keys: Sequence[str], what: str, optional: Sequence[str] = ()) -> dict[str, Any]:
    """Return an object that has exactly these keys, those of `optional` or not; raises `SessionError`."""
    if not isinstance(document, dict):
        refuse(what, f"an object was expected, not {type(document).__name__}")
    missing = [key for key in keys if key not in document]
    strange = [key for key in document if key not in keys and key not in optional]
    if missing or strange:
        named = [f"{key!r} is missing" for key in missing] + [f"{shown(key)!r} is not known" for key in strange]
        refuse(what, "; ".join(named[:5]))
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {shown(twice)!r} is there twice")
    return found


def _is_too_deep(document: Any) -> bool:
    """Return whether plain data is deeper than anything signed."""
    level = [document] if isinstance(document, dict | list) else []
    for _ in range(MOST_DEPTH):
        if not level:
            return False
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
    return True


def _whole(digits: str) -> int | float:
    """Return a number without a point; beyond 2^53 it was a float (1e20), and is one again."""
    if len(digits) <= _SAFE_DIGITS and abs(number := int(digits)) < _SAFE:
        return number
    return float(digits)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _words(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _first_difference(one: bytes, other: bytes) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))
