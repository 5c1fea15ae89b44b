"""Traces of the EEMBC runner: `trace1-energy.bin` and `trace1-timestamps.json`.

The binary file has one byte 0xF1, the sample rate as a little-endian float32, and then one float32 a sample: the
energy in microjoule integrated over one sample period. The timestamps are seconds since the trace began, rounded
to 1 ms, in a JSON list.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from energy_runner.errors import SessionError
from energy_runner.published.files import LARGEST_TEXT, LARGEST_TRACE, read_bytes

MAGIC = 0xF1
_HEADER = 5
SLOWEST_HZ, FASTEST_HZ = 1.0, 4e6  # of no monitor ever used is the rate outside
_TIMESTAMPS: TypeAdapter[list[float]] = TypeAdapter(list[float])
MOST_TIMESTAMPS = 100_000


@dataclass(frozen=True)
class Trace:
    """Samples in microjoule of `1 / rate_hz` seconds each, and what is odd about the file."""

    rate_hz: float
    samples_uj: npt.NDArray[np.float32]
    oddities: tuple[str, ...] = ()


def read_trace(path: Path, root: Path) -> Trace:
    """Return the trace in a file; raises `SessionError` for a file that holds none."""
    data = read_bytes(path, root, LARGEST_TRACE)
    if len(data) < _HEADER or data[0] != MAGIC:
        raise SessionError(f"{path.name}: is no trace of the EEMBC runner (it begins with {data[:5].hex(' ')})")
    rate_hz = float(np.frombuffer(data, "<f4", 1, offset=1)[0])
    if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
        raise SessionError(f"{path.name}: a sample rate of {rate_hz:g} Hz is absurd")
    odd: list[str] = []
    count, rest = divmod(len(data) - _HEADER, 4)
    if rest:
        odd.append(f"{path.name}: truncated, {rest} bytes of a sample are left at its end")
    samples = np.frombuffer(data, "<f4", count, offset=_HEADER)
    if not count:
        raise SessionError(f"{path.name}: holds no samples")
    missing, infinite = int(np.count_nonzero(np.isnan(samples))), int(np.count_nonzero(np.isinf(samples)))
    if missing or infinite:
        odd.append(f"{path.name}: {missing} samples are NaN and {infinite} infinite")
    negative = int(np.count_nonzero(samples < 0)) - int(np.count_nonzero(np.isneginf(samples)))
    if negative:
        odd.append(f"{path.name}: {negative} samples are negative")
    return Trace(rate_hz, samples, tuple(odd))


def read_timestamps(path: Path, root: Path) -> list[float]:
    """Return the timestamps in a file, in seconds, as they are; raises `SessionError` for anything else."""
    data = read_bytes(path, root, LARGEST_TEXT)
    try:
        timestamps = _TIMESTAMPS.validate_json(data)
    except ValidationError as error:
        raise SessionError(f"{path.name}: is no list of numbers ({first_error(error)})") from None
    if len(timestamps) > MOST_TIMESTAMPS:
        raise SessionError(f"{path.name}: {len(timestamps)} timestamps are too many")
    return timestamps


def first_error(error: ValidationError) -> str:
    """Return the first complaint of a validation in a short line."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    text = f"{place}: {first['msg']}" if place else str(first["msg"])
    return text if len(text) <= 120 else text[:117] + "..."
