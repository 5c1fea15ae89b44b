# SPDX-License-Identifier: Apache-2.0
"""A view of few among a million items takes hardly longer than among a thousand; other layers read no bulk."""

import time
from collections.abc import Callable

import numpy as np

from energy_runner.session import events as ev
from energy_runner.viewer.layers.as_far import AsFar
from energy_runner.viewer.layers.items import Family, Said, answer, spans
from tests.support.synthetic import host_ns, make_run

VIEWS = 300


def best_s(action: Callable[[], object]) -> float:
    """Return the least time of five: what else the machine does only adds to it."""
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        action()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def test_a_view_of_a_million_items_is_found_by_search() -> None:
    def train(count: int) -> Family:
        starts = np.arange(float(count))
        return spans(starts, starts + 1, lambda number: Said(str(number), "an inference"), "inferences")

    few, many = train(1_000), train(1_000_000)

    def views(family: Family) -> None:
        for k in range(VIEWS):
            at = (k * 7919) % (len(family) - 60)
            answer("inferences", family, at + 0.5, at + 50.5, 2000)

    assert best_s(lambda: views(many)) < 3 * best_s(lambda: views(few))


def test_looking_for_rare_events_again_does_not_read_a_long_journal(tmp_path) -> None:
    run = make_run(windows=1)
    arrived = [ev.SamplesArrived(t_ns=host_ns(20.0), end=k) for k in range(30_000)]
    run.events[-2:-2] = arrived
    path = run.write(tmp_path / "s").path / "journal.jsonl"
    journal = AsFar(path)
    whole_s = best_s(lambda: list(AsFar(path).of(ev.InferenceDone)))
    assert len(list(journal.of(ev.InferenceDone))) == 2
    assert best_s(lambda: list(journal.of(ev.InferenceDone))) < whole_s / 5
