# SPDX-License-Identifier: Apache-2.0
"""JLS for the Joulescope UI: current, voltage and power, who measured, and what happened as annotations.

A session's own trace holds what its monitor recorded, such as joules in each sample, and stays as it is. Two
vertical markers of one number, `1a` and `1b`, are a pair with its statistics in the UI.
"""

import heapq
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from energy_runner.errors import SessionError
from energy_runner.session.trace import TraceWriter
from energy_runner.session.trace_source import TraceSource
from energy_runner.traces.writers.model import (
    Item,
    Options,
    Outgoing,
    Progress,
    Written,
    blocks,
    clean,
    off_by_whole_hertz,
)

SIGNALS = ("current", "voltage", "power")
SHOWN = ("windows", "journal", "losses", "over-range", "edges", "uart", "remarks")
MOST_ITEMS = 20_000  # of one track
_LABEL = 120
_NOTES = 2000
MISSING = (
    "where samples are missing, the file's own summaries, from which the Joulescope UI takes the mean of a long "
    "stretch, weigh a group of samples in full although some are missing; single samples are exact"
)
_ROUNDING = 1e-6  # samples: a time is a product, which misses a whole sample by rounding only


def write(out: Outgoing, path: Path, options: Options, progress: Progress) -> Written:
    """Write the file; raises `BenchFault` if it cannot be written."""
    signals = out.named(*SIGNALS)
    if not signals:
        raise SessionError(f"{clean(out.session)}: no power can be computed of what it recorded. Try: csv")
    told = out.source
    identity = {"make": told.vendor, "model": told.model, "serial": told.serial, "firmware": told.firmware}
    source = TraceSource.of(identity | {"virtual": out.virtual})
    written = Written(out.length)
    missing = False
    with TraceWriter(path, [(one.name, one.unit) for one in signals], out.step_s, sources=[source]) as file:
        if out.zero_utc_ns is not None:
            file.utc(0, out.zero_utc_ns)
        for sample, is_marker, text in _annotations(out, written):
            (file.marker if is_marker else file.annotate)(sample, text)
        for first, stop in blocks(out.length):
            values = [_single(one.read(first, stop)) for one in signals]
            missing = missing or any(bool(np.isnan(one).any()) for one in values)
            file.append(first, values)
            progress(stop / out.length)
        if out.zero_utc_ns is not None:
            file.utc(out.length, out.zero_utc_ns + round(out.length * out.step_s * 1e9))
    rounded = [one.name for one in signals if one.origin == "converted"]
    if rounded:
        are = "are" if len(rounded) > 1 else "is"
        written.remarks.append(f"{' and '.join(rounded)} {are} rounded to 32-bit floats: 6e-8 of each sample")
    if missing:
        written.remarks.append(MISSING)
    if out.instants:
        written.remarks.append(
            "JLS cannot say that samples are readings at an instant; taken for means, they differ"
        )
    if out.zero_utc_ns is None and (off := off_by_whole_hertz(out.step_s)):
        written.remarks.append(
            f"without a calendar time, other programs go by the rate that the file states: {off}"
        )
    return written


def _single(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32, copy=False)


def _sample(position: float, out: Outgoing) -> int:
    return min(max(0, math.floor(position + _ROUNDING)), max(0, out.length - 1))


def _annotations(out: Outgoing, written: Written) -> Iterator[tuple[int, bool, str]]:
    """Yield (sample, marker or not, text) in the order of the samples, the file's remarks first."""
    yield 0, False, clean("; ".join(out.notes(*out.named(*SIGNALS))), _NOTES)
    markers = sorted(
        (_sample(at, out), 0, f"{number}{end}")
        for number, start, stop in out.placed
        for at, end in ((start, "a"), (stop, "b"))
    )
    texts = [_texts(out, place, name, written) for place, name in enumerate(SHOWN, start=1)]
    for sample, place, text in heapq.merge(markers, *texts):
        yield sample, place == 0, text


def _texts(out: Outgoing, place: int, name: str, written: Written) -> Iterator[tuple[int, int, str]]:
    if name == "windows":
        yield from sorted((_sample(start, out), place, f"window {number}") for number, start, _ in out.placed)
        return
    for track in (one for one in out.tracks if one.name == name):
        for count, item in enumerate(track.items()):
            if count == MOST_ITEMS:
                more = track.count - MOST_ITEMS
                written.remarks.append(f"{more} of {track.count} {track.title.lower()} are left out")
                return
            position = item.start_s / out.step_s
            yield _sample(position, out), place, f"{_outside(position, out)}{_said(name, item)}"


def _said(name: str, item: Item) -> str:
    return clean(item.text if name == "uart" else item.label, _LABEL) or name


def _outside(position: float, out: Outgoing) -> str:
    """Return what is said first of something that was not among the samples: a text stands at one of them."""
    return "earlier: " if position < -_ROUNDING else "later: " if position > out.length + _ROUNDING else ""
