# SPDX-License-Identifier: Apache-2.0
"""ST X-NUCLEO-LPM01A power monitor: it supplies the DUT, samples energy or current and captures edges on D7.

Commands and answers follow UM2269 Rev 6 ("Commands") and firmware 1.0.6, whose `eventsrc` puts the edges into the
sample stream. The shield acknowledges each command with its echo; the echo is compared, always.
"""

from dataclasses import replace

from instruments.clock import Clock, Deadline
from instruments.devices.lpm01a.dialect import (
    CURRENT_CEILING_A,
    OUTPUTS,
    SHELL,
    SUPPLY,
    Options,
)
from instruments.devices.lpm01a.stream import Lpm01aStream
from instruments.errors import Refused
from instruments.firmware import check_version
from instruments.links.base import Link
from instruments.links.pump import unread_s
from instruments.oldest_firmware import LPM01A
from instruments.roles import (
    AppliedSampling,
    EdgeSource,
    Identity,
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
REFERENCE_PERIOD_S = 1e-3  # the period for which the specification states the noise


class Lpm01a(ShellInstrument):
    """One shield: `Supply`, `Sampler`, and with text `EdgeSource`.

    Text holds energy and edges, up to 5 kHz; `format = "bin_hexa"` holds current and no edges, up to 100 kHz, for
    a bench whose edges another instrument captures. Nothing can be asked during a binary acquisition, so switching
    the supply off ends it first. A sample is taken for the mean of the converters' 3.2 MS/s (UM2243 Rev 2, page
    24); no document says so.

    Sample `i` covers [i, i + 1) periods after `start`. An edge line follows the last sample that was complete when
    the pin fell; the edge is placed in the middle of the sample in progress, ± half a sample. That is the
    resolution of the text; no document bounds the delay between pin and text inside the shield, so assume ± 1
    sample for each edge. Both edges of a window take the same path: the delay that they share cancels.

    Samples after the last time stamp (one every 1000 samples) are not confirmed by any count: continue the
    acquisition for 1000 samples after the last edge that matters.
    """

    rates = OUTPUTS["ascii_dec"].every_rate

    def __init__(self, link: Link, clock: Clock, options: Options | None = None) -> None:
        self._output = OUTPUTS[(options or Options()).format]
        super().__init__(link, clock, replace(SHELL, decoder=self._output.decoder))
        self.rates = self._output.every_rate
        self._supply = ShellSupply(self._acquisition, SUPPLY)
        self._period_s: float | None = None

    @property
    def capabilities(self) -> SamplerCapabilities:
        """Return for how many seconds the stream may go unread at the applied rate, and whether it answers."""
        rate_hz = 1 / self._period_s if self._period_s else self._output.usual_hz
        unread = unread_s(self._link, self._output.sample_bytes * rate_hz, self._clock)
        return SamplerCapabilities(unread_s=unread, mute=not self._output.captures_edges)

    def supply(self, channel: str = "") -> Supply:
        """Return the supply."""
        return self._supply

    def sampler(self, channel: str = "") -> Sampler:
        """Return the sampler."""
        return self

    def edges(self, channel: str = "") -> EdgeSource:
        """Return the edges that are part of the text; raise `Refused` for binary output."""
        if not self._output.captures_edges:
            came = "how its binary output encodes edges is not documented"
            raise Refused(f"use {self.name} as edge source", came, "format = 'ascii_dec', or another edge source")
        return super().edges(channel)

    def _examined(self, leftover: int, deadline: Deadline) -> Identity:
        """Return the identity; raise `Refused` if the firmware cannot capture edges."""
        serial = self._ask("powershield", deadline)
        firmware = self._ask("version", deadline)
        check_version(self.name, LPM01A, firmware)
        detail = (("samples_of_an_earlier_run", str(leftover)),) if leftover else ()
        virtual = serial.startswith(TWIN_ID)
        return Identity("monitor", "STMicroelectronics", "X-NUCLEO-LPM01A", serial, firmware, virtual, detail)

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set up samples, and edge capture on D7 with text; raise `Refused` for a rate it does not have."""
        rate_hz = round(self.rates.checked(settings.sample_rate_hz) or self._output.usual_hz)
        for command in (*self._output.set_up, f"freq {self._output.rates[rate_hz]}"):
            self._ask(command, deadline)
        self._period_s = 1 / rate_hz
        return AppliedSampling(signals(self._output.signal, period_s=self._period_s))

    def specification(self) -> Specification:
        """Return the specification, with the noise scaled to the sample period (white noise: √period)."""
        table = load("instruments.devices.lpm01a")
        coding = self._output.coding
        terms = (coding if coding and term.name == "quantisation" else term for term in table.terms)
        table = replace(table, terms=tuple(terms))
        return with_noise_at(table, self._period_s or REFERENCE_PERIOD_S, REFERENCE_PERIOD_S, power=0.5)

    def start(self, deadline: Deadline) -> None:
        """Begin the acquisition; its first sample has index 0."""
        if self._period_s is None:
            raise Refused(f"start {self.name}", "it is not configured", "call configure() first")
        ceiling = CURRENT_CEILING_A
        if self._output.signal == "energy":
            ceiling *= self._supply.voltage_v * self._period_s
        stream = Lpm01aStream(1 / self._period_s, ceiling, answers=self._output.captures_edges)
        self._acquisition.start(stream, deadline)
