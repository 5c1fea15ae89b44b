# SPDX-License-Identifier: Apache-2.0
"""What may be a name or a value in a submission: it must survive file systems, the checker's table and a sheet.

The first checker for v1.3 writes its table without escaping quotes, and the report generator reads it back
guessing types: at an organisation called `42` or `True` it stops with an exception, and one called `NA` is gone.
"""

import re
from collections.abc import Iterable
from contextlib import suppress

from energy_runner.errors import ConfigurationError

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_+-]|\.(?!\.)){0,62}[A-Za-z0-9_+]|[A-Za-z0-9]")
_LONGEST_VALUE = 1000
# What a table reader takes for an empty cell or for something else than text, in lower case.
_NO_TEXT = frozenset(
    {"", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "null", "none", "true", "false", "1.#ind", "1.#qnan"}
)
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
)


def check_name(option: str, name: str) -> str:
    """Return `name` if it can be a folder of the tree everywhere; raise `ConfigurationError` naming `option`."""
    if not name:
        raise ConfigurationError(f"{option} is needed: the name of a folder in the submission")
    shown = ascii(name if len(name) <= 80 else name[:77] + "...")
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{option} {shown} cannot be a folder of the submission. "
            "Try up to 64 letters, digits, '_', '+', '-' and single dots, without blanks or slashes"
        )
    stem = name.partition(".")[0].lower()
    if stem in _DEVICES or name.endswith("__pycache__") or not is_text(name):
        raise ConfigurationError(
            f"{option} {shown} means something else to the official tools or to Windows. Try another name"
        )
    return name


def check_value(place: str, value: str) -> str:
    """Return a description's value without outer blanks; raise `ConfigurationError` naming its `place`."""
    value = value.strip()
    reason = ""
    if len(value) > _LONGEST_VALUE:
        reason = f"is longer than {_LONGEST_VALUE} characters"
    elif not value.isprintable():
        reason = "holds a line break or another character that cannot be seen"
    elif '"' in value:
        reason = "holds a double quote, which breaks the checker's table"
    elif value.startswith("="):
        reason = "begins with '=', so the final report would take it for a formula"
    if reason:
        raise ConfigurationError(f"{place} {reason}. Try other words")
    return value


def is_text(value: str) -> bool:
    """Return whether a program that guesses types still takes `value` for text: no number, no empty word."""
    if value.strip().lower() in _NO_TEXT:
        return False
    with suppress(ValueError):
        float(value)
        return False
    return True


def plain_ascii(text: object, limit: int = 400) -> str:
    """Return text of a box or a file as one line of visible ASCII, the rest written out, at most `limit` long."""
    words = " ".join(str(text).split())
    line = "".join(c if c.isascii() and c.isprintable() else c.encode("unicode_escape").decode() for c in words)
    return line if len(line) <= limit else line[: limit - 3] + "..."


def quotable(text: object) -> str:
    """Return text of a box as `check_value` accepts it, whatever the box said."""
    return plain_ascii(text).replace('"', "'").lstrip("=")


def sentence(parts: Iterable[str]) -> str:
    """Return the parts that are not empty as one value."""
    return "; ".join(part for part in parts if part)
