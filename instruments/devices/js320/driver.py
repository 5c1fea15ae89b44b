# SPDX-License-Identifier: Apache-2.0
"""Joulescope JS320: samples current and voltage at up to 1 MHz, and captures edges on one of its inputs.

What it loses is known exactly: the count of samples, `sample_id`, jumps by as much.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from instruments.clock import Clock
from instruments.devices.js320.dialect import INPUTS, IO_REFERENCE, MODEL
from instruments.joulescope.instrument import Joulescope, rates_of
from instruments.links.vendor import VendorLink


class Options(BaseModel):
    """`input` sees the timestamp pin; `io_reference` says what its logic levels are compared with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Literal["0", "1", "2", "3", "trigger"] = "0"
    io_reference: Literal["3v3", "external"] = "3v3"


class Js320(Joulescope):
    """One JS320."""

    rates = rates_of(MODEL)

    def __init__(self, link: VendorLink, clock: Clock, options: Options | None = None) -> None:
        options = options or Options()
        levels = (IO_REFERENCE, options.io_reference)
        super().__init__(link, clock, MODEL, pin=INPUTS[options.input], levels=levels)
