# SPDX-License-Identifier: Apache-2.0
"""What was done to benches by whom and when, in a file to which all processes append."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from instruments.clock import RealClock

_CLOCK = RealClock()


@dataclass(frozen=True)
class Deed:
    """One thing that was done to a bench in a run: `begin`, `use`, `off` (its tear-down) or `end`."""

    at_ns: int
    pid: int
    bench: str
    run: str
    what: str


class BenchLog:
    """The log of all benches."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, bench: str, run: str, what: str) -> None:
        """Take note of something that is done now."""
        line = json.dumps([_CLOCK.now_ns(), os.getpid(), bench, run, what]) + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())  # one write, so that lines of several processes do not mix
        finally:
            os.close(descriptor)

    def deeds(self) -> list[Deed]:
        """Return everything, in order of time."""
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        return sorted((Deed(*json.loads(line)) for line in lines), key=lambda one: one.at_ns)


def shared_uses(deeds: Sequence[Deed]) -> list[str]:
    """Return where two runs used one bench at once.

    A run that has begun ends every other on its bench: whatever an older one still does there, its switching off
    aside, meets the younger one.
    """
    found: list[str] = []
    for bench in {one.bench for one in deeds}:
        begun: list[str] = []
        for one in (each for each in deeds if each.bench == bench):
            if one.what == "begin":
                begun.append(one.run)
            elif one.what == "busy":
                found.append(f"{one.run} found bench {bench} in use by another run")
            elif one.what == "use" and one.run != begun[-1]:
                found.append(f"{one.run} used bench {bench} after {begun[-1]} had begun")
    return found
