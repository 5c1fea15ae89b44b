# SPDX-License-Identifier: Apache-2.0
"""The twin of a Keysight N6705C: channel 1 holds an N6781A that feeds the DUT, the others feed nothing.

It answers the instrument's SCPI on `port` and has its traps: after *RST the voltage of every channel is logged,
which lengthens the records of a log over several channels, and its period; errors are reported only in answer to a
query; the FIFO loses records silently. Modes that the real instrument has but this twin lacks give error 310.
Source: Keysight N6705C Operating and Service Guide, chapters "SCPI Programming Reference" and "External Data
Logging".
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from instruments.devices.n6705.twin_log import FIFO_S, METER, TICK_S, TICKS_PER_PARAMETER
from instruments.scpi.blocks import format_block
from instruments.scpi.identity import TWIN_SERIAL
from instruments.scpi.twin_core import Call, Handler, ScpiCore, ScpiError
from instruments.scpi.twin_log import MeterErrors, VirtualLog
from instruments.world.cable import HostPort
from instruments.world.history import CurrentHistory
from instruments.world.world import World

MODULES = ("N6781A", "N6731B", "N6752A")
DUT_CHANNEL = 1
SET_GAIN, SET_OFFSET_V = 0.00025, 1.8e-3  # limits of the programmed voltage
_ASCII_SLOWER = 5  # the shortest period with FORM ASC
_NUMBER = "+.8E"
# Settings that other programs use, as they are after *RST: a waveform in the place of the voltage, the input of
# the voltmeter, whether the range of the logged voltage follows it.
_OTHERS = {"VOLT:MODE": "FIX", "CURR:MODE": "FIX", "VOLT:INP": "MAIN", "VOLT:RANG:AUTO": "ON"}
_LOWEST_RANGE_V = 1.0
# What an interrupted run may leave unread: the end of a block and an answer.
_STALE = b'\x0a\x3d\xcc\xcc\xcd\n+0,"No error"\n'

CV, OFF, WAITING, MEASURING = 1, 4, 8, 32  # STAT:OPER:COND?
OV, OC, LIMIT = 1, 2, 128  # STAT:QUES:COND?


@dataclass
class Channel:
    """Settings of one output; the defaults are those after *RST."""

    module: str
    on: bool = False
    voltage_v: float = 0.0
    limit_a: float = 3.0
    protection_v: float = 22.0
    log_current: bool = False
    log_voltage: bool = True  # the trap: on for every channel
    tripped: bool = False


class VirtualN6705:
    """The instrument; `port` is its end of the cable to the host."""

    def __init__(self, world: World, name: str = "monitor") -> None:
        self.world = world
        self.port = HostPort(world, name, self._receive, on_open=self._opened)
        self._core = ScpiCore(self._handlers(), world.faults.refuses)
        self._errors = MeterErrors(world, METER)
        rng = world.rng("n6705 supply")
        self._set_gain = self._errors.scale * SET_GAIN * rng.uniform(-1, 1)
        self._set_offset_v = self._errors.scale * SET_OFFSET_V * rng.uniform(-1, 1)
        self._meter_noise = world.rng("n6705 meter")
        self._true_voltage = CurrentHistory()
        self._log = VirtualLog(world, self._true_voltage, self._errors, fifo_s=FIFO_S)
        self._stale = True
        self._latched = 0
        self._reset_settings()
        world.on_edge(self._edge)

    # --- cable -------------------------------------------------------------------------------------------

    def _receive(self, data: bytes) -> None:
        self.port.emit(self._core.feed(data))

    def _opened(self) -> None:
        """Be as the faults `left_over` and `stale_stream` say that others left it: logging, an answer unread."""
        if self._stale:
            self._others |= self.world.faults.left_over
        if self.world.faults.stale_stream and self._stale:
            ours = self._channels[DUT_CHANNEL - 1]
            ours.voltage_v, ours.on, ours.log_current = 3.3, True, True
            self._supply(ours)
            columns = self._columns([ours])
            self._log.arm(columns, self._ticks(columns) * TICK_S)
            self._log.trigger(self.world.clock.now_ns())
            self.port.emit(_STALE)
        self._stale = False

    def _edge(self, at_ns: int) -> None:
        if self._trigger_source == "EXT":
            self._log.trigger(at_ns)

    # --- commands ----------------------------------------------------------------------------------------

    def _handlers(self) -> dict[str, Handler]:
        identity = f"KEYSIGHT TECHNOLOGIES,N6705C,{TWIN_SERIAL}{self.world.seed},E.02.07.3261"
        return {
            "*IDN?": lambda call: identity,
            "*RST": lambda call: self._reset(),
            "*TRG": lambda call: self._trigger("BUS"),
            "SYSTem:CHANnel[:COUNt]?": lambda call: str(len(MODULES)),
            "SYSTem:CHANnel:MODel?": lambda call: ",".join(c.module for c in self._asked(call)),
            "SYSTem:COMMunicate:RLSTate": lambda call: call.one_of("LOCal", "REMote", "RWLock"),
            "OUTPut[:STATe]": self._switch,
            "OUTPut:PROTection:CLEar": self._clear_protection,
            "OUTPut[:STATe]?": lambda call: self._answer(call, lambda c: str(int(c.on))),
            "[SOURce:]EMULation": lambda call: self._smu_only(call, "PS4Q", "PS2Q", "PS1Q"),
            "[SOURce:]FUNCtion": lambda call: self._smu_only(call, "VOLTage"),
            "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]": self._set_voltage,
            "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]?": lambda call: self._answer(
                call, lambda c: format(c.voltage_v, _NUMBER)
            ),
            "[SOURce:]CURRent:LIMit[:POSitive][:IMMediate][:AMPLitude]": lambda call: self._set(
                call, "limit_a", 1e-3, 3.06
            ),
            "[SOURce:]VOLTage:PROTection:REMote[:POSitive][:LEVel]": lambda call: self._set(
                call, "protection_v", 0.0, 22.0
            ),
            "ABORt:TRANsient": lambda call: None,
            "[SOURce:]VOLTage:MODE": self._other("VOLT:MODE", "FIXed", "STEP", "LIST", "ARB"),
            "[SOURce:]CURRent:MODE": self._other("CURR:MODE", "FIXed", "STEP", "LIST", "ARB"),
            "SENSe:VOLTage:INPut": self._other("VOLT:INP", "MAIN", "AUXiliary"),
            "SENSe:ELOG:VOLTage[:DC]:RANGe:AUTO": self._other("VOLT:RANG:AUTO", "ON", "OFF"),
            "MEASure[:SCALar]:VOLTage[:DC]?": self._measure,
            "SENSe:ELOG:FUNCtion:CURRent": lambda call: self._log_parameter(call, "log_current"),
            "SENSe:ELOG:FUNCtion:CURRent?": lambda call: self._answer(call, lambda c: str(int(c.log_current))),
            "SENSe:ELOG:FUNCtion:VOLTage": lambda call: self._log_parameter(call, "log_voltage"),
            "SENSe:ELOG:FUNCtion:VOLTage?": lambda call: self._answer(call, lambda c: str(int(c.log_voltage))),
            "SENSe:ELOG:FUNCtion:CURRent:MINMax": _only_off,
            "SENSe:ELOG:FUNCtion:VOLTage:MINMax": _only_off,
            "SENSe:ELOG:CURRent[:DC]:RANGe:AUTO": lambda call: self._smu_only(call, "ON", "1"),
            "SENSe:SWEep:TINTerval:RESolution": lambda call: call.one_of("RES20"),
            "SENSe:ELOG:PERiod": self._set_period,
            "SENSe:ELOG:PERiod?": lambda call: self._answer(
                call, lambda c: format(self._ticks(self._columns(self._logged([c]))) * TICK_S, _NUMBER)
            ),
            "TRIGger:ELOG:SOURce": self._set_source,
            "TRIGger:ELOG[:IMMediate]": lambda call: self._log.trigger(self.world.clock.now_ns()),
            "FORMat[:DATA]": self._set_format,
            "FORMat:BORDer": self._set_border,
            "INITiate[:IMMediate]:ELOG": self._initiate,
            "ABORt:ELOG": self._abort,
            "FETCh:ELOG?": self._fetch,
            "STATus:OPERation:CONDition?": lambda call: self._answer(call, self._operation),
            "STATus:QUEStionable:CONDition?": lambda call: self._answer(call, self._questionable),
            "STATus:QUEStionable[:EVENt]?": lambda call: self._answer(call, self._questionable_event),
            "DIGital:PIN#:FUNCtion": lambda call: call.one_of("DIO", "DINPut", "TINPut", "TOUTput"),
            "DIGital:PIN#:POLarity": lambda call: call.one_of("POSitive", "NEGative"),
        }

    def _asked(self, call: Call) -> list[Channel]:
        """Return the channels that a command names; raise `ScpiError` unless they exist."""
        if call.channels is None:
            raise ScpiError(-109)
        if not all(1 <= channel <= len(MODULES) for channel in call.channels):
            raise ScpiError(-222)
        return [self._channels[channel - 1] for channel in call.channels]

    def _answer(self, call: Call, text: Callable[[Channel], str]) -> str:
        return ",".join(text(channel) for channel in self._asked(call))

    def _smu_only(self, call: Call, *words: str) -> None:
        if not all(channel.module.startswith("N678") for channel in self._asked(call)):
            raise ScpiError(310, "The command is not supported by this model")
        call.one_of(*words)

    def _other(self, name: str, *words: str) -> Handler:
        def choose(call: Call) -> None:
            self._others[name] = call.one_of(*words)
            self._supply(self._channels[DUT_CHANNEL - 1])

        return choose

    def _set(self, call: Call, name: str, low: float, high: float) -> None:
        value = call.number()
        if not low <= value <= high:
            raise ScpiError(-222)
        for channel in self._asked(call):
            setattr(channel, name, value)

    # --- supply ------------------------------------------------------------------------------------------

    def _reset(self) -> None:
        self._log.abort()
        self._reset_settings()
        self._supply(self._channels[DUT_CHANNEL - 1])

    def _reset_settings(self) -> None:
        self._channels = [Channel(module) for module in MODULES]
        self._others = dict(_OTHERS)
        self._period_s = 0.1024
        self._trigger_source = "BUS"
        self._real = False
        self._big_endian = True

    def _switch(self, call: Call) -> None:
        on = call.switch()
        for channel in self._asked(call):
            channel.on = on
            channel.tripped &= not on
            self._supply(channel)

    def _clear_protection(self, call: Call) -> None:
        for channel in self._asked(call):
            channel.tripped = False

    def _set_voltage(self, call: Call) -> None:
        self._set(call, "voltage_v", 0.0, 20.4)
        for channel in self._asked(call):
            self._supply(channel)

    def _supply(self, channel: Channel) -> None:
        """Apply the settings of the DUT's channel to the world's supply rail."""
        if channel is not self._channels[DUT_CHANNEL - 1]:
            return
        if channel.on and channel.voltage_v > channel.protection_v:
            channel.on, channel.tripped = False, True
            self._latched |= OV
        if not channel.on and self.world.powered and self.world.faults.power_stays_on:
            return  # the relay is welded, which the instrument does not detect
        true_v = channel.voltage_v * (1 + self._set_gain) + self._set_offset_v if channel.on else 0.0
        if self._others["VOLT:MODE"] != "FIX":
            true_v /= 2  # somewhere on another program's waveform
        self.world.set_supply(channel.on, true_v)
        logged_v = true_v if self._others["VOLT:RANG:AUTO"] == "ON" else min(true_v, _LOWEST_RANGE_V)
        self._true_voltage.append(self.world.clock.now_ns(), logged_v * self._on_main, 0.0)

    @property
    def _on_main(self) -> bool:
        """Return whether the voltmeter sees the output; nothing is connected to its auxiliary input."""
        return self._others["VOLT:INP"] == "MAIN"

    def _measure(self, call: Call) -> str:
        ours = self._channels[DUT_CHANNEL - 1]
        values = []
        for channel in self._asked(call):
            true_v = self.world.voltage_v * self._on_main if channel is ours else channel.voltage_v * channel.on
            noise = self._meter_noise.standard_normal(1)
            # The meter averages over one power line cycle.
            values.append(float(self._errors.voltage(np.array([true_v]), noise, 1 / 60)[0]))
        return ",".join(format(value, _NUMBER) for value in values)

    # --- log ---------------------------------------------------------------------------------------------

    def _log_parameter(self, call: Call, name: str) -> None:
        for channel in self._asked(call):
            setattr(channel, name, call.switch())

    def _set_period(self, call: Call) -> None:
        self._asked(call)
        period_s = call.number()
        if not 0 < period_s <= 60:
            raise ScpiError(-222)
        self._period_s = period_s

    def _set_source(self, call: Call) -> None:
        self._asked(call)
        self._trigger_source = call.one_of("BUS", "EXTernal", "IMMediate")[:3]

    def _set_format(self, call: Call) -> None:
        self._real = call.one_of("ASCii", "REAL") == "REAL"

    def _set_border(self, call: Call) -> None:
        self._big_endian = call.one_of("NORMal", "SWAPped")[:4] == "NORM"

    def _logged(self, asked: list[Channel]) -> list[Channel]:
        """Return the channels whose values a log of the `asked` channels contains."""
        return self._channels if self.world.faults.stray_channels else asked

    def _columns(self, channels: list[Channel]) -> list[str]:
        """Return the values in a record of these channels: every parameter that is logged."""
        columns = []
        for channel in channels:
            ours = channel is self._channels[DUT_CHANNEL - 1]
            if channel.log_current:
                columns.append("CURR" if ours else "STRAY")
            if channel.log_voltage:
                columns.append("VOLT" if ours else "STRAY")
        return columns

    def _ticks(self, columns: list[str]) -> int:
        """Return the resulting period in units of 20.48 us: rounded, and long enough for all parameters."""
        shortest = TICKS_PER_PARAMETER * max(1, len(columns))
        return max(round(self._period_s / TICK_S), shortest * (1 if self._real else _ASCII_SLOWER))

    def _initiate(self, call: Call) -> None:
        columns = self._columns(self._logged(self._asked(call)))
        if not columns:
            raise ScpiError(-221)
        self._log.arm(columns, self._ticks(columns) * TICK_S)
        self._trigger("IMM")

    def _trigger(self, source: str) -> None:
        if self._trigger_source == source:
            self._log.trigger(self.world.clock.now_ns())

    def _abort(self, call: Call) -> None:
        self._asked(call)
        self._log.abort()

    def _fetch(self, call: Call) -> str | bytes:
        self._asked(call)
        most = call.number()
        if not 1 <= most <= 1e6:
            raise ScpiError(-222)
        if not (self._log.armed or self._log.running):
            self._core.push(ScpiError(-230))
        records = self._log.fetch(int(most))
        if self._log.over_range_seen:
            self._latched |= OC
            self._log.over_range_seen = False
        if not self._real:
            return ",".join(format(value, _NUMBER) for value in records.ravel())
        return format_block(records.astype(">f4" if self._big_endian else "<f4").tobytes())

    # --- status ------------------------------------------------------------------------------------------

    def _operation(self, channel: Channel) -> str:
        bits = CV if channel.on else OFF
        bits |= WAITING * self._log.armed
        bits |= MEASURING * (self._log.armed or self._log.running)
        return f"{bits:+d}"

    def _questionable(self, channel: Channel) -> str:
        return f"{self._condition(channel):+d}"

    def _questionable_event(self, channel: Channel) -> str:
        bits = self._condition(channel)
        if channel is self._channels[DUT_CHANNEL - 1]:
            bits |= self._latched
            self._latched = 0
        return f"{bits:+d}"

    def _condition(self, channel: Channel) -> int:
        bits = OV * channel.tripped
        if channel is self._channels[DUT_CHANNEL - 1]:
            now_ns = self.world.clock.now_ns()
            _, currents = self.world.history.levels(now_ns, now_ns + 1)
            current_a = float(currents[-1])
            bits |= LIMIT * (channel.on and current_a > channel.limit_a)
            bits |= OC * (current_a > (self.world.faults.over_range_above_a or np.inf))
        return bits


def _only_off(call: Call) -> None:
    if call.switch():
        raise ScpiError(310, "This twin logs no minimum and maximum")
