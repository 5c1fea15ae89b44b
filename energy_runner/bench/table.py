# SPDX-License-Identifier: Apache-2.0
"""What all tables of a bench file have in common, and its days."""

import re
from calendar import monthrange
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


class Table(BaseModel):
    """A table of a bench file."""

    # Strict: `voltage_v = "3.0"` is a typing mistake, and so is `voltage_v = true`, which would be one volt.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def _day(value: object) -> object:
    """Return a calendar date as `YYYY-MM-DD`, given as a TOML date or, as is common, as a string."""
    text = value if isinstance(value, str) else str(value)
    match = _DAY.fullmatch(text)
    if match is None or isinstance(value, bool | int | float):
        raise ValueError("a day such as 2026-03-31")
    year, month, day = (int(part) for part in match.groups())
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= monthrange(year, month)[1]:
        raise ValueError("a day that exists")
    return text


Day = Annotated[str, BeforeValidator(_day)]
