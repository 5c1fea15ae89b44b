# SPDX-License-Identifier: Apache-2.0
"""`.ppk2`: the vendor app's own file of a PPK2, a zip of `metadata.json` and `session.raw`.

A sample is six bytes: the current in microampere as float32, little endian, and 16 bits with two for each of the
inputs D0 to D7: 01 low, 10 high, 11 both within the sample, 00 not read (the vendor app's source, bitConversion).
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from energy_runner.errors import Argument
from energy_runner.traces.archives import Archive
from energy_runner.traces.model import (
    Chunk,
    Edges,
    EdgeTracker,
    Head,
    Mishap,
    Options,
    TraceFileError,
    signal,
)

SAMPLE = np.dtype([("current_ua", "<f4"), ("inputs", "<u2")])
INPUTS = tuple(f"D{number}" for number in range(8))
_LOW, _HIGH = 1, 2
_RATE_HZ = 100_000
_FORMATS = (1, 2)


class Ppk2File:
    """An opened `.ppk2` file."""

    def __init__(self, path: Path, options: Options) -> None:
        self.findings: list[str] = []
        self.mishaps: list[Mishap] = []
        self._path = path
        if options.columns:
            raise TraceFileError(
                f"{path}: a .ppk2 file has no columns to be told. Try: without ", Argument("columns")
            )
        self._archive = Archive(path)
        try:
            rate_hz, start_ms, version = self._metadata()
            self._size = self._archive.size("session.raw")
        except BaseException:
            self._archive.close()
            raise
        self._read = 0
        self._input: int | None = None
        if options.edges:
            if options.edges.upper() not in INPUTS:
                self._archive.close()
                raise TraceFileError(f"{path}: has no input {options.edges[:40]!r}, only {', '.join(INPUTS)}")
            self._input = int(options.edges[1])
        self._tracker = EdgeTracker(options.edges.upper())
        remarks = [] if version in _FORMATS else [f"its format version is {version!r}; known are 1 and 2"]
        if rate_hz < _RATE_HZ:
            remarks.append(f"the app kept {rate_hz:g} samples a second of a PPK2's {_RATE_HZ}")
        self.head = Head(
            format="ppk2",
            title="PPK2 file of the vendor's app",
            signals=(signal("current"),),
            period_s=1 / rate_hz,
            started_utc_ns=None if start_ms is None else int(start_ms * 1_000_000),
            length=self._size // SAMPLE.itemsize,
            instrument="ppk2",
            remarks=tuple(remarks),
            kind="instant",
            edge_names=INPUTS,
            resolution_s=1 / rate_hz,
        )

    @property
    def done(self) -> float:
        """Return the share of the file that was read, 0 to 1."""
        return self._read / max(1, self._size)

    def chunks(self) -> Iterator[Chunk]:
        """Yield all samples in order."""
        first, rest = 0, b""
        for piece in self._archive.pieces("session.raw"):
            data = rest + piece
            count = len(data) // SAMPLE.itemsize
            rest = data[count * SAMPLE.itemsize :]
            samples = np.frombuffer(data, dtype=SAMPLE, count=count)
            self._read += len(piece)
            if not count:
                continue
            if self._input is not None:
                pairs = (samples["inputs"] >> np.uint16(2 * self._input)) & np.uint16(3)
                read = pairs != 0
                # Both within one sample: it was low at some time in it.
                index = np.arange(first, first + count, dtype=np.int64)
                self._tracker.take(index[read], pairs[read] == _HIGH)
            with np.errstate(over="ignore", invalid="ignore"):
                yield Chunk(first, {"current": samples["current_ua"].astype(np.float32) * np.float32(1e-6)})
            first += count
        if rest:
            self.findings.append(f"session.raw ends with {len(rest)} bytes of a sample that is cut off")

    def edges(self, name: str) -> Edges:
        """Return the edges of the input that the options named."""
        return self._tracker.edges(f"input {name.upper()} of {self._path.name}")

    def close(self) -> None:
        """Release the file."""
        self._archive.close()

    def _metadata(self) -> tuple[float, float | None, object]:
        """Return the rate (Hz), the beginning (ms since 1970) and the version of the format."""
        where = f"{self._path}: metadata.json"
        try:
            document = json.loads(self._archive.small("metadata.json"))
        except (ValueError, RecursionError):
            raise TraceFileError(f"{where}: is no JSON document") from None
        outer = document if isinstance(document, dict) else {}
        inner = outer.get("metadata", outer)
        inner = inner if isinstance(inner, dict) else {}
        rate = inner.get("samplesPerSecond")
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= _RATE_HZ:
            raise TraceFileError(
                f"{where}: samplesPerSecond is {str(rate)[:40]!r}, where a number up to {_RATE_HZ} is needed"
            )
        start = inner.get("startSystemTime")
        known = isinstance(start, int | float) and not isinstance(start, bool) and 0 < start < 1e14
        return float(rate), float(start) if known and start is not None else None, outer.get("formatVersion")
