# SPDX-License-Identifier: Apache-2.0
"""Bytes of links: the same function reads them from old journals, from `stream.bin`, and from killed runs."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.errors import BenchFault, SessionError
from energy_runner.session import events as ev
from energy_runner.session.exchanges import read_exchanges, stream_doubt
from energy_runner.session.journal import JournalWriter, exchange, read_journal
from energy_runner.session.stream import Passed, StreamWriter, read_frames

PASSED = [
    Passed(1, "monitor", "tx", b"start\r\n"),
    Passed(2, "monitor", "rx", bytes(range(256))),
    Passed(3, "dut", "tx", b"db 00ff%"),
    Passed(4, "monitor", "rx", b"\x00" * 1000),
]
STOPPED = ev.RunStopped(t_ns=9, outcome="completed", reason="", supply_off_confirmed=True)


class Recorded:
    """A journal and a stream, written as a recorder does."""

    def __init__(self, folder: Path) -> None:
        self.journal, self.stream = folder / "journal.jsonl", folder / "stream.bin"
        self.lines = JournalWriter(self.journal)
        self.frames = StreamWriter(self.stream)

    def bulk(self, *passed: Passed) -> None:
        for one in passed:
            self.frames.append(one)

    def index(self) -> ev.StreamChunk:
        written = self.frames.take()
        assert written is not None
        chunk = ev.StreamChunk(
            t_ns=5,
            offset=written.offset,
            length=written.length,
            exchanges=written.exchanges,
            devices=written.devices,
        )
        self.lines.write(chunk)
        return chunk

    def read(self) -> list[Passed]:
        return list(read_exchanges(read_journal(self.journal), self.stream))


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    recorded = Recorded(tmp_path)
    yield recorded
    recorded.lines.close()
    recorded.frames.close()


def test_bytes_come_back_in_order_from_both_places(recorded: Recorded) -> None:
    recorded.lines.write(exchange(0, "dut", "tx", b"name%"))
    recorded.bulk(*PASSED[:3])
    assert recorded.index().devices == ["dut", "monitor"]
    recorded.lines.write(exchange(4, "dut", "rx", b"\xff"))
    recorded.bulk(PASSED[3])
    assert recorded.index().exchanges == 1
    recorded.lines.write(STOPPED)
    first, second = Passed(0, "dut", "tx", b"name%"), Passed(4, "dut", "rx", b"\xff")
    assert recorded.read() == [first, *PASSED[:3], second, PASSED[3]]


def test_a_session_without_a_stream_is_read_as_before(recorded: Recorded) -> None:
    recorded.lines.write(exchange(0, "dut", "tx", b"name%"))
    recorded.lines.write(STOPPED)
    assert recorded.frames.take() is None
    recorded.frames.sync()
    recorded.frames.close()
    assert not recorded.stream.exists()
    assert recorded.read() == [Passed(0, "dut", "tx", b"name%")]


@given(st.lists(st.tuples(st.text(max_size=8), st.sampled_from(["tx", "rx"]), st.binary(max_size=40)), max_size=6))
def test_any_bytes_survive(tmp_path_factory: pytest.TempPathFactory, given_: list[tuple[str, str, bytes]]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.unlink(missing_ok=True)
    passed = [Passed(n, name, direction, data) for n, (name, direction, data) in enumerate(given_)]
    writer = StreamWriter(path)
    for one in passed:
        writer.append(one)
    writer.close()
    if passed:
        with path.open("rb") as file:
            assert list(read_frames(path, file, 0, path.stat().st_size)) == passed


def test_a_killed_run_loses_at_most_the_frame_that_it_was_writing(recorded: Recorded) -> None:
    recorded.bulk(*PASSED[:2])
    indexed = recorded.index().length
    recorded.bulk(*PASSED[2:])
    whole = recorded.stream.read_bytes()
    ends = [indexed]
    for one in PASSED[2:]:
        ends.append(ends[-1] + 14 + len(one.device) + len(one.data))
    for cut in range(indexed, len(whole) + 1):
        recorded.stream.write_bytes(whole[:cut])
        assert recorded.read() == PASSED[: 1 + sum(end <= cut for end in ends)]


def test_after_a_power_cut_the_stream_may_be_shorter_than_its_index(recorded: Recorded) -> None:
    recorded.bulk(*PASSED[:3])
    recorded.index()
    recorded.bulk(PASSED[3])
    recorded.index()
    whole = recorded.stream.read_bytes()
    recorded.stream.write_bytes(whole[:50])
    assert recorded.read() == PASSED[:1]
    recorded.stream.unlink()
    assert recorded.read() == []


@pytest.mark.parametrize(
    "bend",
    [
        lambda whole: whole[:-1],
        lambda whole: whole + b"\x00",
        lambda whole: b"\x00" + whole[1:],
        lambda whole: whole[:3] + b"\xff" + whole[4:],  # a length beyond the chunk
        lambda whole: b"",
        None,
    ],
)
def test_a_stream_that_contradicts_the_journal_of_a_whole_run_is_refused(recorded: Recorded, bend) -> None:
    recorded.bulk(*PASSED)
    recorded.index()
    recorded.lines.write(STOPPED)
    whole = recorded.stream.read_bytes()
    recorded.stream.unlink()
    if bend is not None:
        recorded.stream.write_bytes(bend(whole))
    with pytest.raises(SessionError, match=r"stream\.bin"):
        recorded.read()


@pytest.mark.parametrize(("offset", "length"), [(1, 5), (0, 10**6), (10**30, 1), (0, 10**30), (5, 5)])
@pytest.mark.parametrize("killed", [False, True])
def test_a_hostile_index_is_refused(recorded: Recorded, offset: int, length: int, killed: bool) -> None:
    recorded.bulk(PASSED[0])
    chunk = ev.StreamChunk(t_ns=1, offset=offset, length=length, exchanges=1, devices=[])
    recorded.lines.write(chunk)
    if not killed:
        recorded.lines.write(STOPPED)
    elif offset == 0:  # a killed run may index more than is there
        assert recorded.read() == PASSED[:1]
        return
    with pytest.raises(SessionError, match="Try: copy the session again"):
        recorded.read()


@pytest.mark.parametrize("field", ["offset", "length", "exchanges"])
def test_a_negative_index_is_no_event(recorded: Recorded, field: str) -> None:
    numbers = {"offset": 0, "length": 1, "exchanges": 1, field: -1}
    text = ",".join(f'"{name}":{value}' for name, value in numbers.items())
    recorded.journal.write_text(f'{{"t_ns":1,"kind":"stream-chunk",{text},"devices":[]}}\n')
    with pytest.raises(SessionError, match=rf"line 1: not an event .*{field}"):
        recorded.read()


def test_overlapping_chunks_are_refused(recorded: Recorded) -> None:
    recorded.bulk(PASSED[0])
    chunk = recorded.index()
    recorded.lines.write(chunk)
    with pytest.raises(SessionError, match="from 0 on, after those up to"):
        recorded.read()


@given(st.binary(max_size=120))
def test_any_bytes_give_frames_or_a_session_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile.bin"
    path.write_bytes(data)
    with path.open("rb") as file:
        try:
            frames = list(read_frames(path, file, 0, len(data)))
        except SessionError:
            return
    assert sum(14 + len(one.data) for one in frames) <= len(data)
    assert bool(frames) == bool(data)


class StubbornFile(io.RawIOBase):
    """A file that takes three bytes at a time, and none once it holds `room` bytes."""

    def __init__(self, room: int) -> None:
        self.room, self.held = room, b""

    def write(self, data) -> int:
        if len(self.held) >= self.room:
            raise OSError(28, "No space left on device")
        self.held += bytes(data[:3])
        return len(data[:3])


def test_a_full_disk_is_a_fault_of_the_bench_and_indexes_no_half_frame(tmp_path: Path) -> None:
    writer = StreamWriter(tmp_path / "stream.bin")
    writer.append(PASSED[0])
    writer.close()
    writer._file = StubbornFile(room=10)
    with pytest.raises(BenchFault, match=r"stream\.bin: cannot be written.*No space left"):
        writer.append(PASSED[1])
    written = writer.take()
    assert written is not None
    assert (written.length, written.exchanges) == (14 + 7 + 7, 1)
    writer._file = StubbornFile(room=10_000)
    writer.append(PASSED[1])
    assert len(writer._file.held) == 14 + 7 + 256


def test_a_stream_that_cannot_be_made_is_a_fault_of_the_bench(tmp_path: Path) -> None:
    with pytest.raises(BenchFault, match="cannot be written"):
        StreamWriter(tmp_path / "absent" / "stream.bin").append(PASSED[0])


@pytest.mark.parametrize(
    ("indexed", "held", "said"),
    [(0, None, ""), (7, 7, ""), (7, None, "missing"), (7, 6, "holds 6 bytes"), (7, 9, "2 bytes at the end")],
)
def test_what_is_amiss_with_a_stream_is_said(indexed: int, held: int | None, said: str) -> None:
    doubt = stream_doubt(indexed, held)
    assert said in doubt
    assert bool(said) == bool(doubt)
