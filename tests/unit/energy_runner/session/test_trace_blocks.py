# SPDX-License-Identifier: Apache-2.0
"""A trace that is still written, or was left behind, is read in place: no copy is made, nothing is changed."""

import math
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_runner.errors import SessionError
from energy_runner.session.crc32c import crc32c
from energy_runner.session.trace import TraceReader, TraceWriter
from energy_runner.session.trace_blocks import IDENTIFICATION, TraceBlocks
from tests.support.examples import examples

SIGNALS = [("current", "A"), ("voltage", "V")]
BLOCK = 128  # samples of a block at 1 kHz


def ramp(start: int, stop: int) -> np.ndarray:
    return np.arange(start, stop, dtype=np.float32)


def append(writer: TraceWriter, start: int, stop: int) -> None:
    writer.append(start, [ramp(start, stop), ramp(start, stop) + 0.5])
    writer.flush()


def agrees(reader: TraceReader, start: int, stop: int) -> bool:
    current, voltage = (reader.read(name, start, stop) for name, _ in SIGNALS)
    return np.array_equal(current, ramp(start, stop)) and np.array_equal(voltage, ramp(start, stop) + 0.5)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[TraceWriter]:
    with TraceWriter(tmp_path / "t.jls", SIGNALS, 1e-3) as writer:
        yield writer


def test_who_follows_forgets_what_was_read_and_reads_on(tmp_path: Path, writer: TraceWriter) -> None:
    append(writer, 0, 10_000)
    with TraceReader(tmp_path / "t.jls") as reader:
        length = reader.length
        reader.forget(length - 300)
        assert agrees(reader, length - 300, length)
        assert sum(len(track.firsts) for track in reader._file._tracks.values()) <= 2 * (300 // BLOCK + 2)
        append(writer, 10_000, 12_000)
        assert reader.refresh() > length
        assert agrees(reader, length - 300, reader.length)
        reader.forget(0)  # what is forgotten does not come back, and nothing else is lost
        assert agrees(reader, length, reader.length)


def test_a_long_file_is_walked_over_in_steps(tmp_path: Path, writer: TraceWriter) -> None:
    append(writer, 0, 100_000)
    with TraceReader(tmp_path / "t.jls") as whole, TraceReader(tmp_path / "t.jls", most=200) as reader:
        assert reader.behind
        assert not whole.behind
        assert reader.length < whole.length
        looks = 0
        while reader.behind:
            reader.refresh()
            looks += 1
        assert looks > 5
        assert reader.length == whole.length
        assert agrees(reader, 0, reader.length)


def unclosed(tmp_path: Path, samples: int = 20_000) -> bytes:
    """The bytes of a trace whose writer did not come to its end."""
    with TraceWriter(tmp_path / "whole.jls", SIGNALS, 1e-3) as writer:
        append(writer, 0, samples)
        writer.edge(150.5, "start 1")
        writer.flush()
        return (tmp_path / "whole.jls").read_bytes()


@pytest.mark.parametrize(
    ("data", "checksum"),
    # RFC 3720, B.4, and the customary check value
    [
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"123456789", 0xE3069283),
    ],
)
def test_checksums_are_those_of_the_standard(data: bytes, checksum: int) -> None:
    assert crc32c([data]) == [checksum]
    assert crc32c([data, b"1234" * 200, data]) == [checksum, crc32c([b"1234" * 200])[0], checksum]


def test_checksums_of_less_than_a_register_are_refused() -> None:
    assert crc32c([]) == []
    with pytest.raises(ValueError, match="fewer than four"):
        crc32c([b"1234", b"123"])


def test_a_reader_follows_a_writer(tmp_path: Path, writer: TraceWriter) -> None:
    append(writer, 0, 1000)
    with TraceReader(tmp_path / "t.jls") as reader:
        assert (reader.signals, reader.period_s) == (SIGNALS, 1e-3)
        assert reader.length == 1000 // BLOCK * BLOCK
        assert agrees(reader, 0, reader.length)
        append(writer, 1000, 300_000)
        writer.edge(150.5, "start 1")
        writer.flush()
        assert reader.length == 1000 // BLOCK * BLOCK  # until it looks again
        assert reader.refresh() == 300_000 // BLOCK * BLOCK
        assert agrees(reader, 0, reader.length)
        assert agrees(reader, 890, 263_111)
        assert reader.edges() == [(150, "start 1")]
        writer.close()
        assert reader.refresh() == 300_000
        assert agrees(reader, 299_000, 300_000)
    with TraceReader(tmp_path / "t.jls") as reader:  # by pyjls now
        assert agrees(reader, 0, 300_000)
        assert reader.refresh() == 300_000


def test_a_look_copies_nothing(tmp_path: Path, writer: TraceWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    append(writer, 0, 100_000)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(shutil, "copyfile", None)
    read, bytes_of = [], TraceBlocks._bytes
    monkeypatch.setattr(TraceBlocks, "_bytes", lambda self, at, n: (read.append(n), bytes_of(self, at, n))[1])
    with TraceReader(tmp_path / "t.jls") as reader:
        assert sum(read) < 0.1 * len(before["t.jls"])  # heads only, however short the blocks are
        read.clear()
        reader.refresh()
        assert sum(read) < 100
        assert agrees(reader, 0, reader.length)
        assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_missing_samples_stay_missing(tmp_path: Path, writer: TraceWriter) -> None:
    append(writer, 0, 10)
    append(writer, 70_000, 71_000)
    with TraceReader(tmp_path / "t.jls") as reader:
        assert reader.length == 71_000 // BLOCK * BLOCK
        samples = reader.read("current", 0, reader.length)
        assert np.array_equal(np.flatnonzero(np.isfinite(samples)), [*range(10), *range(70_000, reader.length)])
        drawn = reader.envelope("current", 0, reader.length, 71)
    assert np.all(np.isnan(drawn[1:69]))
    assert tuple(drawn[0]) == (4.5, 0.0, 9.0)


@pytest.mark.parametrize("columns", [1, 7, 1000])
def test_an_envelope_is_that_of_the_samples(tmp_path: Path, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.jls").write_bytes(unclosed(tmp_path))
    with TraceReader(tmp_path / "t.jls") as reader:
        whole = reader.envelope("current", 100, reader.length, columns)
        step = (reader.length - 100) // columns
        parts = ramp(100, 100 + step * len(whole)).reshape(len(whole), step).astype(np.float64)
        assert np.allclose(whole, np.stack([parts.mean(1), parts.min(1), parts.max(1)], axis=1), rtol=1e-12)
        monkeypatch.setattr("energy_runner.session.trace_blocks._DRAWN", 300)
        assert np.allclose(reader.envelope("current", 100, reader.length, columns), whole, rtol=1e-12)


def test_a_column_of_nothing_is_nothing(
    tmp_path: Path, writer: TraceWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("energy_runner.session.trace_blocks._DRAWN", 100)
    append(writer, 2000, 3000)
    with TraceReader(tmp_path / "t.jls") as reader:
        assert all(map(math.isnan, reader.envelope("current", 0, 2000, 1)[0]))


@pytest.mark.parametrize("step", [997])
def test_cut_anywhere_what_was_whole_is_read(tmp_path: Path, step: int) -> None:
    data = unclosed(tmp_path, 4000)
    path = tmp_path / "t.jls"
    lengths = []
    for cut in range(0, len(data), step):
        path.write_bytes(data[:cut])
        try:
            with TraceReader(path) as reader:
                assert agrees(reader, 0, reader.length)
                lengths.append(reader.length)
        except SessionError:
            assert cut < 3000  # the definitions are not there yet
        assert path.read_bytes() == data[:cut]
    assert lengths == sorted(lengths)
    assert lengths[-1] > 3000


def test_what_a_power_cut_left_unwritten_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    """A page of zeros inside a block is no current of zero; zeros after the last block end the file."""
    data = bytearray(unclosed(tmp_path))
    at = data.index(struct.pack("<qIHxx", 10 * BLOCK, BLOCK, 32))
    data[at + 100 : at + 300] = bytes(200)
    (tmp_path / "t.jls").write_bytes(bytes(data) + bytes(4096))
    with TraceReader(tmp_path / "t.jls") as reader:
        assert reader.length > 19_000
        assert agrees(reader, 0, 10 * BLOCK)
        assert agrees(reader, 11 * BLOCK, reader.length)
        with pytest.raises(SessionError, match=r"samples 1280\.\.1408 are damaged .*Try"):
            reader.read("current", 10 * BLOCK + 5, 10 * BLOCK + 6)


def test_a_closed_file_that_lost_its_end_is_read_in_place(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "t.jls", SIGNALS, 1e-3) as writer:
        append(writer, 0, 20_000)
    data = (tmp_path / "t.jls").read_bytes()[:-500]
    (tmp_path / "t.jls").write_bytes(data)
    with TraceReader(tmp_path / "t.jls") as reader:
        assert agrees(reader, 0, reader.length)
        assert reader.length == 20_000
    assert (tmp_path / "t.jls").read_bytes() == data


@settings(max_examples=examples(150))
@given(st.integers(0, 12_000), st.binary(min_size=1, max_size=40), st.booleans())
def test_hostile_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, at: int, put: bytes, cut: bool
) -> None:
    folder = tmp_path_factory.getbasetemp() / "hostile"
    if not (folder / "data").exists():
        folder.mkdir(exist_ok=True)
        (folder / "data").write_bytes(unclosed(folder, 1500))
    data = bytearray((folder / "data").read_bytes())
    data[at : at + len(put)] = put
    path = folder / "t.jls"
    path.write_bytes(bytes(data[: at + len(put)]) if cut else bytes(data))
    try:
        with TraceReader(path) as reader:
            for name, _ in reader.signals:
                reader.read(name, 0, reader.length)
                reader.edges()
    except SessionError:
        pass


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jls"
    path.write_bytes(IDENTIFICATION + bytes(16) + data)
    with pytest.raises(SessionError):
        TraceReader(path)


def test_signals_that_are_no_floats_are_refused(tmp_path: Path) -> None:
    data = bytearray(unclosed(tmp_path, 500))
    name = data.index(b"current\0")
    data[name - 124] ^= 1  # the kind of number
    (tmp_path / "t.jls").write_bytes(data)
    with pytest.raises(ValueError, match="32-bit floats"):
        TraceBlocks(tmp_path / "t.jls")
    with pytest.raises(SessionError, match="cannot be read as a trace"):
        TraceReader(tmp_path / "t.jls")
