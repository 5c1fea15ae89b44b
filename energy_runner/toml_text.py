# SPDX-License-Identifier: Apache-2.0
"""Read TOML that a user gives: bench files, rule sets, forms.

What comes out can be copied, compared and shown; all else is refused here. `tomllib` accepts more than such a file
can mean, and raises more than its own error: a number of 5000 digits raises `ValueError`, nested lists raise
`RecursionError`, and a key of thousands of parts is read, but breaks whatever walks through it later.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from energy_runner.toml_slips import slip
from energy_runner.wording import short_words, shown

LONGEST = 32_768  # characters; tomllib's time grows with the square of a key's length
MOST_BYTES = 4 * LONGEST + 4  # of as many characters in any encoding, with its mark
DEEPEST = 8  # a bench file has four levels: instruments.NAME.calibration.due
_INT64 = range(-(2**63), 2**63)  # what every reader of TOML must take (TOML 1.0, "Integer")
_TOO_DEEP = f"tables or lists are nested more than {DEEPEST} deep"
_TOO_LARGE = "the whole number {} is too large (possible: -9223372036854775808 to 9223372036854775807)"
# No file name or port holds NUL, and lone surrogates cannot be written as UTF-8; all else is escaped when shown.
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")


class TomlSyntaxError(ValueError):
    """The text does not follow the grammar of TOML; `line` is where, None for its end."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem if line is None else f"line {line}: {problem}")
        self.problem = problem
        self.line = line

    def of(self, where: str) -> str:
        """Return what is wrong with the file `where`."""
        return f"{where if self.line is None else f'{where}, line {self.line}'}: {self.problem}"


class BoundsError(ValueError):
    """A value, a key or the whole text is of a size or kind that no such file needs; `place` is its key."""

    def __init__(self, problem: str, place: Sequence[str] = ()) -> None:
        super().__init__(f"{shown('.'.join(place))}: {problem}" if place else problem)
        self.problem = problem
        self.place = tuple(place)


def read_toml(text: str) -> dict[str, Any]:
    """Return the table that a TOML `text` describes; raises `TomlSyntaxError` and `BoundsError` only.

    Both are `ValueError`s whose message is one line.
    """
    if len(text) > LONGEST:
        raise BoundsError(f"it is longer than {LONGEST} characters")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, problem = slip(text, str(error))
        raise TomlSyntaxError(short_words(problem), line) from None
    except RecursionError:
        raise BoundsError(_TOO_DEEP) from None
    except (ValueError, ArithmeticError):  # Python's own limit on the digits of a number
        raise BoundsError(_TOO_LARGE.format(max(re.findall("[0-9_]+", text), key=len)[:20] + "...")) from None
    check_bounds(table)
    return table


def check_bounds(value: object, place: Sequence[str] = ()) -> None:
    """Raise `BoundsError` if a value, or anything in it, is too deep, too large, or no text."""
    if len(place) > DEEPEST:
        raise BoundsError(_TOO_DEEP, place)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise BoundsError(f"the key {shown(key)} is of type {type(key).__name__}, not a text", place)
            check_bounds(key, place)
            check_bounds(inner, (*place, key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            check_bounds(inner, (*place, str(number)))
    elif isinstance(value, int) and int(value) not in _INT64:
        given = str(value) if value.bit_length() < 10_000 else hex(value)
        raise BoundsError(_TOO_LARGE.format(shown(given, 20)), place)
    elif isinstance(value, str) and (found := _NO_TEXT.search(value)):
        raise BoundsError(f"'{shown(value)}' holds {found[0]!a}, which is not text", place)
