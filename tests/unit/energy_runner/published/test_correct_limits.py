# SPDX-License-Identifier: Apache-2.0
"""A correction on the limits of what it accepts: times in the log, durations, edges before the first command."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from energy_runner.published.correct import Change, Correction, correct
from energy_runner.published.model import MLCOMMONS, Figure, InferCommand, MonitorEdge, PublishedSession, Recording


def command(begun_ms: int, lasts_ms: int = 10_000, inferences: int = 100, **more: Any) -> InferCommand:
    known = {
        "sent_ms": begun_ms - 200,
        "start_ms": begun_ms,
        "done_ms": begun_ms + lasts_ms,
        "finished_ms": begun_ms + lasts_ms,
    } | more
    return InferCommand(file="f", offset=0, size=1, inferences=inferences, warmups=1, **known)  # type: ignore[arg-type]


def session(positions: list[float], commands: list[InferCommand], **more: Any) -> PublishedSession:
    edges = [MonitorEdge(position, 0.5) for position in positions]
    recording = Recording("m", 1000.0, np.zeros(10, dtype=np.float32), edges, more.pop("started_ms", 0), 80_000)
    made = PublishedSession(Path("x"), MLCOMMONS, "energy", "kws01", commands=commands, recording=recording)
    return replace(made, **more)


def corrected(positions: list[float], commands: list[InferCommand], **more: Any) -> tuple[Correction, list[float]]:
    found = correct(session(positions, commands, **more))
    assert found is not None
    assert found.session.recording is not None
    return found, [edge.position for edge in found.session.recording.edges]


THREE = [command(5_000), command(25_000), command(45_000)]
TIMES = [5_000.0, 15_000.0, 25_000.0, 35_000.0, 45_000.0, 55_000.0]


@pytest.mark.parametrize(("late_ms", "near"), [(250.0, True), (-250.0, True), (251.0, False), (-251.0, False)])
def test_an_edge_is_near_its_line_within_a_quarter_of_a_second(late_ms: float, near: bool) -> None:
    positions = [at + late_ms for at in TIMES]
    found = correct(session([*positions, 20_000.0], THREE))
    assert (found is not None) is near
    if found is not None:
        assert found.changes == (Change("edges-left-out", (1,)),)
    shifted = correct(session([*(at - 1000 for at in positions), 19_000.0], THREE, started_ms=1000))
    assert (shifted is not None) is near


@pytest.mark.parametrize(("off_ms", "near"), [(500.0, True), (501.0, False)])
def test_without_lines_an_edge_is_near_the_execution_within_half_a_second(off_ms: float, near: bool) -> None:
    bare = [replace(one, start_ms=None, done_ms=None, sent_ms=(one.start_ms or 0)) for one in THREE]
    positions = [at + (off_ms if stop else -off_ms) for at, stop in zip(TIMES, [False, True] * 3, strict=True)]
    found = correct(session([*positions, 20_000.0], bare))
    assert (found is not None) is near


def test_what_was_recorded_where_the_log_says_is_not_changed() -> None:
    assert correct(session(TIMES, THREE)) is None
    assert correct(session(TIMES, THREE, figures=[Figure("x", window, "1") for window in (2, 4, 6, None)])) is None
    more = [Figure("x", window, "1") for window in (2, 4, 6, 8)]
    found, _ = corrected(TIMES, THREE, figures=more)
    assert found.changes == (Change("told-by-log"),)
    assert (found.session.figures, found.session.notes) == ([], [])
    assert correct(session(TIMES, [])) is None
    assert correct(session(TIMES[:2], THREE[:1])) is None
    none, _ = corrected(TIMES, [*THREE, command(60_000, inferences=0)])
    assert len(none.session.commands) == 3


@pytest.mark.parametrize(("length", "kept"), [(103.0, True), (97.0, True), (103.5, False), (96.5, False)])
def test_a_short_window_may_be_three_samples_longer_than_the_others(length: float, kept: bool) -> None:
    short = [command(begun, lasts_ms=100) for begun in (5_000, 25_000, 45_000, 65_000)]
    positions = [5_000.0, 5_100.0, 25_000.0, 25_100.0, 45_000.0, 45_100.0, 65_000.0, 65_000.0 + length]
    found = correct(session(positions, [replace(one, inferences=1) for one in short]))
    lost = found is not None and Change("windows-lost", (4,)) in found.changes
    assert lost is not kept


@pytest.mark.parametrize(("length", "kept"), [(10_100.0, True), (9_900.0, True), (10_101.0, False)])
def test_a_long_window_may_be_a_hundredth_longer_than_the_others(length: float, kept: bool) -> None:
    positions = [*TIMES, 65_000.0, 65_000.0 + length]
    found = correct(session(positions, [*THREE, command(65_000)]))
    lost = found is not None and Change("windows-lost", (4,)) in found.changes
    assert lost is not kept


def test_a_lost_edge_is_placed_by_the_median_of_the_others_and_as_surely_as_these_agree() -> None:
    positions = [5_000.0, 15_000.0, 25_000.0, 35_006.0, 45_000.0, 55_010.0]
    found, edges = corrected([*positions, 65_000.0], [*THREE, command(65_000)])
    assert found.changes == (Change("stop-placed", (4,)),)
    assert edges[-1] == pytest.approx(75_006.0)
    assert found.session.recording is not None
    assert found.session.recording.edges[-1].half_width == pytest.approx(
        7.0
    )  # one more than 6, the largest misfit
    before, edges = corrected([*positions, 75_000.0], [*THREE, command(65_000)])
    assert before.changes == (Change("start-placed", (4,)),)
    assert edges[-2] == pytest.approx(64_994.0)
    even, _ = corrected([*TIMES, 65_000.0], [*THREE, command(65_000)])
    assert even.session.recording is not None
    assert even.session.recording.edges[-1].half_width == 2.0


@pytest.mark.parametrize(("stop", "placed"), [(10_000.0, True), (9_999.0, False)])
def test_no_start_is_placed_before_the_trace(stop: float, placed: bool) -> None:
    first = command(0)
    found, edges = corrected([stop, *TIMES[2:]], [replace(first, sent_ms=0), *THREE[1:]])
    assert found.changes[0] == (Change("start-placed", (1,)) if placed else Change("windows-lost", (1,)))
    assert edges[0] == (0.0 if placed else 25_000.0)


def test_among_several_candidates_those_count_that_fit_the_lines() -> None:
    """No window is unambiguous, so that the lines say how long one lasts; then the nearest pair is taken."""
    doubled = sorted([*TIMES, 5_200.0, 25_180.0, 45_210.0])
    found, edges = corrected(doubled, THREE)
    assert edges == TIMES
    assert found.changes == (Change("edges-left-out", (3,)),)


@pytest.mark.parametrize(
    ("early", "boot", "kept", "changed"),
    [
        ([250.0], 0, [250.0], ()),
        ([1_750.0], 0, [1_750.0], ()),
        ([249.0], 0, [], (Change("sync-lost"), Change("edges-left-out", (1,)))),
        ([1_751.0], 0, [], (Change("sync-lost"), Change("edges-left-out", (1,)))),
        ([], 0, [], (Change("sync-lost"),)),
        ([300.0, 700.0], 0, [300.0], (Change("edges-left-out", (1,)),)),
        ([300.0, 700.0], 1, [300.0, 700.0], ()),
        ([100.0, 700.0], 1, [100.0, 700.0], ()),
    ],
)
def test_the_first_edge_after_the_timestamp_command_is_its_own(
    early: list[float], boot: int, kept: list[float], changed: tuple[Change, ...]
) -> None:
    made = session([*early, *TIMES], THREE, sync_ms=500, boot_edges=boot)
    found = correct(made)
    if not changed:
        assert found is None
        return
    assert found is not None
    assert found.session.recording is not None
    assert found.changes == changed
    assert [edge.position for edge in found.session.recording.edges] == [*kept, *TIMES]
    assert found.session.sync_ms == (500 if kept else None)


@pytest.mark.parametrize(("at", "boot"), [(4_799.0, 1), (4_800.0, 0)])
def test_edges_of_the_start_come_before_the_first_command(at: float, boot: int) -> None:
    found, edges = corrected([at, 20_000.0, *TIMES], [replace(THREE[0], start_ms=5_100), *THREE[1:]], boot_edges=1)
    assert found.session.boot_edges == boot
    assert (at in edges) is bool(boot)
