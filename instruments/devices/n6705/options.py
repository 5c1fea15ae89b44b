# SPDX-License-Identifier: Apache-2.0
"""What `options` of an N6705 in a bench file may hold."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Options(BaseModel):
    """`options` of an N6705 in a bench file; `channel` is that of the source/measure unit, from 1.

    `longest_s` is how long a `dlog` or an `array` can become (s); `aux_high_v` the voltage of the timestamp pin
    while it is high, by default the supply's.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    channel: int = Field(default=1, ge=1, le=8, description="the output that feeds the DUT")
    log: Literal["elog", "dlog", "array"] = Field(
        default="elog",
        description="read while it runs, or in one piece at the end: a file (dlog) or the digitizer (array)",
    )
    longest_s: float | None = Field(
        default=None, gt=0.0, le=1e5, description="how long a dlog or an array can become, in s"
    )
    aux_edges: bool = Field(
        default=False, description="the auxiliary voltmeter of an N6781A sees the timestamp pin"
    )
    aux_high_v: float | None = Field(
        default=None, gt=0.0, le=20.0, description="the pin's high level in V; by default the supply's voltage"
    )

    @model_validator(mode="after")
    def _fit(self) -> "Options":
        if self.aux_edges and self.log != "elog":
            raise ValueError("aux_edges needs log = 'elog': other logs are read only when the run is over")
        if self.longest_s is not None and self.log == "elog":
            raise ValueError("longest_s is for log = 'dlog' and 'array': an 'elog' has no end")
        return self
