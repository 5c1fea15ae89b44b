# SPDX-License-Identifier: Apache-2.0
"""A night on several computers: see that every bench serves the sweep, and call it again when dask lost the call.

What is measured is in the catalogue alone. So neither a scheduler nor a worker that is gone holds up the others,
and a night is over when the catalogue says so.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from energy_runner.errors import BenchFault, RunnerError
from energy_runner.sweep.catalogue import Catalogue
from energy_runner.sweep.computers.carrier import Away, Carried
from energy_runner.sweep.computers.task import ended_from
from energy_runner.sweep.work.ends import End, Ended
from energy_runner.sweep.work.processes import REPLACEMENTS
from instruments.clock import Clock, Deadline

ABSENT_S = 1800.0  # for which a bench may be missing before the night does without it: a computer starts again
_APPEAR_S = 10.0  # for which the first look waits for workers that are just being started
_OFFERED_S = 2.0  # between two looks at who offers what
_AGAIN_S = 2.0  # between two calls of the same bench
_LAST_WORD_S = 15.0  # for which a complete sweep waits for the last words
_STOP_S = 150.0
_TURN_S = 0.2


class Carries(Protocol):
    """What this needs of a `Carrier`."""

    def offered(self) -> Collection[str]:
        """Return the benches that workers offer."""

    def call(self, sweep: str, bench: str, lease_s: float) -> Any:
        """Have a bench serve a sweep."""

    def look(self, call: Any) -> Carried:
        """Return what has become of a call."""

    def close(self) -> None:
        """Give the connection up."""


@dataclass
class _Bench:
    name: str
    call: Any = None
    again: Deadline | None = None
    left: int = 0  # how often its worker left or died
    absent: Deadline | None = None
    ended: Ended | None = None


def find_benches(carrier: Carries, benches: Collection[str], clock: Clock, scheduler: str) -> None:
    """See that every bench is offered; raise `BenchFault` for one that nobody offers, or if nobody answers."""
    deadline = clock.deadline(_APPEAR_S)
    while missing := [one for one in benches if one not in (offered := carrier.offered())]:
        if deadline.expired():
            raise BenchFault(
                f"scheduler {scheduler}: no worker offers bench '{missing[0]}' (offered: "
                f"{', '.join(sorted(offered)) or 'none'}). Try, on its computer: energy-runner sweep worker "
                f"--scheduler {scheduler} --bench {missing[0]}=FILE"
            )
        clock.sleep(_TURN_S)


class DaskNight:
    """Watches over the benches of a sweep until all have ended, with the face of a `Supervisor`.

    A bench that nobody offers for `absent_s` is given up.
    """

    def __init__(
        self,
        carrier: Carries,
        catalogue: Catalogue,
        sweep: str,
        benches: Collection[str],
        *,
        lease_s: float,
        clock: Clock,
        absent_s: float = ABSENT_S,
    ) -> None:
        self._carrier = carrier
        self._catalogue = catalogue
        self._sweep = sweep
        self._lease_s = lease_s
        self._clock = clock
        self._absent_s = absent_s
        self._benches = [_Bench(one) for one in benches]
        self._news: list[str] = []
        self._offered: Collection[str] | None = ()
        self._next_offered = clock.deadline(0.0)
        self._is_away = False
        self._stopping: Deadline | None = None
        self._asked = False
        self._complete: Deadline | None = None

    def news(self) -> list[str]:
        """Return the new lines for people."""
        news, self._news = self._news, []
        return news

    def ends(self) -> dict[str, Ended]:
        """Return how the benches ended."""
        return {one.name: one.ended for one in self._benches if one.ended is not None}

    def look(self, *, stopping: bool) -> bool:
        """Look after all benches; return whether all have ended. `stopping` asks them to end now."""
        if stopping:
            self._ask_to_stop()
        self._look_who_is_there()
        for one in self._benches:
            if one.ended is None:
                self._look(one)
        self._look_whether_complete()
        if self._stopping is not None and self._stopping.expired():
            self._end_all(End.INTERRUPTED, "its worker did not answer")
        return all(one.ended is not None for one in self._benches)

    def _ask_to_stop(self) -> None:
        """Ask through the catalogue, which reaches a bench that dask does not."""
        self._stopping = self._stopping or self._clock.deadline(_STOP_S)
        if not self._asked:
            try:
                self._catalogue.set_state(self._sweep, "cancelling")
            except RunnerError:
                return
            self._asked = True

    def _look_who_is_there(self) -> None:
        if not self._next_offered.expired():
            return
        self._next_offered = self._clock.deadline(_OFFERED_S)
        try:
            self._offered = self._carrier.offered()
        except Away as error:
            if not self._is_away:
                self._news.append(f"{error}; the benches go on meanwhile")
            self._is_away, self._offered = True, None
            return
        if self._is_away:
            self._news.append("the scheduler answers again")
        self._is_away = False

    def _look(self, one: _Bench) -> None:
        if one.call is not None:
            found = self._carrier.look(one.call)
            if found.state == "ended" and found.word is not None:
                self._heed(one, found.word)
            elif found.state == "failed":
                one.ended = Ended(End.FAILED, found.problem)
            elif found.state == "killed":
                self._left(one, "its worker died again and again")
            elif found.state == "lost":
                one.call = None
        if one.ended is not None or self._is_absent(one):
            return
        if one.call is None and (one.again is None or one.again.expired()):
            one.again = self._clock.deadline(_AGAIN_S)
            try:
                one.call = self._carrier.call(self._sweep, one.name, self._lease_s)
            except Away:
                one.call = None

    def _heed(self, one: _Bench, word: Any) -> None:
        try:
            ended = ended_from(word)
        except BenchFault as error:
            ended = Ended(End.FAILED, str(error))
        if ended.end == End.INTERRUPTED and self._stopping is None:
            self._left(one, f"its worker was stopped on its computer ({ended.reason})")
        else:
            asked = self._asked and ended.end == End.STOPPED
            one.ended = Ended(End.INTERRUPTED, ended.reason, ended.points) if asked else ended

    def _left(self, one: _Bench, why: str) -> None:
        one.call = None
        one.left += 1
        if one.left > REPLACEMENTS:
            one.ended = Ended(End.FAILED, f"{why}, {one.left} times")
        else:
            self._news.append(f"{one.name}: {why}; it is called again when it is back")

    def _is_absent(self, one: _Bench) -> bool:
        """Take note of a bench that nobody offers; end it when that has lasted for too long."""
        if self._offered is not None and one.name in self._offered:
            if one.absent is not None:
                self._news.append(f"{one.name}: is offered again")
            one.absent = None
            return False
        if one.absent is None:
            one.absent = self._clock.deadline(self._absent_s)
            if not self._is_away:
                self._news.append(f"{one.name}: its worker is gone; waits for it")
        if one.absent.expired():
            who = "the scheduler did not answer" if self._is_away else "no worker has offered it"
            one.ended = Ended(End.FAILED, f"{who} for {self._absent_s / 60:.0f} min")
        return one.ended is not None

    def _look_whether_complete(self) -> None:
        """End when no point is left, even if a bench is away and cannot say so."""
        try:
            counts = self._catalogue.counts(self._sweep)
        except RunnerError:
            return
        if counts["waiting"] or counts["running"]:
            self._complete = None
            return
        self._complete = self._complete or self._clock.deadline(_LAST_WORD_S)
        if self._complete.expired():
            self._end_all(End.FAILED, "its worker was away when the sweep was complete")

    def _end_all(self, end: End, reason: str) -> None:
        for one in self._benches:
            one.ended = one.ended or Ended(end, reason)
