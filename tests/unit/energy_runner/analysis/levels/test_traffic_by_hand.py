# SPDX-License-Identifier: Apache-2.0
"""Quiet stretches by hand, event by event and byte by byte, in nanoseconds."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from energy_runner.analysis.levels.traffic import (
    BY_BYTES,
    BY_EVENTS,
    Span,
    _between_commands,
    _by_events,
    _Sequence,
    _within,
    traffic_of,
)
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.session.journal import exchange
from energy_runner.session.stream import Passed, StreamWriter
from tests.support.synthetic import host_ns, make_run

FOREVER = 2**63
BYTE_NS = 1_041_667  # ten bits at 9600 baud


def started(t_ns: int) -> ev.AnyEvent:
    return ev.AcquisitionStarted(t_ns=t_ns)


def switched(t_ns: int, *, on: bool = True) -> ev.AnyEvent:
    return ev.SupplySwitched(t_ns=t_ns, on=on)


def booted(t_ns: int) -> ev.AnyEvent:
    return ev.DutBooted(t_ns=t_ns, timestamp_mode="", lines=[])


def loading(t_ns: int) -> ev.AnyEvent:
    return ev.Phase(t_ns=t_ns, name="load")


def loaded(t_ns: int) -> ev.AnyEvent:
    return ev.StimulusLoaded(t_ns=t_ns, index=0, file="a", offset=0, size=1, sha256="0" * 64, read_back=False)


def expected(t_ns: int, purpose: Any) -> ev.AnyEvent:
    return ev.EdgesExpected(t_ns=t_ns, purpose=purpose, count=1)


@pytest.mark.parametrize(
    ("events", "quiet", "unsure"),
    [
        ([started(0), switched(10)], [Span(0, 10, True)], []),
        ([switched(0), started(5), loading(10)], [], []),  # what it does after a switch is not known
        ([booted(0), switched(2), started(5), loading(10)], [Span(0, 2)], []),
        ([booted(3), started(5), loading(10)], [Span(5, 10, True)], []),
        ([booted(3), loading(10), loaded(20), switched(30)], [Span(3, 10), Span(20, 30)], []),
        ([booted(3), expected(5, "boot"), loading(10)], [Span(3, 10)], []),
        ([booted(3), expected(5, "window"), loading(10)], [], [Span(3, 5)]),
        ([booted(3), expected(5, "sync"), loading(10**9)], [Span(200_000_005, 10**9)], [Span(3, 5)]),
        ([booted(10), loading(10)], [], []),
    ],
)
def test_a_dut_is_quiet_from_its_answer_to_the_next_command(
    events: list[ev.AnyEvent], quiet: list[Span], unsure: list[Span]
) -> None:
    state = _Sequence()
    for event in events:
        state.take(event)
    assert (state.quiet, state.unsure) == (quiet, unsure)


def journal(events: list[ev.AnyEvent]) -> Any:
    return SimpleNamespace(journal=lambda **_: iter(events))


def test_only_the_time_of_the_acquisition_counts() -> None:
    traffic, acquired = _by_events(journal([booted(3), started(5), loading(10), loaded(20), started(22)]))
    assert acquired == Span(5, FOREVER)
    assert traffic.quiet == [Span(5, 10, True)]
    stopped = ev.AcquisitionStopped(t_ns=40, samples=1, received=1)
    for last in (switched(40, on=False), stopped):
        events = [booted(3), loading(4), started(5), loaded(20), switched(30), loaded(35), last, booted(50)]
        traffic, acquired = _by_events(journal(events))
        assert acquired == Span(5, 40)
        assert traffic.quiet == [Span(20, 30), Span(35, 40)]


def test_without_an_acquisition_nothing_is_known_to_be_quiet() -> None:
    traffic, acquired = _by_events(journal([booted(3), loading(10)]))
    assert (traffic.quiet, acquired) == ([], None)


@pytest.mark.parametrize(
    ("sent_ns", "resolution_s"),
    [((0, 10**9), 1.0), ((1, 10**9), 0.0), ((0, 1), 0.0), ((1, 0, 10**9), 0.0), ((), 0.0)],
)
def test_one_time_between_whole_seconds_is_enough(sent_ns: tuple[int, ...], resolution_s: float) -> None:
    done = next(event for event in make_run(windows=1).events if isinstance(event, ev.InferenceDone))
    events: list[ev.AnyEvent] = [done.model_copy(update={"sent_ns": one}) for one in sent_ns]
    assert _by_events(journal(events))[0].resolution_s == resolution_s


READY = Passed(10**9, "dut", "rx", b"m-ready")


@pytest.mark.parametrize(
    ("passed", "quiet"),
    [
        ([READY], [Span(10**9, FOREVER)]),
        ([READY, Passed(2 * 10**9, "dut", "tx", b"name%")], [Span(10**9, 2 * 10**9)]),
        ([READY, Passed(10**9, "dut", "tx", b"name%")], []),
        ([READY, Passed(2 * 10**9, "dut", "rx", b"xyz")], [Span(10**9, 2 * 10**9 - 3 * BYTE_NS)]),
        ([Passed(10**9, "dut", "rx", b"m-ready" + b"x" * 4089)], [Span(10**9, FOREVER)]),
        ([Passed(10**9, "dut", "rx", b"m-ready" + b"x" * 4090)], []),  # no end of an answer so long ago
    ],
)
def test_bytes_end_what_an_answer_began(passed: list[Passed], quiet: list[Span]) -> None:
    assert list(_between_commands(iter(passed)))[: len(quiet) or None] == quiet


def test_stretches_that_only_touch_are_none() -> None:
    whole = Span(10, 20)
    assert list(_within([Span(0, 10), Span(5, 12, True), Span(20, 30)], whole)) == [Span(10, 12, True)]
    assert list(_within([Span(0, 10)], None)) == []


def test_before_a_command_it_is_quiet_if_the_journal_tells_of_loads() -> None:
    told = [started(0), loading(10), loaded(20), expected(30, "window")]
    assert _by_events(journal(told))[0].quiet == [Span(0, 10, True), Span(20, 30)]
    assert _by_events(journal([started(0), loaded(20), expected(30, "window")]))[0].quiet == []


# --- bytes in `stream.bin` --------------------------------------------------------------------------------


def streamed(folder: Path, *more: ev.AnyEvent) -> Session:
    """The DUT answers at 0.2 s by the journal, and is asked again at 1 s by the stream, which others share."""
    run = make_run(windows=1)
    folder.mkdir()
    writer = StreamWriter(folder / "stream.bin")
    writer.append(Passed(host_ns(0.5), "monitor", "rx", bytes(300)))
    writer.append(Passed(host_ns(1.0), "dut", "tx", b"name%"))
    place = writer.take()
    writer.close()
    assert place is not None
    for event in (
        exchange(host_ns(0.1), "dut", "tx", b"timestamp%"),
        exchange(host_ns(0.2), "dut", "rx", b"m-ready\r\n"),
        ev.StreamChunk(
            t_ns=host_ns(1.1),
            offset=place.offset,
            length=place.length,
            exchanges=place.exchanges,
            devices=place.devices,
        ),
        *more,
    ):
        run.insert(event)
    return run.write(folder)


def test_bytes_of_the_dut_in_the_stream_end_what_is_quiet(tmp_path: Path) -> None:
    """Those of others do not, and what is no text says nothing of readiness."""
    found = traffic_of(streamed(tmp_path / "s", exchange(host_ns(0.3), "monitor", "rx", bytes([0, 255, 128]))))
    assert (found.basis, found.quiet) == (BY_BYTES, [Span(host_ns(0.2), host_ns(1.0))])


def test_a_stream_that_is_missing_leaves_the_events(tmp_path: Path) -> None:
    session = streamed(tmp_path / "s")
    (session.path / "stream.bin").unlink()
    assert traffic_of(session).basis == BY_EVENTS


def test_a_missing_stream_that_held_nothing_of_the_dut_leaves_its_bytes(tmp_path: Path) -> None:
    session = streamed(tmp_path / "s")
    (session.path / "stream.bin").unlink()
    journal = session.path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"devices":["dut","monitor"]', b'"devices":["monitor"]'))
    found = traffic_of(Session.open(session.path))
    assert (found.basis, [span.begin_ns for span in found.quiet]) == (BY_BYTES, [host_ns(0.2)])
