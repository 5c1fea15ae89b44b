# SPDX-License-Identifier: Apache-2.0
"""A value with its uncertainty as the GUM asks for it (JCGM 100:2008, 7.2.2 to 7.2.6)."""

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal

from energy_runner.session.result import Stated

_SIGNIFICANT = 2
_TWO_DIGITS = Context(prec=_SIGNIFICANT, rounding=ROUND_HALF_EVEN)
_WIDE = Context(prec=700)  # a float has 309 digits before the point and as many behind it


def rounded(value: float, expanded: float) -> tuple[str, str]:
    """Return both as decimal digits: `expanded` to two significant ones, `value` to the same place.

    Without any expanded uncertainty (zero) the value keeps six significant digits.
    """
    if not (math.isfinite(value) and math.isfinite(expanded)):
        return str(value), str(expanded)
    if expanded <= 0:
        return f"{Decimal(f'{value:.5e}'):f}", "0"
    # Rounded once to find the place: 0.0996 becomes 0.10, whose last digit is one place further up.
    place = _TWO_DIGITS.create_decimal(repr(float(expanded))).adjusted() - (_SIGNIFICANT - 1)
    return _to(value, place), _to(expanded, place)


def stated(value_j: float, u_j: float, expanded_j: float, k: float, doubts: list[str]) -> Stated:
    """Return an energy per inference in microjoule, for a person to read and to quote."""
    value, expanded = rounded(value_j * 1e6, expanded_j * 1e6)
    _, u = rounded(value_j * 1e6, u_j * 1e6)
    text = f"({value} ± {expanded}) µJ per inference, k = {k:.2f}, coverage probability 95 %"
    if doubts:
        text += f"; uncertainty incomplete: {'; '.join(doubts)}"
    return Stated(value=value, u=u, U=expanded, unit="µJ", text=text)


def _to(number: float, place: int) -> str:
    # Through repr, so that 0.125 is rounded as it is written and not as it is stored.
    digits = Decimal(repr(float(number))).quantize(Decimal(1).scaleb(place), ROUND_HALF_EVEN, _WIDE)
    return f"{digits.quantize(Decimal(1), context=_WIDE) if place > 0 else digits:f}"
