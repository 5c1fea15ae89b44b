# SPDX-License-Identifier: Apache-2.0
"""One output of the twin of an NGU or NGM: its supply, its meter and its log."""

from typing import Any

import numpy as np

from instruments.devices.ngu.protocol import RATES
from instruments.scpi.blocks import format_block
from instruments.scpi.twin_core import Call, Handler, ScpiError
from instruments.scpi.twin_log import MeterErrors, VirtualLog
from instruments.world.history import CurrentHistory, FloatArray
from instruments.world.world import World

SET_GAIN, SET_OFFSET_V = 0.0002, 2e-3  # limits of the programmed voltage
PIECE_S = 0.52416
FIFO_S = 4.0  # assumed
SETTLES_NS = 60_000_000
# Settings that other programs use, as they are after *RST.
OTHERS = {"ARB": "0", "RES:STAT": "0", "OUTP:MODE": "AUTO", "VOLT:RAMP": "0"}
CC, OVP, SKIPPED = 1, 1 << 9, 1 << 11  # STAT:QUES:INST:ISUM#


class VirtualOutput:
    """An output with its settings as after *RST; `feeds` is true while it is the one that feeds the DUT."""

    def __init__(self, world: World, errors: MeterErrors, noise: np.random.Generator, *, feeds: bool) -> None:
        self.feeds = feeds
        self.log = VirtualLog(world, history := CurrentHistory(), errors, fifo_s=FIFO_S, piece_s=PIECE_S)
        self._world, self._true_voltage, self._errors, self._noise = world, history, errors, noise
        rng = world.rng(f"{errors.table.name} supply")
        self._set_gain = errors.scale * SET_GAIN * rng.uniform(-1, 1)
        self._set_offset_v = errors.scale * SET_OFFSET_V * rng.uniform(-1, 1)
        self.reset()

    def reset(self) -> None:
        """Take the settings of *RST; the output is switched elsewhere."""
        self.on, self.selected, self._told, self._switched_ns = False, True, False, -SETTLES_NS
        self.others = dict(OTHERS)
        self.voltage_v, self.limit_a = 0.0, 0.1
        self.protect, self.protection_v, self.tripped = 0.0, 22.0, False
        self.rate, self.target, self.triggered = "500K", "USB", False
        self.enabled, self._before = 0.0, 0

    # --- supply ------------------------------------------------------------------------------------------

    @property
    def settling(self) -> bool:
        """Return whether the output was switched a moment ago: then it still tells its old state."""
        return self._world.clock.now_ns() < self._switched_ns + SETTLES_NS

    def told(self) -> str:
        """Return the state as the instrument tells it."""
        return str(int(self._told if self.settling else self.on))

    def switch(self, on: bool) -> None:
        """Switch the output."""
        if on is not self.on:
            self._told, self.on, self._switched_ns = self.on, on, self._world.clock.now_ns()
        self.feed()

    def left_on(self, voltage_v: float) -> None:
        """Be found switched on at a voltage (V), as another program left it."""
        self.voltage_v = voltage_v
        self.switch(True)

    def feed(self) -> None:
        """Let the DUT feel the settings, if it hangs on this output."""
        if self.on and self.protect and self.voltage_v > self.protection_v:
            self.on, self.tripped = False, True
        if not self.on and self._world.powered and self._world.faults.power_stays_on:
            return  # the relay is welded: the instrument knows nothing of it
        true_v = self.voltage_v * (1 + self._set_gain) + self._set_offset_v if self.on else 0.0
        if self.others["OUTP:MODE"] == "SINK":
            true_v = 0.0
        elif self.others["ARB"] == "1" or self.others["RES:STAT"] == "1":
            true_v /= 2  # somewhere on a sequence, or wherever the resistance leaves it
        if self.feeds:
            self._world.set_supply(self.on, true_v)
        self._true_voltage.append(self._world.clock.now_ns(), true_v, 0.0)

    def measured(self) -> str:
        """Return the answer to `MEAS:VOLT?`."""
        if self.settling:
            return "NaN"
        true_v = self._world.voltage_v if self.feeds else float(self._now_v()[0])
        noise = self._noise.standard_normal(1)
        return f"{float(self._errors.voltage(np.array([true_v]), noise, 1 / 50)[0]):.6e}"

    def _now_v(self) -> FloatArray:
        now_ns = self._world.clock.now_ns()
        return self._true_voltage.levels(now_ns, now_ns + 1)[1][-1:]

    # --- log ---------------------------------------------------------------------------------------------

    def arm(self) -> None:
        """Begin to wait for a trigger; an output that feeds nothing logs the noise of its meter."""
        self.log.arm(["VOLT", "CURR" if self.feeds else "STRAY"], 1 / RATES[self.rate])
        if not self.triggered:
            self.log.trigger(self._world.clock.now_ns())

    def data(self) -> bytes:
        """Return the oldest piece of the log; without one, the question is never answered."""
        if not self.log.waiting:
            raise ScpiError(-230)
        return format_block(self.log.fetch(self.log.piece).astype("<f4").tobytes())

    def condition(self) -> int:
        """Return what is questionable now."""
        now_ns = self._world.clock.now_ns()
        _, currents = self._world.history.levels(now_ns, now_ns + 1)
        limited = self.feeds and self.on and float(currents[-1]) > self.limit_a
        return CC * limited | OVP * self.tripped

    def event(self) -> int:
        """Return what has become true since the last question, where its event is enabled."""
        condition = self.condition()
        risen, self._before = condition & ~self._before, condition
        return (SKIPPED * self.log.take_lost() | risen) & int(self.enabled)

    # --- settings ----------------------------------------------------------------------------------------

    def put(self, name: str, value: Any) -> None:
        """Set one of the settings and let the DUT feel it."""
        setattr(self, name, value)
        self.feed()

    def put_number(self, name: str, call: Call, low: float, high: float) -> None:
        """Set a number if it is in range."""
        value = call.number()
        if not low <= value <= high:
            raise ScpiError(-222)
        self.put(name, value)

    def put_other(self, name: str, word: str) -> None:
        """Set one of the settings that other programs use."""
        self.others[name] = word
        self.feed()


def with_output(handlers: dict[str, Any], chosen: Any) -> dict[str, Handler]:
    """Return handlers that act on an output as handlers of commands; `chosen(call)` is the output meant."""

    def bound(act: Any) -> Handler:
        return lambda call: act(chosen(call), call)

    return {name: bound(act) for name, act in handlers.items()}
