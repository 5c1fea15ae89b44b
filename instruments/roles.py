# SPDX-License-Identifier: Apache-2.0
"""The roles an instrument can play on a bench, and their settings; the items of a sample stream are beside it.

An instrument is opened once and offers roles by channel: it feeds the DUT (`Supply`), samples what the DUT draws
(`Sampler`), captures edges of the timestamp pin (`EdgeSource`), carries the DUT's UART (`DutLink`), measures a
temperature (`Thermometer`) or switches something (`Switch`). A bench file says which instrument plays which role.

Three timebases are kept apart. Samples use the sampler's own: sample `i` covers [i, i + 1) sample periods after
the start of the acquisition, and a position inside a sample is a fraction (`412.25`). Laps are in microseconds of
the clock that captured them. Host time is in nanoseconds and is never mixed with either.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from instruments.clock import Deadline
from instruments.errors import Refused
from instruments.specifications import Specification
from instruments.stream_items import Float32Array as Float32Array
from instruments.stream_items import Lost as Lost
from instruments.stream_items import Note as Note
from instruments.stream_items import NoteKind as NoteKind
from instruments.stream_items import OverRange as OverRange
from instruments.stream_items import Samples as Samples
from instruments.stream_items import StreamItem as StreamItem
from instruments.stream_items import Summary as Summary
from instruments.stream_items import TimeMark as TimeMark

RoleName = Literal["supply", "sampler", "edges", "dut", "thermometer", "switch"]
SignalKind = Literal["mean", "instant"]
Timebase = Literal["samples", "microseconds"]


@dataclass(frozen=True)
class Identity:
    """What an instrument says it is; fields it does not report are empty."""

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
    """The range a supply can be set to (V, A); `current_max_a` None means that no current limit can be set."""

    voltage_min_v: float
    voltage_max_v: float
    current_max_a: float | None = None


@dataclass(frozen=True)
class SupplySettings:
    """The settings asked of a supply (V, A); `current_limit_a` None leaves the limit to the driver."""

    voltage_v: float
    current_limit_a: float | None = None


@dataclass(frozen=True)
class AppliedSupply:
    """The settings that the supply reports back; `current_limit_a` None where it does not tell of a limit."""

    voltage_set_v: float
    current_limit_a: float | None = None


class Supply(Protocol):
    """Feeds the DUT. `off()` is safe at any time after the instrument was opened, even while it samples."""

    limits: SupplyLimits

    def configure(self, settings: SupplySettings, deadline: Deadline) -> AppliedSupply:
        """Set voltage and current limit with the output off; return the applied settings."""

    def on(self, deadline: Deadline) -> None:
        """Switch the output on and confirm it by read-back."""

    def off(self, deadline: Deadline) -> None:
        """Switch the output off and confirm it by read-back."""

    def measured_voltage_v(self, deadline: Deadline) -> float | None:
        """Return the voltage measured at the output (V), or None if the instrument cannot measure it."""


@runtime_checkable
class SelfWatching(Protocol):
    """A supply that switches itself off when it has heard nothing for a while, as when a computer has died."""

    def keep_alive(self, deadline: Deadline) -> None:
        """Say that the supply is still wanted; to be called at least every 10 s while it is on."""


@runtime_checkable
class Restarts(Protocol):
    """An instrument that can be made to restart through its port, as a board by DTR."""

    def restart(self, deadline: Deadline) -> Identity | None:
        """Open the instrument's link afresh, make it restart, and return its identity when it answers again.

        Return None if its link has no means to make it restart.
        """


# --- sampler ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signal:
    """One recorded quantity.

    `name` is `energy` (J in each sample), `power` (W), `current` (A) or `voltage` (V). `kind` says whether a
    sample is the `mean` over its period (energy: the sum) or the value at an `instant`, the start of the period.
    """

    name: str
    unit: str
    period_s: float
    kind: SignalKind = "mean"


UNITS = {"energy": "J", "power": "W", "current": "A", "voltage": "V"}


def signals(*names: str, period_s: float, kind: SignalKind = "mean") -> tuple[Signal, ...]:
    """Return the signals `names` in their SI units, all with the same period (s)."""
    return tuple(Signal(name, UNITS[name], period_s, kind) for name in names)


@dataclass(frozen=True)
class SamplingSettings:
    """The settings asked of a sampler; `sample_rate_hz` None leaves the rate to the driver.

    With `on_edge` False an acquisition begins at once, also with a sampler that otherwise waits for an edge: there
    is none where a known load stands in the place of the DUT.
    """

    sample_rate_hz: float | None = None
    on_edge: bool = True


@dataclass(frozen=True)
class Rates:
    """The sample rates (Hz) of a sampler: a range, or `only` these; with `whole_ns`, of whole periods."""

    least_hz: float
    most_hz: float
    only: tuple[float, ...] = ()
    whole_ns: bool = False

    def checked(self, rate_hz: float | None) -> float | None:
        """Return a rate that can be had, or None for none; raise `Refused` for another. Nothing is sent."""
        if rate_hz is None:
            return None
        possible = self.least_hz <= rate_hz <= self.most_hz and (not self.only or rate_hz in self.only)
        if not possible or (self.whole_ns and 1e9 / rate_hz != round(1e9 / rate_hz)):
            raise Refused("set the sample rate", f"there is no {rate_hz:g} Hz", self.listed())
        return rate_hz

    def listed(self) -> str:
        """Return in words which rates there are."""
        if self.only:
            listed = ", ".join(f"{rate:.7g}" for rate in self.only)
            return f"one of {listed} Hz" if len(self.only) > 1 else f"{listed} Hz, and no other"
        whole = ", its period a whole number of ns" if self.whole_ns else ""
        return f"a rate from {self.least_hz:.7g} to {self.most_hz:.7g} Hz{whole}"


@dataclass(frozen=True)
class AppliedSampling:
    """The signals that the sampler will record, as it reports them, all with the same period."""

    signals: tuple[Signal, ...]

    @property
    def period_s(self) -> float:
        """Return the sample period in seconds as the instrument reports it, not as it was asked for."""
        return self.signals[0].period_s


@dataclass(frozen=True)
class SamplerCapabilities:
    """What a sampler can do.

    `starts_on_edge`: an acquisition begins at the first falling edge after `start()`. `unread_s`: for how many
    seconds the stream may go unread before samples are lost. `sums_up`: `stop()` ends with a `Summary`, always;
    False also where that depends on the firmware. `longest_s`: for how many seconds it can acquire. `at_end`: no
    samples come before `stop()`, which may take `stop_s` seconds longer than that of others. `mute`: while it
    samples, nothing else can be asked of its instrument, and what is asked ends the acquisition.
    """

    starts_on_edge: bool = False
    unread_s: float = math.inf
    sums_up: bool = False
    longest_s: float = math.inf
    at_end: bool = False
    stop_s: float = 0.0
    mute: bool = False


class Sampler(Protocol):
    """Samples what the DUT draws. A driver never drops an item silently: it reports missing samples as `Lost`."""

    @property
    def capabilities(self) -> SamplerCapabilities:
        """Return what the sampler can do with the applied settings."""

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Set up the acquisition; return the applied settings."""

    def specification(self) -> Specification:
        """Return the specification that holds for the applied settings."""

    def start(self, deadline: Deadline) -> None:
        """Begin the acquisition, or arm it if it starts on the first edge."""

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return the items that arrived since the last call, without waiting for more."""

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the acquisition and return the rest of the stream; safe to call when none is running.

        The last item is a `Summary` where the instrument sums up what it acquired.
        """


# --- edges ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edge:
    """A falling edge at `position`, in samples of the sampler, known to within ± `half_width` samples."""

    position: float
    half_width: float
    counter: int | None = None


@dataclass(frozen=True)
class Lap:
    """A falling edge at `lap_us` of the edge source's own clock; `arrived_ns` is the host time of its message.

    A source whose record is read later sends no message for each edge. It states between which host times (ns) its
    clock was `zeroed`. `arrived_ns` is then the later of them plus the reading of that clock, whose rate has not
    been measured yet.
    """

    lap_us: int
    arrived_ns: int
    zeroed: tuple[int, int] | None = None


class EdgeSource(Protocol):
    """Captures falling edges of the timestamp pin.

    With the timebase `samples`, `take()` returns `Edge` items and the sampler is the same instrument; with
    `microseconds`, it returns `Lap` items.
    """

    timebase: Timebase

    def arm(self, deadline: Deadline) -> None:
        """Capture edges from now on."""

    def take(self, deadline: Deadline) -> Sequence[Edge | Lap]:
        """Return the edges captured since the last call, without waiting for more."""

    def disarm(self, deadline: Deadline) -> None:
        """Stop capturing; safe to call when not armed."""


# --- DUT link, thermometer, switch --------------------------------------------------------------------------


class DutLink(Protocol):
    """Carries commands to the DUT and returns its lines: a relay, or a serial port of the DUT's own.

    `chunk_bytes` is the number of stimulus bytes that fit into one `db` command on this link.
    """

    name: str
    chunk_bytes: int

    @property
    def partial(self) -> str:
        """Return the line that has begun but not ended; at a wrong baud rate, line ends often never arrive."""

    def send(self, command: str, deadline: Deadline) -> None:
        """Send one command (without its `%`)."""

    def receive(self, deadline: Deadline) -> Sequence[str]:
        """Return complete lines of the DUT, waiting until the deadline for the first; then return none."""

    def take_remarks(self) -> Sequence[str]:
        """Return the lines received since the last call that answer no command."""


@dataclass(frozen=True)
class Temperature:
    """A temperature in °C with its standard uncertainty in kelvin, None where nobody stated one."""

    value_c: float
    u_k: float | None


@runtime_checkable
class AnswersOnly(Protocol):
    """A `DutLink` that passes on only what answers a command: of a DUT's boot it tells when it is asked."""

    @property
    def held_up(self) -> str:
        """Return what helps while an answer that does not end blocks the link; "" while none does."""

    def first_words(self, deadline: Deadline) -> Sequence[str]:
        """Return what the DUT has said since it was fed, up to its `m-ready`; the next answer is in step."""


class Thermometer(Protocol):
    """Measures the temperature at the DUT or of the bench."""

    def read(self, deadline: Deadline) -> Temperature:
        """Return the present temperature; raise an `InstrumentError` for what cannot be one."""


class Switch(Protocol):
    """A relay or a port of a USB hub, such as one that turns a debug probe off while the DUT is measured."""

    def turn(self, on: bool, deadline: Deadline) -> None:
        """Switch; confirm it by read-back where the device has one, and raise `Refused` if it reads otherwise."""

    def is_on(self, deadline: Deadline) -> bool | None:
        """Return the state by read-back; None if the device cannot tell it, whatever it was last told."""


# --- the instrument -----------------------------------------------------------------------------------------


class Instrument:
    """Base of all instruments: opened once, then asked for the roles it plays.

    Constructing does no I/O; `open()` does the first. Every call ends by its deadline. `channel` is the part after
    the colon in a bench file (`supply = "psu:2"`), or empty. A driver overrides the methods of the roles it plays.

    A driver that waits longer than a few hundredths of a second calls `while_waiting()` between two reads of its
    link, so that the director can read the sampler's stream.
    """

    name: str
    rates: Rates | None = None  # of its sampler; None: it says itself which it has not, once it is open
    while_waiting: Callable[[], None] = staticmethod(lambda: None)

    def open(self, deadline: Deadline) -> Identity:
        """Connect, end anything an earlier run left running, and return the instrument's identity."""
        raise NotImplementedError

    def close(self) -> None:
        """Return control to the front panel and release the link; safe to call twice."""
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
            f"use {self.name} as {role}", "its driver does not offer that role", "give the role to another device"
        )
