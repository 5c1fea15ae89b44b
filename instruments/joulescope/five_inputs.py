# SPDX-License-Identifier: Apache-2.0
"""Joulescopes with four inputs and a trigger input, whose logic levels are set by a reference (JS220, JS320)."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock
from instruments.joulescope.dialect import Model
from instruments.joulescope.instrument import Joulescope
from instruments.links.vendor import VendorLink


class Options(BaseModel):
    """`input` sees the timestamp pin; `io_reference` says what its logic levels are compared with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Literal["0", "1", "2", "3", "trigger"] = Field(default="0", description="which sees the timestamp pin")
    io_reference: Literal["3v3", "external"] = Field(
        default="3v3", description="what the pin's high level is compared with"
    )


class FiveInputs(Joulescope):
    """Base of their drivers.

    `inputs` maps the name of an input in a bench file to its number; `reference` is the topic that sets the logic
    levels.
    """

    model: Model
    inputs: Mapping[str, str]
    reference: str

    def __init__(self, link: VendorLink, clock: Clock, options: Options | None = None) -> None:
        options = options or Options()
        levels = (self.reference, options.io_reference)
        super().__init__(link, clock, self.model, pin=self.inputs[options.input], levels=levels)
