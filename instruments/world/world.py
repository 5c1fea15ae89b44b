# SPDX-License-Identifier: Apache-2.0
"""The world that all twins of one bench share: time, seed, supply rail, DUT current, timestamp pin, truth."""

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from instruments.clock import NS_PER_S, VirtualClock, to_ns
from instruments.world.faults import Faults
from instruments.world.history import CurrentHistory, FloatArray

EdgeListener = Callable[[int], None]
# Beyond so many levels of current, those that are older than ten minutes are forgotten.
MOST_LEVELS = 1 << 18
KEPT_NS = to_ns(600.0)
# How a room drifts; assumed, and little enough that no rule about temperature is touched by it.
DRIFT_K = 0.3
DRIFT_PERIOD_S = 1800.0


# Streams from which a twin draws what an instrument keeps for life; their names end like this.
CONSTANT = ("errors", "error", "supply", "coefficients", "io manager", "interface board", "dut")


@dataclass(frozen=True)
class TrueWindow:
    """The true window of one `infer` command: its edges (virtual ns), inferences and energy."""

    start_ns: int
    stop_ns: int
    inferences: int
    energy_j: float


class World:
    """One bench's physics.

    `ideal` switches every instrument error off; otherwise each twin draws its errors from `seed`, within the
    limits of its data sheet. Nothing here depends on the host: the same seed gives the same world. Another
    `repeat` gives the same instruments with their errors, and other noise: the same bench on another day.
    """

    def __init__(self, clock: VirtualClock, seed: int = 0, *, ideal: bool = False, repeat: int = 0) -> None:
        self.clock = clock
        self.seed = seed
        self.repeat = repeat
        self.ideal = ideal
        self.faults = Faults()
        self.history = CurrentHistory()
        self.powered = False
        self.voltage_v = 0.0
        self.temperature_c = 23.0  # of the room, about which it drifts
        self.drift_k = 0.0 if ideal else DRIFT_K
        self.warming_k_per_s = 0.0  # a room that is being heated, since the world began
        self._drift_phase = float(self.rng("room").uniform(0.0, 2.0 * math.pi))
        self._current_a = 0.0
        self._windows: list[tuple[int, int, int]] = []
        self._past_windows: list[TrueWindow] = []
        self._most_levels = MOST_LEVELS
        self._edge_count = 0
        self._began_ns: int | None = None  # of the window in progress
        self._edge_listeners: list[EdgeListener] = []
        self._power_listeners: list[Callable[[bool], None]] = []
        self._rails: list[RailWorld] = []
        self._on, self._fed_v = False, 0.0  # its own rail; `powered` means that all rails are on

    def rng(self, name: str) -> np.random.Generator:
        """Return the random stream `name`; streams do not depend on each other or on the order of the calls."""
        again = [self.repeat] if self.repeat and not name.endswith(CONSTANT) else []
        return np.random.default_rng([self.seed, zlib.crc32(name.encode()), *again])

    def noise_after(self, rng: np.random.Generator, name: str) -> np.random.Generator:
        """Return the stream of noise of a part that has drawn its constant errors from `rng`."""
        return self.rng(f"{name} noise") if self.repeat else rng

    def room_c(self) -> float:
        """Return the temperature of the room now (°C): it drifts slowly, as with the heating of a building."""
        now_s = self.clock.now_ns() / NS_PER_S
        wave = math.sin(2.0 * math.pi * now_s / DRIFT_PERIOD_S + self._drift_phase)
        return self.temperature_c + self.drift_k * wave + self.warming_k_per_s * now_s

    # --- supply -----------------------------------------------------------------------------------------

    def on_power(self, listener: Callable[[bool], None]) -> None:
        """Call `listener(powered)` whenever the DUT's supply is switched."""
        self._power_listeners.append(listener)

    def rail(self, name: str, share: float) -> "RailWorld":
        """Return a further supply rail of the DUT, which draws `share` of the current that the first one draws.

        The DUT runs only while all its rails are on.
        """
        rail = RailWorld(self, name, share)
        self._rails.append(rail)
        return rail

    def set_supply(self, powered: bool, voltage_v: float) -> None:
        """Switch the DUT's supply rail; `voltage_v` is the true voltage at the DUT, not the one set."""
        self._on, self._fed_v = powered, voltage_v if powered else 0.0
        self.rails_changed()

    def rails_changed(self) -> None:
        """Heed that a rail was switched, or its voltage changed."""
        powered = self._on and all(rail.powered for rail in self._rails)
        changed = powered != self.powered
        self.powered = powered
        self.voltage_v = self._fed_v
        if not changed:  # the DUT continues with what it is doing
            for world in (self, *self._rails):
                world.history.change_voltage(self.clock.now_ns(), world.voltage_v)
            return
        self._began_ns = None
        self.draw(0.0)
        for listener in self._power_listeners:
            listener(powered)

    # --- current ----------------------------------------------------------------------------------------

    def draw(self, current_a: float) -> None:
        """Let the DUT draw `current_a` from now on."""
        self._current_a = current_a
        self._forget()
        drawn_a = current_a if self.powered else 0.0
        self.history.append(self.clock.now_ns(), drawn_a, self.voltage_v)
        for rail in self._rails:
            rail.history.append(self.clock.now_ns(), rail.share * drawn_a, rail.voltage_v)

    def plan(self, at_ns: FloatArray, current_a: FloatArray) -> None:
        """Plan the DUT's current (A; times in ns, rising); a later `draw()` or `plan()` replaces the rest."""
        if self.powered:
            self._current_a = float(current_a[-1])
            self._forget()
            self.history.extend(at_ns, current_a, self.voltage_v)
            for rail in self._rails:
                rail.history.extend(at_ns, rail.share * current_a, rail.voltage_v)

    # --- timestamp pin ----------------------------------------------------------------------------------

    def on_edge(self, listener: EdgeListener) -> None:
        """Call `listener(at_ns)` at every falling edge of the timestamp pin."""
        self._edge_listeners.append(listener)

    def pin_falls(self) -> None:
        """Let the timestamp pin fall now; fault switches may hide the edge or add another."""
        number = self._edge_count
        self._edge_count += 1
        if number in self.faults.lost_edges:
            return
        slow_ns = self.faults.edge_delay_ns
        if slow_ns:
            self.clock.call_after(slow_ns, self._announce_edge)
        else:
            self._announce_edge()
        delay_ns = self.faults.extra_edge_after.get(number)
        if delay_ns is not None:
            self.clock.call_after(slow_ns + delay_ns, self._announce_edge)

    def _announce_edge(self) -> None:
        for listener in self._edge_listeners:
            listener(self.clock.now_ns())

    # --- truth ------------------------------------------------------------------------------------------

    def begin_window(self, start_ns: int) -> None:
        """Take note that a window has begun: its current is kept until it ends or the supply is switched."""
        self._began_ns = start_ns

    def note_window(self, start_ns: int, stop_ns: int, inferences: int) -> None:
        """Record the true edges of a finished `infer` command."""
        self._windows.append((start_ns, stop_ns, inferences))
        self._began_ns = None

    def truth(self) -> list[TrueWindow]:
        """Return every finished window with its energy in closed form."""
        return [*self._past_windows, *(self._true(*window) for window in self._windows)]

    def _true(self, start_ns: int, stop_ns: int, inferences: int) -> TrueWindow:
        histories = [world.history for world in (self, *self._rails)]
        energy_j = sum(float(one.energy_j(stop_ns) - one.energy_j(start_ns)) for one in histories)
        return TrueWindow(start_ns, stop_ns, inferences, energy_j)

    def _forget(self) -> None:
        """Drop what lies far back once there is much of it: a run of a day would not fit into memory."""
        if len(self.history) < self._most_levels:
            return
        before_ns = self.clock.now_ns() - KEPT_NS
        if self._began_ns is not None:
            before_ns = min(before_ns, self._began_ns)
        past = sum(1 for start_ns, _, _ in self._windows if start_ns <= before_ns)
        self._past_windows += [self._true(*window) for window in self._windows[:past]]
        del self._windows[:past]
        for world in (self, *self._rails):
            world.history.forget(before_ns)
        self._most_levels = max(MOST_LEVELS, 2 * len(self.history))


class RailWorld(World):
    """The world as the instruments on a further rail of the DUT see it: with a voltage and a current of its own.

    `powered` says whether this rail is on. Time, faults and the timestamp pin are those of the whole world, and
    the streams of random numbers are this rail's own.
    """

    def __init__(self, world: World, name: str, share: float) -> None:
        self._world = world
        self._name = name
        super().__init__(world.clock, world.seed, ideal=world.ideal, repeat=world.repeat)
        self.share = share
        self.faults = world.faults

    def rng(self, name: str) -> np.random.Generator:
        """Return the random stream `name` of this rail."""
        return self._world.rng(f"{self._name} {name}")

    def on_power(self, listener: Callable[[bool], None]) -> None:
        """Call `listener(powered)` whenever the DUT's supply is switched."""
        self._world.on_power(listener)

    def on_edge(self, listener: EdgeListener) -> None:
        """Call `listener(at_ns)` at every falling edge of the timestamp pin."""
        self._world.on_edge(listener)

    def set_supply(self, powered: bool, voltage_v: float) -> None:
        """Switch this rail; `voltage_v` is the true voltage at the DUT."""
        self.powered, self.voltage_v = powered, voltage_v if powered else 0.0
        self._world.rails_changed()
