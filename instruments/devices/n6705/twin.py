# SPDX-License-Identifier: Apache-2.0
"""The twin of a Keysight N6705C: channel 1 holds an N6781A that feeds the DUT, the others feed nothing at first.

It answers the instrument's SCPI on `port` and has its traps: after *RST the voltage of every channel is logged,
which lengthens the records of a log over several channels, and its period; errors are reported only in answer to a
query; the FIFO loses records silently. Modes that the real instrument has but this twin lacks give error 310.
Source: Keysight N6705C Operating and Service Guide, chapters "SCPI Programming Reference" and "External Data
Logging".
"""

from collections.abc import Callable

from instruments.devices.n6705.twin_channel import OC, Channel, Rail, only
from instruments.devices.n6705.twin_log import TICK_S, TICKS_PER_PARAMETER
from instruments.devices.n6705.twin_watchdog import VirtualWatchdog
from instruments.devices.n6705.twin_whole import VirtualWholeLogs
from instruments.scpi.blocks import format_block
from instruments.scpi.identity import TWIN_SERIAL
from instruments.scpi.output_watchdog import MOST_CHANNELS
from instruments.scpi.twin_core import Call, Handler, ScpiCore, ScpiError
from instruments.scpi.twin_log import VirtualLog
from instruments.world.cable import HostPort
from instruments.world.world import World

MODULES = ("N6781A", "N6731B", "N6752A")
DUT_CHANNEL = 1
SMU = "N6781A"
_ASCII_SLOWER = 5  # the shortest period with FORM ASC
_NUMBER = "+.8E"
LEFT_V = 3.3  # as another program left an output on
# What an interrupted run may leave unread: the end of a block and an answer.
_STALE = b'\x0a\x3d\xcc\xcc\xcd\n+0,"No error"\n'


class VirtualN6705:
    """The instrument; `port` is its end of the cable to the host.

    `another(rail, name, channel)` wires a further channel, with an SMU of its own, and returns a further
    connection to the same mainframe: settings that are no channel's, and the one error queue, are shared.
    """

    def __init__(self, world: World, name: str = "monitor") -> None:
        self.world = world
        self.model = "N6705C"  # with the model of another mainframe it has an output watchdog
        self._channels = [Channel(module, number) for number, module in enumerate(MODULES, start=1)]
        self._watchdog = VirtualWatchdog(world.clock, lambda: not self.model.startswith("N6705"), self._unheard)
        self._whole = VirtualWholeLogs(self._channels, world.faults)
        handlers = self._handlers() | self._whole.handlers() | self._watchdog.handlers()
        self._core = ScpiCore(handlers, world.faults.refuses)
        self._ours = DUT_CHANNEL
        self._wire(DUT_CHANNEL, world)
        self.port = self._connection(name, self._core)
        self._stale = True
        self._reset_settings()
        world.on_edge(self._edge)

    def another(self, rail: World, name: str, channel: int) -> "SecondConnection":
        """Return another connection to the mainframe, whose `channel` now holds an SMU that feeds `rail`."""
        while len(self._channels) < channel:
            self._channels.append(Channel("N6731B", len(self._channels) + 1))
        self._channels[channel - 1].module = SMU
        self._wire(channel, rail)
        return SecondConnection(self._connection(name, self._core.another()), self)

    def feeds(self, channel: int) -> None:
        """Let `channel` feed the DUT in the place of the first one; one that no mainframe has changes nothing."""
        if not 1 <= channel <= MOST_CHANNELS:
            return
        while len(self._channels) < channel:
            self._channels.append(Channel("N6731B", len(self._channels) + 1))
        before, ours = self._channels[self._ours - 1], self._channels[channel - 1]
        self._ours = channel
        if ours is not before:
            ours.module, ours.rail, before.rail = SMU, before.rail, None

    @property
    def _others(self) -> dict[str, str]:
        """The settings of the DUT's channel that other programs use."""
        return self._channels[self._ours - 1].others

    @property
    def _log(self) -> VirtualLog:
        """The log of the DUT's channel."""
        rail = self._channels[self._ours - 1].rail
        assert rail is not None  # noqa: S101 - wired first
        return rail.log

    def _wire(self, channel: int, rail: World) -> None:
        self._channels[channel - 1].rail = Rail(rail)

    def _connection(self, name: str, core: ScpiCore) -> HostPort:
        def receive(data: bytes) -> None:
            self._watchdog.activity()
            port.emit(core.feed(data))

        port = HostPort(self.world, name, receive, on_open=lambda: self._opened(port))
        return port

    # --- cable -------------------------------------------------------------------------------------------

    def _opened(self, port: HostPort) -> None:
        """Be as the faults `left_over` and `stale_stream` say that others left it: logging, an answer unread."""
        if not self._stale:
            return
        self._stale = False
        for channel in self._channels:
            channel.others |= self.world.faults.left_over
        for channel in self._channels[: self.world.faults.left_on][-1:]:
            channel.voltage_v, channel.on = LEFT_V, True
            channel.supply()
        ours = self._channels[self._ours - 1]
        if self.world.faults.stale_stream and ours.rail is not None:
            ours.voltage_v, ours.on, ours.log_current = LEFT_V, True, True
            ours.supply()
            columns = self._columns([ours])
            ours.rail.log.arm(columns, self._ticks(ours, columns) * TICK_S)
            ours.rail.log.trigger(self.world.clock.now_ns())
            port.emit(_STALE)

    def _edge(self, at_ns: int) -> None:
        for channel in self._channels:
            if channel.rail is not None:
                if channel.trigger_source == "EXT":
                    channel.rail.log.trigger(at_ns)
                channel.rail.pin_falls(channel, at_ns)
            self._whole.edge(channel, at_ns)

    # --- commands ----------------------------------------------------------------------------------------

    def _handlers(self) -> dict[str, Handler]:
        serial = f"{TWIN_SERIAL}{self.world.seed},E.02.07.3261"
        return {
            "*IDN?": lambda call: f"KEYSIGHT TECHNOLOGIES,{self.model},{serial}",
            "*RST": lambda call: self._reset(),
            "*TRG": lambda call: self._trigger("BUS"),
            "SYSTem:CHANnel[:COUNt]?": lambda call: str(len(self._channels)),
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
            "[SOURce:]CURRent:LIMit[:POSitive][:IMMediate][:AMPLitude]?": lambda call: self._answer(
                call, lambda c: format(c.limit_a, _NUMBER)
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
                call, lambda c: format(self._ticks(c, self._columns(self._logged([c]))) * TICK_S, _NUMBER)
            ),
            "TRIGger:ELOG:SOURce": self._set_source,
            "TRIGger:ELOG[:IMMediate]": self._trigger_now,
            "FORMat[:DATA]": self._set_format,
            "FORMat:BORDer": self._set_border,
            "INITiate[:IMMediate]:ELOG": self._initiate,
            "ABORt:ELOG": self._abort,
            "FETCh:ELOG?": self._fetch,
            "STATus:OPERation:CONDition?": lambda call: self._answer(call, lambda c: f"{c.operation():+d}"),
            "STATus:QUEStionable:CONDition?": lambda call: self._answer(call, lambda c: f"{c.condition():+d}"),
            "STATus:QUEStionable[:EVENt]?": lambda call: self._answer(call, self._questionable_event),
            "DIGital:PIN#:FUNCtion": lambda call: call.one_of("DIO", "DINPut", "TINPut", "TOUTput"),
            "DIGital:PIN#:POLarity": lambda call: call.one_of("POSitive", "NEGative"),
        }

    def _asked(self, call: Call) -> list[Channel]:
        """Return the channels that a command names; raise `ScpiError` unless they exist."""
        if call.channels is None:
            raise ScpiError(-109)
        if not all(1 <= channel <= len(self._channels) for channel in call.channels):
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
            word = call.one_of(*words)
            for channel in self._asked(call):
                channel.others[name] = word
                channel.supply()

        return choose

    def _set(self, call: Call, name: str, low: float, high: float) -> None:
        value = call.number()
        if not low <= value <= high:
            raise ScpiError(-222)
        for channel in self._asked(call):
            setattr(channel, name, value)

    # --- supply ------------------------------------------------------------------------------------------

    def _unheard(self) -> None:
        for channel in self._channels:
            channel.unheard = channel.on
            channel.supply()

    def _reset(self) -> None:
        self._watchdog.reset()
        self._whole.reset()
        self._reset_settings()
        for channel in self._channels:
            if channel.rail is not None:
                channel.rail.reset()
            channel.supply()

    def _reset_settings(self) -> None:
        for channel in self._channels:
            channel.reset()
        self._real = False
        self._big_endian = True

    def _switch(self, call: Call) -> None:
        on = call.switch()
        for channel in self._asked(call):
            channel.on = on
            channel.unheard &= on
            channel.tripped &= not on
            channel.supply()

    def _clear_protection(self, call: Call) -> None:
        for channel in self._asked(call):
            channel.tripped = channel.unheard = False
            channel.supply()

    def _set_voltage(self, call: Call) -> None:
        self._set(call, "voltage_v", 0.0, 20.4)
        for channel in self._asked(call):
            channel.supply()

    def _measure(self, call: Call) -> str:
        values = []
        for channel in self._asked(call):
            idle_v = channel.voltage_v * channel.on
            values.append(channel.rail.measured_v(channel) if channel.rail is not None else idle_v)
        return ",".join(format(value, _NUMBER) for value in values)

    # --- log ---------------------------------------------------------------------------------------------

    def _log_parameter(self, call: Call, name: str) -> None:
        for channel in self._asked(call):
            setattr(channel, name, call.switch())

    def _set_period(self, call: Call) -> None:
        period_s = call.number()
        if not 0 < period_s <= 60:
            raise ScpiError(-222)
        for channel in self._asked(call):
            channel.period_s = period_s

    def _set_source(self, call: Call) -> None:
        for channel in self._asked(call):
            channel.trigger_source = call.one_of("BUS", "EXTernal", "IMMediate")[:3]

    def _set_format(self, call: Call) -> None:
        self._real = call.one_of("ASCii", "REAL") == "REAL"

    def _set_border(self, call: Call) -> None:
        self._big_endian = call.one_of("NORMal", "SWAPped")[:4] == "NORM"

    def _logged(self, asked: list[Channel]) -> list[Channel]:
        """Return the channels whose values a log of the `asked` channels contains."""
        strays = [channel for channel in self._channels if channel not in asked]
        return asked + strays if self.world.faults.stray_channels else asked

    def _columns(self, channels: list[Channel]) -> list[str]:
        """Return the values in a record of these channels, the first of which is asked: all that is logged."""
        columns = []
        for channel in channels:
            ours = channel is channels[0] and channel.rail is not None
            if channel.log_current:
                columns.append("CURR" if ours else "STRAY")
            if channel.log_voltage:
                columns.append("VOLT" if ours else "STRAY")
        return columns

    def _ticks(self, channel: Channel, columns: list[str]) -> int:
        """Return the resulting period in units of 20.48 us: rounded, and long enough for all parameters."""
        shortest = TICKS_PER_PARAMETER * max(1, len(columns))
        return max(round(channel.period_s / TICK_S), shortest * (1 if self._real else _ASCII_SLOWER))

    def _initiate(self, call: Call) -> None:
        asked = self._asked(call)
        columns = self._columns(self._logged(asked))
        if not columns or asked[0].rail is None:
            raise ScpiError(-221)
        asked[0].rail.log.arm(columns, self._ticks(asked[0], columns) * TICK_S)
        self._core.push_at(self.world.clock, self.world.faults.error_at_ns)
        if asked[0].trigger_source == "IMM":
            self._start(asked[0])

    def _trigger(self, source: str) -> None:
        for channel in self._channels:
            if channel.trigger_source == source:
                self._start(channel)

    def _trigger_now(self, call: Call) -> None:
        for channel in self._asked(call):
            self._start(channel)

    def _start(self, channel: Channel) -> None:
        if channel.rail is not None:
            channel.rail.log.trigger(self.world.clock.now_ns())

    def _abort(self, call: Call) -> None:
        for channel in self._asked(call):
            if channel.rail is not None:
                channel.rail.log.abort()

    def _fetch(self, call: Call) -> str | bytes:
        rail = only(self._asked(call)).rail
        most = call.number()
        if not 1 <= most <= 1e6:
            raise ScpiError(-222)
        if rail is None:
            raise ScpiError(-230)
        if not (rail.log.armed or rail.log.running):
            self._core.push(ScpiError(-230))
        records = rail.log.fetch(int(most))
        if rail.log.over_range_seen:
            rail.latched |= OC
            rail.log.over_range_seen = False
        if not self._real:
            return ",".join(format(value, _NUMBER) for value in records.ravel())
        return format_block(records.astype(">f4" if self._big_endian else "<f4").tobytes())

    # --- status ------------------------------------------------------------------------------------------

    def _questionable_event(self, channel: Channel) -> str:
        bits = channel.condition()
        if channel.rail is not None:
            bits |= channel.rail.latched
            channel.rail.latched = 0
        return f"{bits:+d}"


class SecondConnection:
    """Another connection to a mainframe that is in use already; `port` is its end of the cable to the host."""

    def __init__(self, port: HostPort, mainframe: VirtualN6705) -> None:
        self.port = port
        self.mainframe = mainframe


def _only_off(call: Call) -> None:
    if call.switch():
        raise ScpiError(310, "This twin logs no minimum and maximum")
