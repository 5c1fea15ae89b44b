# SPDX-License-Identifier: Apache-2.0
"""Which names and values a submission may use: they must survive file systems, tables and spreadsheets.

The first checker for v1.3 writes its table without escaping quotes, and the report generator guesses types when it
reads it back: an organisation called `42` or `True` stops it with an exception, and one called `NA` disappears.
"""

import re
from collections.abc import Iterable
from contextlib import suppress

from energy_runner.errors import Argument, ConfigurationError

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_+-]|\.(?!\.)){0,62}[A-Za-z0-9_+]|[A-Za-z0-9]")
_LONGEST_VALUE = 1000
# In lower case: what a table reader takes for an empty cell, or for anything but text.
_NO_TEXT = frozenset(
    {"", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "null", "none", "true", "false", "1.#ind", "1.#qnan"}
)
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
)


def check_name(argument: str, name: str) -> str:
    """Return `name` if it can be a folder name on any system; raise `ConfigurationError` naming `argument`."""
    if not name:
        raise ConfigurationError(Argument(argument), " is needed: the name of a folder in the submission")
    shown = ascii(name if len(name) <= 80 else name[:77] + "...")
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            Argument(argument, shown),
            " cannot be a folder of the submission. "
            "Try up to 64 letters, digits, '_', '+', '-' and single dots, without blanks or slashes",
        )
    stem = name.partition(".")[0].lower()
    if stem in _DEVICES or name.endswith("__pycache__") or not is_text(name):
        raise ConfigurationError(
            Argument(argument, shown),
            " means something else to the official tools or to Windows. Try another name",
        )
    return name


def check_value(place: str, value: str) -> str:
    """Return a value of the description without outer blanks; raise `ConfigurationError` naming its `place`."""
    value = value.strip()
    reason = ""
    if len(value) > _LONGEST_VALUE:
        reason = f"is longer than {_LONGEST_VALUE} characters"
    elif not value.isprintable():
        reason = "holds a line break or another invisible character"
    elif '"' in value:
        reason = "holds a double quote, which breaks the checker's table"
    elif value.startswith("="):
        reason = "begins with '=', so the final report would take it for a formula"
    if reason:
        raise ConfigurationError(f"{place} {reason}. Try other words")
    return value


def is_text(value: str) -> bool:
    """Return whether a program that guesses types reads `value` as text: not as a number or an empty cell."""
    if value.strip().lower() in _NO_TEXT:
        return False
    with suppress(ValueError):
        float(value)
        return False
    return True


def plain_ascii(text: object, limit: int = 400) -> str:
    """Return text from a device or a file as one line of visible ASCII, other characters escaped.

    The line has at most `limit` characters.
    """
    words = " ".join(str(text).split())
    line = "".join(c if c.isascii() and c.isprintable() else c.encode("unicode_escape").decode() for c in words)
    return line if len(line) <= limit else line[: limit - 3] + "..."


def quotable(text: object) -> str:
    """Return any text from a device in a form that `check_value` accepts."""
    return plain_ascii(text).replace('"', "'").lstrip("=")


def sentence(parts: Iterable[str]) -> str:
    """Return the non-empty parts as one value, joined by semicolons."""
    return "; ".join(part for part in parts if part)
