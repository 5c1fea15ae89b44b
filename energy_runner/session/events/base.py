# SPDX-License-Identifier: Apache-2.0
"""What all events have in common, and the event of a kind that this version does not know."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

# The rail of the DUT that an event is about, on a bench that measures several; not written on others.
Rail = Annotated[str, Field(max_length=60, exclude_if=lambda rail: not rail)]
# How far apart the possible sizes of a loss lie; 0 is not written: the size is exact.
Modulo = Annotated[int, Field(ge=0, exclude_if=lambda modulo: not modulo)]
Purpose = Literal["boot", "sync", "trial", "window", "accuracy"]
Outcome = Literal["completed", "bench-fault", "interrupted", "failed"]


class Event(BaseModel):
    """The base of all events, with the host time in nanoseconds."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings")

    t_ns: int
    """Host time, ns: monotonic, from any origin; `utc_ns` of the first event ties it to the calendar."""


class UnknownEvent(Event):
    """An event of a kind that this version does not know, such as a later one may write."""

    kind: str = Field(pattern=r"^[a-z][a-z0-9-]{0,59}$")
    """Its kind."""
    line: int
    """Its line in the journal, from 1."""
    fields: dict[str, Any]
    """Its other fields, as they were read."""
