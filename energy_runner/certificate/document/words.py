# SPDX-License-Identifier: Apache-2.0
"""Figures and texts as the document prints them."""

from collections.abc import Iterable

from energy_runner.wording import printable, rounded

NOT_STATED = "not stated"
NO_FIGURE = "\u2013"  # a dash, where a figure is null
_MINUS = "\u2212"
_TIMES_TEN = "\u00a0\u00d7\u00a010"
_LONGEST_WHOLE = 18  # characters of a word that needs no place to break
_PIECE = 12
_LEAST_PIECE = 3
_BREAK = "\u200b"  # a place where a line may break; it prints nothing
_AFTER = "/_-.,:;=@+"
_PREFIXES = (("", 1.0), ("m", 1e-3), ("\u00b5", 1e-6), ("n", 1e-9))


def given(text: str | None, otherwise: str = NOT_STATED) -> str:
    """Return a text that somebody stated, or what stands in its place."""
    return text or otherwise


def number(value: float | None, digits: int = 6, unit: str = "") -> str:
    """Return a number with so many significant digits and its unit; a dash for null."""
    if value is None:
        return NO_FIGURE
    return _written(f"{value:.{digits}g}", unit)


def measured(value: float | None, digits: int = 6, unit: str = "") -> str:
    """Return a number likewise, with the zeros at its end: they tell how far it was resolved."""
    if value is None:
        return NO_FIGURE
    return _written(f"{value:#.{digits}g}".removesuffix("."), unit)


def _written(text: str, unit: str) -> str:
    mantissa, e, exponent = text.partition("e")
    if e:
        text = f"{mantissa}{_TIMES_TEN}{_raised(int(exponent))}"
    return f"{text.replace('-', _MINUS)}{_spaced(unit)}"


def _raised(exponent: int) -> str:
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _spaced(unit: str) -> str:
    return f"\u00a0{unit}" if unit and unit != "1" else ""


def fixed(value: float | None, decimals: int, unit: str = "") -> str:
    """Return a number with so many decimals and its unit; a dash for null."""
    return NO_FIGURE if value is None else f"{value:.{decimals}f}".replace("-", _MINUS) + _spaced(unit)


def count(value: int | None) -> str:
    """Return a count; a dash for null."""
    return NO_FIGURE if value is None else str(value)


def with_uncertainty(value: float, expanded: float, unit: str) -> str:
    """Return `(value ± U) unit`, rounded by JCGM 100:2008, 7.2.6; the prefix suits the value."""
    name, factor = prefixed([value], unit)
    text = " ± ".join(rounded(value / factor, expanded / factor))
    return f"({text}){_spaced(name)}".replace("-", _MINUS)


def prefixed(values: Iterable[float | None], unit: str) -> tuple[str, float]:
    """Return the unit with the prefix that suits the largest of the values, and what one of it is."""
    if unit not in {"J", "W", "s", "V", "A", "J·s"}:
        return unit, 1.0
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    for prefix, factor in _PREFIXES:
        if largest >= factor:
            return prefix + unit, factor
    return ("n" + unit, 1e-9) if largest else (unit, 1.0)


def yes(held: bool | None, otherwise: str = NOT_STATED) -> str:
    """Return yes, no, or what stands in place of null."""
    return otherwise if held is None else "yes" if held else "no"


def moment(utc: str) -> str:
    """Return an ISO 8601 time in UTC as people read it: `2026-11-30 12:00:00 UTC`; other texts as they are."""
    if len(utc) >= 20 and utc[10] == "T" and utc.endswith("Z"):
        return f"{utc[:10]} {utc[11:19]} UTC"
    return utc


def breakable(text: str) -> str:
    """Return a text with escapes for what prints nothing, and long words with places where a line may break."""
    lines = (" ".join(map(_broken, line.split(" "))) for line in text.split("\n"))
    return "\n".join(lines)


def _broken(word: str) -> str:
    word = "".join(c if c == "\u00a0" else printable(c) for c in word)
    if len(word) <= _LONGEST_WHOLE:
        return word
    out: list[str] = []
    since = 0
    for c in word:
        if since >= _PIECE or (since >= _LEAST_PIECE and out[-1] in _AFTER):
            out.append(_BREAK)
            since = 0
        out.append(c)
        since += 1
    return "".join(out)
