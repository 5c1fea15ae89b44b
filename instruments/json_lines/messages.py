# SPDX-License-Identifier: Apache-2.0
"""The grammar of JSON lines: requests out, typed messages in, and the fields of their data, each checked.

The form is that of the Otii TCP server (Qoitech, "The TCP Server": message types and their keys); each object ends
with CRLF.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from instruments.errors import ProtocolViolation, shown

# 40,000 numbers of 25 characters fit eight times.
MAX_LINE_BYTES = 8 << 20
KINDS = ("response", "error", "progress", "information")
_SHOWN = 200


@dataclass(frozen=True)
class Message:
    """One message of the server: its kind, the number and the command of the request, and its data."""

    kind: str
    trans_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    text: str = ""  # the line, cut, for remarks
    command: str = ""


def parse(line: str) -> Message:
    """Return the message in a line (as `LineSplitter` returns it); raise `ProtocolViolation` for anything else."""
    try:
        found = json.loads(line.encode("latin-1").decode("utf-8"))
    except (ValueError, RecursionError) as error:  # a UnicodeError is a ValueError
        raise violation(f"no JSON: {shown(line)}") from error
    if not isinstance(found, dict) or found.get("type") not in KINDS:
        raise violation(f"no message of a known type: {shown(line)}")
    data = found.get("data", {})
    words = [found.get(key, "") for key in ("trans_id", "errorcode", "cmd")]
    if not isinstance(data, dict) or not all(isinstance(word, str) for word in words):
        raise violation(f"a message of the wrong form: {shown(line)}")
    trans_id, code, command = words
    return Message(found["type"], trans_id, data, code, line[:_SHOWN], command)


def request(command: str, trans_id: str, data: Mapping[str, Any]) -> bytes:
    """Return the line that asks for `command`."""
    message = {"type": "request", "cmd": command, "trans_id": trans_id} | ({"data": dict(data)} if data else {})
    return json.dumps(message).encode("utf-8") + b"\r\n"


def number(data: Mapping[str, Any], key: str) -> float:
    """Return a finite number among the data."""
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise violation(f"no number '{key}': {shown(str(value))}")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise violation(f"'{key}' is {shown(str(value))}")
    return found


def whole(data: Mapping[str, Any], key: str, most: int = 1 << 53, *, least: int = 0) -> int:
    """Return a whole number from `least` to `most` among the data."""
    value = number(data, key)
    if not least <= value <= most or value != int(value):
        raise violation(f"'{key}' is {value:g}, not a whole number from {least} to {most}")
    return int(value)


def flag(data: Mapping[str, Any], key: str) -> bool:
    """Return true or false among the data."""
    value = data.get(key)
    if not isinstance(value, bool):
        raise violation(f"'{key}' is {shown(str(value))}, neither true nor false")
    return value


def text(data: Mapping[str, Any], key: str) -> str:
    """Return a text among the data."""
    value = data.get(key)
    if not isinstance(value, str):
        raise violation(f"no text '{key}': {shown(str(value))}")
    return value


def entries(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return a list of objects among the data."""
    value = data.get(key)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise violation(f"no list of objects '{key}': {shown(str(value))}")
    return value


def violation(came: str) -> ProtocolViolation:
    """Return the error for what the grammar does not allow."""
    return ProtocolViolation("read a message of a JSON server", came, "check that the port is the server's")
