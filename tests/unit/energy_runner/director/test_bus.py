# SPDX-License-Identifier: Apache-2.0
"""The bus: the journal first, everybody else behind a fence."""

import threading
from pathlib import Path

import pytest

from energy_runner.director import event_queue, subscriber
from energy_runner.director.bus import Bus
from energy_runner.director.live import Progress
from energy_runner.errors import BenchFault, Detached
from energy_runner.session import events as ev
from energy_runner.session.journal import JournalWriter, exchange


def phase(number: int) -> ev.Phase:
    return ev.Phase(t_ns=number, name=f"phase {number}")


def progress(number: int) -> Progress:
    return Progress(t_ns=number, done_s=number, total_s=100.0, text="")


class Journaled:
    """A bus with a journal in a file, and the director's remarks."""

    def __init__(self, folder: Path, *listeners) -> None:
        self.path = folder / "journal.jsonl"
        self.writer = JournalWriter(self.path)
        self.written: list[ev.AnyEvent] = []
        self.bus = Bus(listeners)
        self.bus.attach(self.write, self.remark, self.path)

    def write(self, event) -> None:
        self.written.append(event)
        self.writer.write(event)

    def remark(self, text: str) -> None:
        self.bus.fact(ev.Remark(t_ns=0, box="director", text=text))

    @property
    def remarks(self) -> list[str]:
        return [event.text for event in self.written if isinstance(event, ev.Remark)]


@pytest.fixture
def journaled(tmp_path: Path):
    made = []

    def make(*listeners) -> Journaled:
        made.append(Journaled(tmp_path, *listeners))
        return made[-1]

    yield make
    for one in made:
        one.bus.close()
        one.writer.close()


def test_a_fact_is_in_the_journal_before_anybody_sees_it(journaled):
    seen = []
    one = journaled(lambda event: seen.append((event, event in one.written)))
    one.bus.fact(phase(1))
    one.bus.show(progress(2))
    assert seen == [(phase(1), True), (progress(2), False)]
    assert one.written == [phase(1)]


def test_a_fact_that_cannot_be_recorded_is_not_shown(journaled):
    seen = []
    one = journaled(seen.append)
    queue = one.bus.events()

    def full(event):
        raise BenchFault("no space left")

    one.bus.attach(full, one.remark, one.path)
    with pytest.raises(BenchFault):
        one.bus.fact(phase(1))
    one.bus.close()
    assert seen == []
    assert list(queue) == []


def test_one_that_raises_is_detached_and_the_others_go_on(journaled):
    calls, seen = [], []

    def bad(event):
        calls.append(event)
        raise ValueError("two\nlines")

    one = journaled(bad, seen.append)
    for number in range(3):
        one.bus.fact(phase(number))
    assert calls == [phase(0)]
    assert [event for event in seen if event.kind == "phase"] == [phase(0), phase(1), phase(2)]
    (remark,) = one.remarks
    assert remark.endswith("bad sees no more of this run: it raised ValueError: two lines")


def test_subscribers_that_fail_at_each_others_remarks_all_go(journaled):
    def bad(event):
        raise ValueError(event.kind)

    one = journaled(bad, lambda event: 1 / 0 if event.kind == "remark" else None)
    one.bus.fact(phase(0))
    assert len(one.remarks) == 2
    assert not one.bus.watched


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_wish_to_end_the_program_is_passed_on_once_all_have_seen_the_event(journaled, error):
    seen = []

    def wants_out(event):
        raise error

    one = journaled(wants_out, seen.append)
    with pytest.raises(error):
        one.bus.fact(phase(0))
    assert seen[0] == phase(0)
    one.bus.fact(phase(1))
    assert len(one.remarks) == 1


def test_one_that_never_returns_is_left_behind(journaled, monkeypatch):
    monkeypatch.setattr(subscriber, "STALL_S", 0.2)
    seen, others = [], []
    late = threading.Event()

    def stalls(event):
        seen.append(event)
        if event == phase(1):
            late.wait(60.0)

    one = journaled(stalls, others.append)
    for number in range(3):
        one.bus.fact(phase(number))
    assert seen == [phase(0), phase(1)]
    assert [event for event in others if event.kind == "phase"] == [phase(0), phase(1), phase(2)]
    (remark,) = one.remarks
    assert remark.endswith("stalls sees no more of this run: it took more than 0.2 s for one event")
    late.set()
    for thread in threading.enumerate():
        if thread.name.endswith("stalls"):
            thread.join(10.0)
    assert seen == [phase(0), phase(1)]


def test_listeners_are_called_in_threads_of_their_own(journaled):
    threads = []
    one = journaled(lambda event: threads.append(threading.current_thread()))
    one.bus.fact(phase(0))
    one.bus.fact(phase(1))
    assert threads[0] is threads[1]
    assert threads[0] not in (threading.main_thread(), threading.current_thread())
    one.bus.close()
    assert not threads[0].is_alive()


class SpeechlessError(Exception):
    """An error that fails even to say what it is."""

    def __str__(self):
        raise ValueError("no text")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SpeechlessError(), "it raised SpeechlessError"),
        (RuntimeError("\ud800 and \x1b[31m red\x00"), r"it raised RuntimeError: \ud800 and \x1b[31m red\x00"),
        (RuntimeError(), "it raised RuntimeError"),
        (RuntimeError("x" * 1000), "it raised RuntimeError: " + "x" * 186),
    ],
)
def test_whatever_an_error_says_becomes_one_line_of_the_journal(journaled, error, said):
    def bad(event):
        raise error

    one = journaled(bad)
    one.bus.fact(phase(0))
    assert one.remarks[0].endswith(f"bad sees no more of this run: {said}")
    one.bus.close()
    assert [event.kind for event in one.bus.events()] == ["phase", "remark"]


def test_a_queue_begins_with_what_has_happened_already(journaled):
    one = journaled()
    one.bus.fact(phase(0))
    one.write(exchange(1, "dut", "tx", b"name%"))  # bytes are for the journal alone
    one.write(ev.SamplesArrived(t_ns=2, end=5))
    one.bus.fact(phase(3))
    early = one.bus.events()
    one.bus.fact(phase(4))
    one.bus.show(progress(5))
    one.bus.close()
    late = one.bus.events()
    assert list(early) == [phase(0), phase(3), phase(4), progress(5)]
    assert list(late) == [phase(0), phase(3), phase(4)]


def test_no_event_falls_between_past_and_queue(journaled):
    """While a run emits, readers subscribe in other threads; each sees every fact once, in order."""
    one = journaled()
    found: list[list[int]] = []

    def read() -> None:
        found.append([event.t_ns for event in one.bus.events()])

    readers = []
    for number in range(300):
        if number % 30 == 0:
            readers.append(threading.Thread(target=read))
            readers[-1].start()
        one.bus.fact(phase(number))
    one.bus.close()
    for reader in readers:
        reader.join()
    assert found == [list(range(300))] * 10


def test_progress_is_dropped_and_facts_are_not(journaled):
    one = journaled()
    queue = one.bus.events(capacity=8)
    for number in range(20):
        one.bus.show(progress(number))
    for number in range(20, 24):
        one.bus.fact(phase(number))
    assert queue.dropped == 16
    one.bus.close()
    assert [event.t_ns for event in queue] == [0, 1, 2, 3, 20, 21, 22, 23]


def test_a_queue_that_nobody_reads_is_detached_when_facts_fill_it(journaled):
    one = journaled()
    full, read = one.bus.events(capacity=8), one.bus.events(capacity=100)
    for number in range(10):
        one.bus.fact(phase(number))
    assert one.remarks == ["an event queue sees no more of this run: 8 events wait and are not read"]
    assert [next(full).t_ns for _ in range(8)] == list(range(8))
    for _ in range(2):
        with pytest.raises(Detached, match=r"8 events wait and are not read\. Try"):
            next(full)
    one.bus.close()
    assert [event for event in read if event.kind == "phase"] == [phase(number) for number in range(10)]


def test_a_queue_may_be_left(journaled):
    one = journaled()
    with one.bus.events(capacity=2) as queue:
        one.bus.fact(phase(0))
    for number in range(1, 9):
        one.bus.fact(phase(number))
    assert one.remarks == []
    assert list(queue) == [phase(0)]
    queue.close()


def test_a_reader_waits_for_the_next_event(journaled, monkeypatch):
    monkeypatch.setattr(event_queue, "_TURN_S", 0.01)
    one = journaled()
    queue = one.bus.events()
    writer = threading.Timer(0.1, lambda: (one.bus.fact(phase(7)), one.bus.close()))
    writer.start()
    assert list(queue) == [phase(7)]
    writer.join()


def test_nothing_may_come_before_there_is_a_journal():
    with pytest.raises(AssertionError, match="before there was a journal"):
        Bus().fact(phase(0))


def test_a_stall_is_shorter_than_what_instruments_wait(journaled):
    assert 0.1 <= subscriber.STALL_S <= 2.0
