# SPDX-License-Identifier: Apache-2.0
"""A Joulescope as instrument: `Sampler` of current and voltage, `EdgeSource` of one of its inputs.

It feeds nothing: another instrument of the bench does, or a supply outside. Current range "off" cuts the DUT from
its supply, and another program may have left it so: `configure()` puts all ranges back to automatic.
"""

from collections.abc import Sequence

from instruments.clock import Clock, Deadline, to_ns
from instruments.errors import Refused, TimedOut
from instruments.joulescope.dialect import (
    CURRENT,
    PUBLISH_HZ,
    PUBLISH_RATE,
    REMOVED,
    SAMPLE_RATE,
    SIGNALS,
    Model,
    control,
    data,
    version_text,
)
from instruments.joulescope.library import Library
from instruments.joulescope.stream import CAPACITY_BYTES, PIN, Stream
from instruments.links.vendor import VendorLink
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
    Timebase,
    signals,
)
from instruments.specifications import Specification, load, with_noise_at

TWIN_SERIAL = "twin-"  # the beginning of a twin's serial number
NOISE_SIGMAS = 10.0  # one of 10^8 readings lies beyond 6
# 10 kHz: a minute makes 4.8 MB. Edges keep their own resolution at any rate.
DEFAULT_RATE_HZ = 10e3
REFERENCE_PERIOD_S = 1e-6  # the period for which the specification states the noise
QUIET_NS = to_ns(1.0)  # a stream that was silent for so long is asked about


def rates_of(model: Model) -> Rates:
    """Return the rates at which there can be samples."""
    return Rates(min(model.rates_hz), max(model.rates_hz), only=model.rates_hz)


class Joulescope(Instrument):
    """One Joulescope of the kind `model`; `pin` is its input for edges, `levels` the setting of its logic levels.

    Sample i is the mean over [i, i + 1) periods. An edge is known to half a sample of the input (0.25 µs). Signals
    are `current` and `voltage`: no true power integral, whose stream would cost a third more of USB and disk.
    """

    timebase: Timebase = "samples"

    def __init__(
        self, link: VendorLink, clock: Clock, model: Model, *, pin: str, levels: tuple[str, object]
    ) -> None:
        self.name = link.name
        self.rates = self._rates = rates_of(model)
        self._library = Library(link, model)
        self._clock = clock
        self._model = model
        self._inputs = (*SIGNALS.items(), (PIN, f"s/gpi/{pin}"))
        self._levels = levels
        self._rate_hz: float | None = None
        self._stream_hz = 0
        self._stream: Stream | None = None
        self._rest: list[Edge] = []

    def open(self, deadline: Deadline) -> Identity:
        """Open the device, end streams that an earlier program left on, and return its identity."""
        self._stream = None
        self._library.open(deadline)
        for stream in self._model.streams:
            self._library.publish(control(stream), 0, deadline)
        firmware = (
            version_text(self._library.query(self._model.firmware, deadline)) if self._model.firmware else ""
        )
        serial = self._library.path.rpartition("/")[2]
        virtual = serial.startswith(TWIN_SERIAL)
        return Identity("monitor", "Jetperch", self._model.title, serial, firmware, virtual)

    def close(self) -> None:
        """Close the device and the library."""
        self._stream = None
        self._library.close()

    def sampler(self, channel: str = "") -> Sampler:
        """Return the sampler."""
        return self

    def edges(self, channel: str = "") -> EdgeSource:
        """Return the input for edges; they come while it samples."""
        return self

    @property
    def capabilities(self) -> SamplerCapabilities:
        """Return for how many seconds the stream may go unread at the applied rate."""
        bytes_per_s = 8 * (self._stream_hz or self._model.stream_hz[0]) + self._pins_hz / 8
        return SamplerCapabilities(unread_s=CAPACITY_BYTES / bytes_per_s)

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set ranges, levels and rate; raise `Refused` for a rate it does not have.

        The rate is read back from the library, which keeps it for the device; each message of the stream states
        what the device does, and is compared.
        """
        rate_hz = self._rates.checked(settings.sample_rate_hz) or DEFAULT_RATE_HZ
        self.stop(deadline)
        stream_hz = self._model.stream_hz_for(rate_hz)
        means = (self._model.mean_filter,) if self._model.mean_filter else ()
        for topic, value in (*self._model.set_up, self._levels, *means, (PUBLISH_RATE, PUBLISH_HZ)):
            self._library.publish(topic, value, deadline)
        self._library.publish(SAMPLE_RATE, stream_hz, deadline)
        applied = self._library.query(SAMPLE_RATE, deadline)
        if applied != stream_hz:
            raise Refused(f"set {SAMPLE_RATE} = {stream_hz} of {self.name}", f"it is {applied}", "another rate")
        self._rate_hz, self._stream_hz = rate_hz, stream_hz
        return AppliedSampling(signals(*SIGNALS, period_s=1 / rate_hz))

    def specification(self) -> Specification:
        """Return the limits, with the noise of one sample at our period."""
        return self._limits(1 / (self._rate_hz or DEFAULT_RATE_HZ))

    def _limits(self, period_s: float) -> Specification:
        table = load(f"instruments.devices.{self._model.name}")
        return with_noise_at(table, period_s, REFERENCE_PERIOD_S, power=-0.5)

    def _floor_a(self) -> float:
        """Return by how much offset and noise may part one reading from the next (A)."""
        terms = {term.name: term.absolute for term in self._limits(1 / self._stream_hz).terms if term.unit == "A"}
        return terms.get("offset", 0.0) + NOISE_SIGMAS * terms.get("noise", 0.0)

    def start(self, deadline: Deadline) -> None:
        """Begin to stream; sample 0 is the first of which both signals have come."""
        if self._rate_hz is None:
            raise Refused(f"start {self.name}", "it is not configured", "call configure() first")
        self.stop(deadline)
        stream = Stream(self._model, self._stream_hz, self._rate_hz, self._floor_a(), self._clock)
        self._rest, self._stream = [], stream
        self._library.subscribe(REMOVED, stream.removed(self._library.path), deadline)
        for name, topic in self._inputs:
            self._library.subscribe(data(topic), stream.receiver(name), deadline)
        for _, topic in reversed(self._inputs):  # the input first: its edges are to cover all samples
            self._library.publish(control(topic), 1, deadline)
        stream.begin()

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what has arrived; raise `Unavailable` or `TimedOut` where a stream has ended by itself.

        What came of the others is kept for `stop()`.
        """
        if self._stream is None:
            return []
        items = self._stream.take()
        silent = self._stream.silent(QUIET_NS)
        if silent:
            self._stream.put_back(items)
            self._ask_why(silent, deadline)
        return items

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the streams and return the rest of the samples; at once if none is running."""
        stream = self._stream
        if stream is None:
            return []
        for _, topic in self._inputs:
            self._library.publish(control(topic), 0, deadline)
        self._library.unsubscribe_all(deadline)
        self._stream = None
        items = stream.finish()
        self._rest += stream.take_edges()
        return items

    def arm(self, deadline: Deadline) -> None:
        """Do nothing: edges are captured while it samples."""

    def take(self, deadline: Deadline) -> Sequence[Edge]:
        """Return the edges of the samples that were polled since the last call."""
        edges, self._rest = self._rest, []
        return [*edges, *(self._stream.take_edges() if self._stream is not None else [])]

    def disarm(self, deadline: Deadline) -> None:
        """Do nothing: edges are captured while it samples."""

    @property
    def _pins_hz(self) -> float:
        return self._model.base_hz / self._model.gpi_step

    def _ask_why(self, silent: Sequence[str], deadline: Deadline) -> None:
        """Set a device that streams nothing what it is set to: one that is gone or hangs does not confirm it."""
        self._library.publish(control(CURRENT), 1, deadline)
        asked, quiet_s = f"read the stream of {self.name}", QUIET_NS / 1e9
        raise TimedOut(
            asked,
            f"nothing came of {', '.join(silent)} for {quiet_s:g} s",
            "unplug the instrument, plug it in and start again",
        )
