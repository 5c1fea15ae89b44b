"""What an instrument can do for a bench: the roles, their settings, and the items of a stream.

An instrument is opened once and offers roles by channel: it feeds the DUT (`Supply`), samples what the DUT draws
(`Sampler`), captures edges of the timestamp pin (`EdgeSource`), carries the DUT's UART (`DutLink`), measures a
temperature (`Thermometer`) or switches something (`Switch`). A bench file says which instrument plays which role.

Three timebases are kept apart. Samples live in the sampler's own: sample `i` covers [i, i + 1) sample periods
after the start of the acquisition, and a position inside a sample is a fraction (`412.25`). Laps count
microseconds of the clock that captured them. Host time is in nanoseconds and is never mixed with either.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from instruments.clock import Deadline
from instruments.errors import Refused

Float32Array = npt.NDArray[np.float32]
RoleName = Literal["supply", "sampler", "edges", "dut", "thermometer", "switch"]
SignalKind = Literal["mean", "instant"]
Timebase = Literal["samples", "microseconds"]


@dataclass(frozen=True)
class Identity:
    """Who an instrument says it is; fields it does not tell are empty."""

    kind: str
    make: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    virtual: bool = False
    detail: tuple[tuple[str, str], ...] = ()


# --- supply -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SupplyLimits:
    """What a supply can be set to, in volt and ampere; `current_a` None: the current limit cannot be set."""

    voltage_min_v: float
    voltage_max_v: float
    current_max_a: float | None = None


@dataclass(frozen=True)
class SupplySettings:
    """What the user asks of a supply; `current_limit_a` None leaves the limit to the driver."""

    voltage_v: float
    current_limit_a: float | None = None


@dataclass(frozen=True)
class AppliedSupply:
    """What the supply reports that it will put out."""

    voltage_set_v: float


class Supply(Protocol):
    """Feeds the DUT. `off()` is safe at any time after the instrument was opened, also while it samples."""

    limits: SupplyLimits

    def configure(self, settings: SupplySettings, deadline: Deadline) -> AppliedSupply:
        """Set voltage and current limit with the output off; return what the instrument reports back."""

    def on(self, deadline: Deadline) -> None:
        """Switch the output on and confirm it by read-back."""

    def off(self, deadline: Deadline) -> None:
        """Switch the output off and confirm it by read-back."""

    def measured_voltage_v(self, deadline: Deadline) -> float | None:
        """Return the voltage measured at the output, or None if the instrument cannot measure it."""


# --- sampler ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signal:
    """One recorded quantity.

    `name` is `energy` (J in each sample), `power` (W), `current` (A) or `voltage` (V). `kind` tells whether a
    sample is the `mean` over its period (energy: the sum) or the value at one `instant`, the beginning of the
    period.
    """

    name: str
    unit: str
    period_s: float
    kind: SignalKind = "mean"


UNITS = {"energy": "J", "power": "W", "current": "A", "voltage": "V"}


def signals(*names: str, period_s: float, kind: SignalKind = "mean") -> tuple[Signal, ...]:
    """Return signals called `names` in their SI units, all with one period."""
    return tuple(Signal(name, UNITS[name], period_s, kind) for name in names)


@dataclass(frozen=True)
class SamplingSettings:
    """What the user asks of a sampler; `sample_rate_hz` None leaves the rate to the driver."""

    sample_rate_hz: float | None = None


@dataclass(frozen=True)
class AppliedSampling:
    """The signals that the sampler reports that it will record, all with the same period."""

    signals: tuple[Signal, ...]

    @property
    def period_s(self) -> float:
        """Return the sample period in seconds, as the instrument reports it and not as it was asked for."""
        return self.signals[0].period_s


@dataclass(frozen=True)
class SamplerCapabilities:
    """What a sampler can do.

    `starts_on_edge`: its acquisition begins at the first falling edge after `start()`. `unread_s`: how many
    seconds its stream may go unread before samples are lost.
    """

    starts_on_edge: bool = False
    unread_s: float = math.inf


@dataclass(frozen=True)
class Samples:
    """Consecutive samples, the first at index `first`; one equally long array for each signal."""

    first: int
    values: tuple[Float32Array, ...]

    @property
    def count(self) -> int:
        """Return how many sample periods the block covers."""
        return len(self.values[0])


@dataclass(frozen=True)
class Lost:
    """`missing` samples were lost somewhere in [`after`, `before`); `detail` says how that was noticed."""

    after: int
    before: int
    missing: int
    detail: str


@dataclass(frozen=True)
class TimeMark:
    """The instrument's own statement of elapsed time at sample index `at`."""

    at: int
    device_time_s: float
    buffer_fill: float | None = None


@dataclass(frozen=True)
class OverRange:
    """`count` samples from index `at` on were outside what the instrument can measure."""

    at: int
    count: int
    detail: str


@dataclass(frozen=True)
class Note:
    """Text or bytes in the stream that are no sample; kept because they may explain a wrong number."""

    text: str
    suspicious: bool = False


StreamItem = Samples | Lost | TimeMark | OverRange | Note


@dataclass(frozen=True)
class SpecificationTerm:
    """One limit of a data sheet: ± (`relative` x reading + `absolute`).

    A term with neither is a known cause of unknown size. `above` says that the term counts only while the reading
    is larger than so many `unit`. `assumed`: no document states it.
    """

    name: str
    relative: float = 0.0
    absolute: float = 0.0
    unit: str = ""
    source: str = ""
    above: float = 0.0
    assumed: bool = False


@dataclass(frozen=True)
class Specification:
    """The limits that apply to one instrument as configured, with their sources.

    `assumed` says that the table as a whole was not read from a document of the maker; a term may be assumed
    alone.
    """

    document: str
    terms: tuple[SpecificationTerm, ...] = ()
    assumptions: tuple[str, ...] = field(default=())
    assumed: bool = False


class Sampler(Protocol):
    """Samples what the DUT draws. A driver never drops an item silently: what is missing comes as `Lost`."""

    @property
    def capabilities(self) -> SamplerCapabilities:
        """Return what it can do at the applied settings."""

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set the acquisition up; return what the instrument reports back."""

    def specification(self) -> Specification:
        """Return the limits that hold for the applied settings."""

    def start(self, deadline: Deadline) -> None:
        """Begin the acquisition, or arm it where it starts on the first edge."""

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what the stream brought since the last call, without waiting for more."""

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the acquisition and return the rest of the stream; safe to call when none runs."""


# --- edges ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edge:
    """A falling edge at `position` in the sampler's samples, known to ± `half_width` samples."""

    position: float
    half_width: float
    counter: int | None = None


@dataclass(frozen=True)
class Lap:
    """A falling edge at `lap_us` of the edge source's own clock; `arrived_ns` is the host time of its message."""

    lap_us: int
    arrived_ns: int


class EdgeSource(Protocol):
    """Captures falling edges of the timestamp pin.

    With the timebase `samples` it yields `Edge`, and the sampler is the same instrument; with `microseconds`,
    `Lap`.
    """

    timebase: Timebase

    def arm(self, deadline: Deadline) -> None:
        """Let edges be captured from now on."""

    def take(self, deadline: Deadline) -> Sequence[Edge | Lap]:
        """Return the edges captured since the last call, without waiting for more."""

    def disarm(self, deadline: Deadline) -> None:
        """Stop capturing; safe to call when it is not armed."""


# --- DUT link, thermometer, switch --------------------------------------------------------------------------


class DutLink(Protocol):
    """Carries commands to the DUT and its lines back: a relay, or a serial port of the DUT's own.

    `chunk_bytes` is how many bytes of a stimulus fit into one `db` command on this link.
    """

    name: str
    chunk_bytes: int

    @property
    def partial(self) -> str:
        """Return the line that has begun but not ended; bytes at a wrong speed often never end one."""

    def send(self, command: str, deadline: Deadline) -> None:
        """Send one command (without its `%`)."""

    def receive(self, deadline: Deadline) -> Sequence[str]:
        """Return whole lines of the DUT, waiting for the first until the deadline; then return none."""

    def take_remarks(self) -> Sequence[str]:
        """Return what was said on the link since the last call that answers no command."""


@dataclass(frozen=True)
class Temperature:
    """A temperature in °C with its standard uncertainty in kelvin."""

    value_c: float
    u_k: float


class Thermometer(Protocol):
    """Measures the temperature at the DUT or of the bench."""

    def read(self, deadline: Deadline) -> Temperature:
        """Return the temperature now."""


class Switch(Protocol):
    """A relay, or a port of a USB hub: a debug probe must be off while the DUT is measured."""

    def turn(self, on: bool, deadline: Deadline) -> None:
        """Switch and confirm it by read-back."""

    def is_on(self, deadline: Deadline) -> bool:
        """Return the state by read-back."""


# --- the instrument -----------------------------------------------------------------------------------------


class Instrument:
    """Base of all instruments: opened once, then asked for the roles it plays.

    Constructing is pure; `open()` does the first I/O. Every call ends by its deadline. `channel` is what a bench
    file names behind the colon (`supply = "psu:2"`), empty where it names none. A driver overrides what it
    can play.

    A driver that waits for longer than a few hundredths of a second calls `while_waiting()` between two looks at
    its link: the director reads the sampler's stream there.
    """

    name: str
    while_waiting: Callable[[], None] = staticmethod(lambda: None)

    def open(self, deadline: Deadline) -> Identity:
        """Connect, end whatever an earlier run left running, and ask who is there."""
        raise NotImplementedError

    def close(self) -> None:
        """Give the instrument back to its front panel and release its link; safe to call twice."""
        raise NotImplementedError

    def supply(self, channel: str = "") -> Supply:
        """Return the supply on `channel`."""
        raise self._cannot("supply")

    def sampler(self, channel: str = "") -> Sampler:
        """Return the sampler on `channel`."""
        raise self._cannot("sampler")

    def edges(self, channel: str = "") -> EdgeSource:
        """Return the edge source on `channel`."""
        raise self._cannot("edge source")

    def dut_link(self, channel: str = "") -> DutLink:
        """Return the link to the DUT on `channel`."""
        raise self._cannot("DUT link")

    def thermometer(self, channel: str = "") -> Thermometer:
        """Return the thermometer on `channel`."""
        raise self._cannot("thermometer")

    def switch(self, channel: str = "") -> Switch:
        """Return the switch on `channel`."""
        raise self._cannot("switch")

    def _cannot(self, role: str) -> Refused:
        return Refused(
            f"use {self.name} as {role}", "its driver offers no such role", "give the role to another one"
        )
