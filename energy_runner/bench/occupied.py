# SPDX-License-Identifier: Apache-2.0
"""What an instrument of a bench occupies: a whole device, or one channel of a mainframe.

Two instruments that occupy the same cannot be used at once, whether they stand in one bench file or in two.
"""

from dataclasses import dataclass

from pydantic import ValidationError

from energy_runner.bench.spec import InstrumentSpec
from energy_runner.wording import shown
from instruments.links.resource import canonical_resource
from instruments.registry import drivers


@dataclass(frozen=True, order=True)
class Occupied:
    """A device by its canonical address, and a channel of it; without a channel the whole device."""

    resource: str
    channel: str = ""

    def __str__(self) -> str:
        return f"{self.resource}#{self.channel}" if self.channel else self.resource

    def overlaps(self, other: "Occupied") -> bool:
        """Return whether both cannot be used at once: only different channels of one device can."""
        apart = self.channel and other.channel and self.channel != other.channel
        return self.resource == other.resource and not apart


def occupied_by(instrument: InstrumentSpec) -> Occupied:
    """Return what an instrument occupies; raises `AddressError` for a port that cannot be parsed."""
    return Occupied(canonical_resource(instrument.port), channel_of(instrument))


def channel_of(instrument: InstrumentSpec) -> str:
    """Return the channel that an instrument is set up for; "" if its driver uses the whole device."""
    driver = drivers().get(instrument.driver)
    if driver is None or not driver.channel_option:
        return ""
    option = driver.channel_option
    try:
        options = driver.options_model().model_validate(instrument.options)
    except ValidationError:  # refused with its key when the instrument is built
        return shown(instrument.options.get(option, ""))
    return str(getattr(options, option))
