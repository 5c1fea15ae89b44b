# SPDX-License-Identifier: Apache-2.0
"""What the Otii server's answers mean: devices, licences, recorded data, errors.

Sources: Qoitech, "The TCP Server" (www.qoitech.com/help/tcpserver: message types, "Otii requests", "Arc requests",
"Recording requests"), and the maker's client otii-tcp-client 1.0.13: `otii_exception.py` (the error codes),
`otii_client.py` (which licences hold the right to automate), `recording.py` (blocks of data).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from instruments.errors import InstrumentError, ProtocolViolation, Refused, TimedOut, Unavailable, shown
from instruments.json_lines.messages import Message, entries, flag, number, text, violation, whole

FloatArray = npt.NDArray[np.float64]

AUTOMATION = "Automation"
# Licences that hold the right to automate, by the maker's names.
_AUTOMATING = ("Admin", "All", AUTOMATION, "Enterprise")
SIMULATOR = "Simulator"
_LEAST_OF_ID = 4  # characters of a device's id by whose end it may be named
_UNKNOWN = ("Command not valid for device type", "Operation not supported", "Invalid command")
_LOG_IN = (
    "log in and reserve an Automation licence in the Otii application, or set OTII_USERNAME and OTII_PASSWORD"
)
# The control layer's error for an error code, and what to try; every other code is a refusal.
_ERRORS: dict[str, tuple[type[InstrumentError], str]] = {
    "Command timeout": (TimedOut, "check that the device is plugged in, and restart the Otii application"),
    "Connection denied": (Unavailable, "allow connections in the Otii application's settings of the TCP server"),
    "Device not connected": (Unavailable, "check the device's USB cable"),
    "Not ready": (Unavailable, "wait until the Otii application has started the device"),
    "Could not login": (Refused, "check OTII_USERNAME and OTII_PASSWORD"),
    "Not logged in": (Refused, _LOG_IN),
    "No license": (Refused, _LOG_IN),
    "License could not be reserved": (Refused, "release the licence where it is in use"),
    "Not able to parse request": (ProtocolViolation, "check that the port is the Otii server's"),
}


@dataclass(frozen=True)
class Device:
    """One device that the server knows."""

    kind: str
    id: str
    name: str

    @property
    def serial(self) -> str:
        """Return the id without the kind that it begins with."""
        return self.id.removeprefix(self.kind)


@dataclass(frozen=True)
class Analog:
    """Readings at a fixed interval (s), the first at `start_s` on the recording's axis."""

    start_s: float
    interval_s: float
    values: FloatArray


def refusal(asked: str, message: Message) -> InstrumentError:
    """Return the error for an error message of the server."""
    kind, advice = _ERRORS.get(message.code, (Refused, ""))
    detail = {key: value for key, value in message.data.items() if isinstance(value, str | int | float)}
    said = ", ".join(f"{key} {value}" for key, value in detail.items())
    return kind(asked, f"it answers {shown(message.code)}" + (f": {shown(said)}" if said else ""), advice)


def has_no_such_command(error: InstrumentError) -> bool:
    """Return whether a refusal says that this device, or this version of the server, has no such command."""
    return any(f"'{code}'" in error.came for code in _UNKNOWN)


def devices(data: Mapping[str, Any]) -> list[Device]:
    """Return the devices in the answer to `otii_get_devices`."""
    return [Device(text(d, "type"), text(d, "device_id"), text(d, "name")) for d in entries(data, "devices")]


def chosen(found: Sequence[Device], kind: str, wanted: str) -> Device:
    """Return the device of a kind with this id, name or serial number, or the end of one; "" takes the only one.

    The application's simulated device counts as of every kind, where it is asked for by name.
    """
    usable = [one for one in found if one.kind == kind or (one.kind == SIMULATOR and wanted)]
    matches = [one for one in usable if not wanted or wanted in (one.id, one.name, one.serial)]
    if not matches and len(wanted) >= _LEAST_OF_ID:
        matches = [one for one in usable if one.id.endswith(wanted)]
    if len(matches) == 1:
        return matches[0]
    listed = ", ".join(f"{one.kind} '{one.name}' {one.id}" for one in found) or "no device"
    asked = f"find the {kind} '{wanted}'" if wanted else f"find the only {kind}"
    advice = f"its cable and its mains adapter, or options.device with the id or name of one {kind}"
    raise Refused(asked, f"the Otii server knows {listed}", advice)


def free_licence(data: Mapping[str, Any]) -> int:
    """Return the id of a free licence that lets us automate, in the answer to `otii_get_licenses`."""
    found = entries(data, "licenses")
    for one in found:
        usable = text(one, "type") in _AUTOMATING and flag(one, "available") and not text(one, "reserved_to")
        if usable:
            return whole(one, "id")
    listed = ", ".join(f"{text(one, 'type')} reserved to '{text(one, 'reserved_to')}'" for one in found) or "none"
    raise Refused("reserve an Automation licence", f"none is free: {listed}", "release one where it is in use")


def analog(data: Mapping[str, Any]) -> Analog:
    """Return the readings in the answer to `recording_get_channel_data`; NaN where one is no number."""
    values = data.get("values")
    if data.get("data_type") != "analog" or not isinstance(values, list):
        raise violation(f"no analog data: {shown(str(data.get('data_type')))}")
    strange = set(map(type, values)) - {float, int, type(None)}  # numpy would take "1.5" and true for numbers
    if strange:
        first = next(value for value in values if type(value) in strange)
        raise violation(f"readings that are no numbers, as {shown(str(first))}")
    try:
        readings = np.array(values, dtype=np.float64)
    except OverflowError as error:
        raise violation("a reading of more digits than any number has") from error
    interval_s = number(data, "interval")
    if not interval_s > 0.0:
        raise violation(f"readings every {interval_s:g} s")
    return Analog(number(data, "timestamp"), interval_s, readings)


def digital(data: Mapping[str, Any]) -> list[tuple[float, bool]]:
    """Return the changes of a digital input, each at its time (s) on the recording's axis."""
    if data.get("data_type") != "digital":
        raise violation(f"no digital data: {shown(str(data.get('data_type')))}")
    return [(number(one, "timestamp"), flag(one, "value")) for one in entries(data, "values")]


def readings_each(current_hz: float, voltage_hz: float, most: int) -> int:
    """Return how many readings of current come for each of voltage.

    Raises `Refused` for no whole number, and for more than the `most` that are fetched at once.
    """
    ratio = current_hz / voltage_hz if voltage_hz else math.inf
    if not 1.0 <= ratio <= most or ratio != round(ratio):
        came = f"it reads current {current_hz:g} times and voltage {voltage_hz:g} times a second"
        raise Refused("put current and voltage on one period", came, "another sample rate")
    return round(ratio)
