# SPDX-License-Identifier: Apache-2.0
"""The step in the trace in closed form: where it is looked for, what is one, and how far off it is."""

import math
from collections.abc import Callable, Sequence
from math import nextafter
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.placing.alignment import BY_MONITOR, Alignment, Placed
from energy_runner.analysis.placing.edges import Matching
from energy_runner.analysis.placing.steps import (
    Steps,
    _apart,
    _End,
    _mean,
    _means,
    by_trace,
    checked_by_steps,
    find_steps,
)

Reads = list[tuple[int, int]]


def source_of(power_w: np.ndarray, step_s: float = 1e-3, reads: Reads | None = None) -> EnergySource:
    def read(start: int, stop: int) -> np.ndarray:
        if reads is not None:
            reads.append((start, stop))
        return power_w[start:stop]

    return EnergySource(read, len(power_w), step_s, step_s)


def steps(power: np.ndarray | EnergySource, start: float, stop: float, inferences: int) -> Steps | None:
    source = power if isinstance(power, EnergySource) else source_of(power)
    return find_steps(source, Alignment(BY_MONITOR, [Placed(start, stop, 0.5)]), [inferences])


def offs(found: Steps | None) -> tuple[float, float] | None:
    return (found.late_s, found.early_s) if found else None


def level(start: int, stop: int, beside_w: float = 0.5, inside_w: float = 1.0, length: int = 6000) -> np.ndarray:
    power_w = np.full(length, beside_w)
    power_w[start:stop] = inside_w
    return power_w


# --- where it is looked for -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("each", "count", "step_s", "reads"),
    [
        # Blocks of 16 samples; half a second and two blocks at the ends, 40 blocks in the middle.
        (1, 3200, 1e-3, [(2280, 2920), (4200, 4744), (984, 1000), (3656, 4200), (1000, 1544)]),
        # Few blocks: half of them.
        (1, 336, 1e-3, [(1080, 1240), (1336, 1496), (984, 1000), (1176, 1336), (1000, 1160)]),
        (20, 10, 1e-3, [(1040, 1140), (1200, 1300), (980, 1000), (1100, 1200), (1000, 1100)]),
        # Blocks of a millisecond, 132 samples; what is looked at are more than 40.
        (1, 145_200, 2**-17,
         [(40_600, 106_468), (146_200, 212_068), (868, 1000), (80_332, 146_200), (1000, 66_868)]),
    ],
)  # fmt: skip
def test_blocks_of_whole_inferences_are_read_at_both_ends_and_in_the_middle(
    each: int, count: int, step_s: float, reads: Reads
) -> None:
    stop = 1000 + each * count
    read: Reads = []
    source = source_of(level(1000, stop, length=stop + 70_000), step_s, read)
    assert steps(source, 1000, stop, count) == Steps(0.0, 0.0, 1)
    assert read == reads


def test_an_edge_within_a_block_is_looked_for_in_six_of_them() -> None:
    for late in (True, False):
        read: Reads = []
        by = 20 if late else -20
        found = steps(source_of(level(1000, 4000), reads=read), 1000 + by, 4000 + by, 60)
        assert offs(found) == pytest.approx((0.02, 0.0) if late else (0.0, 0.02))
        assert len(read) == 5 + 7 * 6  # 17.5 of 20 samples are four fifths
        assert {start // 50 for start, _ in read[5:11]} == (set(range(75, 81)) if late else set(range(19, 25)))


def test_a_step_belongs_to_an_edge_up_to_half_a_second_and_a_tenth_of_a_block() -> None:
    for by, off_s in ((595, 0.595), (605, 0.0)):
        power_w = level(2000, 62_000, length=70_000)
        assert offs(steps(power_w, 2000 + by, 62_000 + by, 60)) == pytest.approx((off_s, 0.0))
        assert offs(steps(power_w, 2000 - by, 62_000 - by, 60)) == pytest.approx((0.0, off_s))


def test_a_dut_may_be_at_its_next_command_after_an_edge_that_is_late_but_not_before_one_that_is_early() -> None:
    power_w = level(1000, 4000)
    power_w[:900] = power_w[4100:] = 1.5
    assert offs(steps(power_w, 1000, 4100, 62)) == pytest.approx((0.1, 0.0))
    assert offs(steps(power_w, 900, 4000, 62)) == pytest.approx((0.0, 0.0))


def test_windows_that_cannot_be_looked_at_say_nothing() -> None:
    assert steps(level(1000, 1160), 1000, 1160, 160) == Steps(0.0, 0.0, 1)
    assert steps(level(1000, 1159), 1000, 1159, 159) is None  # nine blocks
    assert steps(level(1000, 1000), 1000, 1000, 60) is None
    assert steps(level(0, 3000), -1, 3000, 60) is None
    assert steps(level(0, 3000), 0, 3000, 60) == Steps(0.0, 0.0, 1)
    for length in (900, 2000, 4000, 4049):
        assert steps(level(1000, 4000, length=length), 1000, 4000, 60) is None
    assert steps(level(1000, 4000, length=4050), 1000, 4000, 60) == Steps(0.0, 0.0, 1)
    assert steps(np.zeros(6000), 1000, 4000, 60) is None


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("scatter", "limit"), [(0.0, 0.05), (0.1, 6 * 0.1 / 1.2816)])
def test_what_comes_after_differs_by_a_twentieth_and_by_six_of_the_scatter(
    scatter: float, limit: float, sign: int
) -> None:
    """Two kinds of inferences in turn, both as far from the middle."""
    for beside, known in ((1 - 0.99 * limit, False), (1 - 1.01 * limit, True)):
        power_w = level(1000, 4000, beside)
        power_w[1000:4000] += np.repeat(np.tile([scatter, -scatter], 30), 50)
        assert (steps(sign * power_w, 1000, 4000, 60) is not None) is known


def test_means_are_of_whole_blocks_that_were_recorded() -> None:
    power_w = np.arange(40.0)
    power_w[35] = math.inf
    for begin, count, means in (
        (-16, 3, [7.5, 23.5]),
        (-17, 3, [22.5]),
        (8, 2, [15.5, math.nan]),
        (24, 3, [math.nan]),
        (25, 3, []),
        (-16, 1, []),
        (40, 3, []),
        (60, 3, []),
    ):
        found = _means(source_of(power_w), begin, 16.0, count)
        assert found.tolist() == pytest.approx(means, nan_ok=True)
    whole = [(-3, 2, 0.0), (-2, 5, 1.0), (4, 3, 5.0), (4, 0.2, 4.0), (39, 5, 39.0), (99, 5, 39.0), (37, 9, 38.0)]
    for start, length, mean in [*whole, (34, 2, math.nan)]:
        assert _mean(source_of(power_w), start, length) == pytest.approx(mean, nan_ok=True)
    assert _apart([9.0, 1.0, 7.0, 2.0]) == 7.0


# --- what is a step -------------------------------------------------------------------------------------

UNIT = 2.0**-10  # watt; all but unlike blocks are multiples of it, and products far below one
UNLIKE = 1.0


def never(length: float) -> float:
    raise AssertionError(length)


def off(
    blocks: Sequence[float],
    beside: Sequence[float],
    within: Callable[[float], float] = never,
    either: bool = True,
) -> float:
    return _End(
        UNIT * np.array(blocks), UNIT * np.array(beside), UNIT * UNLIKE, 100.0, lambda n: UNIT * within(n), either
    ).off()


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("either", [True, False])
@pytest.mark.parametrize(
    ("blocks", "samples"),
    [
        ([0, 0, 0], 0),
        ([1, 0, 0], 0),
        ([-10, -10, -4, 0, 0], 240),
        ([-10, -10, -4, 0], 240),
        ([-10, -10, -4], 0),
        ([-10, -10], 0),
        ([-10, -10, 0, 0], 200),
        ([-10, -10, -0.5, 0], 205),
        ([-10, -10, -1, 0], 210),
        ([-10, -10, 0.5, 0], 200),
        ([-10, -10, 3, 0], 200),
        ([-10, -8, -4, -1], 250),
        ([-20, -8, -1.5, -1], 218.75),
        ([-10, -10, -4.5, -5], 245),
        ([-10, -10, -4.5, -5.5], 0),
        ([-20, -8, -4, -4.5], 0),
        ([-10, -16, 0, 0], 260),
        ([-5, -5, -5, 0, 0], 300),
        ([-10, math.nan, 0, 0], math.nan),
        ([], math.nan),
    ],
)
def test_a_step_ends_where_the_inferences_begin(
    blocks: list[float], samples: float, either: bool, side: int
) -> None:
    found = off([side * one for one in blocks], [side * -10, side * -10], either=either)
    assert found == pytest.approx(samples, nan_ok=True)


@pytest.mark.parametrize(
    ("beside", "off_w", "either", "as_beside"),
    [
        ([-10, -10], -5, True, True),
        ([-10, -10], -4.75, True, False),
        ([-10, -10], 5, True, True),  # on the other side, as far
        ([-10, -10], 5, False, False),
        ([-10, 0.5], -5, True, True),
        ([-10, 0.5], -5, False, False),
        ([-10, -1], -5, True, True),
        ([-10, -1], -4.75, True, False),
        ([-10, 10], -5, False, True),
        ([-4, -10, -10], -2, True, True),
        ([-4, -10, -10], -2, False, False),
        ([-4, -10, -10], -5, False, True),
        ([-10, -4, -4], -2, True, True),
        ([6, -10, -12, -14], -5.5, True, False),
        ([6, -10, -12, -14], -6, True, True),
        ([6, -10, -12, -14], 3, True, True),
        ([-1, -4, -10, -10], -4.75, True, False),
        ([4, 10, 12], -4.75, True, False),
        ([4, 10, 12], -5, True, True),
        ([0.5, 0.5], -5, True, False),
        ([-1.5, -1.5], -1, True, False),
        ([], -5, True, False),
    ],
)
def test_what_lies_behind_a_wrong_edge_is_half_as_far_off_as_what_is_outside(
    beside: list[float], off_w: float, either: bool, as_beside: bool
) -> None:
    assert off([off_w, off_w, 0, 0], beside, lambda _: 0.0, either) == (200.0 if as_beside else 0.0)


def test_a_block_that_is_hardly_unlike_the_inferences_ends_the_step() -> None:
    assert off([-1, -10, -10, 0, 0], [-1.5, -1.5]) == 0.0
    assert off([-1.25, -10, -10, 0, 0], [-1.5, -1.5]) == 300.0


def test_a_step_in_the_first_block_is_where_four_fifths_of_it_are() -> None:
    asked: list[float] = []

    def within(length: float) -> float:
        asked.append(length)
        return -10.0 * min(length, 30.0) / length

    for blocks in ([-3, 0, 0], [-3, 0.5, 0]):
        asked.clear()
        assert off(blocks, [-10, -10], within) == pytest.approx(30.0)
        assert asked == pytest.approx([5.0, 10.0, 15.0, 20.0, 25.0])
    assert off([-10, 0, 0], [-10, -10], lambda _: -10.0) == pytest.approx(100.0)
    assert off([-10, -0.5, 0], [-10, -10], lambda _: -10.0) == pytest.approx(105.0)
    for most, samples in ((-4.0, 125.0), (-3.9, 0.0)):
        assert off([-5, 0, 0], [-5, -5], lambda n, most=most: most if n >= 100.0 else 0.0) == samples  # type: ignore[misc]
    assert off([-3, 0, 0], [-10, -10], lambda _: -4.0) == 0.0  # spread over the block: no step
    assert off([-3, 0, 0], [-10, -10], lambda _: 0.0) == 0.0


# --- what is made of it ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Steps(0.005, 0.0, 2), ""),
        (Steps(0.0, 0.005, 2), ""),
        (Steps(0.006, 0.0, 2), "0.006 s too late"),
        (Steps(0.002, 0.006, 2), "0.006 s too early"),
        (Steps(0.006, 0.006, 2), "0.006 s too late"),
        (Steps(0.1, 0.0, 2), "0.100 s too late"),
    ],
)
def test_steps_beyond_the_usual_widen_the_edges_they_speak_of(found: Steps, words: str) -> None:
    given = Alignment(BY_MONITOR, [Placed(0.0, 9.0, 4.0, 1.0, 2.0, 200.0), None, Placed(20.0, 29.0, 2.0, 1.0)])
    told = checked_by_steps(given, found, 1e-3)
    if not words:
        assert told == given
        return
    text = f"by the step in the trace, edges come {words}; that counts as uncertainty"
    assert [(one.id, one.detail) for one in told.findings] == [("edges-late", text)]
    wide = 1.25e3 * max(found.late_s, found.early_s)
    first, none, second = told.windows
    assert none is None
    assert first is not None
    assert second is not None
    assert (first.half_width, first.shared) == pytest.approx((wide, 1.0 + wide - 4.0))
    assert (second.half_width, second.shared) == pytest.approx((wide, wide - 1.0))
    stops = "late" in words
    assert (first.starts, first.stops) == pytest.approx((2.0 if stops else wide, 200.0))
    assert (second.starts, second.stops) == pytest.approx((0.0, wide) if stops else (wide, 0.0))


def test_steps_within_the_widest_edges_are_known_and_beyond_a_tenth_withhold_all() -> None:
    given = Alignment(BY_MONITOR, [Placed(0.0, 9.0, 50.0), None, Placed(20.0, 29.0, 20.0)])
    assert checked_by_steps(given, Steps(0.05, 0.0, 2), 1e-3) == given
    assert checked_by_steps(given, Steps(nextafter(0.05, 1), 0.0, 2), 1e-3) != given
    gone = checked_by_steps(given, Steps(0.0, nextafter(0.1, 1), 2), 1e-3)
    assert gone.windows == [None, None, None]
    text = "by the step in the trace, edges come 0.100 s too early"
    assert [(one.id, one.detail) for one in gone.findings] == [("edges-disagree", text)]


def test_a_command_that_did_not_end_has_no_inferences_to_look_at() -> None:
    commands: list[Any] = [
        SimpleNamespace(command=SimpleNamespace(purpose="window", inference=done))
        for done in (SimpleNamespace(inferences=60), None)
    ]
    source = source_of(level(1000, 4000))
    placed = [Placed(1000.0, 4000.0, 0.5), Placed(1000.0, 4000.0, 0.5)]
    for windows, told in ((placed, True), ([placed[0], None], True), ([None, placed[1]], False)):
        given = Alignment(BY_MONITOR, cast(list[Placed | None], windows))
        assert by_trace(source, Matching(True, True, 0, 0, commands), given) == (given, told)
