# SPDX-License-Identifier: Apache-2.0
"""Format quantities with their uncertainty for people, and dataclasses as JSON."""

import dataclasses
import math
from typing import Any


def with_u(value: float, u: float) -> str:
    """Return `value ± u`, the uncertainty with two significant digits and the value to the same place."""
    from energy_runner.report.units import number, value_and_expanded

    if not (math.isfinite(u) and u > 0):
        return number(value)
    return " ± ".join(value_and_expanded(value, u))


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
