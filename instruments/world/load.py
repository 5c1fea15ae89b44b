# SPDX-License-Identifier: Apache-2.0
"""A resistor in the place of the DUT: a known load, steady or switched by a pulse generator."""

from dataclasses import dataclass

import numpy as np

from instruments.clock import to_ns
from instruments.world.dut import MuteDut
from instruments.world.phase_marks import PhaseMarks
from instruments.world.world import World

_AHEAD_S = 10.0  # pulses are planned for so long, again and again


@dataclass(frozen=True)
class LoadOptions:
    """`ohm` between the supply's terminals; with `pulse_s`, only for so long in every `period_s`."""

    ohm: float
    pulse_s: float | None = None
    period_s: float | None = None


class VirtualLoad(MuteDut):
    """A resistor; nothing answers on its UART, and no pin moves."""

    answers_from = "nothing: a resistor stands in the place of the DUT"

    def __init__(self, world: World, options: LoadOptions) -> None:
        self._world = world
        self._options = options
        self._supplies = 0
        world.on_power(self._power_changed)

    def take_marks(self) -> PhaseMarks | None:
        """Return None: it has no layers."""
        return None

    def _power_changed(self, powered: bool) -> None:
        self._supplies += 1
        if not powered:
            return
        if self._options.pulse_s is None or self._options.period_s is None:
            self._world.draw(self._world.voltage_v / self._options.ohm)
        else:
            self._plan(self._supplies, self._world.clock.now_ns(), self._options.pulse_s, self._options.period_s)

    def _plan(self, supply: int, start_ns: int, pulse_s: float, period_s: float) -> None:
        """Plan the pulses of the next seconds, unless the supply was switched since."""
        if supply != self._supplies or not self._world.powered:
            return
        count = max(1, round(_AHEAD_S / period_s))
        rises_ns = start_ns + np.arange(count) * (period_s * 1e9)
        at_ns = np.column_stack((rises_ns, rises_ns + pulse_s * 1e9)).ravel()
        high_a = self._world.voltage_v / self._options.ohm
        self._world.plan(at_ns, np.tile([high_a, 0.0], count))
        next_ns = start_ns + to_ns(count * period_s)
        self._world.clock.call_at(next_ns, lambda: self._plan(supply, next_ns, pulse_s, period_s))
