# SPDX-License-Identifier: Apache-2.0
"""Whole runs behind a handle: watched from another thread, cancelled, followed; the supply ends off."""

import os
import signal
import threading
from collections import Counter

import pytest

import energy_runner as er
from energy_runner.api import runs
from energy_runner.director.live import Transient
from energy_runner.errors import ConfigurationError, Detached
from energy_runner.session.events import InferenceDone, Remark, RunStarted
from tests.support.results import figures
from tests.support.small import small_plan, twin_bench


@pytest.fixture
def plan(tmp_path):
    return small_plan(tmp_path / "stimuli")


def test_a_run_in_a_thread_is_the_run_in_this_one(plan, tmp_path):
    with er.start(twin_bench("virtual-lpm01a", seed=3), plan, out=tmp_path / "a" / "s") as handle:
        events = list(handle.events())
        session = handle.wait()
    other = er.run(twin_bench("virtual-lpm01a", seed=3), plan, out=tmp_path / "b" / "s")
    assert session.result() == other.result()
    assert list(session.journal()) == list(other.journal())
    for file in ("journal.jsonl", "stream.bin", "result.json"):
        assert (session.path / file).read_bytes() == (other.path / file).read_bytes()
    count = Counter(event.kind for event in events)
    assert (events[0].kind, events[-1].kind) == ("run-started", "run-stopped")
    assert count["inference-done"] == 3
    assert count["progress"] > 5
    assert all(event.model_dump_json() for event in events)
    assert not any(count[kind] for kind in ("exchange", "stream-chunk", "samples-arrived"))


@pytest.mark.parametrize("bench", ["virtual-lpm01a", "virtual-n6705c", "virtual-ideal"])
def test_sample_blocks_add_up_to_the_trace(bench, plan, tmp_path):
    seen = []
    session = er.run(twin_bench(bench, seed=3), plan, out=tmp_path / "s", subscribers=[seen.append])
    blocks = [event for event in seen if event.kind == "sample-block"]
    with session.trace() as trace:
        assert sum(block.count for block in blocks) == trace.length
        name = trace.signals[0][0]
        samples = trace.read(name, 0, trace.length)
    for block in blocks:
        part = samples[block.first : block.first + block.count]
        assert (block.signals[0].name, block.signals[0].min, block.signals[0].max) == (
            name,
            part.min(),
            part.max(),
        )
        assert block.count * block.period_s <= 0.1 or block.count == 1


def test_of_two_runs_that_start_at_once_in_one_folder_one_is_refused(plan, tmp_path):
    benches, barrier = [twin_bench("virtual-lpm01a", seed=3) for _ in range(2)], threading.Barrier(2)
    started, refused = [], []

    def go(bench):
        barrier.wait(20)
        try:
            started.append(er.start(bench, plan, out=tmp_path / "s"))
        except ConfigurationError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=go, args=(bench,)) for bench in benches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [len(started), len(refused)] == [1, 1]
    assert "is not empty" in refused[0]
    assert started[0].wait().record.outcome == "completed"
    assert not (tmp_path / "s" / ".claim").exists()


def test_many_readers_each_see_every_fact(plan, tmp_path):
    found: list[list[str]] = []

    def read() -> None:
        found.append([e.kind for e in handle.events() if not isinstance(e, Transient)])

    with er.start(twin_bench("virtual-lpm01a"), plan, out=tmp_path / "s") as handle:
        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        handle.wait()
        late = [event.kind for event in handle.events()]  # after the end, from the journal
        for reader in readers:
            reader.join()
    assert found == [late] * 4
    assert late.count("run-stopped") == 1


@pytest.mark.parametrize("at", ["box-identified", "supply-switched", "inference-done"])
def test_a_run_is_cancelled_from_another_thread(at, plan, tmp_path):
    bench = twin_bench("virtual-n6705c")
    reached, cancelled = threading.Event(), threading.Event()

    def pause(event):
        if event.kind == at and not reached.is_set():
            reached.set()
            cancelled.wait(10.0)

    with er.start(bench, plan, out=tmp_path / "s", subscribers=[pause]) as handle:
        reached.wait(10.0)
        handle.cancel("the probe fell off")
        cancelled.set()
        session = handle.wait()
    assert (session.record.outcome, session.record.reason) == ("interrupted", "the probe fell off")
    assert session.record.supply_off_confirmed
    assert not bench.twin.world.powered
    assert not any(port.is_open for port in bench.twin.ports().values())


def test_a_reader_that_does_not_read_is_detached_and_harms_nothing(plan, tmp_path):
    with er.start(twin_bench("virtual-lpm01a"), plan, out=tmp_path / "s") as handle:
        lazy = handle.events(capacity=4)
        session = handle.wait()
    assert session.record.outcome == "completed"
    remarks = [event.text for event in session.journal().of(Remark)]
    assert any("an event queue sees no more of this run: 4 events wait" in text for text in remarks)
    with pytest.raises(Detached):
        list(lazy)


def test_an_observer_that_raises_at_inference_done_changes_nothing(plan, tmp_path):
    def bad(event):
        if event.kind == "inference-done":
            raise RuntimeError("of no concern")

    bench = twin_bench("virtual-lpm01a", seed=3)
    session = er.run(bench, plan, out=tmp_path / "s", subscribers=[bad])
    assert session.record.outcome == "completed"
    assert not bench.twin.world.powered
    same = er.run(twin_bench("virtual-lpm01a", seed=3), plan, out=tmp_path / "t")
    assert figures(session.result()) == figures(same.result())  # the journal has a remark on the observer


def test_what_is_wrong_is_said_before_a_thread_is_started(plan, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(ConfigurationError, match="is not empty"):
        er.start(twin_bench("virtual-lpm01a"), plan, out=tmp_path / "full")


def test_a_run_whose_thread_cannot_be_started_gives_its_folder_up(plan, tmp_path, monkeypatch):
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        er.start(twin_bench("virtual-ideal"), plan, out=tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_an_error_after_the_thread_was_started_leaves_the_folder_to_the_run(plan, tmp_path, monkeypatch):
    start = threading.Thread.start
    started, given_up = [], []

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        started.append(thread)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", interrupted)
        patch.setattr(runs, "give_up_session", given_up.append)
        with pytest.raises(KeyboardInterrupt):
            er.start(twin_bench("virtual-ideal"), plan, out=tmp_path / "s")
    started[0].join(30.0)
    assert given_up == []
    assert er.load_session(tmp_path / "s").record.outcome == "completed"


@pytest.mark.parametrize("error", [RuntimeError("late"), ValueError("late")], ids=repr)
def test_an_error_at_the_end_of_a_run_leaves_its_record(error, plan, tmp_path, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(runs, "evaluate", fail)
    with pytest.raises(type(error), match="late"):
        er.start(twin_bench("virtual-ideal"), plan, out=tmp_path / "s").wait()
    assert er.load_session(tmp_path / "s").record.outcome == "completed"


def test_a_run_can_be_followed(plan, tmp_path):
    kinds = []
    handle = er.start(twin_bench("virtual-lpm01a"), plan, out=tmp_path / "s")
    session = er.follow(handle, lambda event: kinds.append(event.kind))
    assert session.record.outcome == "completed"
    assert (kinds[0], kinds[-1]) == ("run-started", "run-stopped")


def test_what_a_follower_raises_does_not_end_the_run(plan, tmp_path):
    handle = er.start(twin_bench("virtual-lpm01a"), plan, out=tmp_path / "s")
    with pytest.raises(ZeroDivisionError):
        er.follow(handle, lambda event: 1 / 0)
    assert handle.wait().record.outcome == "completed"


def test_ctrl_c_cancels_a_run_that_is_followed(plan, tmp_path):
    bench = twin_bench("virtual-lpm01a")
    interrupted = threading.Event()

    def pause(event):
        if event.kind == "supply-switched":
            interrupted.wait(10.0)

    def interrupt(event):
        if event.kind == "supply-switched" and not interrupted.is_set():
            os.kill(os.getpid(), signal.SIGINT)
            interrupted.set()

    handle = er.start(bench, plan, out=tmp_path / "s", subscribers=[pause])
    session = er.follow(handle, interrupt)
    assert (session.record.outcome, session.record.reason) == ("interrupted", "stopped by Ctrl-C (SIGINT)")
    assert not bench.twin.world.powered


def test_a_session_made_with_bulk_bytes_tells_every_byte(plan, tmp_path):
    """What passed the links of the twins is what the session tells, byte for byte and in order."""
    passed = []
    bench = twin_bench("virtual-n6705c", seed=3)
    bench.listen(lambda box, direction, data: passed.append((box, direction, data)))
    session = er.run(bench, plan, out=tmp_path / "s")
    assert [(one.device, one.direction, one.data) for one in session.exchanges()] == passed
    times = [one.t_ns for one in session.exchanges()]
    assert times == sorted(times)
    assert {event.purpose for event in session.journal().of(InferenceDone)} == {"trial", "window"}
    assert len(list(session.journal().of(RunStarted))) == 1


def test_a_follower_that_blocks_never_keeps_the_supply_on(plan, tmp_path):
    """A terminal that takes no more text, for example."""
    bench = twin_bench("virtual-lpm01a")
    released = threading.Event()
    handle = er.start(bench, plan, out=tmp_path / "s")
    follower = threading.Thread(target=er.follow, args=(handle, lambda event: released.wait(60.0)))
    follower.start()
    session = handle.wait()
    assert session.record.outcome == "completed"
    assert not bench.twin.world.powered
    assert follower.is_alive()
    released.set()
    follower.join()


@pytest.mark.parametrize("call", ["wait", "events", "never returns"])
def test_a_listener_that_waits_for_its_own_run_is_left_behind(call, plan, tmp_path):
    bench = twin_bench("virtual-lpm01a")
    made, released = threading.Event(), threading.Event()
    handles = []

    def stuck(event):
        if event.kind == "inference-done":
            made.wait(10.0)
            if call == "wait":
                handles[0].wait()
            elif call == "events":
                list(handles[0].events())
            else:
                released.wait(60.0)

    handles.append(er.start(bench, plan, out=tmp_path / "s", subscribers=[stuck]))
    made.set()
    session = handles[0].wait()
    assert session.record.outcome == "completed"
    assert not bench.twin.world.powered
    remarks = [event.text for event in session.journal().of(Remark)]
    assert sum("stuck sees no more of this run: it took more than 1 s" in text for text in remarks) == 1
    released.set()
    for thread in threading.enumerate():
        if "stuck" in thread.name:
            thread.join(10.0)


@pytest.mark.parametrize("kind", ["inference-done", "tear-down-step"])
@pytest.mark.parametrize("text", ["\ud800", "\x1b[2J\x00"])
def test_whatever_a_listener_says_as_it_fails_the_run_is_complete_and_readable(kind, text, plan, tmp_path):
    def bad(event):
        if event.kind == kind:
            raise RuntimeError(text)

    session = er.run(twin_bench("virtual-lpm01a"), plan, out=tmp_path / "s", subscribers=[bad])
    assert session.record.outcome == "completed"
    assert session.record.supply_off_confirmed
    assert [event.kind for event in session.journal()][-1] == "run-stopped"
