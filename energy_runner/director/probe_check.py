# SPDX-License-Identifier: Apache-2.0
"""Whether the switch of a bench keeps the debug probe off while the DUT is examined."""

from energy_runner.bench import Bench
from energy_runner.errors import BenchFault
from instruments.clock import Deadline

STEP = "debug probe is off"
RESTORE = "turn the switch on again"
ANSWER_S = 5.0
RESTORE_S = 15.0  # a hub may have to be found again


class ProbeCheck:
    """The switch of a bench during one examination, if it has one."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._to_restore = False

    def turn_off(self) -> str:
        """Turn the switch off and read it back; return what it says. Raises `BenchFault` if it stays on."""
        switch, clock = self._bench.switch, self._bench.clock
        if switch is None:
            return "not examined: the bench has no switch"
        if switch.is_on(clock.deadline(ANSWER_S)) is False:
            return "it was off already, and is left so"
        self._to_restore = True
        switch.turn(False, clock.deadline(ANSWER_S))
        on = switch.is_on(clock.deadline(ANSWER_S))
        if on:
            raise BenchFault("the switch was turned off, and says that it is on. Try: check what it switches")
        return "turned off; the switch cannot tell whether it is" if on is None else "read back from the switch"

    def restore(self, deadline: Deadline) -> None:
        """Turn the switch on again, if it was turned off here."""
        switch = self._bench.switch
        if switch is not None and self._to_restore:
            switch.turn(True, deadline)
            self._to_restore = False
