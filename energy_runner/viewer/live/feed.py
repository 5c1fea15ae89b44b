# SPDX-License-Identifier: Apache-2.0
"""A run in this process for viewers: a subscriber that returns at once, and readers that may stall."""

from collections.abc import Mapping
from typing import Any

from energy_runner.bench.spec import BenchSpec
from energy_runner.viewer.live.outbox import KEPT, Outbox, Wire
from energy_runner.viewer.live.run_view import RunView
from energy_runner.viewer.live.words import Roles, words
from instruments.clock import Clock, RealClock


class LiveFeed:
    """Give it to a run as one of its listeners or subscribers; then it tells readers what happens.

    A listener (`measure`, `follow`) costs the run less than a subscriber, for which the run waits each time.

    `bench` and `mode` say which box plays which role, and on whose link the DUT talks; without them, lines of all
    boxes are kept but those that only feed and sample. Its memory is bounded, whatever the length of the run and
    whatever the readers do. Progress and samples that the run's own queue dropped are simply not there; facts are
    never dropped, neither there nor here.
    """

    def __init__(
        self,
        name: str = "run",
        title: str = "",
        *,
        bench: BenchSpec | Mapping[str, Any] | None = None,
        mode: str = "energy",
        clock: Clock | None = None,
        kept: int = KEPT,
    ) -> None:
        self._outbox = Outbox(kept)
        bench_name = bench.name if isinstance(bench, BenchSpec) else (bench or {}).get("name", "")
        self._view = RunView(name, title or bench_name, self._outbox, clock or RealClock(), Roles.of(bench, mode))
        self._view.state.set(bench=words(bench_name), mode=words(mode))
        if isinstance(bench, BenchSpec):
            self._view.state.set(virtual=bench.is_virtual)
        self._outbox.put({"kind": "state", "feed": name, "bench": words(bench_name)})

    def __call__(self, event: Any) -> None:
        """Take anything that a run sends to its subscribers; this takes some ten microseconds."""
        self._view.take(event)

    def ended(self, session_key: str | None = None, problem: str = "") -> None:
        """Say that the run is over, its result included, and under which key its session is to be found."""
        if problem:
            self._view.tell(self._view.state.problem(problem))
        if not self._view.state.ended:
            self._view.tell(self._view.state.supply_lost("the run ended without a word about the supply"))
        self._view.end(session_key)

    def snapshot(self) -> list[Wire]:
        """Return all that is known of the run now, as a list of one."""
        return [self._view.snapshot()]

    def since(self, number: int) -> tuple[int, list[Wire]]:
        """Return the number of the last event, and the events after `number`.

        For a reader who is too far behind, or who begins with 0 too late, that is one snapshot.
        """
        with self._outbox.changed:
            last, events = self._outbox.number, self._outbox.since(number)
        if events is not None:
            return last, events
        view = self._view.snapshot()
        return view["n"], [{"kind": "snapshot", "feed": view, "n": view["n"]}]

    def wait(self, number: int, timeout_s: float) -> bool:
        """Wait for an event after `number`; return whether there is one."""
        return self._outbox.wait(number, timeout_s)

    def close(self) -> None:
        """Wake all readers; the run is not touched."""
        with self._outbox.changed:
            self._outbox.changed.notify_all()
