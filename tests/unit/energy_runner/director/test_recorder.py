# SPDX-License-Identifier: Apache-2.0
"""The recorder: which bytes go where, what the index says, and one broken file leaves the others whole."""

from pathlib import Path

import numpy as np
import pytest

from energy_runner.director.bus import Bus
from energy_runner.director.recorder import Recorder
from energy_runner.errors import BenchFault
from energy_runner.session import events as ev
from energy_runner.session.exchanges import read_exchanges
from energy_runner.session.journal import Journal
from energy_runner.session.stream import StreamWriter
from energy_runner.session.trace import TraceReader, TraceWriter
from instruments.clock import VirtualClock
from instruments.roles import AppliedSampling, Note, Samples, Signal

APPLIED = AppliedSampling((Signal("energy", "J", 1e-3),))


def samples(first: int, count: int) -> Samples:
    return Samples(first, (np.arange(first, first + count, dtype=np.float32),))


def kinds(folder: Path) -> list[str]:
    return [event.kind for event in Journal(folder / "journal.jsonl")]


def passed(folder: Path) -> list[bytes]:
    return [one.data for one in read_exchanges(Journal(folder / "journal.jsonl"), folder / "stream.bin")]


@pytest.fixture
def recorder(tmp_path: Path):
    recorder = Recorder(tmp_path, VirtualClock())
    yield recorder
    recorder.lenient = True
    recorder.close()


def test_bytes_go_to_the_journal_unless_they_are_a_sampler_s_or_bulk(tmp_path, recorder):
    recorder.bytes_passed("monitor", "tx", b"1")
    recorder.open_trace(APPLIED, streaming={"monitor"})
    recorder.bytes_passed("monitor", "rx", b"2")
    recorder.bytes_passed("monitor", "tx", b"3")
    recorder.bytes_passed("dut", "tx", b"4")
    with recorder.bulk():
        recorder.bytes_passed("dut", "tx", b"5")
        with recorder.bulk():
            recorder.bytes_passed("dut", "rx", b"6")
        recorder.bytes_passed("dut", "rx", b"7")
    recorder.bytes_passed("dut", "rx", b"8")
    recorder.bytes_passed("monitor", "rx", b"9")
    recorder.close_trace()
    recorder.bytes_passed("monitor", "rx", b"10")
    assert kinds(tmp_path) == [
        "exchange",
        "stream-chunk",
        "exchange",
        "stream-chunk",
        *["exchange"],
        "stream-chunk",
        "exchange",
    ]
    assert passed(tmp_path) == [b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9", b"10"]
    chunks = list(Journal(tmp_path / "journal.jsonl").of(ev.StreamChunk))
    assert [(chunk.exchanges, chunk.devices) for chunk in chunks] == [
        (2, ["monitor"]),
        (3, ["dut"]),
        (1, ["monitor"]),
    ]


def test_facts_come_after_the_bytes_that_they_were_decoded_from(tmp_path, recorder):
    recorder.open_trace(APPLIED, streaming={"monitor"})
    recorder.bytes_passed("monitor", "rx", b"samples")
    recorder.stream([samples(0, 10), Note("odd"), samples(10, 10)])
    recorder.stream([])
    assert kinds(tmp_path) == ["stream-chunk", "remark", "samples-arrived"]


def test_a_note_in_the_stream_is_a_remark_of_its_sampler(tmp_path, recorder):
    recorder.open_trace(APPLIED, streaming={"meter"})
    recorder.stream([Note("odd")])
    assert [remark.box for remark in Journal(tmp_path / "journal.jsonl").of(ev.Remark)] == ["meter"]


def test_what_was_not_indexed_yet_is_indexed_at_the_end(tmp_path, recorder):
    with recorder.bulk():
        recorder.bytes_passed("dut", "tx", b"1")
    assert kinds(tmp_path) == []
    recorder.close()
    assert kinds(tmp_path) == ["stream-chunk"]


def test_a_run_without_bulk_has_no_stream(tmp_path, recorder):
    recorder.bytes_passed("dut", "tx", b"1")
    recorder.close()
    assert not (tmp_path / "stream.bin").exists()


def full(*_):
    raise BenchFault("no space left")


def test_bytes_of_a_broken_stream_go_to_the_journal(tmp_path, recorder, monkeypatch):
    with recorder.bulk():
        recorder.bytes_passed("dut", "tx", b"1")
        monkeypatch.setattr(StreamWriter, "append", full)
        with pytest.raises(BenchFault):
            recorder.bytes_passed("dut", "tx", b"2")
        recorder.bytes_passed("dut", "rx", b"3")
    assert passed(tmp_path) == [b"1", b"2", b"3"]
    assert list(recorder.broken) == ["stream.bin"]


def test_a_broken_trace_stops_the_run_once_and_leaves_the_journal_whole(tmp_path, recorder, monkeypatch):
    recorder.open_trace(APPLIED)
    recorder.stream([samples(0, 10)])
    with monkeypatch.context() as patched:
        patched.setattr(TraceWriter, "append", full)
        with pytest.raises(BenchFault):
            recorder.stream([samples(10, 10)])
    recorder.stream([samples(20, 10), Note("odd")])  # what comes later is dropped: there is a hole before it
    recorder.remark("director", "on")
    recorder.close()
    assert kinds(tmp_path) == ["samples-arrived", "remark", "samples-arrived", "remark"]
    with TraceReader(tmp_path / "trace.jls") as trace:
        assert trace.length == 10


def test_a_broken_journal_stops_the_run_once_and_subscribers_see_on(tmp_path, monkeypatch):
    seen: list[str] = []
    recorder = Recorder(tmp_path, VirtualClock(), Bus([lambda event: seen.append(event.kind)]))
    recorder.remark("director", "one")
    monkeypatch.setattr(recorder._journal, "write", full)
    with pytest.raises(BenchFault):
        recorder.remark("director", "two")
    recorder.emit(ev.SupplySwitched(t_ns=1, on=False))
    recorder.close()
    assert kinds(tmp_path) == ["remark"]
    assert seen == ["remark", "supply-switched"]


@pytest.mark.parametrize("error", [BenchFault("x"), KeyboardInterrupt(), SystemExit(), MemoryError()])
def test_nothing_is_raised_in_the_tear_down(tmp_path, error, monkeypatch):
    def fails(*_):
        raise error

    recorder = Recorder(tmp_path, VirtualClock(), Bus([fails]))
    recorder.open_trace(APPLIED, streaming={"monitor"})
    recorder.lenient = True
    for sink in (recorder._journal, recorder._stream, recorder._trace):
        for name in ("write", "append", "edge", "utc", "flush"):
            if hasattr(sink, name):
                monkeypatch.setattr(sink, name, fails)
    recorder.progress(1.0, 2.0, "")
    recorder.bytes_passed("monitor", "rx", b"1")
    recorder.stream([samples(0, 10), Note("odd")])
    recorder.emit(ev.SupplySwitched(t_ns=1, on=False))
    recorder.close_trace()
    recorder.close()
    assert set(recorder.broken) == {"journal.jsonl", "stream.bin", "trace.jls"}


def test_files_that_cannot_be_completed_are_heard_of_once_all_are_closed(tmp_path, monkeypatch):
    recorder = Recorder(tmp_path, VirtualClock())
    with recorder.bulk():
        recorder.bytes_passed("dut", "tx", b"1")
    monkeypatch.setattr(StreamWriter, "sync", full)
    with pytest.raises(BenchFault):
        recorder.close()
    assert recorder._journal._file.closed
    assert recorder._stream._file.closed
    recorder.close()


def test_samples_are_drawn_together_only_where_somebody_looks(tmp_path):
    seen = []
    recorder = Recorder(tmp_path, VirtualClock(), Bus([seen.append]))
    recorder.open_trace(APPLIED)
    recorder.stream([samples(0, 250)])
    recorder.close()
    assert [(event.first, event.count) for event in seen if event.kind == "sample-block"] == [
        (0, 100),
        (100, 100),
        (200, 50),
    ]


def test_text_of_links_is_shown_and_bulk_is_not(tmp_path):
    seen = []
    recorder = Recorder(tmp_path, VirtualClock(), Bus([seen.append]))
    recorder.open_trace(APPLIED, streaming={"monitor"})
    recorder.bytes_passed("dut", "tx", b"infer 3%")
    recorder.bytes_passed("dut", "rx", b"m-infer\xff")
    recorder.bytes_passed("monitor", "rx", b"samples")
    with recorder.bulk():
        recorder.bytes_passed("dut", "tx", b"db 00%")
    recorder.bytes_passed("dut", "rx", bytes(10_000))
    recorder.close()
    shown = [(event.box, event.direction, event.text) for event in seen if event.kind == "link-text"]
    assert shown[:2] == [("dut", "tx", "infer 3%"), ("dut", "rx", "m-infer\\xff")]
    assert [len(text) for _, _, text in shown[2:]] == [4096]
    assert all("link-text" not in kind for kind in kinds(tmp_path))


def test_a_fast_session_is_hardly_larger_than_trace_and_stream(tmp_path):
    """Half a million samples a second, read from a link in pieces of 4 kB, polled ten times a second."""
    rate, seconds, piece = 500_000, 4, 4096
    clock = VirtualClock()
    recorder = Recorder(tmp_path, clock)
    recorder.open_trace(AppliedSampling((Signal("current", "A", 1 / rate),)), streaming={"monitor"})
    values = np.random.default_rng(0).random(rate // 10, dtype=np.float32)
    raw = 0
    for poll in range(10 * seconds):
        data = values.tobytes()
        for at in range(0, len(data), piece):
            recorder.bytes_passed("monitor", "rx", data[at : at + piece])
        recorder.stream([Samples(poll * len(values), (values,))])
        raw += len(data)
        clock.sleep(0.1)
    recorder.close()
    sizes = {file.name: file.stat().st_size for file in tmp_path.iterdir()}
    assert sum(sizes.values()) <= 1.02 * (sizes["trace.jls"] + raw)
    assert sizes["journal.jsonl"] < 0.01 * raw
    assert sizes["stream.bin"] >= raw


def test_a_block_of_unequal_arrays_is_refused_before_anything_of_it_is_kept(tmp_path, recorder):
    both = AppliedSampling((Signal("current", "A", 1e-3), Signal("voltage", "V", 1e-3)))
    recorder.open_trace(both, streaming={"meter"})
    with pytest.raises(BenchFault, match="meter was asked for blocks of current and voltage"):
        recorder.stream([Samples(0, (np.zeros(5, np.float32), np.zeros(4, np.float32)))])
    assert (recorder.samples_end, recorder.samples_received) == (0, 0)
    recorder.close_trace()
