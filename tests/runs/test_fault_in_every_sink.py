# SPDX-License-Identifier: Apache-2.0
"""Whatever records or watches a run may fail, at each call and in each way: the supply ends off all the same.

The calls of a run are counted, then the run is repeated with each kind of error at each call of each sink. The
files of a session may stop the run, a subscriber may not, and what has been recorded can always be read.
"""

import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.bench import Bench
from energy_runner.director.bus import Bus
from energy_runner.director.recorder import Recorder
from energy_runner.director.run import RunEnd, conduct
from energy_runner.director.stop import StopRequest
from energy_runner.session.events import InferenceDone, Remark, RunStopped
from energy_runner.session.journal import Journal, read_journal
from tests.support.no_report import no_report
from tests.support.sink_faults import ERRORS, SINKS, SinkFaults
from tests.support.small import small_plan, twin_bench

BENCHES = ("virtual-lpm01a", "virtual-n6705c")
LONGEST_S = 180.0
LAST = 30
# How a run ends if that comes out of one of its files or drivers before the tear-down.
OUTCOMES = {"full-disk": "bench-fault", "ctrl-c": "interrupted"}
# Those that take turns at the calls, so that each call suffers one of them; the others are handled as one of these
# is, and come at every seventh. The swarm draws all of them at random.
TURNS = {
    "journal": ("full-disk", "mistake", "ctrl-c"),
    "stream": ("full-disk", "mistake", "ctrl-c"),
    "trace": ("full-disk", "mistake", "ctrl-c"),
    "subscriber": ("mistake", "ctrl-c"),
    "link": ("ctrl-c",),  # what instruments raise comes at each call in test_fault_at_every_call.py
}


def conduct_with(faults: SinkFaults, where: str, name: str, plan, folder: Path) -> tuple[Bench, RunEnd, Journal]:
    """Conduct a run with a fault in a sink, in a subscriber or in a link."""
    bench = twin_bench(name, seed=3, wrap=faults.wrap if where == "link" else None)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    bus = Bus([faults.subscriber] if where == "subscriber" else [])
    recorder = Recorder(folder, bench.clock, bus)
    faults.in_tear_down = lambda: recorder.lenient
    with faults.in_sink(where) if where in SINKS else nullcontext():
        end = conduct(bench, plan, recorder, StopRequest())
        try:
            recorder.close()
        except BaseException as error:
            assert error is faults.raised
    bus.close()
    return bench, end, read_journal(folder / "journal.jsonl")


def count_calls(where: str, name: str, plan, folder: Path) -> int:
    faults = SinkFaults()
    _, end, _ = conduct_with(faults, where, name, plan, folder)
    assert end.outcome == "completed"
    return len(faults.log)


def places(where: str, name: str, error: str, calls: int) -> list[int]:
    """Return at which calls an error comes; files and subscribers are the same on both benches.

    At the last calls on the links, by which the supply is switched off, everything comes.
    """
    turns = TURNS[where]
    first, step = (turns.index(error), len(turns)) if error in turns else (sorted(ERRORS).index(error), 7)
    step *= 1 if name == BENCHES[0] or where == "link" else 3
    chosen = set(range(first, calls, step))
    return sorted(chosen | set(range(calls - LAST, calls)) if where == "link" else chosen)


def check_power_is_off(bench: Bench, what: str) -> None:
    assert bench.twin is not None
    assert not bench.twin.world.powered, f"{what}: the supply is on"
    assert bench.clock.now_ns() < LONGEST_S * 1e9, f"{what}: took {bench.clock.now_ns() / 1e9:.0f} s"
    for port in bench.twin.ports().values():
        assert not port.is_open, f"{what}: port {port.device} is open"


def check_end(end: RunEnd, faults: SinkFaults, what: str) -> None:
    """A run that could not go on says why; one that was in its tear-down already ends as it would have."""
    assert end.supply_off_confirmed or "was never switched on by this run" in end.reason, what
    assert (end.outcome == "completed") == faults.late, what
    if faults.late:
        return
    assert end.outcome == OUTCOMES.get(faults.error, "failed"), what
    assert "injected" in end.reason, what
    assert end.error is (faults.raised if end.outcome == "failed" else None), what


@pytest.mark.deep
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("sink", SINKS)
@pytest.mark.parametrize("name", BENCHES)
def test_fault_in_every_file(name, sink, error, tmp_path):
    plan = small_plan(tmp_path / "stimuli")
    calls = count_calls(sink, name, plan, tmp_path / "count")
    assert calls > 10
    for at in places(sink, name, error, calls):
        faults = SinkFaults(error, at)
        bench, end, journal = conduct_with(faults, sink, name, plan, tmp_path / "run")
        what = f"{error} in {sink} call {at} ({faults.log[at]})"
        check_power_is_off(bench, what)
        check_end(end, faults, what)
        assert not journal.torn, what
        stopped = list(journal.of(RunStopped))
        assert len(list(journal)) > 0 or (sink == "journal" and at == 0), what
        if sink != "journal":  # the other files are whole, and the journal tells how it ended
            assert [event.outcome for event in stopped] == [end.outcome], what


@pytest.mark.deep
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("name", BENCHES)
def test_fault_in_a_subscriber_at_every_event(name, error, tmp_path):
    plan = small_plan(tmp_path / "stimuli")
    calls = count_calls("subscriber", name, plan, tmp_path / "count")
    assert calls > 50
    for at in places("subscriber", name, error, calls):
        faults = SinkFaults(error, at)
        bench, end, journal = conduct_with(faults, "subscriber", name, plan, tmp_path / "run")
        what = f"{error} in a subscriber at event {at} ({faults.log[at]})"
        check_power_is_off(bench, what)
        assert len(faults.log) == at + 1, f"{what}: it was called again"
        assert [event.outcome for event in journal.of(RunStopped)] == [end.outcome], what
        remarks = [event.text for event in journal.of(Remark)]
        assert any("SinkFaults.subscriber sees no more of this run" in text for text in remarks), what
        if error in {"full-disk", "mistake", "memory"}:
            assert end.outcome == "completed", what
            assert sum(event.purpose == "window" for event in journal.of(InferenceDone)) == 2, what
        else:
            check_end(end, faults, what)


@pytest.mark.deep
@pytest.mark.parametrize("error", ["mistake", "memory", "ctrl-c", "exit", "generator"])
@pytest.mark.parametrize("name", BENCHES)
def test_whatever_comes_out_of_a_link_at_every_call(name, error, tmp_path):
    plan = small_plan(tmp_path / "stimuli")
    calls = count_calls("link", name, plan, tmp_path / "count")
    assert calls > 100
    for at in places("link", name, error, calls):
        faults = SinkFaults(error, at)
        bench, end, journal = conduct_with(faults, "link", name, plan, tmp_path / "run")
        what = f"{error} in link call {at} ({faults.log[at]})"
        check_power_is_off(bench, what)
        assert [event.outcome for event in journal.of(RunStopped)] == [end.outcome], what
        check_end(end, faults, what)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("where", [*SINKS, "subscriber"])
def test_a_session_with_a_failed_sink_can_be_read(where, error, tmp_path):
    """Through the whole API, at calls spread over the run: the record says how it ended, with the supply off."""
    plan = small_plan(tmp_path / "stimuli")
    calls = count_calls(where, "virtual-lpm01a", plan, tmp_path / "count")
    for at in range(0, calls, max(1, calls // 6)):
        faults = SinkFaults(error, at)
        bench = twin_bench("virtual-lpm01a", seed=3)
        out = tmp_path / f"{where}-{at}"
        raised: BaseException | None = None
        with faults.in_sink(where) if where in SINKS else nullcontext():
            subscribers = [faults.subscriber] if where == "subscriber" else []
            try:
                with no_report():
                    api.run(bench, plan, out=out, subscribers=subscribers)
            except BaseException as caught:
                raised = caught
        what = f"{error} in {where} call {at} ({faults.log[at]})"
        check_power_is_off(bench, what)
        assert raised is None or raised is faults.raised, what
        session = api.load_session(out)
        assert session.record.outcome != "running", what
        assert session.record.supply_off_confirmed or "never switched on" in session.record.reason, what
        assert (session.record.outcome == "failed") == (raised is not None), what
        assert not api.analyze(session).valid or session.record.outcome == "completed", what
        list(session.exchanges())
