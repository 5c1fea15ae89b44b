# SPDX-License-Identifier: Apache-2.0
"""Joulescope JLS, version 2, through pyjls: current, voltage, power, inputs, markers, and the true rate.

The sample rate of a signal is an integer; entries that tie samples to calendar time at both ends say how long a
sample really is. A file of ours says so itself. A file that was not closed is not opened with pyjls, which would
repair it in place.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyjls

from energy_runner.errors import Argument, SessionError, in_words
from energy_runner.session.trace import TraceReader, is_closed
from energy_runner.traces.model import (
    MOST_EDGES,
    UNITS,
    Chunk,
    Edges,
    Float32Array,
    Float64Array,
    Head,
    Mishap,
    Options,
    SignalName,
    TraceFileError,
    signal,
)
from energy_runner.traces.units import as_signal, parse_unit

_AT_ONCE = 1 << 20
_JLS_EPOCH_NS = 1_514_764_800 * 10**9
_TICKS = float(1 << 30)
_F32, _U1 = int(pyjls.DataType.F32), int(pyjls.DataType.U1)
_TYPE_BITS = 0xFFFF
_SHORTEST_S = 1.0  # between the entries of calendar time that give a rate
_LARGEST_OFF = 1e-3  # of a rate by them against the one stated: more is no clock
MARKERS = "markers"
_SIMULATED = ("virtual", "simulat")


@dataclass(frozen=True)
class _Track:
    """A signal: its number, name, rate (Hz), first sample by the instrument's count, samples, and factor to SI."""

    number: int
    name: str
    rate_hz: int
    offset: int
    length: int
    factor: float = 1.0


class JlsFile:
    """An opened JLS file."""

    def __init__(self, path: Path, options: Options) -> None:
        self.findings: list[str] = []
        self.mishaps: list[Mishap] = []
        self._path = path
        if not _is_closed(path):
            raise TraceFileError(
                f"{path}: was not closed by the program that wrote it, or is cut off. "
                "Try: open a copy in the Joulescope UI, which repairs it"
            )
        try:
            self._file: Any = pyjls.Reader(str(path))
        except (OSError, RuntimeError, ValueError) as error:
            raise TraceFileError(f"{path}: cannot be read as a JLS file ({in_words(error)})") from None
        try:
            self._tracks = self._signals(options)
            self._inputs = self._logic()
            self._edge = options.edges
            if options.edges and options.edges != MARKERS and options.edges not in self._inputs:
                there = ", ".join([*self._inputs, MARKERS])
                raise TraceFileError(f"{path}: has no input {options.edges[:40]!r}. There are: {there}")
            self.head = self._head()
        except BaseException:
            self.close()
            raise
        self._read = 0

    @property
    def done(self) -> float:
        """Return the share of the file that was read, 0 to 1."""
        return self._read / max(1, self.head.length or 0)

    def chunks(self) -> Iterator[Chunk]:
        """Yield all samples in order."""
        length = self.head.length or 0
        for first in range(0, length, _AT_ONCE):
            count = min(_AT_ONCE, length - first)
            values: dict[SignalName, Float32Array] = {}
            for name, track in self._tracks.items():
                data = self._fsr(track, first, count)
                values[name] = data if track.factor == 1.0 else data * np.float32(track.factor)
            self._read = first + count
            yield Chunk(first, values)

    def edges(self, name: str) -> Edges:
        """Return the edges of an input, or the markers that a person or a program set."""
        main = next(iter(self._tracks.values()))
        if name == MARKERS:
            places = np.array(sorted(self._markers(main)), dtype=np.float64) + 0.5
            return Edges(places, np.empty(0), 0.5, f"markers in {self._path.name}")
        track = self._inputs[name]
        falls, rises = self._changes(track)
        scale = main.rate_hz / track.rate_hz

        def placed(at: Float64Array) -> Float64Array:
            # It changed between the sample of the input that shows it and the one before.
            return (at - 0.5 + track.offset) * scale - main.offset

        return Edges(placed(falls), placed(rises), 0.5 * scale, f"input {name} of {self._path.name}")

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    # --- inside -------------------------------------------------------------------------------------------

    def _signals(self, options: Options) -> dict[SignalName, _Track]:
        there: list[str] = []
        found: dict[SignalName, _Track] = {}
        for number, one in sorted(self._file.signals.items()):
            if not number or int(one.signal_type) != int(pyjls.SignalType.FSR):
                continue
            if (int(one.data_type) & _TYPE_BITS) != (_F32 & _TYPE_BITS):
                continue
            there.append(str(one.name))
            name, factor = self._meaning(one, options)
            if name is None:
                continue
            if name in found:
                raise TraceFileError(
                    f"{self._path}: two signals hold a {name}, {found[name].name!r} and {one.name!r}. Try: ",
                    Argument("columns", f"{found[name].name}={UNITS[name]}"),
                )
            if one.sample_rate <= 0 or one.length < 0:
                raise TraceFileError(
                    f"{self._path}: signal {one.name!r} states {one.sample_rate} samples a second"
                )
            offset, length = int(one.sample_id_offset), int(one.length)
            found[name] = _Track(number, str(one.name), int(one.sample_rate), offset, length, factor)
        if not found or set(found) == {"voltage"}:
            raise TraceFileError(
                f"{self._path}: holds no current and no power, only {', '.join(there)[:200] or 'nothing'}"
            )
        return self._alike(found)

    def _meaning(self, one: Any, options: Options) -> tuple[SignalName | None, float]:
        told = options.columns
        if told and one.name not in told:
            return None, 1.0
        unit = parse_unit(told.get(one.name, str(one.units)))
        if unit is None:
            if told:
                raise TraceFileError(f"{self._path}: {told[one.name][:20]!r} for {one.name!r} is no unit")
            return None, 1.0
        if told and parse_unit(str(one.units)) not in {None, unit}:
            raise TraceFileError(f"{self._path}: signal {one.name!r} is in {str(one.units)!r} by the file")
        name = as_signal(unit[0])
        last = str(one.name).rpartition(".")[2].lower()
        return (name if told or last == name or last in {"i", "v", "p"} else None), unit[1]

    def _alike(self, found: dict[SignalName, _Track]) -> dict[SignalName, _Track]:
        """Return the signals that have the samples of the first one; others cannot be multiplied with them."""
        first = found.get("current") or next(iter(found.values()))
        kept = {n: t for n, t in found.items() if (t.rate_hz, t.offset) == (first.rate_hz, first.offset)}
        for name in found.keys() - kept.keys():
            self.findings.append(f"{name} has other samples than {first.name!r}, and is left out")
        return kept

    def _logic(self) -> dict[str, _Track]:
        return {
            str(one.name): _Track(
                number, str(one.name), int(one.sample_rate), int(one.sample_id_offset), int(one.length)
            )
            for number, one in sorted(self._file.signals.items())
            if number
            and (int(one.data_type) & _TYPE_BITS) == (_U1 & _TYPE_BITS)
            and int(one.signal_type) == int(pyjls.SignalType.FSR)
            and one.sample_rate > 0
        }

    def _head(self) -> Head:
        main = next(iter(self._tracks.values()))
        period_s, started, remark = self._clock(main)
        sources = [
            " ".join((str(s.name), str(s.vendor), str(s.model), str(s.serial_number)))
            for number, s in self._file.sources.items()
            if number
        ]
        said = " ".join(sources).lower()
        instrument = next((name for name in ("js110", "js220", "js320") if name in said), None)
        remarks = [f"the file names its source: {', '.join(sources)[:200]}"] if sources else []
        return Head(
            format="jls",
            title="Joulescope JLS",
            signals=tuple(signal(name) for name in self._tracks),
            period_s=period_s,
            started_utc_ns=started,
            length=min(track.length for track in self._tracks.values()),
            instrument=instrument,
            remarks=tuple(remarks + ([remark] if remark else [])),
            edge_names=(*self._inputs, MARKERS),
            virtual=any(word in said for word in _SIMULATED),
            resolution_s=period_s,
        )

    def _clock(self, main: _Track) -> tuple[float, int | None, str]:
        """Return the period (s), the beginning (ns since 1970) if the file states it, and a remark."""
        entries = self._utc(main.number)
        started = None
        if len(entries):
            sample, ticks = entries[0]
            began = ticks - sample * _TICKS / main.rate_hz
            started = _JLS_EPOCH_NS + round(began * 1e9 / _TICKS)
        if (own := _own_period(self._path)) is not None:
            return own, started, ""
        nominal_s = 1 / main.rate_hz
        if len(entries) < 2:
            return nominal_s, started, "no entries of calendar time tell the true rate; the stated one is used"
        samples = entries[-1][0] - entries[0][0]
        taken_s = (entries[-1][1] - entries[0][1]) / _TICKS
        if taken_s < _SHORTEST_S or samples <= 0:
            return (
                nominal_s,
                started,
                "calendar time spans too little to tell the true rate; the stated one is used",
            )
        period_s = taken_s / samples
        off = period_s / nominal_s - 1
        if abs(off) > _LARGEST_OFF:
            words = f"by calendar time a sample takes {period_s / nominal_s:.4f} of its stated period"
            return nominal_s, started, f"{words}, which no clock explains; the stated one is used"
        if abs(off) < 1e-7:  # less than the entries can tell
            return nominal_s, started, ""
        return period_s, started, f"by calendar time the rate is {-off * 1e6:+.1f} ppm off the stated one"

    def _utc(self, number: int) -> list[tuple[int, int]]:
        ends: list[tuple[int, int]] = []

        def note(entries: Any) -> bool:
            rows = [(int(sample), int(ticks)) for sample, ticks in (entries[0], entries[-1])]
            ends[:] = [ends[0] if ends else rows[0], rows[-1]]
            return False

        self._guarded("calendar times", lambda: self._file.utc(number, 0, note))
        return ends if len(ends) == 2 and ends[0] != ends[1] else ends[:1]

    def _markers(self, main: _Track) -> list[int]:
        found: list[int] = []

        def note(sample: int, _y: Any, kind: int, _group: int, _data: Any) -> bool:
            if kind == int(pyjls.AnnotationType.VMARKER):
                found.append(int(sample))
            return len(found) > MOST_EDGES

        self._guarded("markers", lambda: self._file.annotations(main.number, 0, note))
        return found

    def _changes(self, track: _Track) -> tuple[Float64Array, Float64Array]:
        """Return the samples of an input that show it low, and high, where the one before does not."""
        falls: list[Float64Array] = []
        rises: list[Float64Array] = []
        last, count = None, 0
        for first in range(0, track.length, 8 * _AT_ONCE):
            room = min(8 * _AT_ONCE, track.length - first)
            packed = self._fsr(track, first, room)
            high = np.unpackbits(np.asarray(packed, dtype=np.uint8), bitorder="little")[:room].astype(np.bool_)
            before = np.concatenate(([high[0] if last is None else last], high[:-1]))
            falls.append(np.flatnonzero(before & ~high).astype(np.float64) + first)
            rises.append(np.flatnonzero(~before & high).astype(np.float64) + first)
            count += len(falls[-1]) + len(rises[-1])
            if count > MOST_EDGES:
                raise TraceFileError(f"{self._path}: input {track.name!r} changes more than {MOST_EDGES} times")
            last = bool(high[-1])
        return np.concatenate([*falls, np.empty(0)]), np.concatenate([*rises, np.empty(0)])

    def _fsr(self, track: _Track, first: int, count: int) -> Any:
        what = f"samples {first}..{first + count} of {track.name!r}"
        return self._guarded(what, lambda: self._file.fsr(track.number, first, count))

    def _guarded(self, what: str, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except (OSError, RuntimeError, ValueError) as error:
            raise TraceFileError(f"{self._path}: {what} cannot be read ({in_words(error)})") from None


def _is_closed(path: Path) -> bool:
    try:
        return is_closed(path)
    except (OSError, ValueError) as error:
        raise TraceFileError(f"{path}: cannot be read ({in_words(error)})") from None


def _own_period(path: Path) -> float | None:
    """Return the period (s) that a trace of ours states; None for a file of another program."""
    try:
        with TraceReader(path) as trace:
            return trace.period_s
    except SessionError:
        return None
