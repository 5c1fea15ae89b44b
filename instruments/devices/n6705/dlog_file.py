# SPDX-License-Identifier: Apache-2.0
"""The file of the built-in data log (`.dlog`) as bytes: what it says it holds, and its records.

A header `<dlog> ... </dlog>` and a line end, eight bytes of unknown meaning, then big-endian float32 records: for
each channel in the order of the header its voltage, then its current, each if it was logged. Some element names
are not well-formed XML (`<1ua>`), so the few values needed are searched for. No document of the vendor's at hand
describes the file; the layout is as public readers of it have found it (derf/dlog-viewer).
"""

import math
import re
from dataclasses import dataclass

from instruments.errors import ProtocolViolation, shown
from instruments.scpi.records import Records, decode_records

MOST_HEADER_BYTES = 1 << 20
_END = b"</dlog>"
_PREFIX_BYTES = 8
_VALUE_BYTES = 4
_CHANNEL = re.compile(rb'<channel\s+id="(\d{1,2})"\s*>(.*?)</channel>', re.DOTALL)
_NUMBER = rb"<%s>\s*([-+.0-9eE]{1,30})\s*</%s>"
_ASK = "read the file of the data log"
_SENSED = ((b"sense_volt", "voltage"), (b"sense_curr", "current"))


@dataclass(frozen=True)
class DlogHeader:
    """What the header says: the period, the planned duration (s), and for each value of a record its origin."""

    period_s: float
    planned_s: float
    columns: tuple[tuple[int, str], ...]
    data_at: int


def parse_header(data: bytes) -> DlogHeader:
    """Return what the header of a file says; raise `ProtocolViolation` for a file that cannot be one."""
    end = data.find(_END, 0, MOST_HEADER_BYTES)
    if not data.startswith(b"<dlog>") or end < 0:
        raise ProtocolViolation(_ASK, f"{shown(data[:80])} instead of <dlog> and its end")
    header = data[:end]
    if _value(header, b"sense_minmax", 0.0):
        raise ProtocolViolation(_ASK, "it holds minima and maxima, which were switched off")
    columns = tuple(
        (int(channel[1]), quantity)
        for channel in _CHANNEL.finditer(header)
        for name, quantity in _SENSED
        if _value(channel[2], name, 0.0)
    )
    period_s = _value(header, b"tint")
    if not columns or not 1e-6 < period_s <= 60.0:
        raise ProtocolViolation(_ASK, f"{len(columns)} values a record, every {period_s} s")
    line_end = data[end + len(_END) :][:2]
    ending = 2 if line_end == b"\r\n" else int(line_end[:1] == b"\n")
    return DlogHeader(period_s, _value(header, b"time", 0.0), columns, end + len(_END) + ending + _PREFIX_BYTES)


def parse_file(data: bytes, wanted: tuple[tuple[int, str], ...], period_s: float) -> Records:
    """Return the records of a file, one column for each of `wanted`, as (channel, quantity).

    Raises `ProtocolViolation` if the file holds anything else, or has another period than was applied (s): every
    further value lengthens the records, and misread ones look like measurements. Bytes after the last complete
    record are not samples and are left out.
    """
    header = parse_header(data)
    if set(header.columns) != set(wanted) or len(header.columns) != len(wanted):
        held = ", ".join(f"{quantity} of channel {channel}" for channel, quantity in header.columns)
        raise ProtocolViolation(_ASK, f"it holds {held}", "check that no other program has set the data log")
    if not math.isclose(header.period_s, period_s, rel_tol=1e-6):
        raise ProtocolViolation(_ASK, f"a period of {header.period_s} s in the file, {period_s} s was applied")
    body = data[header.data_at :]
    whole = len(body) - len(body) % (len(wanted) * _VALUE_BYTES)
    records = decode_records(body[:whole], signals=len(wanted))
    order = [header.columns.index(column) for column in wanted]
    return Records(tuple(records.values[i] for i in order), records.bad)


def _value(text: bytes, name: bytes, default: float | None = None) -> float:
    match = re.search(_NUMBER % (name, name), text)
    try:
        value = float(match[1]) if match else default
    except ValueError:
        value = None
    if value is None or not math.isfinite(value):
        raise ProtocolViolation(_ASK, f"no <{name.decode()}> that is a number")
    return value
