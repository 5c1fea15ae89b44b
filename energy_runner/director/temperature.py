# SPDX-License-Identifier: Apache-2.0
"""The temperature over a whole run: at every phase, and every few seconds while the run waits.

A thermometer that fails harms no run. It is noted, asked again at the next phase, and noted when it answers again.
"""

from collections.abc import Callable

from energy_runner.bench import Bench
from energy_runner.director.recorder import Recorder
from energy_runner.errors import BenchFault
from energy_runner.session.events import TemperatureMeasured
from instruments.clock import to_ns
from instruments.errors import InstrumentError, one_line

EVERY_S = 5.0
READ_S = 2.0
# The last part of a window in which nothing is asked: the DUT's lines about its end are dated when they are read.
QUIET_S, QUIET_SHARE = 1.0, 0.05
WAIT_TURN_S = 2.0


class Surroundings:
    """The thermometer of a bench during one run.

    While the run waits it is only asked if its instrument plays no other role: a call in the middle of another
    call would garble both.
    """

    def __init__(self, bench: Bench, recorder: Recorder) -> None:
        self._bench = bench
        self._recorder = recorder
        player = bench.players.thermometer
        self._name = player.instrument if player is not None else ""
        others = [getattr(bench.players, role) for role in ("supply", "sampler", "edges", "cross_check", "switch")]
        others.append(bench.players.dut)
        self._alone = all(other is None or other.instrument != self._name for other in others)
        self._usable = False
        self._reading = False
        self._failed = ""  # why the last call failed
        self._asked_ns = bench.clock.now_ns()
        self._quiet_from_ns: int | None = None

    def opened(self, name: str) -> None:
        """Take note that an instrument is open."""
        self._usable = self._usable or name == self._name

    def does_without(self, name: str, error: InstrumentError) -> bool:
        """Return whether the run can do without an instrument that does not open, and note it."""
        if name != self._name or not self._alone:
            return False
        self._recorder.remark(name, f"no temperatures: {one_line(error)}", suspicious=True)
        return True

    def measure(self) -> float | None:
        """Ask the thermometer and record what it says; return the temperature (°C), None where there is none."""
        thermometer, clock = self._bench.thermometer, self._bench.clock
        if thermometer is None or not self._usable or self._reading:
            return None
        self._reading = True
        try:
            now = thermometer.read(clock.deadline(READ_S))
        except InstrumentError as error:
            if not self._failed:
                self._recorder.remark(self._name, f"no temperature: {one_line(error)}", suspicious=True)
            self._failed = one_line(error)
            return None
        finally:
            self._reading = False
            self._asked_ns = clock.now_ns()
        if self._failed:
            self._recorder.remark(self._name, "it measures temperatures again")
            self._failed = ""
        self._recorder.emit(
            TemperatureMeasured(
                t_ns=clock.now_ns(), temperature_c=now.value_c, u_k=now.u_k, thermometer=self._name
            )
        )
        return now.value_c

    def look(self) -> None:
        """Measure if it is time, from within a wait; cheap if called often."""
        now_ns = self._bench.clock.now_ns()
        if not self._alone or self._failed or now_ns - self._asked_ns < to_ns(EVERY_S):
            return
        if self._quiet_from_ns is None or now_ns < self._quiet_from_ns:
            self.measure()

    def quiet_until(self, expected_s: float | None) -> None:
        """Ask nothing near the end of what takes `expected_s` seconds from now, or at all where that is None."""
        asking_s = 0.0 if expected_s is None else (1.0 - QUIET_SHARE) * expected_s - QUIET_S
        self._quiet_from_ns = self._bench.clock.now_ns() + to_ns(max(0.0, asking_s))

    def no_longer_quiet(self) -> None:
        """Ask again as usual."""
        self._quiet_from_ns = None

    def wait_for(
        self,
        low_c: float,
        high_c: float,
        limit_s: float,
        wait: Callable[[float], None],
        say: Callable[[str], None],
    ) -> None:
        """Wait until the temperature is from `low_c` to `high_c` °C; raise `BenchFault` after `limit_s` seconds.

        `wait(seconds)` lets time pass, and `say` is told what is waited for.
        """
        deadline = self._bench.clock.deadline(limit_s)
        wanted = f"{low_c:g} to {high_c:g} °C at {self._name or 'the thermometer'}"
        last = ""
        while True:
            now_c = self.measure()
            if now_c is not None and low_c <= now_c <= high_c:
                return
            found = f"it is {now_c:.1f} °C" if now_c is not None else f"no temperature: {self._failed}"
            if found != last:
                say(f"{wanted}; {found}")
            last = found
            if deadline.expired():
                raise BenchFault(
                    f"waited {limit_s:g} s for {wanted}, and {found}; the DUT is off. Try: a longer "
                    "wait_temperature_s, another range, or look at the room"
                )
            wait(min(WAIT_TURN_S, max(0.1, deadline.remaining_s())))
