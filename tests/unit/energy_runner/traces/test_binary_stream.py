# SPDX-License-Identifier: Apache-2.0
"""The raw stream of an LPM01A: binary, without line ends of its own, and what must be told of it."""

import struct
from pathlib import Path

import numpy as np
import pytest

from energy_runner.errors import SessionError
from energy_runner.traces.model import Options
from energy_runner.traces.readers.table import open_trace
from tests.support.trace_files import texts
from tests.support.trace_files.reading import edges, read
from tests.support.trace_files.wave import EDGES_S, Wave

SETTINGS = b"PowerShield > ack format bin_hexa\r\nPowerShield > ack freq 1k\r\nPowerShield > ack start\r\n"


def stamp(ms: int) -> bytes:
    return b"\xf0\xf3" + struct.pack(">IB", ms, 3) + b"\xff\xff"


def binary(count: int, lost: int = 0) -> bytes:
    """UM2269, "Binary format": 5 mA is 0x51 times 16^-3... as mantissa and exponent, two bytes a sample."""
    word = struct.pack(">H", 4 << 12 | 328)  # 328 · 16⁻⁴ A = 5.0049 mA
    parts = [SETTINGS, stamp(0)]
    for first in range(0, count, 1000):
        parts += [word * (1000 - (lost if first == 1000 else 0)), stamp(first + 1000)]
    return b"".join([*parts, b"\xf0\xf4\xff\xff"])


def test_a_binary_stream_is_a_current(tmp_path: Path) -> None:
    path = tmp_path / "b.log"
    path.write_bytes(binary(3000))
    values, opened = read(path)
    assert opened.head.signals[0].name == "current"
    assert values[:3000] == pytest.approx(np.full(3000, 328 / 16**4))
    assert opened.head.period_s == 1e-3


def test_lines_may_end_as_a_terminal_writes_them(tmp_path: Path) -> None:
    path = texts.write_lpm01a_log(tmp_path / "a.log")
    whole, _ = read(path)
    marked = edges(path, "events").falling
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
    assert np.array_equal(read(path)[0], whole)
    assert edges(path, "events").falling.tolist() == marked.tolist()
    assert marked.tolist() == [s * 1000 + 0.5 for s in EDGES_S]


def test_the_unit_of_bare_samples_must_be_told(tmp_path: Path) -> None:
    path = texts.write_lpm01a_log(tmp_path / "a.log")
    path.write_bytes(path.read_bytes().partition(b"start\r\n")[2])
    with pytest.raises(SessionError, match=r"may be A or J. Try: columns=samples=A or samples=J"):
        read(path)
    for unit, name in (("A", "current"), ("J", "energy")):
        assert open_and_name(path, {"samples": unit}) == name
    for columns in ({"samples": "uA"}, {"samples": "V"}, {"current": "A"}):
        with pytest.raises(SessionError, match=r"in A or in J|has no columns"):
            read(path, columns=columns)


def open_and_name(path: Path, columns: dict[str, str]) -> str:
    opened = open_trace(path, Options(columns=columns))
    opened.close()
    return opened.head.signals[0].name


def test_what_is_told_must_not_contradict_the_log(tmp_path: Path) -> None:
    path = texts.write_lpm01a_log(tmp_path / "a.log")
    with pytest.raises(SessionError, match="the log says `output current`, and J was told"):
        read(path, columns={"samples": "J"})


def test_time_stamps_and_the_command_must_agree(tmp_path: Path) -> None:
    path = texts.write_lpm01a_log(tmp_path / "a.log")
    path.write_bytes(path.read_bytes().replace(b"ack freq 1000", b"ack freq 2k"))
    with pytest.raises(SessionError, match="the time stamps give 1000 samples a second, and 2000 is stated"):
        read(path)


def test_without_stamps_and_without_the_command_the_rate_must_be_told(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"5000-06\r\n" * 50)
    with pytest.raises(SessionError, match="rate_hz=HZ"):
        read(path, columns={"samples": "A"})
    values, opened = read(path, columns={"samples": "A"}, rate_hz=Wave(100.0).rate_hz)
    assert (len(values), opened.head.period_s) == (50, 0.01)
