# SPDX-License-Identifier: Apache-2.0
"""The layers over a trace, as a table: what each is called, what it shows, and what makes it."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from energy_runner.errors import ConfigurationError
from energy_runner.session.folder import Session
from energy_runner.viewer.layers import (
    edges,
    inferences,
    journal,
    lines,
    losses,
    network,
    phases,
    surroundings,
    verdicts,
    windows,
)
from energy_runner.viewer.layers.inferences import Trains
from energy_runner.viewer.layers.items import Family, Kind, answer, none
from energy_runner.viewer.layers.lines import Talk
from energy_runner.viewer.layers.seen import Seen
from energy_runner.viewer.plain_text import own

MOST = 2000
_LIMIT = 20_000  # items of one answer, whatever is asked for


@dataclass(frozen=True)
class Row:
    """A layer: its name and title, the kind of its items, the unit of curves, and what makes it.

    `later` says that making it reads the windows' samples: the table then does not count it.
    """

    name: str
    title: str
    kind: Kind
    make: Callable[["Layers"], Family]
    unit: str = ""
    later: bool = False


class Layers:
    """The layers of a session, each made when it is first asked for; safe to use from several threads.

    They show the session as it is now; of one that is being written, make them again. Where something cannot be
    read, `problems` says what, and what to try.
    """

    def __init__(self, session: Session, rail: str | None = None) -> None:
        self.seen = Seen(session, rail)
        self._made: dict[str, Family] = {}
        self._trains: Trains | None = None
        self._talk: Talk | None = None
        self.lock = threading.RLock()  # what is made rests on what is read, which is read once
        self._slow = threading.Lock()

    @property
    def problems(self) -> list[str]:
        """Return what could not be read so far, and what to try."""
        return list(self.seen.problems)

    def table(self) -> list[dict[str, Any]]:
        """Return a row for each layer: `name`, `title`, `kind`, `unit` (of curves), `total`, `why_not`.

        `total` is how many items there are, None where they were not yet counted; `why_not` says why there are
        none, or why some are missing.
        """
        return [self._row(row) for row in TABLE]

    def _row(self, row: Row) -> dict[str, Any]:
        known = self._made.get(row.name) if row.later else self.family(row.name)
        return {
            "name": row.name,
            "title": row.title,
            "kind": row.kind,
            "unit": row.unit,
            "total": len(known) if known is not None else None,
            "why_not": known.why_not if known is not None else "",
        }

    def items(
        self, name: str, start_s: float | None = None, stop_s: float | None = None, most: int = MOST
    ) -> dict[str, Any]:
        """Return the items of a layer from `start_s` to `stop_s` of the trace, by default all.

        Where there are more than `most`, they are `thinned`: spans that say how many are where. Spans have
        `start_s`, `stop_s`, `label`, `text` and `class`; points have `at_s` and `u_s` in place of the two, curves
        `at_s`, `value` and `u_s`. A point lies within ± `u_s` of its place (the limit of its error, None if not
        known).
        `total` is how many there are in the stretch. Raises `ConfigurationError` for a name that is no layer, and
        for a stretch or a number that is none.
        """
        if name not in _ROWS:
            known = ", ".join(_ROWS)
            raise ConfigurationError(f"layer {own(name, 60)!r}: there is none of this name. Try: {known}")
        start = -math.inf if start_s is None else start_s
        stop = math.inf if stop_s is None else stop_s
        if math.isnan(start) or math.isnan(stop) or stop < start:
            raise ConfigurationError(
                f"layer {name}: from {start} s to {stop} s is no stretch of time. Try: start_s before stop_s"
            )
        if most < 1:
            raise ConfigurationError(f"layer {name}: {most} items cannot be had. Try: most=1 or more")
        return answer(name, self.family(name), start, stop, min(most, _LIMIT))

    def family(self, name: str) -> Family:
        """Return all items of a layer as arrays; what reads samples does not keep the other layers waiting."""
        row = _ROWS[name]
        if row.later:
            with self.lock:
                self.seen.read()
        with self._slow if row.later else self.lock:
            if name not in self._made:
                made = none(row.kind, "it cannot be read; the problems say why")
                with self.seen.careful(f"layer {name}"):
                    made = row.make(self)
                self.seen.read_so_far()
                self._made[name] = made
            return self._made[name]

    def talk(self) -> Talk:
        """Return the lines of all links, which two layers show."""
        if self._talk is None:
            self._talk = lines.read_talk(self.seen)
        return self._talk

    def trains(self) -> Trains:
        """Return the single inferences, which two layers show."""
        if self._trains is None:
            self._trains = inferences.trains(self.seen)
        return self._trains


TABLE: tuple[Row, ...] = (
    Row("windows", "Windows", "span", lambda own: windows.windows(own.seen)),
    Row(
        "inferences",
        "Inferences",
        "span",
        lambda own: inferences.inferences(own.seen, own.trains()),
        later=True,
    ),
    Row("network-layers", "Layers of the network", "span", lambda own: network.network(own.seen)),
    Row("phases", "Levels of power", "span", lambda own: phases.phases(own.seen, own.trains()), later=True),
    Row("edges", "Edges", "point", lambda own: edges.edges(own.seen)),
    Row("losses", "Lost samples", "span", lambda own: losses.losses(own.seen)),
    Row("over-range", "Over range", "span", lambda own: losses.over_range(own.seen)),
    Row("uart", "UART lines", "point", lambda own: lines.uart(own.seen, own.talk())),
    Row("commands", "Commands", "point", lambda own: lines.commands(own.seen, own.talk())),
    Row("verdicts", "Verdicts", "span", lambda own: verdicts.verdicts(own.seen)),
    Row("voltage", "Voltage", "curve", lambda own: surroundings.voltage(own.seen), "V"),
    Row("temperature", "Temperature", "curve", lambda own: surroundings.temperature(own.seen), "°C"),
    Row("journal", "Phases of the run", "span", lambda own: journal.journal(own.seen)),
    Row("remarks", "Remarks", "point", lambda own: journal.remarks(own.seen)),
)
_ROWS = {row.name: row for row in TABLE}


def layers(session: Session, rail: str | None = None) -> Layers:
    """Return the layers of a session; of several rails, of `rail` or the first. A damaged one raises nothing."""
    return Layers(session, rail)
