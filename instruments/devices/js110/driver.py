# SPDX-License-Identifier: Apache-2.0
"""Joulescope JS110: samples current and voltage at 2 MHz, and captures edges on one of its two inputs.

The library is not known to reduce its rate by means over the period, so it streams at the full rate and the driver
averages. What is lost is in no count: `instruments/joulescope/slip.py` compares with the host's clock.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock
from instruments.devices.js110.dialect import IO_VOLTAGE, MODEL
from instruments.joulescope.instrument import Joulescope, rates_of
from instruments.links.vendor import VendorLink


class Options(BaseModel):
    """`input` sees the timestamp pin, whose logic levels are those of `io_voltage_mv` (mV)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Literal[0, 1] = Field(default=0, description="which sees the timestamp pin")
    io_voltage_mv: Literal[1800, 2100, 2500, 2700, 3000, 3300, 3600, 5000] = Field(
        default=3300, description="the pin's high level in mV"
    )


class Js110(Joulescope):
    """One JS110."""

    rates = rates_of(MODEL)

    def __init__(self, link: VendorLink, clock: Clock, options: Options | None = None) -> None:
        options = options or Options()
        levels = (IO_VOLTAGE, options.io_voltage_mv)
        super().__init__(link, clock, MODEL, pin=str(options.input), levels=levels)
