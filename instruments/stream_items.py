# SPDX-License-Identifier: Apache-2.0
"""What a sampler's stream is made of: samples, and everything else that it says about them.

All indices and positions are in the sampler's own samples, from the start of the acquisition.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Samples:
    """Consecutive samples, the first at index `first`; one array for each signal, all of the same length."""

    first: int
    values: tuple[Float32Array, ...]

    @property
    def count(self) -> int:
        """Return the number of sample periods that the block covers."""
        return len(self.values[0])


@dataclass(frozen=True)
class Lost:
    """`missing` samples were lost somewhere in [`after`, `before`); `detail` says how the loss was noticed.

    `modulo` is 0 where `missing` is exact. Otherwise `missing` is the likeliest number, and the true one may
    differ from it by any multiple of `modulo`: 64 for a counter that wraps there, 1 for a mere estimate.
    """

    after: int
    before: int
    missing: int
    detail: str
    modulo: int = 0


@dataclass(frozen=True)
class TimeMark:
    """The instrument's own statement of elapsed time at sample index `at`."""

    at: int
    device_time_s: float
    buffer_fill: float | None = None


@dataclass(frozen=True)
class OverRange:
    """`count` samples from index `at` on were beyond what the instrument can measure."""

    at: int
    count: int
    detail: str


NoteKind = Literal["", "error", "ended", "supply-off", "surplus-samples", "lost-edge", "filling", "unreadable"]


@dataclass(frozen=True)
class Note:
    """Text or bytes in the stream that are not samples; kept because they may explain a wrong figure.

    `about` is what kind of message it is, on which its consequence depends: an `error` that the instrument reports
    of itself, an acquisition that `ended` by itself, a supply that the instrument switched off unasked
    (`supply-off`), more samples than its time allows (`surplus-samples`), an edge that its counter misses
    (`lost-edge`), a buffer that is `filling`, text or bytes that are `unreadable`; "" for anything else. What it
    reports happened between the samples `after` and `before`; None where the driver cannot tell.
    """

    text: str
    suspicious: bool = False
    about: NoteKind = ""
    after: int | None = None
    before: int | None = None


@dataclass(frozen=True)
class Summary:
    """What the instrument itself summed up of an acquisition that has ended; None where it does not say.

    It covers all readings of the acquisition, those included that were lost on their way to the host. `samples` is
    their number; `least` and `largest` are the extreme ones of the recorded `signal`, in its unit; charge and
    energy are the integrals. A step is how far a figure may differ from the samples: one unit of its last digit,
    and what else the instrument leaves open; 0 for one that is as exact as a 64-bit float. `limit_relative` is the
    largest limit of error that the instrument itself states for any reading, as a share of that reading.
    """

    samples: int | None = None
    signal: str = ""
    least: float | None = None
    least_step: float = 0.0
    largest: float | None = None
    largest_step: float = 0.0
    charge_coulomb: float | None = None
    charge_step_coulomb: float = 0.0
    energy_j: float | None = None
    energy_step_j: float = 0.0
    limit_relative: float | None = None


StreamItem = Samples | Lost | TimeMark | OverRange | Note | Summary
