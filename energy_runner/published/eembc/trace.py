# SPDX-License-Identifier: Apache-2.0
"""Traces of the EEMBC runner: `trace1-energy.bin` and `trace1-timestamps.json`.

The binary file has one byte 0xF1, the sample rate as a little-endian float32, and then one float32 a sample: the
energy in microjoule integrated over one sample period. The timestamps are seconds since the trace began, rounded
to 1 ms, in a JSON list.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from energy_runner.errors import SessionError
from energy_runner.published.contents import Contents
from energy_runner.published.validation import first_error

MAGIC = 0xF1
_HEADER = 5
SLOWEST_HZ, FASTEST_HZ = 1.0, 4e6  # no monitor that was ever used has a rate outside
_TIMESTAMPS: TypeAdapter[list[float]] = TypeAdapter(list[float])
MOST_TIMESTAMPS = 100_000


@dataclass(frozen=True)
class Samples:
    """Samples in microjoule of `1 / rate_hz` seconds each, and what is odd about the file."""

    rate_hz: float
    samples_uj: npt.NDArray[np.float32]
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True)
class TraceFiles:
    """What the two files hold: None or empty where one cannot be read, and `absent` says by role why not."""

    samples: Samples | None = None
    timestamps_s: list[float] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)


def read_trace(contents: Contents) -> TraceFiles:
    """Return the samples and the timestamps of a session, as far as its files hold them."""
    samples, timestamps_s, absent = None, [], dict(contents.refusals)
    try:
        if contents.trace is not None:
            samples = parse_samples(contents.trace, contents.names["trace"])
    except SessionError as error:
        absent["trace"] = str(error)
    try:
        if contents.timestamps is not None:
            timestamps_s = parse_timestamps(contents.timestamps, contents.names["timestamps"])
    except SessionError as error:
        absent["timestamps"] = str(error)
    return TraceFiles(samples, timestamps_s, absent)


def parse_samples(data: bytes, name: str) -> Samples:
    """Return the samples in the file called `name`; raises `SessionError` for a file that holds none."""
    if len(data) < _HEADER or data[0] != MAGIC:
        raise SessionError(f"{name}: is not a trace of the EEMBC runner (it begins with {data[:5].hex(' ')})")
    rate_hz = float(np.frombuffer(data, "<f4", 1, offset=1)[0])
    if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
        raise SessionError(f"{name}: a sample rate of {rate_hz:g} Hz is absurd")
    odd: list[str] = []
    count, rest = divmod(len(data) - _HEADER, 4)
    if rest:
        odd.append(f"{name}: truncated, {rest} bytes of a sample are left at its end")
    samples = np.frombuffer(data, "<f4", count, offset=_HEADER)
    if not count:
        raise SessionError(f"{name}: holds no samples")
    missing, infinite = int(np.count_nonzero(np.isnan(samples))), int(np.count_nonzero(np.isinf(samples)))
    if missing or infinite:
        odd.append(f"{name}: {missing} samples are NaN and {infinite} infinite")
    negative = int(np.count_nonzero(samples < 0)) - int(np.count_nonzero(np.isneginf(samples)))
    if negative:
        odd.append(f"{name}: {negative} samples are negative")
    return Samples(rate_hz, samples, tuple(odd))


def parse_timestamps(data: bytes, name: str) -> list[float]:
    """Return the timestamps in the file called `name`, in s, as they are; raises `SessionError` for others."""
    try:
        timestamps = _TIMESTAMPS.validate_json(data)
    except ValidationError as error:
        raise SessionError(f"{name}: is not a list of numbers ({first_error(error)})") from None
    if len(timestamps) > MOST_TIMESTAMPS:
        raise SessionError(f"{name}: {len(timestamps)} timestamps are too many")
    return timestamps
