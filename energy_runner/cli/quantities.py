"""Quantities with their uncertainty, as a person gives and reads them, and dataclasses as JSON."""

import dataclasses
import math
import re
from typing import TYPE_CHECKING, Any

from energy_runner.errors import ConfigurationError

if TYPE_CHECKING:
    from energy_runner.analysis.use import Quantity

_NUMBER = r"[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*(?:(?:±|\+-|\+/-)\s*({_NUMBER}))?\s*", re.ASCII)


def parse_quantity(text: str, option: str) -> "Quantity":
    """Return the quantity in `text`: a number, or a number and its standard uncertainty, `3.2+-0.1`.

    Raises `ConfigurationError` that names the option for anything else.
    """
    from energy_runner.analysis.use import Quantity

    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ConfigurationError(
            f"{option}: {text!r} is no quantity. Try: a number, or 3.2+-0.1 with its uncertainty"
        )
    return Quantity(float(match[1]), float(match[2] or 0.0))


def with_u(value: float, u: float, digits: int = 2) -> str:
    """Return `value ± u`, the uncertainty with so many significant digits and the value to the same place."""
    from energy_runner.report.units import fixed, number

    if not (math.isfinite(u) and u > 0):
        return number(value)
    decimals = min(12, max(0, digits - 1 - math.floor(math.log10(u))))
    return f"{fixed(round(value, decimals) + 0.0, decimals)} ± {fixed(u, decimals)}"  # + 0.0: no negative zero


def jsonable(value: Any) -> Any:
    """Return dataclasses as mappings and tuples as lists, with null for what is not a number."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: jsonable(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [jsonable(item) for item in value]
    if isinstance(value, dict):
        return {str(name): jsonable(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
