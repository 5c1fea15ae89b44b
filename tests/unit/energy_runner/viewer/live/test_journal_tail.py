# SPDX-License-Identifier: Apache-2.0
"""A journal that grows under the eyes of a reader: each whole line once, and nothing is raised for one."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_runner.session import events as ev
from energy_runner.session.journal import exchange
from energy_runner.viewer.live import journal_tail
from energy_runner.viewer.live.journal_tail import JournalTail

EVENTS = [
    ev.RunStarted(t_ns=1, utc_ns=0, benchmark="kws01", mode="energy"),
    ev.Phase(t_ns=2, name="open"),
    exchange(3, "dut", "rx", b"m-ready\r\n\xff"),
    ev.SamplesArrived(t_ns=9, end=5),
    ev.Remark(t_ns=10, box="dut", text="line\nend \u2028 and ü"),
    ev.RunStopped(t_ns=11, outcome="completed", reason="", supply_off_confirmed=True),
]
SHOWN = [event for event in EVENTS if not isinstance(event, ev.SamplesArrived)]
WHOLE = b"".join(event.model_dump_json().encode() + b"\n" for event in EVENTS)


def all_of(tail: JournalTail) -> list:
    found = list(tail.poll())
    while tail.more:
        found += tail.poll()
    return found


@given(st.lists(st.integers(0, len(WHOLE)), max_size=8))
@settings(max_examples=60)
def test_each_event_comes_once_wherever_the_writing_stood(tmp_path_factory, cuts) -> None:
    path = tmp_path_factory.mktemp("tail") / "journal.jsonl"
    tail, found, written = JournalTail(path), [], 0
    for cut in sorted({*cuts, len(WHOLE)}):
        with path.open("ab") as file:
            file.write(WHOLE[written:cut])
        written = cut
        found += all_of(tail)
    assert found == SHOWN
    assert (tail.latest_ns, tail.problems) == (11, [])


@given(st.binary(max_size=400))
def test_any_bytes_are_events_or_a_problem(tmp_path_factory, data) -> None:
    path = tmp_path_factory.mktemp("tail") / "journal.jsonl"
    path.write_bytes(data + b"\n" + WHOLE)
    tail = JournalTail(path)
    assert all_of(tail)[-len(SHOWN) :] == SHOWN
    assert len(tail.problems) <= 1


@pytest.mark.parametrize(
    "line",
    [
        b'{"t_ns":-1,"kind":"phase","name":"x"}',
        b'{"t_ns":99999999999999999999999999,"kind":"phase","name":"x"}',
        b'{"t_ns":9999999999999999999,"kind":"samples-arrived","end":1}',
        b'{"t_ns":1,"kind":"phase"}',
        b'{"t_ns":1,"kind":"phase","name":5}',
        b"[" * 100_000,
        b"\xff\xfe",
        b"null",
    ],
)
def test_a_line_that_is_no_event_is_told_of_and_left_out(tmp_path: Path, line) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(line + b"\n" + line + b"\n" + WHOLE)
    tail = JournalTail(path)
    assert all_of(tail) == SHOWN
    (problem,) = tail.problems
    assert problem.startswith("journal.jsonl, line 1: ")


def test_an_event_of_a_later_version_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"t_ns":1,"kind":"moon-phase","full":true}\n' + WHOLE)
    tail = JournalTail(path)
    assert (all_of(tail), tail.problems) == (SHOWN, [])


def test_a_line_without_an_end_does_not_fill_the_memory(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(journal_tail, "_AT_ONCE", 1000)
    monkeypatch.setattr(journal_tail, "_LONGEST_LINE", 5000)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"x" * 23_000 + b"\n" + WHOLE)
    tail = JournalTail(path)
    assert all_of(tail) == SHOWN
    assert len(tail.problems) == 1
    long = ev.Remark(t_ns=12, box="dut", text="y" * 3000)
    with path.open("ab") as file:
        file.write(long.model_dump_json().encode() + b"\n" + WHOLE)
    assert all_of(tail) == [long, *SHOWN]


def test_another_file_in_its_place_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(WHOLE)
    tail = JournalTail(path)
    all_of(tail)
    assert not tail.replaced()
    (tmp_path / "other").write_bytes(WHOLE)
    (tmp_path / "other").replace(path)
    assert tail.replaced()
    tail = JournalTail(path)
    all_of(tail)
    path.write_bytes(WHOLE[:10])
    assert tail.replaced()


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "journal.jsonl")
    with pytest.raises(OSError, match="pipe"):
        list(JournalTail(tmp_path / "journal.jsonl").poll())
