# SPDX-License-Identifier: Apache-2.0
"""Regions between two markers, as the viewer asks for them again and again while a marker is moved."""

import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock

import numpy as np

from energy_runner.analysis.energy.recorded import recorded_source
from energy_runner.analysis.region.measure import RegionMeter, facts_of
from energy_runner.analysis.region.places import find_place
from energy_runner.analysis.region.region import Region
from energy_runner.session.folder import JOURNAL, RECORD, RESULT, TRACE, Session

__all__ = ["Region", "RegionMeter", "State", "region", "region_csv", "state_of"]

_KEPT = 4  # meters; each holds the facts of a session, some megabytes for a long journal
_ROWS = 1 << 14  # of a table made at once

State = tuple[object, ...]
_meters: OrderedDict[State, RegionMeter] = OrderedDict()
_lock = Lock()


def region(session: Session, start_s: float, stop_s: float, bins: int = 64, rail: str | None = None) -> Region:
    """Return what lies between two times of a trace (s since sample 0), computed from its samples.

    What all regions of a session need is derived once and kept, until one of its files changes. Safe to call from
    several threads. Raises `ConfigurationError` for markers that are no region of this trace, `SessionError` for a
    session without one.
    """
    return _meter(session, rail).region(start_s, stop_s, bins)


def region_csv(session: Session, start_s: float, stop_s: float, rail: str | None = None) -> Iterator[str]:
    """Return the samples that a region touches as CSV, piece by piece, at constant memory.

    The columns are the middle of each sample in s since sample 0 (the instant, of readings at an instant), its
    power in W, corrected and calibrated, and each signal as it was recorded; a missing sample has empty cells.
    Raises as `region` does, before the first piece.
    """
    facts, _ = facts_of(session, rail)
    with session.trace(facts.rail) as trace:
        place = find_place(start_s, stop_s, recorded_source(trace, facts), ())

    def pieces() -> Iterator[str]:
        with session.trace(facts.rail) as trace:
            source = recorded_source(trace, facts)
            names = [f"recorded_{name}_{unit.lower()}" for name, unit in trace.signals]
            yield ",".join(["time_s", "power_w", *names]) + "\n"
            middle = 0.0 if source.kind == "instant" else 0.5
            for begin in range(place.first, place.last, _ROWS):
                end = min(begin + _ROWS, place.last)
                at_s = (np.arange(begin, end, dtype=np.float64) + middle) * source.step_s
                columns = [
                    source.power_w(begin, end),
                    *(trace.read(name, begin, end) for name, _ in trace.signals),
                ]
                rows = zip(at_s.tolist(), *(column.tolist() for column in columns), strict=True)
                yield "".join(f"{at:.12g},{','.join(map(_cell, values))}\n" for at, *values in rows)

    return pieces()


def _cell(value: float) -> str:
    return f"{value:.9g}" if math.isfinite(value) else ""


def _meter(session: Session, rail: str | None) -> RegionMeter:
    """Return a meter whose session is as it is now on the disk."""
    key = (*state_of(session.path), rail)
    with _lock:
        if key in _meters:
            _meters.move_to_end(key)
            return _meters[key]
    made = RegionMeter(replace(session), rail)  # a session keeps the journal that it has read
    with _lock:
        _meters[key] = made
        while len(_meters) > _KEPT:
            _meters.popitem(last=False)
    return made


def state_of(folder: Path, names: Sequence[str] = (RECORD, JOURNAL, TRACE, RESULT)) -> State:
    """Return what tells a session, as these of its files are now, from all others."""
    found: list[object] = [folder.absolute()]
    for name in names:
        with suppress(OSError):
            stat = (folder / name).stat()
            found += [name, stat.st_ino, stat.st_size, stat.st_mtime_ns]
    return tuple(found)
