# SPDX-License-Identifier: Apache-2.0
"""Keep a supply that watches itself from switching off while it is wanted."""

from collections.abc import Callable

from energy_runner.bench import Bench
from instruments.clock import to_ns
from instruments.roles import SelfWatching

EVERY_NS = to_ns(5.0)
ANSWER_S = 5.0


class KeepAlive:
    """Called in every turn of a wait, it says to the supply now and then that it is still wanted.

    It also looks after the watchdog; `say` is told if that has ended.
    """

    def __init__(self, bench: Bench, say: Callable[[str], object]) -> None:
        self._bench = bench
        self._say = say
        self._said_ns = bench.clock.now_ns()

    def __call__(self) -> None:
        """Say it, if the supply is on and it is time."""
        bench, now_ns = self._bench, self._bench.clock.now_ns()
        if now_ns - self._said_ns < EVERY_NS or not bench.switched_on or bench.off_confirmed:
            return
        self._said_ns = now_ns
        text = bench.watch_again()
        if text:
            self._say(text)
        if isinstance(bench.supply, SelfWatching):
            bench.supply.keep_alive(bench.clock.deadline(ANSWER_S))
