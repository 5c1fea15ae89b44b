# SPDX-License-Identifier: Apache-2.0
"""Events for live displays only: progress, text on the links, and samples reduced to mean, least and largest.

They are not recorded in the session, whose facts are the events of the journal (`session/events`), and a slow
subscriber may miss some of them.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from energy_runner.session.events import AnyEvent
from instruments.roles import AppliedSampling, Float32Array, Samples

# Ten blocks a second: as many as a person can see, and as often as the director polls.
BLOCK_S = 0.1
LONGEST_TEXT = 4096  # bytes of one write or read of a link that are shown


class Transient(BaseModel):
    """What all of these have: the host time in nanoseconds. `model_dump_json()` gives JSON without NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    t_ns: int


class Progress(Transient):
    """How far the run is, in seconds of the bench's clock; `total_s` is an estimate and may grow."""

    kind: Literal["progress"] = "progress"
    done_s: float
    total_s: float
    text: str


class SignalBlock(BaseModel):
    """Mean, least and largest of one signal's samples in a block; None where all of them are missing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    unit: str
    mean: float | None
    min: float | None
    max: float | None
    missing: int


class SampleBlock(Transient):
    """Samples [`first`, `first` + `count`) of the acquisition, each `period_s` seconds long, drawn together."""

    kind: Literal["sample-block"] = "sample-block"
    first: int
    count: int
    period_s: float
    signals: list[SignalBlock]


class LinkText(Transient):
    """Bytes that passed the link of the device `box`, as text: `tx` from the host, `rx` to it.

    Left out are bulk bytes (a sampler's stream, a stimulus on its way) and all but the beginning of long ones.
    """

    kind: Literal["link-text"] = "link-text"
    box: str
    direction: Literal["tx", "rx"]
    text: str


LiveEvent = AnyEvent | Progress | SampleBlock | LinkText


def link_text(t_ns: int, box: str, direction: Literal["tx", "rx"], data: bytes) -> LinkText:
    """Return the event for bytes on a link; those that are not ASCII are written as escapes."""
    text = data[:LONGEST_TEXT].decode("ascii", "backslashreplace")
    return LinkText(t_ns=t_ns, box=box, direction=direction, text=text)


def block_samples(period_s: float) -> int:
    """Return how many samples a block holds at most; no block lies across a multiple of that."""
    return max(1, round(BLOCK_S / period_s))


def sample_blocks(t_ns: int, samples: Samples, applied: AppliedSampling) -> Iterator[SampleBlock]:
    """Yield blocks of at most `BLOCK_S` seconds for samples that came at host time `t_ns`."""
    length = block_samples(applied.period_s)
    start = 0
    while start < samples.count:
        stop = min(samples.count, start + length - (samples.first + start) % length)
        parts = [values[start:stop] for values in samples.values]
        yield SampleBlock(
            t_ns=t_ns,
            first=samples.first + start,
            count=len(parts[0]),
            period_s=applied.period_s,
            signals=[
                _drawn_together(signal.name, signal.unit, part)
                for signal, part in zip(applied.signals, parts, strict=True)
            ],
        )
        start = stop


def _drawn_together(name: str, unit: str, values: Float32Array) -> SignalBlock:
    finite = np.isfinite(values)
    there = values if finite.all() else values[finite]
    missing = len(values) - len(there)
    if not len(there):
        return SignalBlock(name=name, unit=unit, mean=None, min=None, max=None, missing=missing)
    return SignalBlock(
        name=name,
        unit=unit,
        mean=float(np.mean(there, dtype=np.float64)),
        min=float(np.min(there)),
        max=float(np.max(there)),
        missing=missing,
    )
