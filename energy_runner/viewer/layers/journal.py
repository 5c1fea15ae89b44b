# SPDX-License-Identifier: Apache-2.0
"""The journal: the phases of the run, and what was remarked, went wrong, began and ended."""

from collections.abc import Callable
from typing import Any

import numpy as np

from energy_runner.session import events as ev
from energy_runner.viewer.layers.items import Family, Said, Texts, Told, none, spans
from energy_runner.viewer.layers.seen import Seen
from energy_runner.viewer.plain_text import LONGEST_LABEL, own, told

_LASTING = (ev.Phase, ev.RunStopped, ev.JournalSealed, ev.InferenceDone, ev.TearDownStep)


def journal(seen: Seen) -> Family:
    """Return a span for each phase of the run, up to the next one."""
    times_ns: list[int] = []
    names, details = Texts(), Texts()
    latest_ns = seen.facts.arrival_times_ns[-1] if len(seen.facts.arrival_times_ns) else 0
    for event in seen.journal.of(*_LASTING):
        latest_ns = max(latest_ns, event.t_ns)
        if isinstance(event, ev.Phase):
            times_ns.append(event.t_ns)
            names.append(told(event.name, LONGEST_LABEL))
            details.append(told(event.detail, 200))
    if not times_ns or seen.times.why_not:
        return none("span", seen.times.why_not or "the journal names no phase of the run")
    at_s = seen.times.places(np.array([*times_ns, max(latest_ns, times_ns[-1])], dtype=np.int64))

    def say(number: int) -> Said:
        lasts = f"{at_s[number + 1] - at_s[number]:.4g} s"
        detail = f" ({details[number]})" if details[number] else ""
        return Said(names[number], own(f"phase {names[number]}{detail}: {lasts}"))

    return spans(at_s[:-1], at_s[1:], say, "phases")


def remarks(seen: Seen) -> Family:
    """Return a point for each remark, problem and step of the tear-down, and for beginning and end."""
    found = Told("entries")
    for event in seen.journal.of(*_NOTED):
        found.add(event.t_ns, *_said(event))
    return found.placed(seen.times, "the journal holds no remark")


def _said(event: ev.Event) -> tuple[str, str, str]:
    """Return label, text and class of an entry."""
    return next(say(event) for kind, say in _WORDS.items() if isinstance(event, kind))


def _remark(event: ev.Remark) -> tuple[str, str, str]:
    return event.box[:60], f"{event.box[:60]}: {event.text[:1000]}", "warn" if event.suspicious else ""


def _problem(event: ev.Problem) -> tuple[str, str, str]:
    advice = f" Try: {event.try_this[:300]}" if event.try_this else ""
    return "problem", f"{event.asked[:300]}: {event.came[:300]}.{advice}", "bad"


def _step(event: ev.TearDownStep) -> tuple[str, str, str]:
    failed = event.error[:500]
    return event.name[:60], f"{event.name[:60]}: {failed or 'done'}", "bad" if failed else ""


def _end(event: ev.RunStopped) -> tuple[str, str, str]:
    supply = _SUPPLY[event.supply_off_confirmed]
    class_ = "good" if event.outcome == "completed" and event.supply_off_confirmed is not False else "bad"
    why = f": {event.reason[:500]}" if event.reason else ""
    return event.outcome, f"the run ended, {event.outcome}{why}; {supply}", class_


def _acquired(event: ev.AcquisitionStopped) -> tuple[str, str, str]:
    return "acquisition ends", f"the acquisition ended: {event.received} of {event.samples} samples came", ""


_SUPPLY = {
    True: "the supply is off, confirmed",
    False: "THE SUPPLY MAY STILL BE ON: switching it off was not confirmed",
    None: "there was no supply to switch",
}
_WORDS: dict[type[ev.Event], Callable[[Any], tuple[str, str, str]]] = {
    ev.Remark: _remark,
    ev.Problem: _problem,
    ev.TearDownStep: _step,
    ev.RunStopped: _end,
    ev.AcquisitionStopped: _acquired,
    ev.RunStarted: lambda one: ("run begins", f"the run begins: {one.benchmark[:60]}, {one.mode[:60]}", ""),
    ev.DutBooted: lambda one: ("DUT booted", f"the DUT has booted, timestamps: {one.timestamp_mode[:60]}", ""),
    ev.AcquisitionStarted: lambda _: (
        "acquisition begins",
        "the monitor acknowledged the start of its acquisition",
        "",
    ),
}
_NOTED = tuple(_WORDS)
