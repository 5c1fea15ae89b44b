# SPDX-License-Identifier: Apache-2.0
"""The twin of the Otii server with one Arc or Ace that feeds the DUT.

It speaks JSON lines on `port` and keeps its traps: nothing works before a login and a reserved licence; lines come
in halves; a lost reading is not reported; the recording of an earlier run goes on; above the
limit of the current the main output goes off and only `arc_get_main` says so. It answers with the maker's error
codes. Sources: see `protocol.py` and `dialect.py`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from instruments.devices.otii.twin_recording import VirtualRecording
from instruments.scpi.identity import TWIN_SERIAL
from instruments.scpi.twin_log import MeterErrors, MeterTable
from instruments.world.cable import HostPort
from instruments.world.history import CurrentHistory
from instruments.world.world import World

Data = Mapping[str, Any]
_MAX_REQUEST = 1 << 16


def _meter(gain: float, offset_a: float) -> MeterTable:
    """Return a meter with the limits of `arc.toml` or `ace.toml`; those of other ranges are not known."""
    return MeterTable(
        name="otii",
        ranges=np.array([(5.0, gain, offset_a, 1e-6)]),
        voltage=(0.001, 1.5e-3, 1e-4),
        clock=5e-5,
        aperture_s=250e-6,
        over_range=5.0,
    )


ARC_METER, ACE_METER = _meter(0.001, 5e-8), _meter(0.0005, 2.5e-8)
# Settings that other programs use, as they are in a device that was just plugged in.
_OTHERS = {"supply": "power-box", "regulation": "voltage", "4wire": "disabled", "limiting": "0", "range": "low"}
ARC_RATES = {"mc": 4000, "mv": 1000}
ACE_RATES_HZ = (1000, 10_000, 50_000)  # the last is known to be one


class OtiiError(Exception):
    """An error answer: the maker's code, and its data."""

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(code)
        self.code = code
        self.data = data


class VirtualOtii:
    """The server and its device; `port` is the server's end of the connection."""

    kind = "Arc"
    meter = ARC_METER
    voltage_v = (0.5, 5.0)

    def __init__(self, world: World, name: str = "monitor") -> None:
        self.world = world
        self.port = HostPort(world, name, self._receive, on_open=self._opened)
        self.device_id = f"{self.kind}{TWIN_SERIAL}{world.seed}"
        self.logged_in, self.password = True, "secret"
        self.licences: list[dict[str, Any]] = [
            {"id": 1234, "type": "Automation", "available": True, "reserved_to": "", "hostname": ""}
        ]
        self.more_devices: list[dict[str, str]] = []
        self.others = dict(_OTHERS)
        self.project, self.recordings = -1, list[VirtualRecording]()
        self._errors = MeterErrors(world, self.meter)
        rng = world.rng("otii supply")
        self._set_gain, self._set_offset_v = self._errors.scale * rng.uniform(-1, 1, 2) * self.meter.voltage[:2]
        self._meter_noise = world.rng("otii meter")
        self._true_voltage = CurrentHistory()
        self._rates = dict(ARC_RATES)
        self._set_v, self._limit_a, self._main, self._checked_ns = 3.3, 0.5, False, 0
        self._expansion, self._channels = False, set[str]()
        self._line, self._stale = b"", True
        self._commands = self._table()
        world.on_edge(self._edge)

    def _opened(self) -> None:
        """Greet; be found as others left us, if a fault says so: otherwise set, feeding, recording."""
        self._line = b""
        if self._stale:
            self.others |= {key: value for key, value in self.world.faults.left_over.items() if key in _OTHERS}
        if self.world.faults.stale_stream and self._stale:
            self._set_v, self._main, self.project = 3.3, True, 1
            self._feed()
            self._begin({"project_id": 1})
        self._stale = False
        self._say({"type": "information", "info": "connected", "data": self._about_server()})

    def _about_server(self) -> dict[str, str]:
        return {"otii_version": "3.5.5", "protocol_version": "0.1", "server": "otii-server"}

    # --- the dialogue --------------------------------------------------------------------------------------

    def _receive(self, data: bytes) -> None:
        *lines, rest = (self._line + data).split(b"\r\n")
        for line in lines:
            self._answer(line)
        self._line = rest
        if len(rest) > _MAX_REQUEST:
            self._line = b""
            sizes = {"read_size": str(len(rest)), "max_size": _MAX_REQUEST}
            self._say({"type": "error", "errorcode": "Request too large", "data": sizes})

    def _answer(self, line: bytes) -> None:
        try:
            asked = json.loads(line)
            command, trans_id = str(asked["cmd"]), asked.get("trans_id")
            data = asked.get("data", {})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            bad = {"parse_error": "no request", "data": line.decode("latin-1")[:100]}
            self._say({"type": "error", "cmd": "", "errorcode": "Not able to parse request", "data": bad})
            return
        reply: dict[str, Any] = {"cmd": command} | ({} if trans_id is None else {"trans_id": trans_id})
        try:
            answer = self._run(command, data)
        except OtiiError as error:
            self._say({"type": "error", "errorcode": error.code, **reply, "data": error.data})
        except (KeyError, TypeError, ValueError) as error:
            missing = {"key": str(error)[:40]}
            self._say({"type": "error", "errorcode": "Missing key in request", **reply, "data": missing})
        else:
            self._say({"type": "response", **reply} | ({} if answer is None else {"data": answer}))

    def _run(self, command: str, data: Data) -> dict[str, Any] | None:
        action = self._commands.get(command)
        if action is None:
            raise OtiiError("Invalid command")
        if self.world.faults.refuses(command):
            raise OtiiError("Command failure", message="refused")
        free = command in ("otii_is_logged_in", "otii_login", "otii_logout")
        if not (self.logged_in or free):
            raise OtiiError("Not logged in")
        if not (free or "licens" in command or any(one["reserved_to"] for one in self.licences)):
            raise OtiiError("No license")
        if command.startswith("arc_") and data["device_id"] != self.device_id:
            raise OtiiError("Device not connected", device_id=str(data["device_id"]))
        self._trip()
        return action(data)

    def _say(self, message: Mapping[str, Any]) -> None:
        line = json.dumps(message).encode() + b"\r\n"
        self.port.emit(line[: len(line) // 2])
        self.port.emit(line[len(line) // 2 :])

    def _table(self) -> dict[str, Callable[[Data], dict[str, Any] | None]]:
        def done(data: Data) -> None:
            del data

        about = {"name": "twin", "type": self.kind, "device_id": self.device_id}
        return {
            "otii_is_logged_in": lambda data: {"logged_in": self.logged_in},
            "otii_login": self._login,
            "otii_logout": lambda data: setattr(self, "logged_in", False),
            "otii_has_license": lambda data: {"has_license": any(one["reserved_to"] for one in self.licences)},
            "otii_get_licenses": lambda data: {"licenses": self.licences},
            "otii_reserve_license": lambda data: self._reserve(data["license_id"], "me"),
            "otii_return_license": lambda data: self._reserve(data["license_id"], ""),
            "otii_get_devices": lambda data: {"devices": [about, *self.more_devices]},
            "otii_get_active_project": lambda data: {"project_id": self.project},
            "otii_create_project": self._create_project,
            "project_get_last_recording": self._last_recording,
            "project_start_recording": self._begin,
            "project_stop_recording": self._end,
            "recording_is_running": lambda data: {"running": self._recording(data).running},
            "recording_get_channel_info": self._info,
            "recording_get_channel_data_count": lambda data: {"count": len(self._data(data))},
            "recording_get_channel_data": self._block,
            "arc_add_to_project": done,
            "arc_get_version": lambda data: {"hw_version": "2", "fw_version": "3.2.5"},
            "arc_set_main_voltage": self._set_voltage,
            "arc_get_main_voltage": lambda data: {"value": self._set_v},
            "arc_set_max_current": self._set_limit,
            "arc_get_max_current": lambda data: {"value": self._limit_a},
            "arc_set_main": self._switch,
            "arc_get_main": lambda data: {"value": self._main},
            "arc_get_value": self._value,
            "arc_get_gpi": lambda data: {"value": True},
            "arc_enable_channel": self._enable_channel,
            "arc_enable_exp_port": lambda data: setattr(self, "_expansion", bool(data["enable"])),
            "arc_set_exp_voltage": done,
            "arc_get_channel_samplerate": lambda data: {"value": self._rates[data["channel"]]},
            "arc_set_channel_samplerate": self._set_rate,
            "arc_set_supply_power_box": lambda data: self._other("supply", "power-box"),
            "arc_set_power_regulation": lambda data: self._other("regulation", str(data["mode"])),
            "arc_set_4wire": lambda data: self._other("4wire", "active" if data["enable"] else "disabled"),
            "arc_set_src_cur_limit_enabled": lambda data: self._other("limiting", str(int(data["enable"]))),
            "arc_set_range": lambda data: self._other("range", str(data["range"])),
        }

    # --- who may -------------------------------------------------------------------------------------------

    def _login(self, data: Data) -> None:
        if data["password"] != self.password:
            raise OtiiError("Could not login")
        self.logged_in = True

    def _reserve(self, licence: int, to: str) -> None:
        for one in self.licences:
            if one["id"] == licence and one["available"] and bool(one["reserved_to"]) is not bool(to):
                one["reserved_to"] = to
                return
        raise OtiiError("License could not be reserved" if to else "License could not be returned")

    # --- the device ----------------------------------------------------------------------------------------

    def _other(self, name: str, value: str) -> None:
        self.others[name] = value
        self._feed()

    def _set_voltage(self, data: Data) -> None:
        value, (low, high) = float(data["value"]), self.voltage_v
        if not low <= value <= high:
            raise OtiiError("Invalid key value", key="value", value=value)
        self._set_v = round(value, 3)
        self._feed()

    def _set_limit(self, data: Data) -> None:
        if not 0.001 <= float(data["value"]) <= 5.0:
            raise OtiiError("Invalid key value", key="value", value=data["value"])
        self._limit_a = float(data["value"])

    def _switch(self, data: Data) -> None:
        self._main = bool(data["enable"])
        self._checked_ns = self.world.clock.now_ns()
        self._feed()

    def _feed(self) -> None:
        """Let the DUT feel the settings."""
        if not self._main and self.world.powered and self.world.faults.power_stays_on:
            return  # the relay is welded: the device knows nothing of it
        true_v = self._set_v * (1 + self._set_gain) + self._set_offset_v if self._main else 0.0
        if self.others["supply"] != "power-box" or self.others["regulation"] != "voltage":
            true_v /= 2  # wherever an emulated battery or a constant current leaves it
        self.world.set_supply(self._main, true_v)
        self._true_voltage.append(self.world.clock.now_ns(), true_v, 0.0)

    def _trip(self) -> None:
        """Switch the main output off if the current was above the limit since the last look."""
        now_ns = self.world.clock.now_ns()
        if self._main and now_ns > self._checked_ns:
            limit_a = self.world.faults.over_range_above_a or self._limit_a
            _, currents = self.world.history.levels(self._checked_ns, now_ns)
            if len(currents) and float(np.max(currents)) > limit_a:
                self._main = False
                self._feed()
        self._checked_ns = now_ns

    def _value(self, data: Data) -> dict[str, float]:
        if data["channel"] != "mv":
            raise OtiiError("Invalid key value", key="channel", value=data["channel"])
        noise = self._meter_noise.standard_normal(1)
        return {"value": float(self._errors.voltage(np.array([self.world.voltage_v]), noise, 0.02)[0])}

    def _enable_channel(self, data: Data) -> None:
        if data["channel"] not in ("mc", "mv", "mp", "i1", "i2", "rx", "ac", "av"):
            raise OtiiError("Invalid key value", key="channel", value=data["channel"])
        (self._channels.add if data["enable"] else self._channels.discard)(data["channel"])

    def _set_rate(self, data: Data) -> None:
        raise OtiiError("Command not valid for device type")

    # --- recordings ----------------------------------------------------------------------------------------

    def _create_project(self, data: Data) -> dict[str, int]:
        self.project = 1
        return {"project_id": 1}

    def _check_project(self, data: Data) -> None:
        if self.project == -1 or data["project_id"] != self.project:
            raise OtiiError("Project does not exist")

    def _begin(self, data: Data) -> None:
        self._check_project(data)
        self._end(data)
        number = len(self.recordings)
        self.recordings.append(VirtualRecording(self.world, self._true_voltage, self._errors, self._rates, number))
        at_ns, now_ns = self.world.faults.error_at_ns, self.world.clock.now_ns()
        if at_ns is not None and at_ns >= now_ns:
            said = {"type": "error", "errorcode": "Command failure", "data": {"message": "device error"}}
            self.world.clock.call_at(at_ns, lambda: self._say(said))

    def _end(self, data: Data) -> None:
        self._check_project(data)
        if self.recordings and self.recordings[-1].running:
            self.recordings[-1].stop_ns = self.world.clock.now_ns()

    def _last_recording(self, data: Data) -> dict[str, Any]:
        self._check_project(data)
        number = len(self.recordings) - 1
        return {"recording_id": number, "name": f"Recording {number + 1}"}

    def _recording(self, data: Data) -> VirtualRecording:
        number = int(data["recording_id"])
        if not 0 <= number < len(self.recordings):
            raise OtiiError("Invalid key value", key="recording_id", value=number)
        return self.recordings[number]

    def _info(self, data: Data) -> dict[str, float]:
        name, recording = data["channel"], self._recording(data)
        return {"offset": 0, "from": 0, "to": recording.recorded_s(name), "sample_rate": self._rates[name]}

    def _data(self, data: Data) -> Any:
        if data["channel"] not in self._channels:
            raise OtiiError("Invalid key value", key="channel", value=data["channel"])
        recording = self._recording(data)
        if data["channel"] == "i1":
            return recording.changes_so_far() if self._expansion else []
        return recording.values(data["channel"])

    def _block(self, data: Data) -> dict[str, Any]:
        index, count = int(data["index"]), int(data["count"])
        found = self._data(data)[index : index + count]
        if data["channel"] == "i1":
            values = [{"timestamp": at_s, "value": high} for at_s, high in found]
            return {"data_type": "digital", "values": values}
        hz = self._rates[data["channel"]]
        return {"data_type": "analog", "timestamp": index / hz, "interval": 1 / hz, "values": found.tolist()}

    def _edge(self, at_ns: int) -> None:
        if self.recordings and self.recordings[-1].running:
            self.recordings[-1].edge(at_ns)


class VirtualOtiiAce(VirtualOtii):
    """The same with an Ace, whose sample rate can be set."""

    kind = "Ace"
    meter = ACE_METER
    voltage_v = (0.0, 25.0)

    def __init__(self, world: World, name: str = "monitor") -> None:
        super().__init__(world, name)
        self._rates = {"mc": 50_000, "mv": 1000}

    def _set_rate(self, data: Data) -> None:
        if data["value"] not in ACE_RATES_HZ:
            raise OtiiError("Invalid key value", key="value", value=data["value"])
        self._rates[data["channel"]] = int(data["value"])
