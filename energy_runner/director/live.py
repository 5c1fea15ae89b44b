# SPDX-License-Identifier: Apache-2.0
"""Events for live displays only: the progress of a run, and blocks of samples reduced to mean, least and largest.

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


LiveEvent = AnyEvent | Progress | SampleBlock


def sample_blocks(t_ns: int, samples: Samples, applied: AppliedSampling) -> Iterator[SampleBlock]:
    """Yield blocks of at most `BLOCK_S` seconds for samples that came at host time `t_ns`."""
    length = max(1, round(BLOCK_S / applied.period_s))
    for start in range(0, samples.count, length):
        parts = [values[start : start + length] for values in samples.values]
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
