# SPDX-License-Identifier: Apache-2.0
"""A thermometer that speaks SCPI, or a multimeter with a temperature probe, of any make.

What it is asked stands in the bench file; `MEAS:TEMP?` by default, which resets and configures the measurement
(SCPI-1999, volume 2, chapter 3), so a multimeter must not play another role at the same time.
"""

from typing import Annotated, Literal

from pydantic import Field

from instruments.clock import Clock, Deadline
from instruments.devices.scpi_thermometer.protocol import QUERY, parse_reading
from instruments.errors import Refused, TimedOut
from instruments.links.base import ScpiLink
from instruments.roles import Identity, Temperature, Thermometer
from instruments.scpi.instrument import ScpiInstrument
from instruments.thermometry import ThermometerOptions, checked, in_celsius

_FOR_ERRORS = 0.25  # of the time, to ask why there was no answer


class Options(ThermometerOptions):
    """Options: `query` asks for a temperature in `unit`, where the answer does not name another."""

    query: Annotated[str, Field(pattern=rf"^{QUERY.pattern}$", max_length=200)] = Field(
        default="MEAS:TEMP?", description="what is asked"
    )
    unit: Literal["C", "F", "K"] = Field(default="C", description="unit of the answer")


class ScpiThermometer(ScpiInstrument):
    """A `Thermometer`."""

    def __init__(self, link: ScpiLink, clock: Clock, options: Options | None = None) -> None:
        super().__init__(link, clock)
        self._options = options or Options()

    def thermometer(self, channel: str = "") -> Thermometer:
        """Return the thermometer."""
        return self

    def _examined(self, identity: Identity, deadline: Deadline) -> Identity:
        now = self.read(deadline)
        return Identity(
            "thermometer",
            identity.make,
            identity.model,
            identity.serial,
            identity.firmware,
            identity.virtual,
            (("temperature", f"{now.value_c:.2f} °C"),),
        )

    def read(self, deadline: Deadline) -> Temperature:
        """Return the present temperature; raise `Refused` with the instrument's error if it refuses the query."""
        options = self._options
        asked = f"ask {self.name} {options.query!r}"
        try:
            line = self._session.ask(options.query, deadline.at_most((1 - _FOR_ERRORS) * deadline.remaining_s()))
        except TimedOut as error:
            found = self._session.errors(deadline)
            if not found:
                raise
            raise Refused(asked, f"it answers {'; '.join(found)}", "options.query: see its manual") from error
        value, unit = parse_reading(asked, line, options.unit)
        return checked(asked, in_celsius(value, unit), line, options)
