# SPDX-License-Identifier: Apache-2.0
"""Sessions on their way out, made by hand, and small readers of the files that they become."""

import csv
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from energy_runner.traces.writers.model import Options, Outgoing, OutSignal, Source, Track, Written
from energy_runner.traces.writers.table import FORMATS, write_trace

HOSTILE = "=cmd|' /C calc'!A0,\"x\";\t$end\n#1\x00\x1b[31m\ud800 µ\u202f\u2028[device 2]\r\nprobe1=evil"


def outgoing(power_w: np.ndarray, step_s: float = 1e-3, **changes: Any) -> Outgoing:
    """A recorded power, and what else is told."""
    values = np.asarray(power_w, dtype=np.float32)
    signal = OutSignal("power", "W", "recorded", lambda first, stop: values[first:stop])
    told: dict[str, Any] = {
        "session": "made-by-hand",
        "software": "tests",
        "virtual": False,
        "source": Source("Acme", "M1", "42", "1.0"),
        "step_s": step_s,
        "length": len(values),
        "signals": (signal,),
    }
    return Outgoing(**(told | changes))


def written(out: Outgoing, path: Path, form: str, **options: Any) -> Written:
    return write_trace(out, path, FORMATS[form], Options(**options), lambda done: None)


def track(name: str, items: list[Any], title: str = "") -> Track:
    return Track(name, title or name, len(items), lambda: iter(items))


def read_csv(path: Path) -> tuple[list[str], list[str], np.ndarray]:
    """Return the comments, the header, and a row of numbers for each line; NaN for an empty cell."""
    lines = path.read_text(encoding="utf-8").split("\n")
    comments = [line for line in lines if line.startswith("#")]
    header, *rows = csv.reader(lines[len(comments) : -1])
    return comments, header, np.array([[float(cell or "nan") for cell in row] for row in rows])


# --- Protocol Buffers, as their public description has them ---------------------------------------------


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield number and value of each field of a message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
        elif kind == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif kind == 2:
            size, at = _varint(data, at)
            assert at + size <= len(data)
            value, at = data[at : at + size], at + size
        else:
            raise AssertionError(f"wire type {kind}")
        yield key >> 3, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not byte & 0x80:
            assert shift <= 70
            return value, at


class PerfettoTrace:
    """A Perfetto trace: its tracks by number, and their events as (type, time ns, name, value)."""

    def __init__(self, path: Path) -> None:
        self.names: dict[int, str] = {}
        self.parents: dict[int, int] = {}
        self.units: dict[int, str] = {}
        self.events: dict[int, list[tuple[int, int, str, float | None]]] = {}
        self.texts: list[str] = []
        for number, packet in fields(path.read_bytes()):
            assert number == 1
            told = dict(fields(packet))
            assert told[10] == 1
            if 60 in told:
                self._track(dict(fields(told[60])))
            else:
                self._event(told[8], dict(fields(told[11])))

    def _track(self, told: dict[int, Any]) -> None:
        process = dict(fields(told.get(3, b"")))
        self.names[told[1]] = (told.get(2) or process[6]).decode()
        self.parents[told[1]] = told.get(5, 0)
        if 8 in told:
            self.units[told[1]] = dict(fields(told[8]))[6].decode()

    def _event(self, at_ns: int, told: dict[int, Any]) -> None:
        name = told.get(23, b"").decode()
        self.events.setdefault(told[11], []).append((told[9], at_ns, name, told.get(44)))
        if 4 in told:
            self.texts.append(dict(fields(told[4]))[6].decode())

    def of(self, title: str) -> list[tuple[int, int, str, float | None]]:
        return [
            event for number, name in self.names.items() if name == title for event in self.events.get(number, [])
        ]
