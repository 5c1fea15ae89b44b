# SPDX-License-Identifier: Apache-2.0
"""Format quantities with their uncertainty for people, and dataclasses as JSON."""

import dataclasses
import math
from typing import Any


def with_u(value: float, u: float, digits: int = 2) -> str:
    """Return `value ± u`, the uncertainty with `digits` significant digits and the value to the same place."""
    from energy_runner.report.units import fixed, number

    if not (math.isfinite(u) and u > 0):
        return number(value)
    decimals = min(12, max(0, digits - 1 - math.floor(math.log10(u))))
    return f"{fixed(round(value, decimals) + 0.0, decimals)} ± {fixed(u, decimals)}"  # + 0.0: no negative zero


def jsonable(value: Any) -> Any:
    """Return dataclasses as mappings and tuples as lists, with None for NaN and infinity."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: jsonable(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [jsonable(item) for item in value]
    if isinstance(value, dict):
        return {str(name): jsonable(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
