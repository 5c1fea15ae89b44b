# SPDX-License-Identifier: Apache-2.0
"""The journal: what is written is read, a torn end is told, anything else is refused by line."""

import io
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.errors import BenchFault, SessionError
from energy_runner.session import events as ev
from energy_runner.session.journal import Journal, JournalWriter, exchange, exchanged_bytes, read_journal
from tests.support.synthetic import make_run

EVENTS = tuple(make_run(period_s=0.1, laps=True).events)


def written(path: Path, events: tuple[ev.AnyEvent, ...] = EVENTS) -> Path:
    path.unlink(missing_ok=True)
    writer = JournalWriter(path)
    for event in events:
        writer.write(event)
    writer.sync()
    writer.close()
    return path


def test_events_come_back_as_they_were(tmp_path: Path) -> None:
    journal = read_journal(written(tmp_path / "j"))
    assert tuple(journal) == EVENTS
    assert len(journal) == len(EVENTS)
    assert not journal.torn


def test_each_event_is_one_line_at_once(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "j")
    for count, event in enumerate(EVENTS[:20], start=1):
        writer.write(event)
        assert (tmp_path / "j").read_bytes().count(b"\n") == count
    writer.close()


def test_not_even_a_line_end_in_a_text_makes_a_second_line(tmp_path: Path) -> None:
    event = ev.Remark(t_ns=1, box="dut", text="one\r\ntwo\x85\u2028three")
    assert tuple(read_journal(written(tmp_path / "j", (event,)))) == (event,)


def test_infinite_results_survive(tmp_path: Path) -> None:
    event = ev.InferenceDone(
        t_ns=1,
        purpose="accuracy",
        stimulus=0,
        inferences=1,
        warmups=0,
        sent_ns=0,
        start_line_ns=None,
        done_line_ns=None,
        results=[float("inf"), -float("inf")],
        dut_laps_us=[],
    )
    assert tuple(read_journal(written(tmp_path / "j", (event,)))) == (event,)


@pytest.mark.parametrize("size", [3, 37, 400])
def test_cut_anywhere_only_the_torn_line_is_lost(tmp_path: Path, size: int) -> None:
    data = written(tmp_path / "whole", EVENTS[:8]).read_bytes()
    for cut in range(0, len(data), size):
        (tmp_path / "j").write_bytes(data[:cut])
        journal = read_journal(tmp_path / "j")
        whole = data[:cut].count(b"\n")
        assert tuple(journal) == EVENTS[:whole]
        assert journal.torn == (cut > 0 and data[cut - 1 : cut] != b"\n")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\x00" * 40,
        b"not json",
        b"null",
        b"[]",
        b'{"t_ns": 1}',
        b'{"kind": "unheard-of"}',
        b'{"kind": "unheard-of", "t_ns": 1e400}',
        b'{"kind": "unheard-of", "t_ns": -1}',
        b'{"kind": "unheard-of", "t_ns": null}',
        b'{"kind": "UNHEARD OF", "t_ns": 1}',
        b'{"kind": "\\u001b[2J", "t_ns": 1}',
        b'{"kind": ["unheard-of"], "t_ns": 1}',
        b'{"kind": "samples-arrived", "t_ns": 1}',
        b'{"kind": "samples-arrived", "t_ns": -1, "end": 1}',
        b'{"kind": "samples-arrived", "t_ns": 9223372036854775808, "end": 1}',
        b'{"kind": "samples-arrived", "t_ns": 1e400, "end": 1}',
        b'{"kind": "samples-arrived", "t_ns": 1, "end": 1' + b"0" * 5000 + b"}",
        b'{"kind": "remark", "t_ns": 1, "box": "\xff", "text": ""}',
        b"[" * 100_000,
    ],
)
def test_a_hostile_line_is_refused_by_its_number(tmp_path: Path, line: bytes) -> None:
    good = EVENTS[0].model_dump_json().encode()
    (tmp_path / "j").write_bytes(b"\n".join([good, good, line, good, b""]))
    with pytest.raises(SessionError, match=r"j, line 3: ") as caught:
        list(read_journal(tmp_path / "j"))
    assert len(str(caught.value)) < 400


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_give_events_or_a_session_error(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile.jsonl"
    path.write_bytes(b"\n".join(lines))
    try:
        count = len(read_journal(path))
    except SessionError:
        return
    assert count == 0  # no such bytes are an event by chance


def test_a_missing_journal_is_a_session_error(tmp_path: Path) -> None:
    journal = read_journal(tmp_path / "absent")
    for ask in (list, len, lambda journal: journal.torn, lambda journal: list(journal.of(ev.Remark))):
        with pytest.raises(SessionError, match="cannot be read"):
            ask(journal)


def test_plain_text_is_kept_as_text() -> None:
    event = exchange(5, "dut", "rx", b"m-ready\r\n\t~ ")
    assert (event.text, event.base64) == ("m-ready\r\n\t~ ", None)


@given(st.binary(max_size=50))
def test_any_bytes_of_a_port_survive(data: bytes) -> None:
    event = exchange(5, "io", "tx", data)
    assert (event.text is None) != (event.base64 is None)
    assert exchanged_bytes(event) == data


@pytest.mark.parametrize("data", [b"m-ready\r\n", b"\xff\x00"])
def test_exchanges_are_skipped_unread_where_nobody_wants_them(tmp_path: Path, data: bytes) -> None:
    passed = exchange(7, "dut", "tx", data)
    path = written(tmp_path / "j", (EVENTS[0], passed, EVENTS[1]))
    assert tuple(read_journal(path)) == (EVENTS[0], passed, EVENTS[1])
    assert tuple(read_journal(path, exchanges=False)) == (EVENTS[0], EVENTS[1])


def test_a_journal_is_read_as_often_as_somebody_asks(tmp_path: Path) -> None:
    path = written(tmp_path / "j", EVENTS[:3])
    journal = read_journal(path)
    assert tuple(journal) == EVENTS[:3]
    written(path, EVENTS[:5])
    assert tuple(journal) == EVENTS[:5]


def test_a_short_journal_is_kept_and_a_long_one_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "j", EVENTS[:6])
    kept = Journal(path, keep=True)
    assert next(iter(kept)) == EVENTS[0]  # a look at the beginning keeps nothing
    assert tuple(kept) == EVENTS[:6]
    monkeypatch.setattr("energy_runner.session.journal._KEPT", 5)
    long = Journal(path, keep=True)
    assert tuple(long) == EVENTS[:6]
    path.unlink()
    assert tuple(kept) == EVENTS[:6]
    assert list(kept.of(ev.RunStarted)) == [EVENTS[0]]
    with pytest.raises(SessionError):
        list(long)


def test_only_the_kinds_asked_for_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "j")
    wanted = [event for event in EVENTS if isinstance(event, ev.LapCaptured | ev.RunStopped)]
    assert len(wanted) > 2
    assert list(read_journal(path).of(ev.LapCaptured, ev.RunStopped)) == wanted
    spaced = (
        b'{"kind": "run-stopped", "outcome": "failed", "reason": "", "supply_off_confirmed": null, "t_ns": 1}\n'
    )
    path.write_bytes(b'{"t_ns":1,"kind":"remark","more":1}\n' + spaced)  # the first is skipped unread
    assert [event.outcome for event in read_journal(path).of(ev.RunStopped)] == ["failed"]
    path.write_bytes(path.read_bytes() + b'{"t_ns":2,"kind":"run-stopped"}\n')
    with pytest.raises(SessionError, match="line 3"):
        list(read_journal(path).of(ev.RunStopped))


def test_a_journal_that_grows_can_be_read_up_to_a_place(tmp_path: Path) -> None:
    path = written(tmp_path / "j", EVENTS[:3])
    until = path.stat().st_size
    written(path, EVENTS[:6])
    assert tuple(Journal(path, until=until)) == EVENTS[:3]
    assert not Journal(path, until=until).torn
    assert tuple(Journal(path, until=until - 1)) == EVENTS[:2]
    assert Journal(path, until=until - 1).torn
    assert tuple(Journal(path, until=0)) == ()


def test_bad_base64_is_a_session_error() -> None:
    with pytest.raises(SessionError):
        exchanged_bytes(ev.Exchange(t_ns=1, box="io", direction="rx", base64="?"))


class StubbornFile(io.RawIOBase):
    """A file that takes three bytes at a time, and none once it holds `room` bytes."""

    def __init__(self, room: int) -> None:
        self.room, self.held = room, b""

    def write(self, data: bytes) -> int:
        if len(self.held) >= self.room:
            raise OSError(28, "No space left on device")
        self.held += data[:3]
        return len(data[:3])


def test_a_line_is_written_whole_even_if_the_system_takes_it_in_parts(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "j")
    writer.close()
    writer._file = StubbornFile(room=10_000)
    writer.write(EVENTS[0])
    assert writer._file.held == EVENTS[0].model_dump_json().encode() + b"\n"


def test_a_full_disk_is_a_fault_of_the_bench(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "j")
    writer.close()
    writer._file = StubbornFile(room=10)
    with pytest.raises(BenchFault, match=r"cannot write the journal.*No space left"):
        writer.write(EVENTS[0])


def test_a_journal_that_cannot_be_made_or_is_closed_is_a_fault_of_the_bench(tmp_path: Path) -> None:
    with pytest.raises(BenchFault, match="cannot write the journal"):
        JournalWriter(tmp_path / "absent" / "j")
    writer = JournalWriter(tmp_path / "j")
    writer.close()
    writer.close()
    with pytest.raises(BenchFault):
        writer.write(EVENTS[0])
    with pytest.raises(BenchFault):
        writer.sync()


def test_every_kind_of_event_has_its_own_name() -> None:
    kinds = [kind.model_fields["kind"].default for kind in get_args(get_args(ev.KnownEvent)[0])]
    assert len(kinds) == len(set(kinds)) > 20


@pytest.mark.parametrize("text", ["\ud800", "a\udcffb", "\udc00\ud800"])
def test_text_that_cannot_be_encoded_is_written_out_and_tears_nothing(tmp_path, text):
    writer = JournalWriter(tmp_path / "journal.jsonl")
    writer.write(ev.Remark(t_ns=1, box="dut", text=text))
    writer.write(ev.Phase(t_ns=2, name="next"))
    writer.close()
    remark, phase = read_journal(tmp_path / "journal.jsonl")
    assert remark.text == text.encode(errors="backslashreplace").decode()
    assert phase.name == "next"


@pytest.mark.parametrize("word", [b'"no"', b"0", b'"false"', b"1.0"])
def test_a_yes_or_no_is_read_only_as_json_writes_it(tmp_path, word):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"t_ns": 1, "kind": "supply-switched", "on": ' + word + b"}\n")
    with pytest.raises(SessionError, match=r"line 1: not an event \(supply-switched.on"):
        list(read_journal(path))
