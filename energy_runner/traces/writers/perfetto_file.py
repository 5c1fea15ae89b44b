# SPDX-License-Identifier: Apache-2.0
"""A Perfetto trace: what happened as slices and instants, and the power as counters of at most 10^5 points.

A point of a counter takes some 26 bytes, so samples are never written one by one. Field numbers are those of
`protos/perfetto/trace` in Perfetto's public repository: `trace_packet.proto`, `track_descriptor.proto`,
`process_descriptor.proto`, `counter_descriptor.proto`, `track_event.proto`, `debug_annotation.proto`.
"""

import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from energy_runner.traces.writers.model import (
    Curve,
    FloatArray,
    Item,
    Options,
    Outgoing,
    OutSignal,
    Progress,
    Track,
    Written,
    blocks,
    clean,
)
from energy_runner.traces.writers.protobuf import double, message, number, text

MOST_POINTS = 100_000
MOST_ITEMS = 500_000  # of one track
MOST_LANES = 64  # rows of one track, where its items overlap
_KINDS = ("mean", "least", "largest")
_PACKET = 1  # Trace
_TIMESTAMP, _SEQUENCE, _EVENT, _DESCRIPTOR = 8, 10, 11, 60  # TracePacket
_UUID, _NAME, _PROCESS, _PARENT, _COUNTER = 1, 2, 3, 5, 8  # TrackDescriptor
_PID, _PROCESS_NAME = 1, 6  # ProcessDescriptor
_UNIT_NAME = 6  # CounterDescriptor
_NOTE, _TYPE, _TRACK, _EVENT_NAME, _VALUE = 4, 9, 11, 23, 44  # TrackEvent
_BEGIN, _END, _INSTANT, _COUNT = 1, 2, 3, 4  # TrackEvent.Type
_NOTE_TEXT, _NOTE_NAME = 6, 10  # DebugAnnotation
_ROOT, _OWN_SEQUENCE = 1, 1
_NS = 1e9
_LATEST_NS = 2.0**62  # readers count in signed 64 bits
_EARLIEST_S = -1e6  # before the first sample: what a damaged journal has earlier stands at the beginning


class _File:
    """A trace file that is being written; times are seconds of the session's trace, from `zero_s` on."""

    def __init__(self, file: BinaryIO, zero_s: float) -> None:
        self._file = file
        self._zero_s = zero_s
        self._uuid = _ROOT

    def root(self, name: str) -> None:
        """Describe the process whose tracks all others are."""
        process = number(_PID, 1) + text(_PROCESS_NAME, name)
        self._describe(number(_UUID, _ROOT) + message(_PROCESS, process))

    def track(self, name: str, parent: int = _ROOT, unit: str | None = None) -> int:
        """Describe a track, a counter if it has a `unit`, and return its number."""
        self._uuid += 1
        counter = b"" if unit is None else message(_COUNTER, text(_UNIT_NAME, unit))
        self._describe(number(_UUID, self._uuid) + text(_NAME, name) + number(_PARENT, parent) + counter)
        return self._uuid

    def slice(self, track: int, item: Item) -> None:
        """Write an item: a slice, or an instant if it has no length."""
        if item.stop_s <= item.start_s:
            self._event(item.start_s, number(_TYPE, _INSTANT), track, self._said(item))
            return
        self._event(item.start_s, number(_TYPE, _BEGIN), track, self._said(item))
        self._event(item.stop_s, number(_TYPE, _END), track)

    def point(self, track: int, at_s: float, value: float) -> None:
        """Write a point of a counter."""
        self._event(at_s, number(_TYPE, _COUNT), track, double(_VALUE, value))

    def _said(self, item: Item) -> bytes:
        note = text(_NOTE_NAME, "says") + text(_NOTE_TEXT, clean(item.text))
        return text(_EVENT_NAME, clean(item.label, 80)) + message(_NOTE, note)

    def _event(self, at_s: float, kind: bytes, track: int, more: bytes = b"") -> None:
        at_ns = round(min(max(0.0, (at_s - self._zero_s) * _NS), _LATEST_NS))
        event = message(_EVENT, kind + number(_TRACK, track) + more)
        self._packet(number(_TIMESTAMP, at_ns) + event)

    def _describe(self, descriptor: bytes) -> None:
        self._packet(message(_DESCRIPTOR, descriptor))

    def _packet(self, packet: bytes) -> None:
        self._file.write(message(_PACKET, packet + number(_SEQUENCE, _OWN_SEQUENCE)))


def write(out: Outgoing, path: Path, options: Options, progress: Progress) -> Written:
    """Write the file."""
    written = Written()
    firsts = [first.start_s for track in out.tracks for first in _first(track)]
    zero_s = min([0.0, *firsts, *(float(one.at_s[0]) for one in out.curves if len(one.at_s))])
    zero_s = max(zero_s, _EARLIEST_S)
    with path.open("wb") as raw:
        file = _File(raw, zero_s)
        file.root(out.title)
        notes = file.track(out.warning or "About")
        for note in out.notes(*out.named("power")):
            file.slice(notes, Item(0.0, 0.0, note, note))
        begins = f"sample 0 begins {-zero_s:.9f} s after this trace does"
        file.slice(notes, Item(0.0, 0.0, "first sample", begins))
        for track in out.tracks:
            _track(file, track, written)
        for curve in out.curves:
            _curve(file, curve, written)
        for signal in out.named("power"):
            written.rows = _counters(file, out, signal, progress)
    if written.rows:
        per = _per(out)
        if per > 1:
            written.remarks.append(f"the power is thinned: mean, least and largest of each {per} samples")
        written.remarks.append("where samples are missing, a counter keeps its last value; losses are a track")
    return written


def _first(track: Track) -> Iterator[Item]:
    for item in track.items():
        yield item
        return


def _track(file: _File, track: Track, written: Written) -> None:
    """Write a track: items that overlap in rows of their own, since slices of one row must not."""
    if not track.count:
        return
    parent = file.track(track.title)
    lanes = [parent]
    free: list[tuple[float, int]] = []  # when each row ends
    left_out = 0
    for count, item in enumerate(track.items()):
        if count == MOST_ITEMS:
            left_out += track.count - MOST_ITEMS
            break
        if not free or free[0][0] > item.start_s:
            if len(free) == MOST_LANES:
                left_out += 1
                continue
            if free:
                lanes.append(file.track(f"{track.title} {len(lanes) + 1}", parent))
            lane = len(free)
            heapq.heappush(free, (item.stop_s, lane))
        else:
            lane = free[0][1]
            heapq.heapreplace(free, (item.stop_s, lane))
        file.slice(lanes[lane], item)
    if left_out:
        written.remarks.append(f"{left_out} of {track.count} {track.title.lower()} are too many and are left out")


def _curve(file: _File, curve: Curve, written: Written) -> None:
    track = file.track(curve.title, unit=curve.unit)
    step = -(-len(curve.at_s) // MOST_POINTS) or 1
    if step > 1:
        written.remarks.append(
            f"of {clean(curve.title, 80)} one value in {step} is there; those between are left out"
        )
    for at_s, value in zip(curve.at_s[::step].tolist(), curve.values[::step].tolist(), strict=True):
        if np.isfinite(value):
            file.point(track, at_s, value)


def _counters(file: _File, out: Outgoing, signal: OutSignal, progress: Progress) -> int:
    """Write mean, least and largest of equal stretches, and return how many points there are."""
    per = _per(out)
    tracks = [file.track(f"power, {kind}", unit=signal.unit) for kind in _KINDS]
    points = 0
    for first, stretch in _thinned(out, signal, per, progress):
        at_s = (first + np.arange(len(stretch[0]))) * per * out.step_s
        for track, values in zip(tracks, stretch, strict=True):
            for moment, value in zip(at_s.tolist(), values.tolist(), strict=True):
                if np.isfinite(value):
                    file.point(track, moment, value)
                    points += 1
    return points


def _per(out: Outgoing) -> int:
    """Return how many samples a point stands for."""
    return max(1, -(-out.length // (MOST_POINTS // len(_KINDS))))


def _thinned(
    out: Outgoing, signal: OutSignal, per: int, progress: Progress
) -> Iterator[tuple[int, tuple[FloatArray, FloatArray, FloatArray]]]:
    """Yield first number, means, least and largest of stretches of `per` samples; NaN where none is there."""
    together = max(1, (1 << 18) // per)
    for begin, end in blocks(-(-out.length // per), together):
        first, stop = begin * per, min(end * per, out.length)
        values = np.full((end - begin) * per, np.nan)
        values[: stop - first] = signal.read(first, stop)
        table = values.reshape(-1, per)
        there = ~np.isnan(table)
        count = there.sum(axis=1)
        total = np.where(there, table, 0.0).sum(axis=1)
        gone = count == 0
        means = np.where(gone, np.nan, total / np.maximum(count, 1))
        least = np.where(gone, np.nan, np.where(there, table, np.inf).min(axis=1))
        most = np.where(gone, np.nan, np.where(there, table, -np.inf).max(axis=1))
        yield begin, (means, least, most)
        progress(stop / out.length)
