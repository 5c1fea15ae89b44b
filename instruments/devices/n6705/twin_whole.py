# SPDX-License-Identifier: Apache-2.0
"""The twin's data log to a file, and the digitizer's array: commands, traps, and the bytes of the file.

After *RST, the voltage of every channel is in the file, which makes records and the shortest period longer; a file
that would become too large gets a longer period; a file is there only when the log has ended; an array that is not
full cannot be fetched. Sources: `whole_dialect.py`.
"""

import numpy as np

from instruments.devices.n6705.twin_channel import Channel, only
from instruments.devices.n6705.twin_log import CONVERTER_S, TICK_S
from instruments.scpi.blocks import format_block
from instruments.scpi.twin_core import Call, Handler, ScpiError
from instruments.world.faults import Faults

MOST_FILE_BYTES = 2e9
MOST_POINTS = 512 * 1024
_VALUE_BYTES = 4
_SOURCES = ("BUS", "EXTernal", "IMMediate")
_NUMBER = "+.8E"


class VirtualWholeLogs:
    """The logs of one mainframe that are read in one piece; `channels` are those of the mainframe."""

    def __init__(self, channels: list[Channel], faults: Faults) -> None:
        self._channels = channels
        self._faults = faults
        self._files: dict[str, bytes] = {}
        self.reset()

    def reset(self) -> None:
        """Take the settings after *RST."""
        self._time_s, self._period_s, self._source = 30.0, 0.1, "IMM"
        self._writing = ""

    def handlers(self) -> dict[str, Handler]:
        """Return the commands."""
        return {
            "SENSe:DLOG:FUNCtion:CURRent": lambda call: self._switch(call, "dlog_current"),
            "SENSe:DLOG:FUNCtion:CURRent?": lambda call: self._told(call, "dlog_current"),
            "SENSe:DLOG:FUNCtion:VOLTage": lambda call: self._switch(call, "dlog_voltage"),
            "SENSe:DLOG:FUNCtion:VOLTage?": lambda call: self._told(call, "dlog_voltage"),
            "SENSe:DLOG:FUNCtion:MINMax": _only_off,
            "SENSe:DLOG:CURRent[:DC]:RANGe:AUTO": lambda call: call.one_of("ON", "OFF"),
            "SENSe:DLOG:VOLTage[:DC]:RANGe:AUTO": lambda call: call.one_of("ON", "OFF"),
            "SENSe:DLOG:TIME": lambda call: self._number(call, "_time_s", 1.0, 3.6e8),
            "SENSe:DLOG:PERiod": lambda call: self._number(call, "_period_s", 1e-6, 60.0),
            "SENSe:DLOG:PERiod?": lambda call: format(self._file_period_s(), _NUMBER),
            "SENSe:DLOG:OFFSet": self._offset,
            "TRIGger:DLOG:SOURce": self._set_source,
            "INITiate[:IMMediate]:DLOG": self._init_file,
            "ABORt:DLOG": lambda call: self._end_file(),
            "MMEMory:DATA[:DEFinite]?": self._read_file,
            "MMEMory:DELete": self._delete,
            "SENSe:FUNCtion:CURRent": lambda call: self._switch(call, "array_current"),
            "SENSe:FUNCtion:CURRent?": lambda call: self._told(call, "array_current"),
            "SENSe:FUNCtion:VOLTage": lambda call: self._switch(call, "array_voltage"),
            "SENSe:FUNCtion:VOLTage?": lambda call: self._told(call, "array_voltage"),
            "SENSe:CURRent[:DC]:RANGe:AUTO": lambda call: call.one_of("ON", "OFF"),
            "SENSe:VOLTage[:DC]:RANGe:AUTO": lambda call: call.one_of("ON", "OFF"),
            "SENSe:SWEep:TINTerval": lambda call: self._of_each(call, "interval_s", 1e-6, 40000.0),
            "SENSe:SWEep:TINTerval?": lambda call: ",".join(
                format(self._interval_s(one), _NUMBER) for one in self._asked(call)
            ),
            "SENSe:SWEep:POINts": lambda call: self._of_each(call, "points", 1, MOST_POINTS),
            "SENSe:SWEep:OFFSet:POINts": self._offset,
            "TRIGger:ACQuire:SOURce": self._set_array_source,
            "INITiate[:IMMediate]:ACQuire": self._init_array,
            "ABORt:ACQuire": self._end_array,
            "FETCh:ARRay:CURRent[:DC]?": lambda call: self._fetch(call, 0),
            "FETCh:ARRay:VOLTage[:DC]?": lambda call: self._fetch(call, 1),
        }

    def edge(self, channel: Channel, at_ns: int) -> None:
        """Let a falling edge reach the trigger input."""
        if channel.rail is not None:
            if self._source == "EXT":
                channel.rail.dlog.trigger(at_ns)
            if channel.array_source == "EXT":
                channel.rail.array.trigger(at_ns)

    # --- settings ----------------------------------------------------------------------------------------

    def _asked(self, call: Call) -> list[Channel]:
        if call.channels is None:
            raise ScpiError(-109)
        if not all(1 <= channel <= len(self._channels) for channel in call.channels):
            raise ScpiError(-222)
        return [self._channels[channel - 1] for channel in call.channels]

    def _switch(self, call: Call, name: str) -> None:
        for channel in self._asked(call):
            setattr(channel, name, call.switch())

    def _told(self, call: Call, name: str) -> str:
        return ",".join(str(int(getattr(channel, name))) for channel in self._asked(call))

    def _offset(self, call: Call) -> None:
        if call.number() != 0:
            raise ScpiError(310, "This twin records nothing before the trigger")

    def _number(self, call: Call, name: str, low: float, high: float) -> None:
        setattr(self, name, _between(call, low, high))

    def _of_each(self, call: Call, name: str, low: float, high: float) -> None:
        for channel in self._asked(call):
            value = _between(call, low, high)
            setattr(channel, name, round(value) if name == "points" else value)

    def _set_source(self, call: Call) -> None:
        self._source = call.one_of(*_SOURCES)[:3]

    def _set_array_source(self, call: Call) -> None:
        for channel in self._asked(call):
            channel.array_source = call.one_of(*_SOURCES)[:3]

    # --- file --------------------------------------------------------------------------------------------

    def _columns(self) -> list[tuple[Channel, str]]:
        """Return the values of a record, in their order: for each channel voltage, then current."""
        stray = self._faults.stray_channels
        return [
            (channel, name)
            for channel in self._channels
            for name, logged in (("VOLT", channel.dlog_voltage or stray), ("CURR", channel.dlog_current))
            if logged
        ]

    def _file_period_s(self) -> float:
        columns = max(1, len(self._columns()))
        needed_s = self._time_s * columns * _VALUE_BYTES / MOST_FILE_BYTES
        ticks = max(round(self._period_s / TICK_S), columns, int(np.ceil(needed_s / TICK_S)))
        return ticks * TICK_S

    def _init_file(self, call: Call) -> None:
        if not self._columns():
            raise ScpiError(-221)
        if self._writing:
            raise ScpiError(-221, "Settings conflict; a data log is running")
        self._writing = call.word()
        for channel in self._channels:
            if channel.rail is not None:
                channel.rail.dlog.arm(["VOLT", "CURR"], self._file_period_s())
                if self._source == "IMM":
                    channel.rail.dlog.trigger(channel.rail.world.clock.now_ns())

    def _end_file(self) -> None:
        """Complete the file, if one is being written."""
        if not self._writing:
            return
        columns, period_s = self._columns(), self._file_period_s()
        records = {
            id(channel): channel.rail.dlog.fetch(int(self._time_s / period_s))
            for channel in self._channels
            if channel.rail is not None
        }
        length = max((len(rows) for rows in records.values()), default=0)
        table = np.zeros((length, len(columns)), dtype=">f4")
        for i, (channel, name) in enumerate(columns):
            rows = records.get(id(channel))
            if rows is not None:
                table[: len(rows), i] = rows[:, 0 if name == "VOLT" else 1][:length]
                if channel.rail is not None and channel.rail.dlog.over_range_seen:
                    channel.rail.latched |= 2
        for channel in self._channels:
            if channel.rail is not None:
                channel.rail.dlog.abort()
        self._files[self._writing] = self._header(columns, period_s) + bytes(8) + table.tobytes()
        self._writing = ""

    def _header(self, columns: list[tuple[Channel, str]], period_s: float) -> bytes:
        logged = {(id(channel), name) for channel, name in columns}
        parts = [
            f'<channel id="{one.number}">\n<ident><model>{one.module}</model></ident>\n'
            f"<1ua>0</1ua>\n<sense_volt>{int((id(one), 'VOLT') in logged)}</sense_volt>\n"
            f"<sense_curr>{int((id(one), 'CURR') in logged)}</sense_curr>\n</channel>\n"
            for one in self._channels
        ]
        frame = (
            f"<frame>\n<tint>{period_s:.8e}</tint>\n<time>{self._time_s:g}</time>\n<sense_minmax>0</sense_minmax>"
        )
        return f"<dlog>\n<version>2</version>\n{frame}\n</frame>\n{''.join(parts)}</dlog>\n".encode()

    def _read_file(self, call: Call) -> bytes:
        if call.word() not in self._files:
            raise ScpiError(-221, "File name not found")
        return format_block(self._files[call.word()])

    def _delete(self, call: Call) -> None:
        if self._files.pop(call.word(), None) is None:
            raise ScpiError(-221, "File name not found")

    # --- array -------------------------------------------------------------------------------------------

    def _interval_s(self, channel: Channel) -> float:
        shortest = CONVERTER_S * max(1, channel.array_current + channel.array_voltage)
        step = TICK_S if channel.interval_s > TICK_S else shortest
        return max(shortest, round(channel.interval_s / step) * step)

    def _init_array(self, call: Call) -> None:
        for channel in self._asked(call):
            if channel.rail is None:
                continue
            channel.rail.array.arm(["CURR", "VOLT"], self._interval_s(channel))
            if channel.array_source == "IMM":
                channel.rail.array.trigger(channel.rail.world.clock.now_ns())

    def _end_array(self, call: Call) -> None:
        for channel in self._asked(call):
            if channel.rail is not None:
                channel.rail.array.hold()

    def _fetch(self, call: Call, column: int) -> bytes:
        channel = only(self._asked(call))
        rail = channel.rail
        if rail is None or rail.array.armed or rail.array.length() < channel.points:
            raise ScpiError(-230)
        return format_block(rail.array.kept(channel.points)[:, column].astype(">f4").tobytes())


def _between(call: Call, low: float, high: float) -> float:
    value = call.number()
    if not low <= value <= high:
        raise ScpiError(-222)
    return value


def _only_off(call: Call) -> None:
    if call.switch():
        raise ScpiError(310, "This twin logs no minimum and maximum")
