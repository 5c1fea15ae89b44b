# SPDX-License-Identifier: Apache-2.0
"""The outputs of a twin that is a supply and no more: settings, errors within a table, the DUT on one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from instruments.scpi.twin_core import Call, ScpiError
from instruments.world.world import World


@dataclass(frozen=True)
class SupplyTable:
    """The limits that a supply's twin draws its errors from: (relative, V) for what it feeds and what it measures.

    `step` is the step of its settings and readings (V and A alike).
    """

    name: str
    feeds: tuple[float, float]
    measures: tuple[float, float]
    step: float


@dataclass
class SupplyOutput:
    """One output; the defaults are those after *RST. It can be set from 0 to `highest_v` and `highest_a`."""

    highest_v: float
    highest_a: float
    on: bool = False
    voltage_v: float = 0.0
    limit_a: float = 1.0
    protection_v: float = 1000.0
    protect: bool = False
    tripped: bool = False


class SupplyOutputs:
    """All outputs of a supply; the DUT hangs on the first until `feeds` says on which."""

    def __init__(self, world: World, table: SupplyTable, outputs: Sequence[SupplyOutput]) -> None:
        self.all = list(outputs)
        self._world, self._table = world, table
        rng, scale = world.rng(f"{table.name} supply"), 0.0 if world.ideal else 1.0
        self._fed_gain, self._fed_v = (scale * limit * rng.uniform(-1, 1) for limit in table.feeds)
        self._gain, self._offset_v = (scale * limit * rng.uniform(-1, 1) for limit in table.measures)
        self._feeding = self.all[0]

    def at(self, number: int | None) -> SupplyOutput:
        """Return an output by its number, from 1."""
        if number is None or not 1 <= number <= len(self.all):
            raise ScpiError(-224)
        return self.all[number - 1]

    def feeds(self, number: int) -> None:
        """Let the DUT hang on an output, from 1; a number that the supply has not changes nothing."""
        if 1 <= number <= len(self.all):
            self._feeding = self.all[number - 1]

    def left_on(self, number: int, voltage_v: float) -> None:
        """Be found with an output switched on at a voltage (V), as another program left it."""
        if 1 <= number <= len(self.all):
            self.set_voltage(self.all[number - 1], voltage_v)
            self.switch(self.all[number - 1], True)

    @property
    def feeding(self) -> int:
        """Return the number of the output on which the DUT hangs."""
        return self.all.index(self._feeding) + 1

    def named(self, call: Call, index: int = 0) -> SupplyOutput:
        """Return the output that a parameter such as `CH1` names."""
        word = call.word(index)
        if not word.startswith("CH") or not word[2:].isdecimal():
            raise ScpiError(-224)
        return self.at(int(word[2:]))

    def set_voltage(self, output: SupplyOutput, voltage_v: float) -> None:
        """Set the voltage (V), rounded to the step."""
        if not 0 <= voltage_v <= output.highest_v:
            raise ScpiError(-222)
        output.voltage_v = self._rounded(voltage_v)
        self.feed()

    def set_limit(self, output: SupplyOutput, limit_a: float) -> None:
        """Set the current limit (A), rounded to the step."""
        if not 0 <= limit_a <= output.highest_a:
            raise ScpiError(-222)
        output.limit_a = self._rounded(limit_a)

    def protect(self, output: SupplyOutput, on: bool) -> None:
        """Switch the over-voltage protection."""
        output.protect = on
        self.feed()

    def switch(self, output: SupplyOutput, on: bool) -> None:
        """Switch an output."""
        output.on = on
        self.feed()

    def feed(self) -> None:
        """Let protections trip and the DUT feel the settings."""
        for output in self.all:
            if output.on and output.protect and output.voltage_v > output.protection_v:
                output.on, output.tripped = False, True
        fed = self._feeding
        if not fed.on and self._world.powered and self._world.faults.power_stays_on:
            return  # the relay is welded: the instrument knows nothing of it
        self._world.set_supply(fed.on, fed.voltage_v * (1 + self._fed_gain) + self._fed_v if fed.on else 0.0)

    def measured_v(self, output: SupplyOutput) -> float:
        """Return the voltage that the supply measures at its terminals, in whole steps."""
        true_v = self._world.voltage_v if output is self._feeding else output.voltage_v * output.on
        return self._rounded(true_v * (1 + self._gain) + self._offset_v)

    def limited(self, output: SupplyOutput) -> bool:
        """Return whether the current that the DUT draws is above the limit of the output."""
        if output is not self._feeding or not output.on:
            return False
        now_ns = self._world.clock.now_ns()
        _, currents = self._world.history.levels(now_ns, now_ns + 1)
        return float(currents[-1]) > output.limit_a

    def _rounded(self, value: float) -> float:
        return float(np.round(value / self._table.step) * self._table.step)
