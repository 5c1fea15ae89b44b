# SPDX-License-Identifier: Apache-2.0
"""Quantities as a person gives them: a number, or a number with its standard uncertainty, `3.2+-0.1`."""

import math
import re

from energy_runner.analysis.use import Quantity
from energy_runner.errors import ConfigurationError

# What a caller may give for a quantity.
AnyQuantity = Quantity | float | str

_NUMBER = r"[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*(?:(?:±|\+-|\+/-)\s*({_NUMBER}))?\s*", re.ASCII)


def quantity(given: AnyQuantity, name: str, factor: float = 1.0) -> Quantity:
    """Return `given` as a quantity, times `factor`, which turns its unit into that of SI.

    Raises `ConfigurationError` that begins with `name` for anything that is not a quantity.
    """
    if isinstance(given, str):
        given = _parsed(given, name)
    elif not isinstance(given, Quantity):
        if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
            raise ConfigurationError(f"{name}: {given!r} is not a quantity. Try: a number, or Quantity(3.2, 0.1)")
        given = Quantity(float(given))
    return Quantity(given.value * factor, given.u * factor)


def _parsed(text: str, name: str) -> Quantity:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ConfigurationError(
            f"{name}: {text!r} is not a quantity. Try: a number, or 3.2+-0.1 with its uncertainty"
        )
    return Quantity(float(match[1]), float(match[2] or 0.0))
