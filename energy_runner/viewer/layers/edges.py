# SPDX-License-Identifier: Apache-2.0
"""Falling edges of the timestamp pin: at their exact positions where the monitor captured them."""

from array import array

import numpy as np

from energy_runner.report.units import prefixed
from energy_runner.session.events import EdgeCaptured, LapCaptured
from energy_runner.viewer.layers.items import WARN, Family, FloatArray, Said, none, points
from energy_runner.viewer.layers.seen import Seen
from energy_runner.viewer.plain_text import own

_ENDS = ("start", "stop")
_PURPOSES = {"boot": "boot", "sync": "the `timestamp` command", "trial": "trial", "accuracy": "an accuracy run"}
_LARGEST = 2.0**53


def edges(seen: Seen) -> Family:
    """Return a point for each edge: those that the monitor captured, else those that placed the windows."""
    if seen.facts.monitor is None or not seen.sampled:
        return none("point", "nothing was sampled, so edges have no place in a trace")
    if seen.facts.monitor.captures_edges:
        return _captured(seen)
    return _by_laps(seen)


def _captured(seen: Seen) -> Family:
    step_s = seen.step_s or np.nan
    at, half = array("d"), array("d")
    for event in seen.journal.of(EdgeCaptured):
        fits = -1.0 <= event.position <= _LARGEST and 0.0 <= event.half_width <= _LARGEST
        at.append(event.position if fits else np.nan)
        half.append(event.half_width if fits else np.nan)
    at_s, half_s = np.array(at) * step_s, np.array(half) * step_s
    roles = _roles(seen)
    odd = ~np.isin(np.array(at), np.array(list(roles))) & (seen.matching is not None)

    def say(number: int) -> Said:
        role = roles.get(at[number], "")
        within = f"within ± {prefixed(float(half_s[number]), 's', 2)}"
        place = f"at {float(at_s[number]):.9g} s, {within}"
        if role:
            return Said(role, own(f"falling edge, {role}, {place}"))
        more = ", matched with no command" if odd[number] else ""
        return Said("edge", own(f"falling edge {place}{more}"), "warn" if more else "")

    why = "" if len(at_s) else "the monitor captured no edge"
    return points(at_s, half_s, say, "edges", classes=odd.astype(np.uint8) * WARN, why_not=why)


def _roles(seen: Seen) -> dict[float, str]:
    """Return what each matched edge is, by its position in samples."""
    found: dict[float, str] = {}
    window = 0
    for one in seen.matching.commands if seen.matching is not None else ():
        is_window = one.command.purpose == "window"
        window += is_window
        what = f"window {window}" if is_window else _PURPOSES.get(one.command.purpose, one.command.purpose)
        for number, edge in enumerate(one.edges):
            end = f"{_ENDS[number]} of " if len(one.edges) == len(_ENDS) else ""
            found[edge.place] = f"{end}{what}"
    return found


def _by_laps(seen: Seen) -> Family:
    """Return the edges of the windows where laps placed them, and the laps themselves by when they were told."""
    starts: list[tuple[float, float, str]] = []
    for window in seen.windows:
        for end, at_s in zip(_ENDS, (window.start_s, window.stop_s), strict=True):
            if at_s is not None:
                limit = np.nan if window.edge_s is None else window.edge_s
                starts.append((at_s, limit, f"{end} of window {window.index + 1}"))
    laps = array("q")
    for lap in seen.journal.of(LapCaptured):
        laps.append(lap.t_ns)
    lap_s: FloatArray = seen.times.places(np.array(laps, dtype=np.int64))
    all_s: FloatArray = np.concatenate([np.array([place for place, _, _ in starts]), lap_s])
    limits = np.array([limit for _, limit, _ in starts])
    u_s: FloatArray = np.concatenate([limits, seen.times.limits(lap_s)])

    def say(number: int) -> Said:
        if number < len(starts):
            place, limit, role = starts[number]
            within = "" if np.isnan(limit) else f", within ± {prefixed(limit, 's', 2)}"
            return Said(role, own(f"falling edge, {role}, at {place:.9g} s{within}, placed by laps"))
        within = f"within ± {prefixed(float(u_s[number]), 's', 2)}"
        return Said("lap", own(f"lap told by the edge source, placed by when it came, {within}"))

    why = "" if len(all_s) else seen.times.why_not or "no edge was seen"
    return points(all_s, u_s, say, "edges", why_not=why)
