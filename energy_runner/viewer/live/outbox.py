# SPDX-License-Identifier: Apache-2.0
"""Events for any number of readers, each of which may stall: numbered, bounded, and never waited for."""

import threading
from collections import deque
from typing import Any

Wire = dict[str, Any]
KEPT = 4096  # events that a reader may be behind; whoever is further behind begins again with a snapshot
_LISTS = ("at_s", "lines")


class Outbox:
    """The last events, numbered from 1. `changed` guards it, and whatever its events tell of."""

    def __init__(self, kept: int = KEPT) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.number = 0
        self._events: deque[Wire] = deque(maxlen=kept)

    def put(self, *events: Wire) -> None:
        """Append events and wake all who wait."""
        with self.changed:
            for event in events:
                self.number += 1
                self._events.append({**event, "n": self.number})
            if events:
                self.changed.notify_all()

    def since(self, number: int) -> list[Wire] | None:
        """Return the events after `number`, those that belong together joined; None if some are gone."""
        with self.changed:
            count = self.number - number
            if not 0 <= count <= len(self._events):
                return None
            new = [self._events[-k] for k in range(count, 0, -1)]
        return joined(new)

    def wait(self, number: int, timeout_s: float) -> bool:
        """Wait for an event after `number`; return whether there is one."""
        with self.changed:
            return bool(self.changed.wait_for(lambda: self.number != number, timeout_s))


def joined(events: list[Wire]) -> list[Wire]:
    """Return events with the blocks, the lines and the changes of state of one run joined, each to the last.

    The given events stay as they are: other readers get them, too.
    """
    if len(events) < 2:
        return events
    kept: list[Wire] = []
    at: dict[tuple[str, str], int] = {}
    own: set[int] = set()  # places in `kept` that are copies
    for event in events:
        if event["kind"] in {"snapshot", "ended"}:
            at.clear()  # what follows may be of another run, or contradict what came before
            kept.append(event)
            continue
        key = (event["kind"], event["feed"])
        place = at.get(key)
        if place is None or (event["kind"] == "blocks" and not _alike(kept[place], event)):
            at[key] = len(kept)
            kept.append(event)
            continue
        if place not in own:
            own.add(place)
            kept[place] = _own(kept[place])
        if event["kind"] == "state":
            kept[place].update(event)
        else:
            _append(kept[place], event)
    return sorted(kept, key=lambda event: int(event["n"])) if own else kept


def _alike(one: Wire, other: Wire) -> bool:
    return bool(one["step_s"] == other["step_s"]) and one["signals"].keys() == other["signals"].keys()


def _own(event: Wire) -> Wire:
    """Return a copy whose lists may be appended to."""
    copy = {key: list(value) if key in _LISTS else value for key, value in event.items()}
    if "signals" in copy and event["kind"] == "blocks":
        copy["signals"] = {
            name: {which: list(values) for which, values in each.items()}
            for name, each in event["signals"].items()
        }
    return copy


def _append(earlier: Wire, event: Wire) -> None:
    earlier["n"] = event["n"]
    for key in _LISTS:
        if key in event:
            earlier[key] += event[key]
    for name, each in event.get("signals", {}).items():
        for which, values in each.items():
            earlier["signals"][name][which] += values
