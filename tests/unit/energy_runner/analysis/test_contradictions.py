# SPDX-License-Identifier: Apache-2.0
"""A session that contradicts itself is not valid, and a rule names what does not fit."""

from collections.abc import Callable
from pathlib import Path

import pytest

from energy_runner.rules import evaluate
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.session.result import Result, Verdict
from energy_runner.session.stream import Passed, StreamWriter
from tests.support.bent_runs import FAST, Change, bench, drop, edit, record
from tests.support.exchanged import with_exchange
from tests.support.synthetic import Run, host_ns, make_run

FRAMES = [Passed(7, "monitor", "tx", b"start\r\n"), Passed(8, "monitor", "rx", bytes(300))]


def verdict(result: Result, rule: str) -> Verdict:
    return next(one for one in result.verdicts if one.id == rule)


def switched_off(_: int, event: ev.AnyEvent) -> ev.AnyEvent | None:
    return event if isinstance(event, ev.SupplySwitched) and event.on else None


def unplanned(run: Run) -> Run:
    run.record = run.record.model_copy(update={"run": run.record.run.model_copy(update={"inferences": None})})
    return run


def one_window(**update: object) -> Change:
    """Change the third window; the trial is event 0."""
    return lambda run: run.change(
        ev.InferenceDone, lambda n, event: event.model_copy(update=update) if n == 3 else event
    )


def test_a_session_that_agrees_with_itself_is_valid(tmp_path: Path) -> None:
    for number, change in enumerate([lambda run: run, with_exchange, lambda run: with_exchange(unplanned(run))]):
        result = evaluate(change(make_run(FAST)).write(tmp_path / str(number)))
        # What waits between the made-up commands draws the power of a load, which is noticed.
        noticed = [one for one in result.findings if one.id != "idle-levels-differ"]
        assert (result.valid, noticed) == (True, [])


@pytest.mark.parametrize(
    ("change", "rule", "words"),
    [
        (lambda run: run.change(ev.SupplySwitched, switched_off), "supply-off", "on when the journal ends"),
        (drop(ev.SupplySwitched), "supply-off", "says nothing of the supply"),
        (record(supply_off_confirmed=None), "supply-off", "the record does not say so"),
        (edit(ev.InferenceDone, inferences=99), "window-inferences", "100 in each window by the plan, 99 by the"),
        (one_window(inferences=200), "window-inferences", "100 in each window by the plan, 200 by the journal"),
        (lambda run: one_window(inferences=200)(unplanned(run)), "window-inferences", "100 to 200 in a window"),
        (
            lambda run: edit(ev.InferenceDone, inferences=200)(with_exchange(unplanned(run))),
            "events-agree",
            "inferences 200 by the journal, 8 on the link",
        ),
        (edit(ev.EdgeCaptured, half_width=1e9), "edges-match-commands", "known only to ± 1e+07 s"),
        (edit(ev.MonitorConfigured, captures_edges=False), "edges-match-commands", "captures no edges by its set"),
    ],
)
def test_a_contradiction_makes_a_run_invalid_and_is_named(
    tmp_path: Path, change: Change, rule: str, words: str
) -> None:
    run = make_run(FAST, laps=True)
    result = evaluate(change(run).write(tmp_path))
    found = verdict(result, rule)
    assert (result.valid, found.passed, found.binding) == (False, False, True)
    assert words in found.text
    assert (result.energy_per_inference_j is None) == (rule != "supply-off")


def test_a_performance_run_is_held_to_its_commands_too(tmp_path: Path) -> None:
    run = edit(ev.InferenceDone, inferences=200)(with_exchange(unplanned(make_run(FAST, mode="performance"))))
    result = evaluate(run.write(tmp_path))
    assert (result.valid, result.throughput_per_s) == (False, None)
    assert "inferences 200 by the journal, 100 on the link" in verdict(result, "events-agree").text


def test_a_stream_that_is_damaged_is_not_compared(tmp_path: Path) -> None:
    session = streamed(tmp_path / "s")
    _cut(session.path / "stream.bin")
    result = evaluate(session)
    assert result.exchange is None
    assert not verdict(result, "events-agree").known


def test_edges_that_only_cross_check_may_be_there_beside_laps(tmp_path: Path) -> None:
    run = edit(ev.MonitorConfigured, captures_edges=False)(make_run(FAST, laps=True))
    run = bench(roles={"cross_check": "monitor"})(run)
    assert "edges-contradict" not in {one.id for one in evaluate(run.write(tmp_path)).findings}


# --- stream.bin -----------------------------------------------------------------------------------------


def streamed(folder: Path) -> Session:
    """A session with bytes in `stream.bin`, indexed in one event."""
    run = make_run(FAST)
    folder.mkdir()
    writer = StreamWriter(folder / "stream.bin")
    for one in FRAMES:
        writer.append(one)
    place = writer.take()
    writer.close()
    assert place is not None
    indexed = {"offset": place.offset, "length": place.length, "exchanges": place.exchanges}
    run.insert(ev.StreamChunk(t_ns=host_ns(0.0), devices=place.devices, **indexed))
    return run.write(folder)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _flip(at: int) -> Callable[[Path], None]:
    def flip(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[at] ^= 0x55
        path.write_bytes(data)

    return flip


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (Path.unlink, "stream.bin is missing"),
        (_cut, "stream.bin holds"),
        (_flip(0), "the bytes at 0 are not a frame"),  # direction
        (_flip(2), "are not a frame"),  # length of the data
        (_flip(13), "is not as indexed"),  # host time
        (_flip(14), "is not as indexed"),  # device
    ],
)
def test_a_stream_that_is_not_as_it_was_indexed_makes_a_run_invalid(
    tmp_path: Path, damage: Callable[[Path], None], words: str
) -> None:
    session = streamed(tmp_path / "s")
    assert evaluate(session).valid
    damage(session.path / "stream.bin")
    result = evaluate(session)
    assert not result.valid
    assert words in verdict(result, "run-completed").text
    assert str(tmp_path) not in verdict(result, "run-completed").text


def test_frames_that_the_index_does_not_count_are_noticed(tmp_path: Path) -> None:
    session = streamed(tmp_path / "s")
    journal = session.path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"exchanges":2', b'"exchanges":3'))
    result = evaluate(Session.open(session.path))
    assert "hold 2 frames, the journal indexes 3" in verdict(result, "run-completed").text
