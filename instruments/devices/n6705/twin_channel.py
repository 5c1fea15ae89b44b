# SPDX-License-Identifier: Apache-2.0
"""The channels of the twin's mainframe: their settings, and what those do to the rail that each feeds."""

from dataclasses import dataclass, field

import numpy as np

from instruments.devices.n6705.twin_log import CONVERTER_S, FIFO_S, METER, TICK_S
from instruments.scpi.twin_errors import ScpiError
from instruments.scpi.twin_log import MeterErrors, VirtualLog
from instruments.world.dut import PIN_HOLD_NS
from instruments.world.history import CurrentHistory
from instruments.world.world import World

SET_GAIN, SET_OFFSET_V = 0.00025, 1.8e-3  # limits of the programmed voltage
# Settings that other programs use, as they are after *RST: a waveform in the place of the voltage, the input of
# the voltmeter, whether the range of the logged voltage follows it.
_OTHERS = {"VOLT:MODE": "FIX", "CURR:MODE": "FIX", "VOLT:INP": "MAIN", "VOLT:RANG:AUTO": "ON"}
_LOWEST_RANGE_V = 1.0
_FOR_EVER_S = 1e9

CV, OFF, WAITING, MEASURING = 1, 4, 8, 32  # STAT:OPER:COND?
OV, OC, LIMIT, PROT = 1, 2, 128, 2048  # STAT:QUES:COND?


@dataclass
class Channel:
    """Settings of one output; the defaults are those after *RST. `rail` is what it feeds, if anything."""

    module: str
    number: int
    rail: "Rail | None" = None
    on: bool = False
    voltage_v: float = 0.0
    limit_a: float = 3.0
    protection_v: float = 22.0
    log_current: bool = False
    log_voltage: bool = True  # the trap: on for every channel
    dlog_current: bool = False
    dlog_voltage: bool = True  # the same trap
    array_current: bool = True
    array_voltage: bool = True
    period_s: float = 0.1024
    trigger_source: str = "BUS"
    interval_s: float = TICK_S
    points: int = 1024
    array_source: str = "BUS"
    tripped: bool = False
    unheard: bool = False  # disabled by the output watchdog: its programmed state stays as it is
    others: dict[str, str] = field(default_factory=lambda: dict(_OTHERS))

    def reset(self) -> None:
        """Take the settings after *RST."""
        fresh = Channel(self.module, self.number, self.rail)
        for name in fresh.__dataclass_fields__:
            setattr(self, name, getattr(fresh, name))

    def supply(self) -> None:
        """Apply the settings to the rail of the world that the channel feeds."""
        if self.rail is not None:
            self.rail.supply(self)

    @property
    def on_main(self) -> bool:
        """Return whether the voltmeter sees the output and not its auxiliary input."""
        return self.others["VOLT:INP"] == "MAIN"

    def condition(self) -> int:
        """Return STAT:QUES:COND?."""
        bits = OV * self.tripped | PROT * self.unheard
        if self.rail is not None:
            current_a = self.rail.current_a()
            bits |= LIMIT * (self.on and current_a > self.limit_a)
            bits |= OC * (current_a > (self.rail.world.faults.over_range_above_a or np.inf))
        return bits

    def operation(self) -> int:
        """Return STAT:OPER:COND?."""
        rail = self.rail
        armed = rail is not None and (rail.log.armed or rail.array.armed)
        running = rail is not None and (rail.log.running or rail.array_runs(self))
        return (CV if self.on else OFF) | WAITING * armed | MEASURING * (armed or running)


def only(channels: list[Channel]) -> Channel:
    """Return the one channel that a command named; logs are handed over for one at a time."""
    if len(channels) != 1:
        raise ScpiError(-222)
    return channels[0]


class Rail:
    """What a channel feeds: a rail of the world, with the errors of the module, and the logs of what it draws.

    `logged_v` is the voltage that the voltmeter sees: of the output, or of the timestamp pin, which is wired to
    its auxiliary input.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.errors = MeterErrors(world, METER)
        rng = world.rng("n6705 supply")
        self._set_gain = self.errors.scale * SET_GAIN * rng.uniform(-1, 1)
        self._set_offset_v = self.errors.scale * SET_OFFSET_V * rng.uniform(-1, 1)
        self._meter_noise = world.rng("n6705 meter")
        self.logged_v = CurrentHistory()
        self.log = VirtualLog(world, self.logged_v, self.errors, fifo_s=FIFO_S)
        self.dlog = VirtualLog(world, self.logged_v, self.errors, fifo_s=_FOR_EVER_S)
        self.array = VirtualLog(world, self.logged_v, self.errors, fifo_s=_FOR_EVER_S, aperture_s=CONVERTER_S)
        self.latched = 0

    def reset(self) -> None:
        """End all logs."""
        for log in (self.log, self.dlog, self.array):
            log.abort()

    def current_a(self) -> float:
        """Return what is drawn now, A."""
        now_ns = self.world.clock.now_ns()
        _, currents = self.world.history.levels(now_ns, now_ns + 1)
        return float(currents[-1])

    def array_runs(self, channel: Channel) -> bool:
        """Return whether the array was triggered and is not full yet."""
        return self.array.running and self.array.length() < channel.points

    def supply(self, channel: Channel) -> None:
        """Apply the channel's settings."""
        if channel.on and channel.voltage_v > channel.protection_v:
            channel.on, channel.tripped = False, True
            self.latched |= OV
        on = channel.on and not channel.unheard
        if not on and self.world.powered and self.world.faults.power_stays_on:
            return  # the relay is welded, which the instrument does not detect
        true_v = channel.voltage_v * (1 + self._set_gain) + self._set_offset_v if on else 0.0
        if channel.others["VOLT:MODE"] != "FIX":
            true_v /= 2  # somewhere on another program's waveform
        self.world.set_supply(on, true_v)
        self.see(channel, true_v)

    def see(self, channel: Channel, true_v: float) -> None:
        """Take note of the voltage at the voltmeter's input, which is `true_v` at the output and at a high pin."""
        limited_v = true_v if channel.others["VOLT:RANG:AUTO"] == "ON" else min(true_v, _LOWEST_RANGE_V)
        wired = channel.on_main or channel.module == "N6781A"
        self.logged_v.append(self.world.clock.now_ns(), limited_v * wired, 0.0)

    def pin_falls(self, channel: Channel, at_ns: int) -> None:
        """Let the pin at the auxiliary input be low for as long as the DUT holds it."""
        if channel.on_main or channel.module != "N6781A":
            return
        self.see(channel, 0.0)
        self.world.clock.call_at(at_ns + PIN_HOLD_NS, lambda: self.see(channel, self.world.voltage_v))

    def measured_v(self, channel: Channel) -> float:
        """Return what MEAS:VOLT? says, averaged over one power line cycle."""
        noise = self._meter_noise.standard_normal(1)
        true_v = self.world.voltage_v if channel.on_main or channel.module == "N6781A" else 0.0
        return float(self.errors.voltage(np.array([true_v]), noise, 1 / 60)[0])
