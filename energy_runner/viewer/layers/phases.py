# SPDX-License-Identifier: Apache-2.0
"""What the DUT was doing by its power alone: the levels inside each inference, and those outside the windows."""

from dataclasses import dataclass

import numpy as np

from energy_runner.report.units import THIN, prefixed, value_and_expanded
from energy_runner.session.levels import LevelResult
from energy_runner.viewer.layers.inferences import Train, Trains
from energy_runner.viewer.layers.items import Family, FloatArray, Said, none, spans
from energy_runner.viewer.layers.seen import Seen
from energy_runner.viewer.plain_text import own

_NAMES = {"idle": "idle", "transmit": "sending", "receive": "receiving"}


@dataclass(frozen=True)
class _Levels:
    """The levels of each inference of one window, one after the other."""

    train: Train
    starts_s: FloatArray
    stops_s: FloatArray


def phases(seen: Seen, found: Trains) -> Family:
    """Return a span for each constant level of each inference, and for the longest place of each level outside."""
    levels = [_in_each(train) for train in found.found if train.typical]
    outside = _outside(seen)
    if not levels and not outside:
        why = "; ".join(found.reasons[:3]) or "no constant level was found in the typical inference"
        return none("span", own(why if found.found or found.reasons else "no inference was found in a trace"))
    ends = np.cumsum([len(one.starts_s) for one in levels], dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0

    def say(number: int) -> Said:
        if number >= total:
            name, level = outside[number - total]
            return _said_outside(name, level)
        k = int(np.searchsorted(ends, number, "right"))
        one = levels[k]
        typical = one.train.typical
        inference, level_number = divmod(number - int(ends[k] - len(one.starts_s)), len(typical))
        power = prefixed(typical[level_number].power_w, "W", 4)
        text = (
            f"level {level_number + 1} of inference {inference + 1}, window {one.train.index + 1}: "
            f"{power} in the typical inference, for {prefixed(typical[level_number].duration_s, 's', 3)}"
        )
        return Said(f"level {level_number + 1}", own(text))

    own_starts = np.array([level.start_s for _, level in outside])
    own_stops = np.array([level.start_s + level.duration_s for _, level in outside])
    return spans(
        np.concatenate([*(one.starts_s for one in levels), own_starts]),
        np.concatenate([*(one.stops_s for one in levels), own_stops]),
        say,
        "levels",
        why_not=own("; ".join(found.reasons[:3])),
    )


def _in_each(train: Train) -> _Levels:
    """Return the typical inference's levels in each inference, stretched between its boundaries."""
    last = train.typical[-1]
    marks = np.array([phase.start_s for phase in train.typical] + [last.start_s + last.duration_s])
    marks = (marks - marks[0]) / (marks[-1] - marks[0]) if marks[-1] > marks[0] else np.linspace(0, 1, len(marks))
    places = train.bounds_s[:-1, None] + np.diff(train.bounds_s)[:, None] * marks
    return _Levels(train, places[:, :-1].reshape(-1), places[:, 1:].reshape(-1))


def _outside(seen: Seen) -> list[tuple[str, LevelResult]]:
    levels = seen.result.levels if seen.result is not None else None
    if levels is None:
        return []
    named = {name: getattr(levels, name) for name in _NAMES}
    return [(_NAMES[name], level) for name, level in named.items() if level is not None]


def _said_outside(name: str, level: LevelResult) -> Said:
    power, u = value_and_expanded(level.power_w * 1e3, level.u_w * 1e3)
    text = (
        f"{name}: {power} ± {u}{THIN}mW (scatter only), the longest of {level.places} places, "
        f"{prefixed(level.total_s, 's', 4)} in all"
    )
    return Said(name, own(text))
