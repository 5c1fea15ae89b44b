# SPDX-License-Identifier: Apache-2.0
"""What goes into a message: words that a user or a file gave, and figures with their uncertainty."""

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal
from unicodedata import category

_LONGEST_WORD = 100
_SIGNIFICANT = 2
_TWO_DIGITS = Context(prec=_SIGNIFICANT, rounding=ROUND_HALF_EVEN)
_WIDE = Context(prec=700)  # a float has 309 digits before the point and as many behind it


def short_words(text: str) -> str:
    """Return a message in one line that can be printed anywhere, its longest words shortened."""
    words = (word if len(word) <= _LONGEST_WORD else f"{word[: _LONGEST_WORD - 3]}..." for word in text.split())
    return printable(" ".join(words))


def printable(text: str) -> str:
    """Return a text with escapes in place of what breaks a line, colours it, or cannot be written."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def visible(text: str) -> str:
    """Return a text of several lines as `printable` does a single one: line ends, tabs and spaces stay."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" or category(c) == "Zs" else ascii(c)[1:-1] for c in text)


def shown(text: object, longest: int = 60) -> str:
    """Return what the user gave, for a message: printable and shortened."""
    given = printable(str(text))
    return given if len(given) <= longest else f"{given[: longest - 3]}..."


def rounded(value: float, expanded: float) -> tuple[str, str]:
    """Return both as decimal digits: `expanded` to two significant ones, `value` to the same place.

    Every value that is printed with an uncertainty is rounded here (JCGM 100:2008, 7.2.6), ties to the even digit.
    Without any expanded uncertainty (zero) the value keeps six significant digits.
    """
    if not (math.isfinite(value) and math.isfinite(expanded)):
        return str(value), str(expanded)
    if expanded <= 0:
        return f"{Decimal(f'{value:.5e}'):f}", "0"
    # Rounded once to find the place: 0.0996 becomes 0.10, whose last digit is one place further up.
    place = _TWO_DIGITS.create_decimal(repr(float(expanded))).adjusted() - (_SIGNIFICANT - 1)
    return _to(value, place), _to(expanded, place)


def coverage_factor(k: float) -> str:
    """Return a coverage factor as it is printed everywhere, with two decimals."""
    return f"{k:.2f}"


def _to(number: float, place: int) -> str:
    # Through repr, so that 0.125 is rounded as it is written and not as it is stored.
    digits = Decimal(repr(float(number))).quantize(Decimal(1).scaleb(place), ROUND_HALF_EVEN, _WIDE)
    digits = digits if digits else abs(digits)  # no negative zero
    return f"{digits.quantize(Decimal(1), context=_WIDE) if place > 0 else digits:f}"


def printed_number(text: str) -> float | None:
    """Return the number that was printed somewhere; None for other text, NaN and infinity."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def half_digit(text: str) -> float:
    """Return half a step of the last digit of a printed number."""
    mantissa, _, exponent = text.strip().lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(0.5 * 10.0 ** (int(exponent or 0) - decimals))


def short_time(time_s: float) -> str:
    """Return a time in the unit that suits it: 204.8 µs, 1 ms, 0.5 s."""
    for unit, one_s in (("s", 1.0), ("ms", 1e-3)):
        if abs(time_s) >= 0.5 * one_s:
            return f"{time_s / one_s:g} {unit}"
    return f"{time_s * 1e6:g} µs"
