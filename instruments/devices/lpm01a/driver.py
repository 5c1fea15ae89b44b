# SPDX-License-Identifier: Apache-2.0
"""ST X-NUCLEO-LPM01A power monitor: it supplies the DUT, samples energy and captures edges on D7.

Commands and answers follow UM2269 Rev 6 ("Commands") and firmware 1.0.6, whose `eventsrc` puts the edges into the
sample stream. The shield acknowledges each command with its echo; the echo is compared, always.
"""

import re
from collections.abc import Sequence

from pydantic import BaseModel

from instruments.clock import Clock, Deadline
from instruments.devices.lpm01a.acquisition import Acquisition, StreamEdges
from instruments.devices.lpm01a.supply import Lpm01aSupply
from instruments.errors import Refused
from instruments.links.base import Link
from instruments.links.pump import unread_s
from instruments.roles import (
    AppliedSampling,
    EdgeSource,
    Identity,
    Instrument,
    Sampler,
    SamplerCapabilities,
    SamplingSettings,
    StreamItem,
    Supply,
    signals,
)
from instruments.specifications import Specification, load, with_noise_at

TWIN_ID = "twin-"  # the beginning of the twin's id; a shield's id is three numbers
OLDEST_FIRMWARE = (1, 0, 6)  # the first with `eventsrc`
DEFAULT_RATE_HZ = 1000.0
# The rates that endless ASCII output sustains (UM2269 Rev 6), as arguments of `freq`.
RATES = {5000: "5k", 2000: "2k", 1000: "1k"} | {hz: str(hz) for hz in (500, 200, 100, 50, 20, 10, 5, 2, 1)}
CURRENT_CEILING_A = 0.2  # more than the hardware can supply in any mode (UM2269 Rev 6, static mode)
REFERENCE_PERIOD_S = 1e-3  # the period for which the specification states the noise
BYTES_PER_SAMPLE = 9  # `DDDDsEE` and a line end (UM2269 Rev 6, ASCII format)
CLOSE_S = 1.0
SET_UP = ("acqtime inf", "trigdelay 0", "trigsrc sw", "eventsrc d7 fal", "output energy", "format ascii_dec")


class Lpm01a(Instrument):
    """One shield: `Supply`, `Sampler` and `EdgeSource`.

    Sample `i` covers [i, i + 1) periods after `start`. An edge line follows the last sample that was complete when
    the pin fell; the edge is placed in the middle of the sample in progress, ± half a sample. That is the
    resolution of the text; no document bounds the delay between pin and text inside the shield, so assume ± 1
    sample for each edge. Both edges of a window take the same path: the delay that they share cancels.

    Samples after the last time stamp (one every 1000 samples) are not confirmed by any count: continue the
    acquisition for 1000 samples after the last edge that matters.
    """

    def __init__(self, link: Link, clock: Clock, options: BaseModel | None = None) -> None:
        self.name = link.name
        self._link = link
        self._clock = clock
        self._is_open = False
        self._acquisition = Acquisition(link, clock)
        self._shell = self._acquisition.shell
        self._supply = Lpm01aSupply(self._shell, self._acquisition.make_quiet)
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

    def edges(self, channel: str = "") -> EdgeSource:
        """Return the edges on D7, which are part of the sample stream."""
        return StreamEdges(self._acquisition)

    def open(self, deadline: Deadline) -> Identity:
        """Connect, end a stream that an earlier run left running, take host control and return the identity.

        Raises `Refused` if the stream cannot be ended or the firmware cannot capture edges, `TimedOut` if the
        shield does not answer.
        """
        self._link.open(deadline)
        self._is_open = True
        leftover = self._shell.end_leftovers(deadline)
        self._shell.ask("htc", deadline)
        serial = self._shell.ask("powershield", deadline)
        firmware = self._shell.ask("version", deadline)
        version = tuple(int(part) for part in re.findall(r"[0-9]+", firmware))
        if version < OLDEST_FIRMWARE:
            came = f"it is '{firmware}', and capturing edges (`eventsrc`) needs 1.0.6"
            advice = "update the shield's firmware with ST's STM32CubeMonitor-Power"
            raise Refused(f"check the firmware of {self.name}", came, advice)
        detail = (("samples_of_an_earlier_run", str(leftover)),) if leftover else ()
        virtual = serial.startswith(TWIN_ID)
        return Identity("monitor", "STMicroelectronics", "X-NUCLEO-LPM01A", serial, firmware, virtual, detail)

    def close(self) -> None:
        """End an acquisition, give back host control if the shield still answers, and release the link."""
        if not self._is_open:
            return
        self._is_open = False
        deadline = self._clock.deadline(CLOSE_S)
        try:
            self._acquisition.attempt(self._acquisition.end, deadline)
            self._acquisition.attempt(lambda limit: self._shell.ask("hrc", limit), deadline)
        finally:
            self._link.close()

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set up energy samples in ASCII and edge capture on D7; raise `Refused` for a rate it does not have."""
        rate_hz = DEFAULT_RATE_HZ if settings.sample_rate_hz is None else settings.sample_rate_hz
        if rate_hz not in RATES:
            rates = ", ".join(str(rate) for rate in RATES)
            came = f"it has no endless ASCII stream at {rate_hz:g} Hz"
            raise Refused(f"configure {self.name}", came, f"one of {rates} Hz")
        for command in (*SET_UP, f"freq {RATES[round(rate_hz)]}"):
            self._shell.ask(command, deadline)
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
        self._acquisition.start(
            self._period_s, CURRENT_CEILING_A * self._supply.voltage_v * self._period_s, deadline
        )

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what has arrived, without waiting for more."""
        return self._acquisition.poll(deadline)

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the acquisition and return the rest; raise `TimedOut` if it does not end."""
        return self._acquisition.stop(deadline)
