# SPDX-License-Identifier: Apache-2.0
"""Format numbers and names for people: µJ, mW, thin spaces, no more digits than the uncertainty allows."""

import math
from collections.abc import Sequence

from energy_runner.wording import rounded

THIN = "\u202f"
MINUS = "\u2212"
DASH = NOTHING = "\u2013"
TICK, CROSS, BULLET, MIDDLE_DOT = "\u2713", "\u2717", "\u2022", "\u00b7"
_SPACES = f"{THIN}\u00a0"  # which Python does not count as printable


def plain(text: object) -> str:
    """Return text from a device or a file with every invisible character escaped.

    Escape sequences would act on a terminal, and direction marks could disguise a name; a lone surrogate could not
    even be written to a file.
    """
    return "".join(
        c if c.isprintable() or c in _SPACES else c.encode("unicode_escape").decode("ascii") for c in str(text)
    )


def number(value: float | None, digits: int = 6) -> str:
    """Return `value` with at most `digits` significant digits, thousands in groups, a dash for None."""
    if value is None:
        return NOTHING
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else f"{MINUS if value < 0 else ''}infinite"
    if value != 0 and not 1e-4 <= abs(value) < 1e9:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}{THIN}\u00d7{THIN}10^{int(exponent)}".replace("-", MINUS)
    decimals = max(0, digits - 1 - _exponent(value))
    text = f"{value:.{decimals}f}"
    return grouped(text.rstrip("0").rstrip(".") if "." in text else text)


def fixed(value: float | None, decimals: int) -> str:
    """Return `value` with exactly `decimals` decimals, so that a column lines up."""
    return NOTHING if value is None else grouped(f"{value:.{decimals}f}")


def column(values: Sequence[float | None], digits: int = 7) -> list[str]:
    """Return a column of numbers with equally many decimals, the largest with `digits` significant digits."""
    known = [abs(value) for value in values if value is not None]
    decimals = min(12, max(0, digits - 1 - _exponent(max(known)))) if known else 0
    return [fixed(value, decimals) for value in values]


def scaled(value: float | None, factor: float) -> float | None:
    """Return `value` in another unit, None where it is unknown."""
    return None if value is None else value * factor


def grouped(text: str) -> str:
    """Return decimal digits with thin spaces between thousands (from 10 000 on) and a true minus sign."""
    sign, digits = (MINUS, text[1:]) if text.startswith("-") else ("", text)
    whole, dot, rest = digits.partition(".")
    if len(whole) > 4:
        head = len(whole) % 3
        parts = [whole[:head]] if head else []
        whole = THIN.join(parts + [whole[i : i + 3] for i in range(head, len(whole), 3)])
    return sign + whole + dot + rest


def with_unit(value: float | None, unit: str, digits: int = 6) -> str:
    """Return a number with its unit, a thin space between them that does not break."""
    return NOTHING if value is None else f"{number(value, digits)}{THIN}{unit}"


def prefixed(value: float, unit: str, digits: int = 3) -> str:
    """Return a quantity with the SI prefix that keeps its number between 1 and 1000."""
    for factor, prefix in ((1.0, ""), (1e3, "m"), (1e6, "µ"), (1e9, "n")):
        if abs(value) * factor >= 1 or prefix == "n":
            break
    return with_unit(value * factor, f"{prefix}{unit}", digits)


def percent(ratio: float | None, digits: int = 3) -> str:
    """Return a ratio in percent, or in parts per million where percent would be mostly zeros."""
    if ratio is None:
        return NOTHING
    if ratio != 0 and abs(ratio) < 1e-4:
        return with_unit(ratio * 1e6, "ppm", digits)
    return with_unit(ratio * 100, "%", digits)


def shares(ratios: Sequence[float | None], digits: int = 3) -> tuple[str, list[str]]:
    """Return the unit of a column of ratios, % or ppm by the largest of them, and the column in that unit."""
    unit, factor = _of_shares(ratios)
    return unit, [number(scaled(ratio, factor), digits) for ratio in ratios]


def shares_with_u(ratios: Sequence[tuple[float, float]]) -> tuple[str, list[str]]:
    """Return the unit of a column of ratios with their uncertainties, and the column, each rounded by its own."""
    unit, factor = _of_shares([part for pair in ratios for part in pair])
    return unit, [" ± ".join(value_and_expanded(factor * value, factor * u)) for value, u in ratios]


def microjoules(energy_j: float | None, digits: int = 6) -> str:
    """Return an energy in µJ."""
    return NOTHING if energy_j is None else with_unit(energy_j * 1e6, "µJ", digits)


def value_and_expanded(value: float, expanded: float) -> tuple[str, str]:
    """Return a value and its expanded uncertainty, both rounded to two digits of the latter (GUM 7.2.6)."""
    shown, limit = rounded(value, expanded)
    return grouped(shown), grouped(limit)


def _of_shares(ratios: Sequence[float | None]) -> tuple[str, float]:
    known = [abs(ratio) for ratio in ratios if ratio is not None and math.isfinite(ratio)]
    return ("ppm", 1e6) if known and 0 < max(known) < 1e-4 else ("%", 1e2)


def _exponent(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else 0
