# SPDX-License-Identifier: Apache-2.0
"""Any number of readers, each as slow as it likes: nothing waits for them, and nothing is told twice."""

import threading

from energy_runner.viewer.live.outbox import Outbox, joined


def state(feed: str, **fields) -> dict:
    return {"kind": "state", "feed": feed, **fields}


def blocks(feed: str, at_s: float, step_s: float = 0.1, name: str = "power") -> dict:
    drawn = {"mean": [at_s], "min": [at_s], "max": [at_s]}
    return {"kind": "blocks", "feed": feed, "at_s": [at_s], "step_s": step_s, "signals": {name: drawn}}


def lines(feed: str, *texts: str) -> dict:
    return {"kind": "lines", "feed": feed, "lines": [{"text": text} for text in texts]}


def numbered(*events: dict) -> list[dict]:
    return [{**event, "n": number} for number, event in enumerate(events, 1)]


def test_each_reader_gets_what_is_new_for_it() -> None:
    outbox = Outbox()
    outbox.put(state("a", done_s=1))
    assert outbox.since(0) == [{**state("a", done_s=1), "n": 1}]
    outbox.put(lines("a", "x"))
    assert [event["n"] for event in outbox.since(1) or []] == [2]
    assert outbox.since(2) == []


def test_who_is_too_far_behind_is_told_so_and_so_is_one_from_another_life() -> None:
    outbox = Outbox(kept=4)
    for number in range(10):
        outbox.put(state("a", done_s=number))
    assert outbox.since(5) is None
    assert outbox.since(6) == [{**state("a", done_s=9), "n": 10}]
    assert outbox.since(11) is None  # of a process that ran before this one
    assert len(outbox._events) == 4


def test_what_belongs_together_is_joined_and_the_kept_events_stay_as_they_are() -> None:
    outbox = Outbox()
    outbox.put(blocks("a", 0.0), state("a", phase="x", done_s=1), blocks("b", 5.0), lines("a", "1"))
    outbox.put(blocks("a", 0.1), state("a", done_s=2), lines("a", "2", "3"), lines("b", "4"))
    for _ in range(2):  # the first reader's joining must not be seen by the second
        found = outbox.since(0)
        assert found is not None
        by = {(event["kind"], event["feed"]): event for event in found}
        assert len(found) == len(by) == 5
        assert by["blocks", "a"]["at_s"] == [0.0, 0.1]
        assert by["blocks", "a"]["signals"]["power"]["mean"] == [0.0, 0.1]
        assert by["state", "a"] == {**state("a", phase="x", done_s=2), "n": 6}
        assert [line["text"] for line in by["lines", "a"]["lines"]] == ["1", "2", "3"]
        assert [event["n"] for event in found] == sorted(event["n"] for event in found)


def test_nothing_is_joined_across_an_end_or_a_change_of_the_picture() -> None:
    ended = {"kind": "ended", "feed": "a", "outcome": "completed"}
    found = joined(numbered(state("a", done_s=1), ended, state("a", done_s=0)))
    assert [event["kind"] for event in found] == ["state", "ended", "state"]
    snapshot = {"kind": "snapshot", "feed": {"id": "a"}}
    assert len(joined(numbered(lines("a", "1"), snapshot, lines("a", "2")))) == 3
    assert len(joined(numbered(blocks("a", 0.0), blocks("a", 0.1, step_s=0.2), blocks("a", 0.2, step_s=0.2)))) == 2
    assert len(joined(numbered(blocks("a", 0.0), blocks("a", 0.1, name="current")))) == 2


def test_who_waits_is_woken() -> None:
    outbox = Outbox()
    assert not outbox.wait(0, 0.01)
    found: list[bool] = []
    reader = threading.Thread(target=lambda: found.append(outbox.wait(0, 30.0)))
    reader.start()
    outbox.put(state("a"))
    reader.join(20.0)
    assert found == [True]
    assert outbox.wait(0, 30.0)
