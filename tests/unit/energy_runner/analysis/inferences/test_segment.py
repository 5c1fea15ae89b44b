# SPDX-License-Identifier: Apache-2.0
"""The single inferences of a window: found to a fraction of a sample, and not invented where there are none."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from energy_runner.analysis.inferences.count import WindowTrace
from energy_runner.analysis.inferences.distribution import describe
from energy_runner.analysis.inferences.period import find_period
from energy_runner.analysis.inferences.segment import segment_session, segmentation_summary
from energy_runner.analysis.inferences.shared_anchor import share_anchor
from energy_runner.analysis.inferences.train import (
    NotResolved,
    Train,
    durations_s,
    energies_j,
    find_train,
)
from energy_runner.cli.segment_command import SEGMENT_SCHEMA, segment_command
from energy_runner.errors import ExitStatus, SessionError
from tests.support.examples import examples
from tests.support.synthetic import make_run
from tests.support.trains import LAYERS, PERIOD_S, steady, train_power, window


def found(starts: np.ndarray, power: np.ndarray, **named: float) -> Train:
    train = find_train(window(starts, power, **named))
    assert isinstance(train, Train), train
    return train


def worst(train: Train, starts: np.ndarray) -> float:
    """Return the largest error of a boundary, relative to the mean period."""
    return float(np.max(np.abs(train.boundaries - starts)) / np.mean(np.diff(starts)))


# --- boundaries -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("period", [43.0, 43.38, 43.5, 211.82, 300.7])
@pytest.mark.parametrize("phase", [0.0, 0.27, 0.55, 0.81])
def test_every_boundary_within_a_hundredth_of_the_period(period, phase):
    starts = steady(period) + phase
    train = found(starts, train_power(starts, noise=0.002))
    assert train.count == len(starts) - 1
    assert not train.disagreements
    assert worst(train, starts) < 0.01
    # Of a period of whole samples every repetition is sampled alike, and nothing tells parts of a sample.
    assert train.anchor.seen or period == 43.0
    assert train.aligned.period == pytest.approx(period, rel=2e-5)
    assert train.free is not None
    assert train.free.samples == pytest.approx(period, rel=1e-4)


@pytest.mark.parametrize("drift", [-0.01, 0.002, 0.02])
def test_a_drifting_period_is_followed(drift):
    k = np.arange(241.0)
    starts = 30.3 + 43.38 * k * (1 + drift * k / 480)
    train = found(starts, train_power(starts, noise=0.002))
    error = train.boundaries - starts
    assert np.std(error) < 0.02
    assert worst(train, starts) < 0.01


def test_jitter_is_followed_too():
    rng = np.random.default_rng(3)
    starts = 30.3 + 43.38 * np.arange(241) + rng.normal(0, 0.4, 241)
    train = found(starts, train_power(starts, noise=0.002))
    assert np.std((train.boundaries - starts)[1:-1]) < 0.1
    assert np.std(np.diff(train.boundaries)) == pytest.approx(np.std(np.diff(starts)), rel=0.1)


def test_one_late_inference_stands_out():
    starts = steady(43.38, 240)
    starts[121:] += 5.0
    train = found(starts, train_power(starts, noise=0.002))
    duration = describe(durations_s(train), train.boundaries[:-1] * PERIOD_S)
    assert duration is not None
    assert 120 in duration.outliers
    assert np.median(np.abs(train.boundaries - starts)) < 0.3


def test_noise_makes_it_less_sure_and_says_so():
    starts = steady(43.38, 240)
    quiet = found(starts, train_power(starts, noise=0.002))
    loud = found(starts, train_power(starts, noise=0.2))
    assert np.median(loud.u) > 2 * np.median(quiet.u)
    assert np.max(np.abs(loud.boundaries - starts)) < 4 * np.median(loud.u)


@pytest.mark.parametrize("seed", range(8))
def test_noise_does_not_make_several_inferences_look_like_one(seed):
    """With noise of twice the differences between layers any multiple of the period may fit best."""
    starts = steady(43.38)
    train = found(starts, train_power(starts, noise=0.2, seed=seed))
    assert (train.count, train.disagreements) == (120, ())
    assert train.free is not None
    assert train.free.samples == pytest.approx(43.38, rel=0.01)


def test_windows_together_know_better_where_an_inference_begins():
    trains, truth = [], []
    for seed, phase in enumerate([0.05, 0.3, 0.45, 0.6, 0.85]):
        starts = steady(20.37, 300) + phase
        truth.append(starts)
        trains.append(found(starts, train_power(starts, noise=0.003, seed=seed)))
    shared = share_anchor(trains)
    errors = [float(np.median(train.boundaries - true)) for train, true in zip(shared, truth, strict=True)]
    assert np.ptp(errors) < 0.05
    assert abs(np.mean(errors)) < 0.3
    assert share_anchor(trains[:1]) == trains[:1]


def test_missing_samples_are_left_out_and_their_inferences_have_no_energy():
    starts = steady(43.38)
    power = train_power(starts, noise=0.001)
    power[1000:1010] = np.nan
    power[3000] = np.inf
    train = found(starts, np.where(np.isfinite(power), power, np.nan))
    assert worst(train, starts) < 0.01
    gone = np.flatnonzero(np.isnan(energies_j(train)))
    assert gone.tolist() == [22, 68]


# --- energy and duration --------------------------------------------------------------------------------


def test_energies_are_those_of_the_inferences():
    rng = np.random.default_rng(1)
    scale = 1 + rng.normal(0, 0.01, 240)
    starts = steady(43.38, 240)
    train = found(starts, train_power(starts, scale=scale))
    truth = scale * 43.38 * PERIOD_S * sum(share * level for share, level in LAYERS)
    energy = energies_j(train)
    assert np.max(np.abs(energy[1:-1] / truth[1:-1] - 1)) < 2e-3
    assert np.median(energy / truth) == pytest.approx(1, abs=2e-4)


def test_no_energy_is_lost_between_inferences():
    starts = steady(17.81, 200)
    power = train_power(starts, noise=0.01)
    train = found(starts, power)
    first, last = int(train.boundaries[0]), int(train.boundaries[-1])
    whole = float(np.sum(power[first + 1 : last])) * PERIOD_S
    ends = float(power[first] + power[last]) * PERIOD_S
    assert whole <= float(np.sum(energies_j(train))) <= whole + ends


# --- what does not fit the facts ------------------------------------------------------------------------


@pytest.mark.parametrize("stated", [121, 60, 240, 100])
def test_another_count_than_stated_is_a_disagreement(stated):
    starts = steady(43.38)
    train = found(starts, train_power(starts, noise=0.002), stated=stated)
    assert train.count == 120
    assert train.disagreements == (f"the trace repeats 120 times in the window, {stated} inferences are stated",)


def test_inferences_of_two_similar_halves_are_no_disagreement():
    halves = [(share / 2, level) for share, level in LAYERS] * 2
    halves[7] = (halves[7][0], halves[7][1] * 1.03)
    starts = steady(86.76, 80)
    train = found(starts, train_power(starts, layers=halves, noise=0.001))
    assert (train.count, train.disagreements) == (80, ())


def test_inferences_of_two_equal_halves_cannot_be_told_from_twice_as_many():
    halves = [(share / 2, level) for share, level in LAYERS] * 2
    starts = steady(86.76, 80)
    train = found(starts, train_power(starts, layers=halves, noise=0.001))
    assert train.count == 160
    assert "160 times" in train.disagreements[0]


def test_a_stronger_beat_of_the_board_does_not_hide_the_inferences():
    starts = steady(43.38, 240)
    power = train_power(starts, noise=0.002)
    power += 0.3 * np.sin(2 * np.pi * np.arange(len(power)) / 17.3)
    train = found(starts, power)
    assert train.count == 240
    assert "a period of 17.3" in train.disagreements[0] or "a period of 17.29" in train.disagreements[0]
    assert np.std(train.boundaries - starts) < 1.0


@pytest.mark.parametrize(
    ("layers", "noise"),
    [([(1.0, 1.0)], 0.0), ([(1.0, 1.0)], 0.01), (LAYERS, 3.0)],
    ids=["constant", "noise", "drowned"],
)
def test_a_trace_without_structure_is_not_resolved(layers, noise):
    starts = steady(43.38)
    answer = find_train(window(starts, train_power(starts, layers=layers, noise=noise)))
    assert isinstance(answer, NotResolved)
    assert "repeats" in answer.reason


@pytest.mark.parametrize(("period", "stated", "words"), [(0.73, 20000, "0.73 samples"), (43.38, 7, "too few")])
def test_too_little_to_see_is_said(period, stated, words):
    starts = 30.3 + np.arange(2) * period * stated
    answer = find_train(window(starts, np.ones(int(starts[-1]) + 50), stated=stated))
    assert isinstance(answer, NotResolved)
    assert words in answer.reason


@given(arrays.arrays(np.float32, st.integers(40, 400)), st.integers(1, 60), st.floats(0, 5))
@settings(max_examples=examples(150))
def test_any_samples_give_an_answer(values, stated, slack):
    power = values.astype(np.float64)
    power[~np.isfinite(power)] = np.nan
    answer = find_train(WindowTrace(power, PERIOD_S, 10.2, len(power) - 9.7, slack, stated))
    if isinstance(answer, Train):
        assert np.all(np.isfinite(answer.boundaries))
        assert np.all(np.diff(answer.boundaries) > 0)
        assert len(energies_j(answer)) == len(durations_s(answer)) == answer.count
    else:
        assert answer.reason


# --- the period alone -----------------------------------------------------------------------------------


@pytest.mark.parametrize("period", [4.4, 5.4, 6.87, 9.65, 43.0, 97.11, 433.9])
def test_the_period_is_found_without_being_told(period):
    starts = 5.3 + period * np.arange(151)
    power = train_power(starts, noise=0.002)[6 : int(starts[-1])]
    free = find_period(power)
    assert free is not None
    assert free.samples == pytest.approx(period, rel=1e-3)
    assert 0.5 < free.strength <= 1


@pytest.mark.parametrize("kind", ["white", "walk", "ramp", "step", "equal", "missing", "short"])
def test_no_period_is_found_where_there_is_none(kind):
    rng = np.random.default_rng(0)
    power = {
        "white": rng.normal(1, 0.1, 5000),
        "walk": np.cumsum(rng.normal(0, 0.1, 5000)),
        "ramp": np.linspace(0, 1, 5000),
        "step": np.repeat([1.0, 2.0], 2500),
        "equal": np.ones(5000),
        "missing": np.full(5000, np.nan),
        "short": np.ones(3),
    }[kind]
    assert find_period(power) is None


def test_a_very_long_trace_is_averaged_first():
    power = np.tile(np.repeat([1.0, 2.0, 1.5], [3000, 2000, 4000]), 150)
    free = find_period(power + np.random.default_rng(0).normal(0, 0.01, len(power)))
    assert free is not None
    assert free.samples == pytest.approx(9000, rel=1e-3)


# --- sessions and the command ---------------------------------------------------------------------------


def test_a_session_of_constant_power_is_not_resolved(tmp_path, capsys):
    session = make_run(window_s=10.3, inferences=100).write(tmp_path / "s")
    segmentation = segment_session(session)
    assert [one.resolved for one in segmentation.windows] == [False] * 5
    assert all(one.reason.startswith("not resolved: nothing in the trace repeats") for one in segmentation.windows)
    assert segmentation.idle is not None
    assert segmentation.idle.power_w == pytest.approx(0.020, rel=1e-3)
    one = segmentation.windows[0]
    assert one.above_idle_j == pytest.approx(0.020 * 10.3 / 100, rel=1e-3)  # 40 mW while inferring, 20 mW idle
    summary = segmentation_summary(session, segmentation)
    assert summary.window_indices == ()
    assert segment_command(session.path, 2, as_json=True) == ExitStatus.RULE_FAILED
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == SEGMENT_SCHEMA
    assert [row["index"] for row in document["windows"]] == [1]
    assert segment_command(session.path, None, as_json=False) == ExitStatus.RULE_FAILED
    assert "not resolved" in capsys.readouterr().out


def test_windows_whose_edges_are_in_doubt_are_said_so(tmp_path):
    from energy_runner.session.events import EdgeCaptured

    run = make_run(windows=3).drop(EdgeCaptured, [4])
    segmentation = segment_session(run.write(tmp_path / "s"))
    assert any("edges are in doubt" in one.reason for one in segmentation.windows)


@pytest.mark.parametrize("number", [0, 6])
def test_a_window_that_is_not_there(number, tmp_path):
    session = make_run().write(tmp_path / "s")
    with pytest.raises(SessionError, match="has windows 1 to 5"):
        segment_command(session.path, number, as_json=True)


def test_a_session_without_power(tmp_path):
    session = make_run(mode="performance").write(tmp_path / "s")
    with pytest.raises(SessionError, match="no power trace"):
        segment_session(session)


def test_a_session_whose_trace_is_gone(tmp_path):
    session = make_run().write(tmp_path / "s")
    (session.path / "trace.jls").unlink()
    with pytest.raises(SessionError, match="no power trace"):
        segment_session(session)


def test_a_session_without_windows(tmp_path):
    session = make_run(windows=0).write(tmp_path / "s")
    with pytest.raises(SessionError, match="no window was measured"):
        segment_session(session)


def test_one_window_is_told_as_it_is_among_all(tmp_path):
    session = make_run(windows=3, by_laps=True).write(tmp_path / "s")
    every = segment_session(session)
    for number in range(3):
        alone = segment_session(session, number)
        assert alone.windows == (every.windows[number],)
        assert (alone.idle, alone.idle_searched) == (every.idle, every.idle_searched)
    with pytest.raises(SessionError, match="has windows 1 to 3, not 0"):
        segment_session(session, -1)
    with pytest.raises(SessionError, match="has windows 1 to 3, not 4"):
        segment_session(session, 3)


def test_windows_in_a_trace_that_was_cut(tmp_path):
    run = make_run(windows=2)
    cut = replace(run, samples=[signal[: len(signal) // 2] for signal in run.samples])
    segmentation = segment_session(cut.write(tmp_path / "s"))
    assert [one.resolved for one in segmentation.windows] == [False, False]
