# SPDX-License-Identifier: Apache-2.0
"""The rule on the debug probe: what was read around the windows, and what was not."""

from pathlib import Path

import pytest

from energy_runner.rules import check
from energy_runner.session import events as ev
from tests.support.bent_runs import FAST, one, record
from tests.support.synthetic import make_run


def judged(folder: Path, before, *after):
    """Judge a run whose switch said `before` ahead of the first window, and `after` after one window each."""
    run = record(virtual=False)(make_run(FAST))
    ends = [e.t_ns for e in run.events if isinstance(e, ev.InferenceDone) and e.purpose == "window"]
    if before is not None:
        run.insert(before.model_copy(update={"t_ns": ends[0] - 9_500_000_000}))
    for end_ns, event in zip(ends, after, strict=False):
        if event is not None:
            run.insert(event.model_copy(update={"t_ns": end_ns + 1}))
    return one(run, folder, "probe-off", "lab")


def read(on):
    return ev.SwitchRead(t_ns=0, on=on, switch="cut")


def turned(on=False, *, confirmed=True):
    return ev.SwitchTurned(t_ns=0, on=on, confirmed=confirmed, switch="cut")


@pytest.mark.parametrize(
    ("before", "after", "verdict", "words"),
    [
        (turned(), [read(False)] * 5, (True, True), "read back from cut"),
        (turned(), [None] * 4 + [read(False)], (True, True), "read back"),  # a reading closes all before it
        (read(False), [read(False)] * 5, (True, True), "read back"),
        (turned(), [read(False), read(True), read(False), read(False), read(False)], (False, True), "was on"),
        (read(True), [read(False)] * 5, (False, True), "was on"),
        (turned(confirmed=False), [read(None)] * 5, (False, False), "around every window"),
        (turned(), [read(False)] * 4 + [read(None)], (False, False), "around 1 of 5 windows"),
        (turned(), [None] * 5, (False, False), "around every window"),
        (turned(), [None] * 4 + [turned(on=True)], (False, False), "around every window"),
        (None, [], (False, False), "no switch is on the bench"),
    ],
)
def test_what_was_read_around_the_windows(tmp_path, before, after, verdict, words):
    found = judged(tmp_path, before, *after)
    assert (found.passed, found.known) == verdict
    assert words in found.note
    assert found.binding == found.known


def test_a_twin_without_a_switch_has_no_probe(tmp_path):
    path = make_run(FAST).write(tmp_path / "s")
    assert check(path, ["probe-off"], rule_set="lab") == []


def test_one_window_of_two_counts_twice_for_none(tmp_path):
    verdict = judged(tmp_path, turned(), read(False), read(True), read(False), read(False), read(False))
    assert (verdict.value, verdict.low) == (3.0, 5.0)  # on before the third, and after the second


def test_a_session_of_0_1_0_has_only_the_turning(tmp_path):
    verdict = judged(tmp_path, ev.SwitchTurned(t_ns=0, on=False))
    assert not verdict.known
