# SPDX-License-Identifier: Apache-2.0
"""Nordic Power Profiler Kit II: it samples the current and eight logic inputs, and feeds the DUT in source mode.

In mode `ampere` another supply feeds the DUT through it; the bench file says at which voltage. Its accuracy, some
±10 %, makes every figure an indication. Sources: `dialect.py`, `protocol.py` and `calibration.py` name them.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline
from instruments.devices.ppk2.box import Box
from instruments.devices.ppk2.calibration import Metadata, check_same, current_table
from instruments.devices.ppk2.dialect import AMPERE, LAST_RESORT, POWER_ON, mode
from instruments.devices.ppk2.protocol import WORD_BYTES
from instruments.devices.ppk2.stream import PERIOD_S, RATE_HZ, Ppk2Stream
from instruments.devices.ppk2.supply import Ppk2Supply
from instruments.errors import InstrumentError, Refused
from instruments.links.base import Link
from instruments.links.pump import unread_s
from instruments.roles import (
    AppliedSampling,
    Edge,
    EdgeSource,
    Identity,
    Instrument,
    Rates,
    Sampler,
    SamplerCapabilities,
    SamplingSettings,
    StreamItem,
    Supply,
    Timebase,
    signals,
)
from instruments.specifications import Specification, load, without

CLOSE_S = 3.0
MOST_REMARKED = 5


class Options(BaseModel):
    """The `options` of a PPK2 in a bench file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    mode: Literal["source", "ampere"] = Field(
        default="source", description="it feeds the DUT itself, or measures what another supply feeds through it"
    )
    edge_input: int = Field(default=0, ge=0, le=7, description="which of D0 to D7 sees the timestamp pin")


class Ppk2(Instrument):
    """One PPK2: `Supply` (source mode only), `Sampler` of `current` at 100,000 samples a second, `EdgeSource`.

    A sample is the value at an instant, as no document says over what time it would be a mean. The voltage is not
    measured.
    """

    rates = Rates(RATE_HZ, RATE_HZ, only=(RATE_HZ,))
    timebase: Timebase = "samples"

    def __init__(self, link: Link, clock: Clock, options: Options | None = None) -> None:
        self.name = link.name
        self._link = link
        self._clock = clock
        self._options = options or Options()
        self._is_open = False
        self._metadata = Metadata()
        self._configured = False
        self._box = Box(link, clock)
        self._supply = Ppk2Supply(self._box, self._new_stream)

    @property
    def capabilities(self) -> SamplerCapabilities:
        """Return for how many seconds the stream may go unread."""
        return SamplerCapabilities(unread_s=unread_s(self._link, WORD_BYTES * RATE_HZ, self._clock))

    def supply(self, channel: str = "") -> Supply:
        """Return the supply; raise `Refused` in mode `ampere`."""
        if self._options.mode == "ampere":
            came = "in mode 'ampere' it measures what another supply feeds through it"
            raise Refused(f"use {self.name} as supply", came, "mode = 'source', or another supply")
        return self._supply

    def sampler(self, channel: str = "") -> Sampler:
        """Return the sampler."""
        return self

    def edges(self, channel: str = "") -> EdgeSource:
        """Return the edges of the logic input, which are part of the samples."""
        return self

    def open(self, deadline: Deadline) -> Identity:
        """Connect, end a stream that an earlier run left running, and read the calibration.

        Raises `TimedOut` for silence, `ProtocolViolation` for what is no PPK2.
        """
        self._link.open(deadline)
        self._is_open, self._configured = True, False
        left = self._box.end_leftovers(deadline)
        found = self._metadata = self._box.metadata(deadline)
        detail = [(key, found.text[key]) for key in ("hw", "calibrated", "ia") if found.text.get(key)]
        if found.assumed:
            more = f" and {len(found.assumed) - MOST_REMARKED} more" if len(found.assumed) > MOST_REMARKED else ""
            detail.append(("default_coefficients", ", ".join(found.assumed[:MOST_REMARKED]) + more))
        if left:
            detail.append(("samples_of_an_earlier_run", str(left // WORD_BYTES)))
        make, virtual = "Nordic Semiconductor", "twin" in found.text
        return Identity("monitor", make, "PPK2", found.text.get("twin", ""), "", virtual, tuple(detail))

    def close(self) -> None:
        """End an acquisition, wait until every command was read, and release the link."""
        if not self._is_open:
            return
        self._is_open = False
        deadline = self._clock.deadline(CLOSE_S)
        try:
            self._box.attempt_stop(deadline)
            self._box.metadata(deadline)  # a port that is closed at once may lose the last commands
        except InstrumentError:
            pass  # it is gone or silent, and there is nothing more to be done
        finally:
            self._link.close()

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Close the path to the DUT in mode `ampere`; raise `Refused` for another rate than 100 kHz.

        The calibration is read again, and must be what it was.
        """
        self.rates.checked(settings.sample_rate_hz)
        if self._options.mode == "ampere":
            self._box.send(mode(AMPERE), deadline)
            self._box.send(POWER_ON, deadline)
        before, self._metadata = self._metadata, self._box.metadata(deadline)
        check_same(before, self._metadata)
        if self._options.mode == "ampere" and self._metadata.number("mode") != AMPERE:
            came = f"mode is {self._metadata.text.get('mode', 'not stated')} in its metadata, not {AMPERE}"
            raise Refused(f"make {self.name} an ampere meter", came, LAST_RESORT)
        self._configured = True
        return AppliedSampling(signals("current", period_s=PERIOD_S, kind="instant"))

    def specification(self) -> Specification:
        """Return the specification.

        In mode `ampere` the voltage is another's, so its limit is left out; in mode `source` what drops across the
        shunt is part of how far the output may be off.
        """
        table = load("instruments.devices.ppk2")
        return without(table, "supply_voltage" if self._options.mode == "ampere" else "burden_voltage")

    def start(self, deadline: Deadline) -> None:
        """Begin the acquisition; its first sample has index 0."""
        if not self._configured:
            raise Refused(f"start {self.name}", "it is not configured", "call configure() first")
        self._box.take_items()
        self._box.edges.clear()
        self._box.start(self._new_stream(), deadline)

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what has arrived, without waiting for more; raise `TimedOut` if nothing has come for a second.

        What came before is kept for `stop()`.
        """
        self._box.receive(deadline)
        return self._box.take_items()

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the acquisition and return the rest, once nothing has come for a tenth of a second."""
        self._box.stop(deadline)
        return self._box.take_items()

    def arm(self, deadline: Deadline) -> None:
        """Do nothing: the logic inputs are part of every sample."""

    def take(self, deadline: Deadline) -> Sequence[Edge]:
        """Return the edges in the samples received since the last call."""
        edges = list(self._box.edges)
        self._box.edges.clear()
        return edges

    def disarm(self, deadline: Deadline) -> None:
        """Do nothing: the logic inputs are part of every sample."""

    def _new_stream(self) -> Ppk2Stream:
        """Return the account of an acquisition, with the currents at the voltage that is set."""
        supply_v = self._supply.voltage_v or (self._metadata.number("VDD") or 0.0) / 1000
        return Ppk2Stream(current_table(self._metadata, supply_v), self._options.edge_input)
