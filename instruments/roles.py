"""What drivers say to the director: identities, settings, and the items of a monitor's stream.

Samples live in the monitor's own timebase: sample `i` covers [i, i + 1) sample periods after the start of
the acquisition, and a position inside a sample is a fraction (`412.25`). Host time never enters here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from instruments.clock import Deadline

Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Identity:
    """Who a box says it is; fields it does not tell are empty."""

    kind: str
    make: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    virtual: bool = False
    detail: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Signal:
    """One recorded quantity: `energy` (J in each sample), `current` (A) or `voltage` (V) as sample means."""

    name: str
    unit: str


ENERGY = Signal("energy", "J")
CURRENT = Signal("current", "A")
VOLTAGE = Signal("voltage", "V")


@dataclass(frozen=True)
class MonitorSettings:
    """What the user asks of a power monitor."""

    voltage_v: float
    sample_rate_hz: float | None = None
    current_limit_a: float | None = None


@dataclass(frozen=True)
class Applied:
    """What the monitor answered that it does.

    `period_s` is the sample period the instrument itself reports, not the one asked for.
    """

    voltage_set_v: float
    period_s: float
    signals: tuple[Signal, ...]


@dataclass(frozen=True)
class Capabilities:
    """What a power monitor can do.

    `captures_edges`: it puts falling edges of the timestamp pin into its own stream.
    `starts_on_edge`: its acquisition begins at the first falling edge after `start()`.
    """

    captures_edges: bool
    starts_on_edge: bool
    voltage_min_v: float
    voltage_max_v: float


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
class Edge:
    """A falling edge seen by the monitor at `position` (in samples), known to ± `half_width` samples."""

    position: float
    half_width: float
    counter: int | None = None


@dataclass(frozen=True)
class Lost:
    """`missing` samples were lost somewhere in [`after`, `before`); `detail` says how that was noticed."""

    after: int
    before: int
    missing: int
    detail: str


@dataclass(frozen=True)
class TimeMark:
    """The monitor's own statement of elapsed time at sample index `at`."""

    at: int
    device_time_s: float
    buffer_fill: float | None = None


@dataclass(frozen=True)
class OverRange:
    """`count` samples from index `at` on were outside what the monitor can measure."""

    at: int
    count: int
    detail: str


@dataclass(frozen=True)
class Note:
    """Text or bytes in the stream that are no sample; kept because they may explain a wrong number."""

    text: str
    suspicious: bool = False


StreamItem = Samples | Edge | Lost | TimeMark | OverRange | Note


@dataclass(frozen=True)
class AccuracyTerm:
    """One limit of error from a data sheet: ± (`relative` × reading + `absolute`).

    A term with neither is a known cause of unknown size. `above` says that the term counts only while the
    reading is larger than so many `unit`.
    """

    name: str
    relative: float = 0.0
    absolute: float = 0.0
    unit: str = ""
    source: str = ""
    above: float = 0.0


@dataclass(frozen=True)
class Accuracy:
    """The limits of error that apply to one monitor as configured, with their sources."""

    document: str
    terms: tuple[AccuracyTerm, ...] = ()
    assumptions: tuple[str, ...] = field(default=())


class PowerMonitor(Protocol):
    """The one interface of all power monitors.

    Constructing is pure; `open()` does the first I/O. Every call ends by its deadline. `poll()` and `stop()`
    return what the stream brought since the last call; a driver never drops an item.
    """

    capabilities: Capabilities

    def open(self, deadline: Deadline) -> Identity:
        """Connect, end whatever an earlier run left running, and ask who is there."""

    def configure(self, settings: MonitorSettings, deadline: Deadline) -> Applied:
        """Set up supply and acquisition with the output off; return what the instrument reports back."""

    def accuracy(self) -> Accuracy:
        """Return the limits of error for the configuration applied."""

    def power_on(self, deadline: Deadline) -> None:
        """Switch the supply of the DUT on and confirm it by read-back."""

    def power_off(self, deadline: Deadline) -> None:
        """Switch the supply off and confirm it by read-back; safe to call at any time after `open()`."""

    def measured_voltage_v(self, deadline: Deadline) -> float | None:
        """Return the voltage the monitor measures at its output, or None if it cannot."""

    def start(self, deadline: Deadline) -> None:
        """Begin the acquisition, or arm it where it starts on the first edge."""

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what the stream brought; ask the instrument but do not wait for more."""

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the acquisition and return the rest of the stream; safe to call when none runs."""

    def close(self) -> None:
        """Give the instrument back to its front panel and release the port; safe to call twice."""
