# SPDX-License-Identifier: Apache-2.0
"""What a session is to a writer of trace files: signals in blocks, tracks of what happened, and who measured."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from energy_runner.errors import ConfigurationError
from energy_runner.traces.model import AS_RECORDED, COMPUTED, INSTANTS
from energy_runner.wording import shown

FloatArray = npt.NDArray[np.float64]
SampleArray = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Origin = Literal["recorded", "converted", "as set"]
BLOCK = 1 << 16  # samples at once
LONGEST = 300  # characters of a text in a file of another tool
_DRIFT = 1e-9  # relative: below it, a rate is taken for a whole one
_LONGEST_NAME = 60  # of a signal or its unit
_SPACES = {0xA0: " ", 0x2009: " ", 0x202F: " "}  # those of figures with units


HOW: Mapping[Origin, str] = {"recorded": AS_RECORDED, "converted": COMPUTED, "as set": "is as set"}


class ExportError(ConfigurationError):
    """A trace cannot be written as asked; the message says why and what to try."""


@dataclass(frozen=True)
class OutSignal:
    """A signal in SI units; `read(first, stop)` returns its samples, NaN where they are missing.

    Name and unit stand in headers and as names of columns, so they are made printable, whatever a file has.

    `origin` says whether the monitor recorded it (then it is of 32-bit floats), whether it is computed from what
    was recorded, or whether it is a setting. `about` says from what it was computed.
    """

    name: str
    unit: str
    origin: Origin
    read: Callable[[int, int], SampleArray]
    about: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean(self.name, _LONGEST_NAME))
        object.__setattr__(self, "unit", clean(self.unit, _LONGEST_NAME))


@dataclass(frozen=True)
class Item:
    """Something that happened from `start_s` to `stop_s` of the trace (s); a point where both are equal."""

    start_s: float
    stop_s: float
    label: str
    text: str


@dataclass(frozen=True)
class Track:
    """Items of one kind in the order of their beginning; `count` is how many `items()` yields."""

    name: str
    title: str
    count: int
    items: Callable[[], Iterator[Item]]


@dataclass(frozen=True)
class Curve:
    """Values that were measured now and then: times (s of the trace), values, and their unit."""

    title: str
    unit: str
    at_s: FloatArray
    values: FloatArray


@dataclass(frozen=True)
class Source:
    """Who sampled, as it said of itself."""

    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""

    def __str__(self) -> str:
        parts = (self.vendor, self.model, self.serial and f"serial {self.serial}")
        words = [part for part in (*parts, self.firmware and f"firmware {self.firmware}") if part]
        return clean(" ".join(words)) or "an instrument that did not say what it is"


@dataclass(frozen=True)
class Outgoing:
    """A session as it goes out. A sample lasts `step_s` seconds; second 0 is where sample 0 begins.

    `instants` says that samples are readings at an instant, not means.

    `windows` are (number from 1, start, stop), `edges` the falling edges, `losses` and `over_range` stretches, all
    in samples. `zero_utc_ns` is when second 0 was, ns since 1970, None where that is not known; it lies within
    `zero_limit_s` of that, None where that is not known.
    """

    session: str
    software: str
    virtual: bool
    source: Source
    step_s: float
    length: int
    signals: tuple[OutSignal, ...] = ()
    zero_utc_ns: int | None = None
    zero_limit_s: float | None = None
    tracks: tuple[Track, ...] = ()
    curves: tuple[Curve, ...] = ()
    windows: tuple[tuple[int, float, float], ...] = ()
    edges: FloatArray = field(default_factory=lambda: np.zeros(0))
    losses: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    over_range: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    remarks: tuple[str, ...] = ()
    instants: bool = False

    @property
    def title(self) -> str:
        """Return what the file is, in one line; SIMULATED where anything on the bench was."""
        return clean(f"{'SIMULATED ' if self.virtual else ''}trace of {self.session}, {self.software}")

    @property
    def warning(self) -> str:
        """Return what a virtual session says of itself; empty for a measurement."""
        return "SIMULATED: a virtual bench, not a measurement of hardware" if self.virtual else ""

    def named(self, *names: str) -> tuple[OutSignal, ...]:
        """Return the signals of these names, in this order, as far as there are any."""
        have = {signal.name: signal for signal in self.signals}
        return tuple(have[name] for name in names if name in have)

    @property
    def placed(self) -> tuple[tuple[int, float, float], ...]:
        """Return the windows that lie in the trace, with both edges."""
        return tuple(one for one in self.windows if 0 <= one[1] < one[2] <= self.length)

    @property
    def whole(self) -> tuple[OutSignal, ...]:
        """Return what was recorded, as it was, and the power."""
        return tuple(one for one in self.signals if one.origin == "recorded" or one.name == "power")

    def notes(self, *signals: OutSignal, means: bool = False) -> list[str]:
        """Return the lines that a file with room for remarks holds, with what is to be said of its `signals`.

        Where its rows are `means` of several samples, no row is a reading at an instant, whatever the samples are.
        """
        lines = [self.title, self.warning, f"sampled by {self.source}", f"one sample lasts {self.step_s!r} s"]
        if self.instants and not means:
            lines.append(INSTANTS)
        if self.zero_utc_ns is not None:
            within = "" if self.zero_limit_s is None else f" ± {self.zero_limit_s:.2g} s"
            lines.append(f"second 0 is {utc_text(self.zero_utc_ns)}{within}")
        lines += [f"{one.name} {HOW[one.origin]}: {one.about}" for one in signals if one.about]
        return [clean(line) for line in (*lines, *self.remarks) if line]


@dataclass(frozen=True)
class Options:
    """What the user asked of a file: one row for `every` samples, or as few samples as give `most_rows` rows."""

    every: int | None = None
    most_rows: int | None = None

    def step(self, length: int) -> int:
        """Return how many samples a row stands for."""
        if self.most_rows is not None:
            return max(1, -(-length // self.most_rows))
        return self.every or 1


Progress = Callable[[float], None]


@dataclass
class Written:
    """What a writer says of its file: how many rows or points of samples it holds, and what it could not carry."""

    rows: int = 0
    remarks: list[str] = field(default_factory=list)
    columns: Mapping[str, str] = field(default_factory=dict)


def clean(text: str, longest: int = LONGEST) -> str:
    """Return a text of anybody as one printable line of bounded length, safe in any file."""
    return shown(text[: 2 * longest].translate(_SPACES), longest)


def off_by_whole_hertz(step_s: float) -> str:
    """Return how far times are off in a file that states whole hertz, at least one; empty if they are not."""
    rate_hz = max(1, round(1 / step_s))
    off = 1 / (rate_hz * step_s) - 1
    return f"{rate_hz} Hz, and its times are {off * 1e6:+.3g} ppm off" if abs(off) > _DRIFT else ""


def utc_text(utc_ns: int) -> str:
    """Return a moment (ns since 1970) as ISO 8601, to the microsecond."""
    return f"{np.datetime64(utc_ns // 1000, 'us')}+00:00"


def blocks(length: int, size: int = BLOCK) -> Iterator[tuple[int, int]]:
    """Yield (first, stop) of the blocks of a trace."""
    for first in range(0, length, size):
        yield first, min(first + size, length)
