# SPDX-License-Identifier: Apache-2.0
"""The stated inferences must fit between the edges: no other witness tells of starts late with their lines."""

import math
import re
import tracemalloc
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.inferences.window_length import by_repetitions, repetitions, too_short_s
from energy_runner.analysis.placing.alignment import BY_MONITOR, Alignment, Placed
from energy_runner.session import events as ev
from tests.support.synthetic import Run, make_run

COUNT, EACH = 120, 90.0  # samples of an inference


def inferences(durations: np.ndarray, noise: float = 0.01, seed: int = 1) -> np.ndarray:
    """Return the power of one inference after the other, each loud for a third and quiet for the rest, in watt."""
    fine = 10  # exact means of samples that hold a step, to a tenth of a sample
    ends = np.cumsum(durations)
    at = (np.arange(int(ends[-1]) * fine) + 0.5) / fine
    number = np.minimum(np.searchsorted(ends, at, side="right"), len(ends) - 1)
    phase = 1 - (ends[number] - at) / durations[number]
    power_w = np.where(phase < 1 / 3, 0.060, 0.030).reshape(-1, fine).mean(axis=1)
    return power_w + np.random.default_rng(seed).normal(0, 0.03 * noise, len(power_w))


def source_of(power_w: np.ndarray) -> EnergySource:
    return EnergySource(lambda start, stop: power_w[start:stop], len(power_w), 1e-3, 1e-3)


def short_s(power_w: np.ndarray, start_by: float = 0.0, stop_by: float = 0.0, count: int = COUNT) -> float | None:
    """Return by how much a window over all of `power_w` is too short, its edges moved by so many samples."""
    placed = Placed(start_by, len(power_w) + stop_by, 0.001)
    (found,) = too_short_s(source_of(power_w), Alignment(BY_MONITOR, [placed]), [count])
    return found


RNG = np.random.default_rng(5)
STEADY = np.full(COUNT, EACH)
SOUND = {
    "steady": STEADY,
    "becomes slower by 2 %": EACH * np.linspace(0.99, 1.01, COUNT),
    "each a little different": EACH * (1 + 0.003 * RNG.normal(size=COUNT)),
    "first inference twice as long": np.where(np.arange(COUNT) < 1, 2 * EACH, EACH),
    "clock lowered after a third": np.where(np.arange(COUNT) < COUNT // 3, EACH, 1.2 * EACH),
    "in turn long and short": np.where(np.arange(COUNT) % 2 < 1, EACH, 1.15 * EACH),
}


@pytest.mark.parametrize("durations", SOUND.values(), ids=SOUND)
@pytest.mark.parametrize("noise", [0.01, 0.3])
def test_what_a_dut_may_do_is_not_too_short(durations: np.ndarray, noise: float) -> None:
    assert not short_s(inferences(durations, noise))


@pytest.mark.parametrize("by", [20, 60, 250, 450])
def test_starts_that_are_late_are_measured_to_milliseconds(by: int) -> None:
    late = short_s(inferences(STEADY), start_by=by)
    assert late == pytest.approx(by * 1e-3, abs=0.004)
    early = short_s(inferences(STEADY), stop_by=-by)
    assert early == pytest.approx(by * 1e-3, abs=0.004)


def test_a_window_that_is_longer_than_its_inferences_may_hold_something_else() -> None:
    assert short_s(np.concatenate([np.full(250, 0.01), inferences(STEADY)])) in (0.0, None)
    assert short_s(inferences(np.full(COUNT + 2, EACH))) == 0.0


def test_what_is_within_the_known_width_of_the_edges_is_not_too_short() -> None:
    power_w = inferences(STEADY)
    for half_width, expected_s in ((1.0, 0.06), (29.0, 0.06), (31.0, 0.0)):
        alignment = Alignment(BY_MONITOR, [Placed(60.0, float(len(power_w)), half_width)])
        (found,) = too_short_s(source_of(power_w), alignment, [COUNT])
        assert found == pytest.approx(expected_s, abs=0.004)


def test_a_thousandth_of_a_window_is_usual() -> None:
    assert short_s(inferences(STEADY), start_by=8) == 0.0
    assert short_s(inferences(STEADY), start_by=15) == pytest.approx(0.015, abs=0.004)


def test_a_thousandth_of_a_window_is_usual_at_any_rate() -> None:
    power_w = inferences(np.full(10 * COUNT, EACH))
    source = EnergySource(lambda start, stop: power_w[start:stop], len(power_w), 1e-4, 1e-4)
    for late_ms, expected_s in ((8, 0.0), (15, 0.015)):
        placed: list[Placed | None] = [Placed(10.0 * late_ms, float(len(power_w)), 0.001)]
        assert too_short_s(source, Alignment(BY_MONITOR, placed), [10 * COUNT]) == pytest.approx(
            [expected_s], abs=0.001
        )


def test_inferences_of_six_samples_are_not_averaged() -> None:
    late = short_s(inferences(np.full(2000, 6.0)), start_by=60, count=2000)
    assert late == pytest.approx(0.06, abs=0.004)


def test_a_window_of_very_many_samples_is_averaged_as_it_is_read() -> None:
    length, each = 1 << 24, 100
    read: list[int] = []

    def power_w(start: int, stop: int) -> np.ndarray:
        read.append(stop - start)
        return np.where(np.arange(start, stop) % each < 30, 0.06, 0.03)

    source = EnergySource(power_w, length, 1e-6, 1e-6)
    tracemalloc.start()
    placed = [Placed(30_000.0, float(length), 0.5)]
    (late,) = too_short_s(source, Alignment(BY_MONITOR, placed), [length // each])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert late == pytest.approx(0.03, rel=1e-3)
    assert max(read) <= 1 << 20
    assert peak < 8 * length  # bytes: less than the samples alone would take


@pytest.mark.parametrize("each", [4.2, 4.337, 4.36, 5.3])
def test_inferences_of_few_samples_fit_into_short_windows(each: float) -> None:
    """The peaks of the autocorrelation are a few samples wide, and each piece has 80 to 100 samples."""
    power_w = inferences(np.full(238, each))
    held = repetitions(power_w, 238)
    assert held is not None
    assert held.coarse == pytest.approx(12 / each, rel=0.02)
    assert abs(held.count - 238) < held.coarse
    assert short_s(power_w, count=238) == 0.0
    assert short_s(power_w, start_by=20, count=238) in (None, pytest.approx(0.02, abs=0.01))


def test_it_does_not_matter_how_far_into_the_trace_a_window_is() -> None:
    power_w, begin = inferences(STEADY), 30_000_000
    source = EnergySource(lambda a, b: power_w[a - begin : b - begin], begin + len(power_w), 1e-3, 1e-3)
    placed: list[Placed | None] = [Placed(begin + 60.0, float(begin + len(power_w)), 0.001)]
    assert too_short_s(source, Alignment(BY_MONITOR, placed), [COUNT]) == pytest.approx([0.06], abs=0.004)


def test_repetitions_are_counted_without_regard_to_what_is_stated() -> None:
    for stated in (COUNT, COUNT - 3, COUNT + 3):
        held = repetitions(inferences(STEADY), stated)
        assert held is not None
        assert held.count == pytest.approx(COUNT, abs=0.03)
        assert 0 < held.u < 0.02


@pytest.mark.parametrize("count", [15, 20, 29, 30])
def test_long_inferences_are_told_by_pieces_that_overlap(count: int) -> None:
    power_w = inferences(np.full(count, 10_800 / count))
    assert short_s(power_w, count=count) == 0.0
    for by in (60, 450):
        assert short_s(power_w, start_by=by, count=count) == pytest.approx(by * 1e-3, abs=0.01)


def test_the_least_that_can_tell_are_fifteen_inferences() -> None:
    fifteen = repetitions(inferences(STEADY[:15]), 15)
    assert fifteen is not None
    assert fifteen.count == pytest.approx(15, abs=0.03)
    assert repetitions(inferences(STEADY[:14]), 14) is None


@pytest.mark.parametrize(("count", "each"), [(34, 30.6993), (237, 4.343566), (237, 4.340422)])
def test_the_bias_of_a_period_between_two_samples_is_not_too_short(count: int, each: float) -> None:
    """At 100 samples a second a peak at 30.699 is taken for one at 30.724: 34 seem to last 0.84 samples more."""
    power_w = inferences(np.full(count, each), noise=0.0)
    source = EnergySource(lambda start, stop: power_w[start:stop], len(power_w), 1e-2, 1e-2)
    placed: list[Placed | None] = [Placed(0.75, float(len(power_w)), 0.5)]
    assert too_short_s(source, Alignment(BY_MONITOR, placed), [count]) == [0.0]


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_the_uncertainty_comes_from_the_scatter_of_neighbouring_pieces(parts: int) -> None:
    """Three pieces with 12 inferences of 360, 362 and 360 samples, each of `parts` parts that look alike."""
    periods = np.repeat([360.0, 362.0, 360.0], 12)
    held = repetitions(inferences(np.repeat(periods / parts, parts)), 36)
    assert held is not None
    assert held.count == pytest.approx(36, abs=0.05)
    step = 12 - 12 * 360 / 362  # inferences by which two pieces of the same length differ
    student = 6.19  # of two degrees of freedom to that of a normal distribution, at three sigmas
    assert held.u == pytest.approx(student * step / math.sqrt(2) * math.sqrt(3), rel=0.15)


def test_pieces_that_overlap_differ_by_less_than_others_would() -> None:
    """Three pieces of ten inferences, each with half of the one before: only the last has some of 364 samples."""
    held = repetitions(inferences(np.repeat([360.0, 364.0], [15, 5])), 20)
    assert held is not None
    apart = 20 - 20 * 360 / 362  # the mean of the last piece is 362
    student = 6.19
    assert held.u == pytest.approx(student * apart / 2 / math.sqrt(3), rel=0.2)
    assert held.coarse == pytest.approx(2 / 360, rel=0.01)  # a piece is half of the window


@pytest.mark.parametrize(("near", "far"), [(97, 95), (158, 165)])
def test_what_repeats_a_quarter_less_or_more_often_than_stated_is_something_else(near: int, far: int) -> None:
    assert repetitions(inferences(STEADY), near) is not None
    assert repetitions(inferences(STEADY), far) is None


def test_inferences_of_two_parts_that_look_alike_are_counted_once() -> None:
    held = repetitions(inferences(np.full(2 * COUNT, EACH / 2)), COUNT)
    assert held is not None
    assert held.count == pytest.approx(COUNT, abs=0.03)


def test_lost_samples_do_not_shorten_a_window() -> None:
    power_w = inferences(STEADY)
    power_w[[1000, 1001, 5000]] = math.nan, math.nan, math.inf
    assert short_s(power_w) == 0.0


def test_where_it_is_not_clear_what_repeats_nothing_is_said() -> None:
    rng = np.random.default_rng(3)
    assert short_s(np.full(int(COUNT * EACH), 0.03)) is None
    assert short_s(rng.normal(0.03, 0.01, int(COUNT * EACH))) is None
    assert short_s(inferences(STEADY[:14]), count=14) is None  # too few
    assert short_s(inferences(STEADY), count=COUNT * 2) is None  # something else, by a factor of two
    assert short_s(inferences(np.full(5 * COUNT, EACH / 5)), count=COUNT) is None  # five parts of one inference
    switched = inferences(STEADY)
    switched[4000:6000] = 0.03  # the DUT does something else in between
    assert short_s(switched) is None


def test_a_piece_in_which_much_less_repeats_than_in_the_others_makes_it_unclear() -> None:
    """Loud noise all along leaves two thirds of the variance, and is even; louder in one piece, it is not."""
    steady = np.full(60, EACH)
    assert repetitions(inferences(steady, noise=0.3), 60) is not None
    power_w = inferences(steady)
    sixth = len(power_w) // 6
    power_w[3 * sixth : 4 * sixth] += np.random.default_rng(2).normal(0, 0.03 * 0.3, sixth)
    assert repetitions(power_w, 60) is None


def test_a_loud_tick_beside_the_inferences_is_no_inference() -> None:
    """A supply's beat, ten times as loud, with a period 4 % longer: of its kind 115 would fit, not 120."""
    power_w = inferences(STEADY)
    tick = np.where(np.arange(len(power_w)) % round(1.04 * EACH) < 20, 0.3, 0.0)
    assert not short_s(power_w + tick)


def checked(windows: list[Placed | None], power_w: np.ndarray) -> Alignment:
    one = SimpleNamespace(command=SimpleNamespace(inference=SimpleNamespace(inferences=COUNT)))
    none = SimpleNamespace(command=SimpleNamespace(inference=None))
    matching = SimpleNamespace(windows=lambda: [one if placed is not None else none for placed in windows])
    return by_repetitions(source_of(power_w), matching, Alignment(BY_MONITOR, windows))


def test_starts_that_are_late_alike_may_all_be_as_late_as_windows_are_short() -> None:
    placed = Placed(40.0, COUNT * EACH, 1.0, shared=0.5, starts=3.0, stops=7.0)
    found = checked([placed, placed, None], inferences(STEADY))
    window, again, none = found.windows
    assert none is None
    assert window == again
    assert window is not None
    assert window == replace(placed, starts=window.starts)
    assert window.starts == pytest.approx(1.25 * 40, abs=4.0)
    assert [one.id for one in found.findings] == ["edges-late"]
    assert found.findings[0].detail.startswith("windows 1, 2: by the period in the trace, up to 0.04")


def test_what_is_known_of_starts_already_is_not_counted_again() -> None:
    placed = Placed(40.0, COUNT * EACH, 1.0, starts=90.0)
    assert checked([placed], inferences(STEADY)).windows == [placed]


def test_a_start_that_alone_is_late_is_uncertain_by_itself() -> None:
    sound, late = Placed(0.0, COUNT * EACH, 1.0, shared=0.5), Placed(60.0, COUNT * EACH, 1.0, shared=0.5)
    less = replace(late, start=40.0)
    found = checked([sound, late, sound, less, sound], inferences(STEADY))
    first, middle, *_, last = found.windows
    assert re.match(r"windows 2, 4: by the period in the trace, up to 0\.0(5[6-9]|6)", found.findings[0].detail)
    assert first == last == sound
    assert middle is not None
    assert middle == replace(late, half_width=middle.half_width)
    assert middle.half_width == pytest.approx(0.5 + 1.25 * 60, abs=4.0)


def test_windows_that_cannot_tell_are_not_taken_for_late() -> None:
    power_w = np.concatenate([np.full(22_000, 0.03), inferences(STEADY)])
    flat, again = Placed(0.0, COUNT * EACH, 1.0), Placed(11_000.0, 11_000 + COUNT * EACH, 1.0)
    late = Placed(22_060.0, 22_000 + COUNT * EACH, 1.0)
    assert checked([flat, again, late], power_w).windows[:2] == [flat, again]
    assert checked([flat, late], power_w).windows[0] == flat
    found = checked([flat, late, late], power_w).windows
    assert found[0] == replace(flat, starts=found[1].starts)
    assert found[1].starts == pytest.approx(1.25 * 60, abs=4.0)


def test_only_windows_that_are_far_too_short_are_withheld() -> None:
    sound, late = Placed(0.0, COUNT * EACH, 1.0), Placed(150.0, COUNT * EACH, 1.0)
    found = checked([late, sound, sound], inferences(STEADY))
    assert found.windows == [None, sound, sound]
    assert found.findings[0].detail.startswith("window 1: by the period in the trace")


def test_a_window_that_is_short_beside_one_that_is_withheld_is_still_widened() -> None:
    sound, short, late = (Placed(by, COUNT * EACH, 1.0) for by in (0.0, 60.0, 150.0))
    found = checked([sound, short, sound, late, sound], inferences(STEADY))
    first, wider, again, none, _ = found.windows
    assert (first, again, none) == (sound, sound, None)
    assert wider is not None
    assert wider.half_width == pytest.approx(1.25 * 60, abs=4.0)
    assert [one.id for one in found.findings] == ["edges-disagree"]
    assert found.findings[0].detail.startswith("windows 2, 4: by the period in the trace, up to 0.1")


def test_windows_that_fit_or_cannot_tell_stay_as_they_are() -> None:
    sound, flat = Placed(0.0, COUNT * EACH, 1.0), np.full(int(COUNT * EACH), 0.03)
    assert checked([sound, None], inferences(STEADY)) == Alignment(BY_MONITOR, [sound, None])
    assert checked([sound, None], flat) == Alignment(BY_MONITOR, [sound, None])
    outside = Placed(2 * COUNT * EACH, 3 * COUNT * EACH, 1.0)
    assert checked([outside, None], inferences(STEADY)) == Alignment(BY_MONITOR, [outside, None])


def test_a_window_that_begins_before_the_trace_is_looked_at_as_far_as_it_was_recorded() -> None:
    assert short_s(inferences(STEADY), start_by=-3, stop_by=3) == 0.0


def shaped(run: Run) -> Run:
    """Give the windows' samples the shape of inferences, with the energy that they had."""
    for true in run.truth:
        first, last = math.ceil(true.start_s * 1e3), math.floor(true.stop_s * 1e3)
        each = (true.stop_s - true.start_s) * 1e3 / true.inferences
        phase = ((np.arange(first, last) - true.start_s * 1e3) / each) % 1
        run.samples[0][first:last] *= np.where(phase < 0.5, 1.2, 0.8).astype(np.float32)
    return run


def starts_late(run: Run, by_s: float) -> Run:
    """Delay the start of every window, and the line about it as much."""
    starts = range(3, 99, 2)
    run.change(
        ev.EdgeCaptured,
        lambda number, e: e.model_copy(update={"position": e.position + 1e3 * by_s * (number in starts)}),
    )
    late = round(by_s * 1e9)
    return run.change(
        ev.InferenceDone, lambda _, e: e.model_copy(update={"start_line_ns": e.start_line_ns + late})
    )


def test_starts_that_are_late_with_their_lines_give_no_score(tmp_path: Path) -> None:
    result = analyze(starts_late(shaped(make_run()), 0.25).write(tmp_path / "s"))
    assert result.energy_per_inference_j is None
    [finding] = [one for one in result.findings if one.id == "edges-disagree"]
    found = re.fullmatch(
        r"windows 1, 2, 3, 4, 5: by the period in the trace, up to (0\.\d{3}) s too short for .*",
        finding.detail,
    )
    assert found is not None
    assert float(found[1]) == pytest.approx(0.25, abs=0.006)


def test_starts_that_are_somewhat_late_with_their_lines_are_counted(tmp_path: Path) -> None:
    run = shaped(make_run())
    true = run.truth[0]
    truth_j, true_per_s = true.energy_j / true.inferences, true.inferences / (true.stop_s - true.start_s)
    result = analyze(starts_late(run, 0.06).write(tmp_path / "s"))
    score = result.energy_per_inference_j
    assert score is not None
    assert [one.detail for one in result.findings if one.id == "edges-late"] != []
    assert abs(score.median - truth_j) > 0.004 * truth_j
    assert abs(score.median - truth_j) <= score.U
    rate = result.throughput
    assert rate is not None
    assert abs(rate.value - true_per_s) > 0.004 * true_per_s
    assert abs(rate.value - true_per_s) <= rate.U


def test_a_sound_session_has_no_such_finding(tmp_path: Path) -> None:
    result = analyze(shaped(make_run()).write(tmp_path / "s"))
    assert result.energy_per_inference_j is not None
    assert [one.id for one in result.findings if one.id.startswith("edges-")] == []
