# SPDX-License-Identifier: Apache-2.0
"""Files read in pieces: wherever a piece ends, the samples, edges and refusals are the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy_runner.errors import RunnerError
from energy_runner.traces import archives, logic
from energy_runner.traces.edges import read_times
from energy_runner.traces.readers import dlog, lpm01a_log
from energy_runner.traces.text import blocks
from tests.support.trace_files.make import FOLDER
from tests.support.trace_files.reading import edges, read

SIZES = {
    "ppk2.csv": (blocks, "BLOCK_BYTES"),
    "joulescope.csv": (blocks, "BLOCK_BYTES"),
    "lpm01a.csv": (blocks, "BLOCK_BYTES"),
    "rs-fastlog.csv": (blocks, "BLOCK_BYTES"),
    "ppk2.ppk2": (archives, "_PIECE"),
    "n6705.dlog": (dlog, "_PIECE"),
    "n6705.dlog.xz": (dlog, "_PIECE"),
    "lpm01a.log": (lpm01a_log, "_PIECE"),
}
EDGES = {"ppk2.csv": "D0", "joulescope.csv": "gpi0", "ppk2.ppk2": "D0", "lpm01a.log": "events"}


def cut(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, size: int) -> None:
    monkeypatch.setattr(module, name, size)
    if module is blocks:
        monkeypatch.setattr(blocks.Lines.__init__, "__defaults__", (size,))


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("size", [1999, 4096, 7001])
def test_pieces_of_any_size(name: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = read(FOLDER / name)
    marked = edges(FOLDER / name, EDGES[name]) if name in EDGES else None
    cut(monkeypatch, *SIZES[name], size)
    plain = SIZES[name][0] is blocks  # pyarrow takes no pieces as small as these at any speed
    values, opened = read(FOLDER / name, plain=plain)
    assert np.array_equal(values, whole, equal_nan=True)
    assert opened.done == pytest.approx(1.0, abs=0.01)
    if marked is not None:
        assert edges(FOLDER / name, EDGES[name], plain=plain).falling.tolist() == marked.falling.tolist()


def test_a_text_cut_at_every_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"time (ms),current (uA)\r\n" + b"".join(b"%d,%d\r\n" % (k, k) for k in range(12)))
    for size in range(1, path.stat().st_size):
        cut(monkeypatch, blocks, "BLOCK_BYTES", size)
        lines = blocks.Lines(path, 24, size)
        assert b"".join(block.data for block in lines) == path.read_bytes()[24:]
        lines.close()


def test_a_stream_cut_at_every_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"PowerShield > ack output current\r\nPowerShield > ack freq 1k\r\n"
    text += b"5000-06\r\n" * 20 + b"event 00 ris\r\n" + b"6000-06\r\n" * 20
    path = tmp_path / "s.log"
    path.write_bytes(text)
    for size in range(1, 60):
        monkeypatch.setattr(lpm01a_log, "_PIECE", size)
        assert len(read(path)[0]) == 40
        assert edges(path, "events").falling.tolist() == [20.5]


# --- hostile bytes ----------------------------------------------------------------------------------------

NAMES = [*SIZES, "otii.csv", "keithley.csv", "generic.csv", "times.csv", "logic.sr", "logic.vcd"]
PIECES = st.sampled_from(
    [b"", b"\0", b"\n", b"\r", b",", b'"', b"#", b"1e9", b"1e400", b"nan", b"-", b"9" * 400, b"\xff\xfe", b"<a>"]
) | st.binary(max_size=8)


def attempt(path: Path, name: str) -> None:
    """Read it; an error of ours is an answer, in one line of moderate length."""
    try:
        if name in {"logic.sr", "logic.vcd"}:
            logic.edges_of(path, "D0")
        elif name == "times.csv":
            read_times(path)
        elif name in EDGES:
            edges(path, EDGES[name])
        else:
            read(path, columns={"time": "ms", "current": "uA"} if name == "generic.csv" else {})
    except RunnerError as error:
        assert len(str(error)) < 1000, error


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(NAMES),
    changes=st.lists(st.tuples(st.floats(0, 1), PIECES, st.integers(0, 40)), min_size=1, max_size=4),
    end=st.floats(0.05, 1),
)
def test_hostile_bytes_give_samples_or_an_error_of_ours(
    name: str, changes: list[tuple[float, bytes, int]], end: float, tmp_path: Path
) -> None:
    data = bytearray((FOLDER / name).read_bytes())
    del data[int(end * len(data)) :]
    for place, new, gone in changes:
        at = int(place * len(data))
        data[at : at + gone] = new
    path = tmp_path / f"h{''.join(Path(name).suffixes)}"
    path.write_bytes(data)
    attempt(path, name)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), suffix=st.sampled_from([".csv", ".ppk2", ".dlog", ".log", ".sr", ".vcd"]))
def test_any_bytes_are_refused_in_one_line(data: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"h{suffix}"
    path.write_bytes(data)
    attempt(path, "logic.sr" if suffix in {".sr", ".vcd"} else "x")
