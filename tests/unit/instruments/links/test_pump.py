# SPDX-License-Identifier: Apache-2.0
"""The pump: one thread that reads all the time, ends when it is told to, and hides nothing."""

import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from instruments.clock import Deadline, RealClock, VirtualClock
from instruments.errors import TimedOut, Unavailable
from instruments.links import pump as pump_module
from instruments.links.bounded import Overflow
from instruments.links.pump import PumpedLink, take_overflow, unread_s
from instruments.links.tap import TappedLink

CLOCK = RealClock()
LONG_S = 30.0


class Inner:
    """A link that delivers what a test puts in, at once; an exception is raised by the read that meets it."""

    name = "device"

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.written: list[bytes] = []
        self._arrived: list[bytes | Exception] = []
        self._changed = threading.Condition()
        self._idle = False
        self.readers: set[threading.Thread] = set()

    def say(self, *pieces: bytes | Exception) -> None:
        with self._changed:
            self._arrived.extend(pieces)
            self._changed.notify_all()

    def open(self, deadline: Deadline) -> None:
        self.calls.append("open")

    def close(self) -> None:
        self.calls.append("close while it is read" if self._idle else "close")

    def write(self, data: bytes, deadline: Deadline) -> None:
        self.written.append(data)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        self.readers.add(threading.current_thread())
        with self._changed:
            if not self._arrived and not deadline.clock.virtual:
                self._idle = True
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._arrived, deadline.remaining_s())
                self._idle = False
            piece = self._arrived.pop(0) if self._arrived else b""
        if isinstance(piece, Exception):
            raise piece
        return piece

    def all_read(self) -> None:
        """Wait until the pump has taken everything, and has come back for more."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._idle and not self._arrived, LONG_S)


class Blocked(Inner):
    """A link whose read knows no deadline; closing it ends the read, unless it is `stuck`."""

    def __init__(self, *, stuck: bool = False) -> None:
        super().__init__()
        self.free = threading.Event()
        self.stuck = stuck

    def open(self, deadline: Deadline) -> None:
        super().open(deadline)
        self.free.clear()

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        self.free.wait(LONG_S)
        raise Unavailable("read from device", "closed")

    def close(self) -> None:
        super().close()
        if not self.stuck:
            self.free.set()


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
def make_open() -> Iterator[Callable[..., PumpedLink]]:
    opened: list[PumpedLink] = []

    def make(inner: Inner, capacity_bytes: int = 1000) -> PumpedLink:
        link = PumpedLink(inner, CLOCK, capacity_bytes)
        link.open(CLOCK.deadline(1.0))
        opened.append(link)
        return link

    yield make
    for link in opened:
        link.close()


Make = Callable[..., PumpedLink]


def now() -> Deadline:
    return CLOCK.deadline(0.0)


def soon() -> Deadline:
    return CLOCK.deadline(LONG_S)


def pumps() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("pump of")]


def test_the_stream_is_read_while_nobody_asks_for_it(inner: Inner, make_open: Make) -> None:
    link = make_open(inner)
    inner.say(b"abc", b"def")
    inner.all_read()
    assert threading.current_thread() not in inner.readers
    assert pumps() == ["pump of device"]
    data = link.read(soon())
    while len(data) < 6:
        data += link.read(soon())
    assert data == b"abcdef"
    assert link.read(now()) == b""


def test_no_more_is_returned_than_asked_for(inner: Inner, make_open: Make) -> None:
    link = make_open(inner)
    inner.say(b"abcdefg")
    assert [link.read(soon(), 3), link.read(soon(), 3), link.read(soon(), 3)] == [b"abc", b"def", b"g"]


def test_a_read_waits_for_the_first_byte_only(inner: Inner, make_open: Make) -> None:
    link = make_open(inner)
    talker = threading.Timer(0.02, lambda: inner.say(b"late"))
    talker.start()
    deadline = soon()
    assert link.read(deadline) == b"late"
    assert deadline.remaining_s() > LONG_S / 2
    talker.join()


def test_nothing_by_the_deadline_is_no_error(inner: Inner, make_open: Make) -> None:
    deadline = CLOCK.deadline(0.02)
    assert make_open(inner).read(deadline) == b""
    assert deadline.expired()


def test_writes_go_straight_to_the_device(inner: Inner, make_open: Make) -> None:
    make_open(inner).write(b"stop\n", now())
    assert inner.written == [b"stop\n"]


def test_overflow_is_counted_and_placed(inner: Inner, make_open: Make) -> None:
    link = make_open(inner, capacity_bytes=10)
    inner.say(b"0123456789", b"ab", b"cde")
    inner.all_read()
    data = link.read(soon(), 4)
    assert link.take_overflow() == []  # it lies behind these bytes
    while len(data) < 10:
        data += link.read(soon(), 4)
        assert link.take_overflow() == []
    assert data == b"0123456789"
    inner.say(b"after")
    data = b""
    gaps: list[Overflow] = []
    while len(data) < 5:
        data += link.read(CLOCK.deadline(0.05))
        gaps += link.take_overflow()
    assert data == b"after"
    assert gaps == [Overflow(at=10, dropped=5)]


def test_overflow_is_seen_through_a_tap(inner: Inner, make_open: Make) -> None:
    pumped = make_open(inner, capacity_bytes=4)
    heard: list[tuple[str, bytes]] = []
    link = TappedLink(pumped, lambda direction, data: heard.append((direction, data)))
    inner.say(b"abcd", b"lost")
    inner.all_read()
    assert link.read(soon()) == b"abcd"
    assert take_overflow(link) == []
    deadline = CLOCK.deadline(0.05)
    assert link.read(deadline) == b""
    assert deadline.expired()  # a gap is no answer: the read waited for bytes
    assert take_overflow(link) == [Overflow(4, 4)]
    assert heard == [("rx", b"abcd")]  # told when the caller reads, by the caller's thread
    assert take_overflow(inner) == []


@pytest.mark.parametrize("error", [Unavailable("read", "unplugged"), TimedOut("read", "busy"), ValueError("odd")])
def test_an_error_of_the_thread_comes_after_the_bytes_before_it(
    inner: Inner, make_open: Make, error: Exception
) -> None:
    link = make_open(inner)
    inner.say(b"last words", error)
    assert link.read(soon()) == b"last words"
    for _ in range(2):
        with pytest.raises(type(error)) as caught:
            link.read(soon())
        assert caught.value is error


def test_a_link_that_failed_can_be_opened_again(inner: Inner, make_open: Make) -> None:
    link = make_open(inner)
    inner.say(Unavailable("read", "unplugged"))
    with pytest.raises(Unavailable):
        link.read(soon())
    link.open(CLOCK.deadline(1.0))
    inner.say(b"back")
    assert link.read(soon()) == b"back"


def test_opening_again_forgets_what_was_queued(inner: Inner, make_open: Make) -> None:
    link = make_open(inner, capacity_bytes=4)
    inner.say(b"old.", b"lost")
    inner.all_read()
    assert link.read(soon(), 1) == b"o"
    link.open(CLOCK.deadline(1.0))
    inner.say(b"new")
    assert link.read(soon()) == b"new"
    assert link.take_overflow() == []


def test_closing_ends_the_thread_and_can_be_repeated(inner: Inner, make_open: Make) -> None:
    link = make_open(inner)
    inner.all_read()
    link.close()
    assert pumps() == []
    link.close()
    assert set(inner.calls) == {"open", "close"}  # never while the thread reads: its port would go away below it
    with pytest.raises(Unavailable, match="not open"):
        link.read(now())


def test_a_link_that_was_never_opened_says_so(inner: Inner) -> None:
    with pytest.raises(Unavailable, match="not open"):
        PumpedLink(inner, CLOCK).read(now())
    assert inner.calls == []


def test_an_open_that_fails_starts_no_thread(monkeypatch: pytest.MonkeyPatch, inner: Inner) -> None:
    def refuse(deadline: Deadline) -> None:
        raise Unavailable("open device", "no such port")

    monkeypatch.setattr(inner, "open", refuse)
    link = PumpedLink(inner, CLOCK)
    with pytest.raises(Unavailable, match="no such port"):
        link.open(now())
    assert pumps() == []


def test_closing_ends_a_read_that_ignores_its_deadline(monkeypatch: pytest.MonkeyPatch, make_open: Make) -> None:
    monkeypatch.setattr(pump_module, "_END_S", 0.1)
    blocked = Blocked()
    link = make_open(blocked)
    link.close()
    assert pumps() == []
    assert blocked.calls[-1] == "close"


def test_a_thread_that_cannot_be_ended_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump_module, "_END_S", 0.05)
    stuck = Blocked(stuck=True)
    link = PumpedLink(stuck, CLOCK)
    link.open(CLOCK.deadline(1.0))
    thread = next(thread for thread in threading.enumerate() if thread.name == "pump of device")
    assert thread.daemon  # so it cannot keep the process from ending
    with pytest.raises(TimedOut, match="does not end"):
        link.close()
    stuck.free.set()
    thread.join(LONG_S)


def test_a_virtual_clock_needs_no_thread(inner: Inner) -> None:
    clock = VirtualClock()
    link = PumpedLink(inner, clock, capacity_bytes=1)
    link.open(clock.deadline(1.0))
    inner.say(b"all of it")
    assert link.read(clock.deadline(1.0)) == b"all of it"
    assert pumps() == []
    assert link.take_overflow() == []
    link.close()
    assert inner.calls == ["close", "open", "close"]


def test_how_long_a_stream_may_stay_unread_follows_from_the_room(inner: Inner) -> None:
    pumped = PumpedLink(inner, CLOCK, capacity_bytes=4_000_000)
    tapped = TappedLink(pumped, lambda *_: None)
    assert unread_s(tapped, 400_000.0, CLOCK) == 10.0
    assert unread_s(inner, 400_000.0, CLOCK) == pytest.approx(0.01024)  # what the kernel holds: 4096 bytes
    assert unread_s(inner, 400_000.0, VirtualClock()) == float("inf")


def test_the_interpreters_turns_are_short_only_while_a_pump_runs(inner: Inner) -> None:
    before_s = sys.getswitchinterval()
    first, second = PumpedLink(inner, CLOCK), PumpedLink(Inner(), CLOCK)
    first.open(soon())
    second.open(soon())
    assert sys.getswitchinterval() < before_s
    first.close()
    assert sys.getswitchinterval() < before_s
    second.close()
    assert sys.getswitchinterval() == before_s
