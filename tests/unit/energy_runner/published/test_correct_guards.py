# SPDX-License-Identifier: Apache-2.0
"""What a correction refuses: sessions made of commands, lines and edges, where one thing is in doubt at a time."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from energy_runner.published import correct as module
from energy_runner.published.correct import TOLERANCE_S, Change, correct
from energy_runner.published.model import MLCOMMONS, InferCommand, MonitorEdge, Note, PublishedSession, Recording

RATE_HZ = 1000.0
LASTS_MS, EVERY_MS, FIRST_MS = 10_000, 13_000, 2_000


def command(number: int, inferences: int = 100, *, lines: bool = True) -> InferCommand:
    begun = FIRST_MS + number * EVERY_MS
    return InferCommand(
        file=f"{number}.bin",
        offset=0,
        size=490,
        inferences=inferences,
        warmups=1,
        sent_ms=begun - 200,
        start_ms=begun if lines else None,
        done_ms=begun + LASTS_MS if lines else None,
        finished_ms=begun + LASTS_MS,
    )


def at(number: int, *, stop: bool = False, late_ms: float = 0.0) -> MonitorEdge:
    """The edge of a command, exactly at its line or so much later; a sample is a millisecond."""
    return MonitorEdge(FIRST_MS + number * EVERY_MS + LASTS_MS * stop + late_ms, 0.5)


def pair(number: int, late_ms: float = 0.0) -> list[MonitorEdge]:
    return [at(number, late_ms=late_ms), at(number, stop=True, late_ms=late_ms)]


def session(
    edges: list[MonitorEdge], commands: list[InferCommand] | None = None, **more: object
) -> PublishedSession:
    recording = Recording("made up", RATE_HZ, np.zeros(80_000, dtype=np.float32), edges, 0, 80_000)
    commands = [command(k) for k in range(4)] if commands is None else commands
    whole = PublishedSession(Path("x"), MLCOMMONS, "energy", "kws01", commands=commands, recording=recording)
    return replace(whole, **more)  # type: ignore[arg-type]


def changes(made: PublishedSession) -> tuple[Change, ...] | None:
    found = correct(made)
    return None if found is None else found.changes


def edges_of(made: PublishedSession) -> list[float]:
    found = correct(made)
    assert found is not None
    assert found.session.recording is not None
    return [edge.position for edge in found.session.recording.edges]


WHOLE = [edge for number in range(4) for edge in pair(number)]
LAST_LOST = WHOLE[:-1]  # the stop of the fourth window is missing


def test_what_is_whole_needs_nothing_and_a_lost_stop_is_placed() -> None:
    assert correct(session(WHOLE)) is None
    assert changes(session(LAST_LOST)) == (Change("stop-placed", (4,)),)
    assert edges_of(session(LAST_LOST)) == [edge.position for edge in WHOLE]
    assert changes(session(WHOLE[1:])) == (Change("start-placed", (1,)),)
    assert edges_of(session(WHOLE[1:])) == [edge.position for edge in WHOLE]


@pytest.mark.parametrize("note", ["trace-length", "trace-short", "iterations-differ"])
def test_where_times_or_counts_are_in_doubt_nothing_is_corrected(note: str) -> None:
    assert correct(session(LAST_LOST, notes=[Note("edge-missing", "7 of 8")])) is not None
    assert correct(session(LAST_LOST, notes=[Note(note, "what was wrong")])) is None


def test_one_complete_window_alone_proves_no_duration() -> None:
    two = [*pair(0), *pair(1), at(2)]
    assert changes(session(two)) == (Change("stop-placed", (3,)), Change("windows-lost", (4,)))
    assert correct(session([*pair(0), at(1), at(2)])) is None


def test_the_number_of_commands_that_are_searched_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_COMMANDS", 4)
    assert correct(session(LAST_LOST)) is not None
    monkeypatch.setattr(module, "_MOST_COMMANDS", 3)
    assert correct(session(LAST_LOST)) is None
    assert correct(session(LAST_LOST, commands=[])) is None


def test_the_number_of_edges_that_are_searched_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = [MonitorEdge(50.0 + k, 0.5) for k in range(3)]
    monkeypatch.setattr(module, "_MOST_SURPLUS", 2)
    assert changes(session([*WHOLE, *odd[:2]])) == (Change("edges-left-out", (2,)),)
    assert correct(session([*WHOLE, *odd])) is None
    made = session([*WHOLE, *odd[:2]])
    assert made.recording is not None
    assert correct(replace(made, recording=replace(made.recording, late_edges=odd[2:]))) is None


@pytest.mark.parametrize("seed", range(8))
def test_of_many_candidates_the_two_that_are_as_far_apart_as_in_other_windows_are_taken(seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts = [at(3, late_ms=late) for late in rng.uniform(-240, 240, 9)]
    stops = [at(3, stop=True, late_ms=late) for late in rng.uniform(-240, 240, 9)]
    best = min(product(starts, stops), key=lambda one: abs(one[1].position - one[0].position - LASTS_MS))
    assert edges_of(session([*WHOLE[:6], *starts, *stops]))[6:] == [edge.position for edge in best]


def test_of_stops_that_are_all_late_the_first_is_taken() -> None:
    late = [at(3, stop=True, late_ms=ms) for ms in (50.0, 60.0, 200.0)]
    assert edges_of(session([*WHOLE[:7], *late]))[6:] == [at(3).position, late[0].position]
    early = [at(3, stop=True, late_ms=ms) for ms in (-200.0, -60.0, -50.0)]
    assert edges_of(session([*WHOLE[:7], *early]))[6:] == [at(3).position, early[2].position]


def test_edges_closer_than_a_window_is_long_are_none() -> None:
    # All edges during a command without lines may be its start or its stop.
    commands = [command(0), command(1), command(2), command(3, lines=False)]
    close = [at(3), at(3, late_ms=5.0), at(3, late_ms=9.0)]
    assert changes(session([*WHOLE[:6], *close], commands)) == (
        Change("windows-lost", (4,)),
        Change("edges-left-out", (3,)),
    )


def test_a_command_without_inferences_has_no_window() -> None:
    commands = [command(0), command(1), command(2), command(3, inferences=0)]
    found = correct(session(WHOLE[:6], commands))
    assert found is not None  # it is left out, which is a change
    assert [one.file for one in found.session.commands] == ["0.bin", "1.bin", "2.bin"]


@pytest.mark.parametrize("early", [1, -1])
def test_an_edge_belongs_to_a_line_no_further_than_the_tolerance(early: int) -> None:
    inside, outside = (early * (1e3 * TOLERANCE_S + off) for off in (-1.0, 1.0))
    near, far = [*WHOLE[:6], *pair(3, inside)], [*WHOLE[:6], *pair(3, outside)]
    assert correct(session(near)) is None
    assert changes(session(far)) == (Change("windows-lost", (4,)), Change("edges-left-out", (2,)))


def test_a_command_without_lines_takes_the_edges_of_its_execution() -> None:
    commands = [command(0), command(1), command(2), command(3, lines=False)]
    assert correct(session(WHOLE, commands)) is None
    # Of one edge alone nobody can tell whether it is the start or the stop.
    assert changes(session(LAST_LOST, commands)) == (Change("windows-lost", (4,)), Change("edges-left-out", (1,)))
    late = [*WHOLE[:6], at(3, late_ms=600.0), at(3, stop=True, late_ms=600.0)]
    assert changes(session(late, commands)) == (Change("windows-lost", (4,)), Change("edges-left-out", (2,)))


@pytest.mark.parametrize(("longer_ms", "fits"), [(99.0, True), (-99.0, True), (101.0, False), (-101.0, False)])
def test_a_window_that_is_not_as_long_as_the_others_is_not_taken(longer_ms: float, fits: bool) -> None:
    bent = [*WHOLE[:6], at(3), at(3, stop=True, late_ms=longer_ms)]  # 1 % of the window is 100 ms
    assert (correct(session(bent)) is None) == fits


def test_of_two_candidates_the_one_that_fits_is_taken() -> None:
    extra = sorted([*WHOLE, at(3, late_ms=120.0)], key=lambda edge: edge.position)
    assert edges_of(session(extra)) == [edge.position for edge in WHOLE]
    assert changes(session(extra)) == (Change("edges-left-out", (1,)),)


def test_where_every_window_is_ambiguous_the_lines_say_how_long_one_is() -> None:
    doubled = sorted([*WHOLE, *(at(k, late_ms=150.0) for k in range(4))], key=lambda edge: edge.position)
    assert edges_of(session(doubled)) == [edge.position for edge in WHOLE]
    # Lines in the wrong order say nothing: then nothing does.
    backwards = [replace(command(k), done_ms=command(k).start_ms, start_ms=command(k).done_ms) for k in range(4)]
    assert correct(session(doubled, backwards)) is None


def test_a_start_is_not_placed_before_the_recording_began() -> None:
    for begun, placed in ((LASTS_MS, True), (LASTS_MS - 1, False)):
        first = replace(command(0), sent_ms=0, start_ms=begun - LASTS_MS, done_ms=begun)
        made = session([MonitorEdge(float(begun), 0.5), *WHOLE[2:]], [first, *(command(k) for k in range(1, 4))])
        found = correct(made)
        assert found is not None
        assert (found.changes[0] == Change("start-placed", (1,))) == placed


def test_a_placed_edge_is_as_uncertain_as_the_windows_differ() -> None:
    def half_width(made: PublishedSession) -> float:
        found = correct(made)
        assert found is not None
        assert found.session.recording is not None
        return max(edge.half_width for edge in found.session.recording.edges)

    assert half_width(session(LAST_LOST)) == 2.0
    for late_ms in (40.0, -40.0):
        bent = [*pair(0), *pair(1), at(2), at(2, stop=True, late_ms=late_ms), at(3)]
        assert half_width(session(bent)) == 41.0


def test_edges_of_the_start_and_of_the_clocks_are_told_apart() -> None:
    boot, sync = MonitorEdge(300.0, 0.5), MonitorEdge(1000.0, 0.5)
    made = session([boot, sync, *WHOLE], boot_edges=1, sync_ms=900)
    assert correct(made) is None
    assert changes(session([boot, *WHOLE], boot_edges=1, sync_ms=900)) == (Change("sync-lost"),)
    late = replace(sync, position=900 + 1e3 * (TOLERANCE_S + 1.0) - 400)
    assert correct(session([boot, late, *WHOLE], boot_edges=1, sync_ms=900)) is None
    found = correct(session([boot, *WHOLE[:-1]], boot_edges=1))
    assert found is not None
    assert found.session.boot_edges == 1
