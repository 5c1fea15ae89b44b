# SPDX-License-Identifier: Apache-2.0
"""ST X-NUCLEO-LPM01A power monitor: it supplies the DUT, samples energy and captures edges on D7.

Commands and answers follow UM2269 Rev 6 ("Commands") and firmware 1.0.6, whose `eventsrc` puts the edges into the
sample stream. The shield acknowledges each command with its echo; the echo is compared, always.
"""

import re

from pydantic import BaseModel

from instruments.clock import Clock, Deadline
from instruments.devices.lpm01a.dialect import (
    BYTES_PER_SAMPLE,
    CURRENT_CEILING_A,
    OLDEST_FIRMWARE,
    RATES,
    SET_UP,
    SHELL,
    SUPPLY,
)
from instruments.devices.lpm01a.stream import Lpm01aStream
from instruments.errors import Refused
from instruments.links.base import Link
from instruments.links.pump import unread_s
from instruments.roles import (
    AppliedSampling,
    Identity,
    Rates,
    Sampler,
    SamplerCapabilities,
    SamplingSettings,
    Supply,
    signals,
)
from instruments.shell.instrument import ShellInstrument
from instruments.shell.supply import ShellSupply
from instruments.specifications import Specification, load, with_noise_at

TWIN_ID = "twin-"  # the beginning of the twin's id; a shield's id is three numbers
DEFAULT_RATE_HZ = 1000.0
REFERENCE_PERIOD_S = 1e-3  # the period for which the specification states the noise


class Lpm01a(ShellInstrument):
    """One shield: `Supply`, `Sampler` and `EdgeSource`.

    Sample `i` covers [i, i + 1) periods after `start`. An edge line follows the last sample that was complete when
    the pin fell; the edge is placed in the middle of the sample in progress, ± half a sample. That is the
    resolution of the text; no document bounds the delay between pin and text inside the shield, so assume ± 1
    sample for each edge. Both edges of a window take the same path: the delay that they share cancels.

    Samples after the last time stamp (one every 1000 samples) are not confirmed by any count: continue the
    acquisition for 1000 samples after the last edge that matters.
    """

    rates = Rates(min(RATES), max(RATES), only=tuple(RATES))

    def __init__(self, link: Link, clock: Clock, options: BaseModel | None = None) -> None:
        super().__init__(link, clock, SHELL)
        self._supply = ShellSupply(self._acquisition, SUPPLY)
        self._period_s: float | None = None

    @property
    def capabilities(self) -> SamplerCapabilities:
        """Return for how many seconds the stream may go unread at the applied rate."""
        rate_hz = 1 / self._period_s if self._period_s else DEFAULT_RATE_HZ
        return SamplerCapabilities(unread_s=unread_s(self._link, BYTES_PER_SAMPLE * rate_hz, self._clock))

    def supply(self, channel: str = "") -> Supply:
        """Return the supply."""
        return self._supply

    def sampler(self, channel: str = "") -> Sampler:
        """Return the sampler."""
        return self

    def _examined(self, leftover: int, deadline: Deadline) -> Identity:
        """Return the identity; raise `Refused` if the firmware cannot capture edges."""
        serial = self._ask("powershield", deadline)
        firmware = self._ask("version", deadline)
        version = tuple(int(part) for part in re.findall(r"[0-9]+", firmware))
        if version < OLDEST_FIRMWARE:
            came = f"it is '{firmware}', and capturing edges (`eventsrc`) needs 1.0.6"
            advice = "update the shield's firmware with ST's STM32CubeMonitor-Power"
            raise Refused(f"check the firmware of {self.name}", came, advice)
        detail = (("samples_of_an_earlier_run", str(leftover)),) if leftover else ()
        virtual = serial.startswith(TWIN_ID)
        return Identity("monitor", "STMicroelectronics", "X-NUCLEO-LPM01A", serial, firmware, virtual, detail)

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set up energy samples in ASCII and edge capture on D7; raise `Refused` for a rate it does not have."""
        rate_hz = self.rates.checked(settings.sample_rate_hz) or DEFAULT_RATE_HZ
        for command in (*SET_UP, f"freq {RATES[round(rate_hz)]}"):
            self._ask(command, deadline)
        self._period_s = 1 / round(rate_hz)
        return AppliedSampling(signals("energy", period_s=self._period_s))

    def specification(self) -> Specification:
        """Return the specification, with the noise scaled to the sample period (white noise: √period)."""
        table = load("instruments.devices.lpm01a")
        return with_noise_at(table, self._period_s or REFERENCE_PERIOD_S, REFERENCE_PERIOD_S, power=0.5)

    def start(self, deadline: Deadline) -> None:
        """Begin the acquisition; its first sample has index 0."""
        if self._period_s is None:
            raise Refused(f"start {self.name}", "it is not configured", "call configure() first")
        ceiling_j = CURRENT_CEILING_A * self._supply.voltage_v * self._period_s
        self._acquisition.start(Lpm01aStream(1 / self._period_s, ceiling_j), deadline)
