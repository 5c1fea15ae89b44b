# SPDX-License-Identifier: Apache-2.0
"""The uncertainty of parts against a fit under exact constraints, written down for each arrangement."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import nnls

from energy_runner.analysis.energy.partition import Parts, partition

FloatArray = npt.NDArray[np.float64]


def parts(samples: FloatArray, *boundaries: float) -> Parts:
    return partition(lambda a, b: samples[a:b], len(samples), boundaries)


def scatter(steps: Sequence[float]) -> float:
    return 1.4826 * float(np.median(np.abs(steps))) / math.sqrt(2) * math.sqrt((len(steps) + 2) / len(steps))


def fitted(
    means: Sequence[float], us: Sequence[float], shares: FloatArray, x: Sequence[float], noise: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Levels that share out the samples `x` exactly, nearest to their means, and their covariance.

    The last part is what the noise of a part's whole samples adds to the variance of a unit of its level: they are
    in its total, and once more in the mean that the level follows.
    """
    prior, mean, held = np.diag(np.square(us)), np.array(means), np.array(x)
    gain = prior @ shares.T @ np.linalg.inv(shares @ prior @ shares.T)
    rest = np.eye(len(mean)) - gain @ shares
    levels = mean + gain @ (held - shares @ mean)
    return levels, rest @ prior @ rest.T + noise**2 * gain @ gain.T, 2 * noise**2 * np.diag(rest)


# --- noise ----------------------------------------------------------------------------------------------


def test_noise_is_the_scatter_of_neighbours_in_the_same_part() -> None:
    samples = np.array([1.0, 1.3, 1.2, 1.4, 9.0, 9.5, 9.1, 9.0])
    found = parts(samples, 0.0, 4.0, 8.0)
    assert found.noise == pytest.approx(scatter([0.3, 0.1, 0.2, 0.5, 0.4, 0.1]))
    assert found.u == pytest.approx([2 * found.noise] * 2)


def test_noise_is_looked_for_near_the_boundaries_and_64_samples_around_them() -> None:
    samples = np.random.default_rng(5).normal(1.0, 0.1, 500)
    samples[[35, 365]], samples[[36, 364]] = 1e6, 2e6  # the outermost ones that are looked at, and those beyond
    steps = [samples[a:b] for a, b in ((36, 100), (101, 229), (301, 365))]
    found = parts(samples, 100.5, 300.5)
    assert found.noise == pytest.approx(scatter(np.concatenate([np.diff(one) for one in steps]).tolist()))


def test_equal_samples_have_the_noise_of_their_rounding() -> None:
    stepped = np.array([2.0] * 5 + [2.5] * 5)
    assert parts(stepped, 0.0, 10.0).noise == pytest.approx(0.5 / math.sqrt(12))
    assert parts(stepped * 0 + 3.0, 0.0, 10.0).noise == pytest.approx(3e-9)
    assert parts(np.array([2.0, 5.0]), 0.0, 1.0, 2.0).noise == pytest.approx(5e-9)


# --- one boundary ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [6.25, 6.5, 6.9])
@pytest.mark.parametrize("whole", [6, 5, 3])
def test_two_parts_share_the_sample_of_their_boundary(at: float, whole: int) -> None:
    """Their levels are the means of up to four samples beside it, as uncertain as these scatter."""
    rng = np.random.default_rng(whole)
    share = at % 1
    left, right = rng.normal(2.0, 0.1, 6), rng.normal(6.0, 0.2, whole)
    samples = np.array([*left, share * 2.0 + (1 - share) * 6.0, *right])
    found = parts(samples, 0.0, at, float(7 + whole))
    noise = scatter([*np.diff(left), *np.diff(right)])
    assert found.noise == pytest.approx(noise)

    def level(near: FloatArray) -> tuple[float, float]:
        count = len(near)
        local = float(np.var(near, ddof=1)) * (count - 1) / (count - 3) if count > 3 else 0.0
        apart = float(np.ptp(near)) / 2 if 1 < count <= 3 else 0.0
        return float(np.mean(near)), max(noise, math.sqrt(local), apart)

    near = [level(left[-3:]), level(right[: whole // 2])]
    shares = np.array([[share, 1 - share]])
    levels, covariance, twice = fitted(
        [one[0] for one in near], [one[1] for one in near], shares, [samples[6]], noise
    )
    assert found.total == pytest.approx(
        [left.sum() + share * levels[0], right.sum() + (1 - share) * levels[1]], rel=1e-5
    )
    u = np.sqrt(
        [
            6 * noise**2 + share**2 * covariance[0, 0] + share * twice[0],
            whole * noise**2 + (1 - share) ** 2 * covariance[1, 1] + (1 - share) * twice[1],
        ]
    )
    assert found.u == pytest.approx(u, rel=1e-3)
    assert found.samples.tolist() == [6, whole]


def test_of_many_samples_four_beside_the_boundary_say_the_level() -> None:
    rng = np.random.default_rng(4)
    left, right = rng.normal(2.0, 0.1, 12), rng.normal(6.0, 0.1, 12)
    samples = np.array([*left, 4.0, *right])
    found = parts(samples, 0.0, 12.5, 25.0)
    noise = scatter([*np.diff(left), *np.diff(right)])
    near = [left[-4:], right[:4]]
    us = [max(noise, math.sqrt(float(np.var(one, ddof=1)) * 3)) for one in near]
    levels, covariance, twice = fitted(
        [float(one.mean()) for one in near], us, np.array([[0.5, 0.5]]), [4.0], noise
    )
    assert found.total == pytest.approx([left.sum() + levels[0] / 2, right.sum() + levels[1] / 2], rel=1e-5)
    assert found.u**2 == pytest.approx(12 * noise**2 + np.diag(covariance) / 4 + twice / 2, rel=1e-3)


# --- parts without a sample of their own ----------------------------------------------------------------


def test_a_part_inside_one_sample_may_have_any_power_that_it_allows() -> None:
    rng = np.random.default_rng(6)
    left, right = rng.normal(2.0, 0.05, 12), rng.normal(2.5, 0.05, 12)
    samples = np.array([*left, 4.0, *right])
    found = parts(samples, 0.0, 12.25, 12.75, 25.0)
    noise = scatter([*np.diff(left), *np.diff(right)])
    near = [left[-4:], right[:4]]
    most = 4.0 / 0.5
    means = [float(near[0].mean()), most / 2, float(near[1].mean())]
    scatters = [max(noise, math.sqrt(float(np.var(one, ddof=1)) * 3)) for one in near]
    us = [scatters[0], most / math.sqrt(12), scatters[1]]
    shares = np.array([[0.25, 0.5, 0.25]])
    levels, covariance, twice = fitted(means, us, shares, [4.0], noise)
    assert found.total == pytest.approx(
        [left.sum() + 0.25 * levels[0], 0.5 * levels[1], right.sum() + 0.25 * levels[2]], rel=1e-5
    )
    own, seen = np.array([12, 0, 12]) * noise**2, np.array([1, 0, 1])
    assert found.u**2 == pytest.approx(
        own + shares[0] ** 2 * np.diag(covariance) + seen * shares[0] * twice, rel=1e-3
    )
    assert found.samples.tolist() == [12, 0, 12]


def test_a_part_across_two_samples_is_limited_by_both() -> None:
    rng = np.random.default_rng(7)
    left, right = rng.normal(2.0, 0.05, 12), rng.normal(2.5, 0.05, 12)
    samples = np.array([*left, 3.0, 4.0, *right])
    found = parts(samples, 0.0, 12.5, 13.25, 26.0)
    noise = scatter([*np.diff(left), *np.diff(right)])
    near = [left[-4:], right[:4]]
    most = min(3.0 / 0.5, 4.0 / 0.25)
    scatters = [max(noise, math.sqrt(float(np.var(one, ddof=1)) * 3)) for one in near]
    means = [float(near[0].mean()), most / 2, float(near[1].mean())]
    shares = np.array([[0.5, 0.5, 0.0], [0.0, 0.25, 0.75]])
    levels, covariance, twice = fitted(
        means, [scatters[0], most / math.sqrt(12), scatters[1]], shares, [3.0, 4.0], noise
    )
    took = shares.sum(axis=0)
    assert found.total == pytest.approx(
        [left.sum() + took[0] * levels[0], took[1] * levels[1], right.sum() + took[2] * levels[2]], rel=1e-4
    )
    own, seen = np.array([12, 0, 12]) * noise**2, np.array([1, 0, 1])
    assert found.u**2 == pytest.approx(own + took**2 * np.diag(covariance) + seen * took * twice, rel=2e-3)


def test_a_power_that_the_fit_would_make_negative_is_none_and_told_where_that_is_beyond_doubt() -> None:
    """The levels beside the sample are so high that nothing is left for the part inside of it."""
    samples = np.array([8.0, 8.1] * 6 + [1.0] + [8.0, 8.1] * 6)
    found = parts(samples, 0.0, 12.4, 12.6, 25.0)
    assert found.total[1] == pytest.approx(0.0, abs=1e-6)
    assert float(found.total.sum()) == pytest.approx(samples.sum())
    assert np.all(found.total >= 0)


def test_a_missing_sample_is_missing_to_all_that_share_it() -> None:
    samples = np.array([2.0, 2.1] * 6 + [math.nan] + [2.0, 2.1] * 6)
    found = parts(samples, 0.0, 5.0, 12.5, 20.0, 25.0)
    assert found.missing.tolist() == [0, 1, 1, 0]
    assert np.isnan(found.total).tolist() == [False, True, True, False]


def test_a_long_chain_of_parts_is_shared_out_piece_by_piece_and_keeps_the_energy() -> None:
    samples = np.random.default_rng(8).uniform(1.0, 2.0, 140)
    boundaries = [20.3 + 0.9 * k for k in range(110)]
    found = parts(samples, *boundaries)
    last = boundaries[-1]
    inside = float(samples[21 : int(last)].sum())
    assert float(found.total.sum()) == pytest.approx(
        inside + 0.7 * samples[20] + (last % 1) * samples[int(last)], rel=0.02
    )
    assert np.all(found.total >= 0)
    assert len(found.total) == 109


def test_noise_is_that_around_all_boundaries() -> None:
    samples = np.random.default_rng(9).normal(1.0, 0.1, 400)
    found = parts(samples, 100.5, 120.5, 140.5, 300.5)
    ranges = [(36, 100), (101, 120), (121, 140), (141, 269), (301, 365)]
    assert found.noise == pytest.approx(
        scatter(np.concatenate([np.diff(samples[a:b]) for a, b in ranges]).tolist())
    )


def test_few_samples_far_apart_leave_their_level_open_by_half_their_range() -> None:
    """The levels beside the boundary: two samples 1 apart, and three that are 0.6 apart at most."""
    left, right = np.array([2.0, 2.01, 2.02, 2.5, 3.5]), np.array([6.0, 6.6, 6.3, 6.31, 6.32, 6.33])
    samples = np.array([*left, 4.5, *right])
    found = parts(samples, 0.0, 5.5, 12.0)
    noise = scatter([*np.diff(left), *np.diff(right)])
    assert noise < 0.1
    shares = np.array([[0.5, 0.5]])
    levels, covariance, twice = fitted([3.0, float(right[:3].mean())], [0.5, 0.3], shares, [4.5], noise)
    assert found.total == pytest.approx([left.sum() + levels[0] / 2, right.sum() + levels[1] / 2], rel=1e-5)
    assert found.u**2 == pytest.approx(np.array([5, 6]) * noise**2 + np.diag(covariance) / 4 + twice / 2, rel=1e-3)


def test_a_part_of_one_whole_sample_has_the_level_of_that_one() -> None:
    rng = np.random.default_rng(10)
    left, right = rng.normal(2.0, 0.02, 12), rng.normal(2.0, 0.02, 12)
    samples = np.array([*left, 4.1, 6.0, 4.0, *right])
    found = parts(samples, 0.0, 12.5, 14.5, 27.0)
    noise = scatter([*np.diff(left), *np.diff(right)])
    near = [left[-4:], right[:4]]
    us = [max(noise, math.sqrt(float(np.var(one, ddof=1)) * 3)) for one in near]
    shares = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]])
    means = [float(near[0].mean()), 6.0, float(near[1].mean())]
    levels, covariance, twice = fitted(means, [us[0], noise, us[1]], shares, [4.1, 4.0], noise)
    took = shares.sum(axis=0)
    whole = np.array([left.sum(), 6.0, right.sum()])
    assert found.total == pytest.approx(whole + took * levels, rel=1e-5)
    own = np.array([12, 1, 12]) * noise**2
    assert found.u**2 == pytest.approx(own + took**2 * np.diag(covariance) + took * twice, rel=1e-3)


def test_a_missing_sample_is_not_missing_to_those_that_share_another() -> None:
    samples = np.array([2.0, 2.1] * 6 + [math.nan, 2.05] + [2.0, 2.1] * 6)
    assert parts(samples, 0.0, 12.5, 13.25, 26.0).missing.tolist() == [1, 1, 0]
    assert parts(samples, 0.0, 12.0, 13.25, 26.0).missing.tolist() == [0, 1, 0]


def test_a_power_that_the_levels_make_negative_beyond_doubt_is_told() -> None:
    clear = np.array([8.0, 8.1] * 6 + [1.0] + [8.0, 8.1] * 6)
    assert parts(clear, 0.0, 12.4, 12.6, 25.0).clipped.any()
    near = np.array([2.0, 2.1] * 6 + [2.0] + [2.0, 2.1] * 6)
    assert not parts(near, 0.0, 12.4, 12.6, 25.0).clipped.any()


# --- what is kept at zero, and chains that are divided --------------------------------------------------


def test_a_power_is_told_to_be_none_if_it_is_below_zero_by_more_than_twice_its_uncertainty() -> None:
    """A part inside one sample, between levels of 8 that scatter by 0.3."""
    rng = np.random.default_rng(11)
    left, right = rng.normal(8.0, 0.3, 12), rng.normal(8.0, 0.3, 12)
    noise = scatter([*np.diff(left), *np.diff(right)])
    near = [left[-4:], right[:4]]
    scatters = [max(noise, math.sqrt(float(np.var(one, ddof=1)) * 3)) for one in near]
    seen = set()
    for sample in np.linspace(4.0, 8.0, 41).tolist():
        most = sample / 0.2
        levels, covariance, _ = fitted(
            [float(near[0].mean()), most / 2, float(near[1].mean())],
            [scatters[0], most / math.sqrt(12), scatters[1]],
            np.array([[0.4, 0.2, 0.4]]),
            [sample],
            noise,
        )
        z = float(levels[1]) / math.sqrt(covariance[1, 1])
        if abs(z + 2) > 0.01:
            found = parts(np.array([*left, sample, *right]), 0.0, 12.4, 12.6, 25.0)
            assert found.clipped.tolist() == [False, z < -2, False]
            seen.add(math.ceil(z))
    assert {-2, -1, 0, 1} <= seen


@pytest.mark.parametrize("sample", [4.0, 5.0, 6.0])
def test_what_keeping_a_power_at_zero_moves_is_uncertain_and_the_same_each_time(sample: float) -> None:
    """The power of the part inside would be negative; with that part at zero, those beside share the sample."""
    rng = np.random.default_rng(13)
    left, right = rng.normal(8.0, 0.3, 12), rng.normal(9.0, 0.3, 12)
    noise = scatter([*np.diff(left), *np.diff(right)])
    near = [left[-4:], right[:4]]
    own = [max(noise, math.sqrt(float(np.var(one, ddof=1)) * 3)) for one in near]
    most = sample / 0.2
    means = [float(near[0].mean()), most / 2, float(near[1].mean())]
    us = np.array([own[0], most / math.sqrt(12), own[1]])
    took = np.array([0.5, 0.2, 0.3])
    free, _, _ = fitted(means, us.tolist(), took[None, :], [sample], noise)
    assert free[1] < 0
    beside, _, _ = fitted([means[0], means[2]], own, took[None, [0, 2]], [sample], noise)
    kept = np.array([beside[0], 0.0, beside[1]])
    gain = us**2 * took / (took**2 @ us**2)
    rest = np.eye(3) - gain[:, None] * took
    same = np.sqrt(np.maximum(0.0, us**2 - np.array([noise, 0.0, noise]) ** 2))
    repeated = took**2 * np.diag(rest @ np.diag(same**2) @ rest.T) + (took * np.abs(kept - free)) ** 2
    found = parts(np.array([*left, sample, *right]), 0.0, 12.5, 12.7, 25.0)
    assert found.total == pytest.approx(np.array([left.sum(), 0.0, right.sum()]) + took * kept, rel=1e-4, abs=1e-6)
    assert found.repeated**2 == pytest.approx(repeated, rel=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_no_power_of_a_divided_chain_is_negative(seed: int) -> None:
    """Against a search for the nearest ones that are not; what they miss of a sample is shared in proportion."""
    samples = np.random.default_rng(seed).uniform(0.1, 4.0, 150)
    bounds = [20.31 + 0.87 * k for k in range(81)]
    samples[:20], samples[math.ceil(bounds[-1]) :] = 2.0, 2.0
    samples[:20:2] += 0.01
    found = parts(samples, *bounds)
    every = [0.0, *bounds, float(len(samples))]
    at = range(20, math.ceil(bounds[-1]))
    share = np.array([[max(0.0, min(i + 1, b) - max(i, a)) for a, b in pairwise(every)] for i in at])
    most = [min(samples[20 + i] / share[i, k] for i in np.flatnonzero(share[:, k])) for k in range(1, 81)]
    near = [samples[16:20], samples[-4:]]
    own = [max(found.noise, math.sqrt(float(np.var(one, ddof=1)) * 3)) for one in near]
    means = np.array([near[0].mean(), *np.divide(most, 2), near[1].mean()])
    us = np.array([own[0], *np.divide(most, math.sqrt(12)), own[1]])
    total = np.zeros(82)
    for chain in (slice(0, 48), slice(48, 82)):
        rows = np.any(share[:, chain] > 0, axis=1)
        part = share[rows][:, chain]
        held = samples[20 : 20 + len(share)][rows] * part.sum(axis=1)
        firm = 1e3 / found.noise
        levels, _ = nnls(
            np.vstack([np.diag(1 / us[chain]), firm * part]), np.append(means[chain] / us[chain], firm * held)
        )
        assert np.any(levels == 0)
        total[chain] = np.sum(part * levels * (held / (part @ levels))[:, None], axis=0)
    assert found.total == pytest.approx(total[1:-1], rel=1e-3, abs=1e-4)


def test_a_sample_between_two_chains_is_divided_by_duration_which_is_uncertain_by_the_smaller_part() -> None:
    """Eighty parts of 0.87 samples; forty-eight levels are solved at once, the first of them that before all."""
    rng = np.random.default_rng(12)
    samples = rng.normal(2.0, 0.02, 150)
    bounds = [20.31 + 0.87 * k for k in range(81)]
    found = parts(samples, *bounds)
    before = samples[:20]
    after = samples[math.ceil(bounds[-1]) : math.ceil(bounds[-1]) + 64]
    noise = scatter([*np.diff(before), *np.diff(after)])
    assert found.noise == pytest.approx(noise)

    every = [0.0, *bounds, float(len(samples))]
    at = range(20, math.ceil(bounds[-1]))
    share = np.array([[max(0.0, min(i + 1, b) - max(i, a)) for a, b in pairwise(every)] for i in at])
    most = [min(samples[20 + i] / share[i, k] for i in np.flatnonzero(share[:, k])) for k in range(1, 81)]
    near = [before[-4:], after[:4]]
    own = [max(noise, math.sqrt(float(np.var(one, ddof=1)) * 3)) for one in near]
    means = np.array([near[0].mean(), *np.divide(most, 2), near[1].mean()])
    us = np.array([own[0], *np.divide(most, math.sqrt(12)), own[1]])
    same = np.array([math.sqrt(own[0] ** 2 - noise**2), *us[1:-1], math.sqrt(own[1] ** 2 - noise**2)])

    total, variance, repeated = np.zeros(82), np.zeros(82), np.zeros(82)
    for chain in (slice(0, 48), slice(48, 82)):
        rows = np.any(share[:, chain] > 0, axis=1)
        part = share[rows][:, chain]
        full = part.sum(axis=1)
        x = samples[20 : 20 + len(share)][rows]
        divided = np.where(full < 0.999, x * np.minimum(full, 1 - full) / math.sqrt(3), 0.0)
        gain = np.diag(us[chain] ** 2) @ part.T @ np.linalg.inv(part @ np.diag(us[chain] ** 2) @ part.T)
        rest = np.eye(part.shape[1]) - gain @ part
        levels = means[chain] + gain @ (x * full - part @ means[chain])
        assert np.all(levels > 0)
        took = part.sum(axis=0)
        total[chain] = took * levels
        held = np.where(divided > 0, divided, noise)
        variance[chain] = took**2 * np.diag(
            rest @ np.diag(us[chain] ** 2) @ rest.T + gain @ np.diag(held**2) @ gain.T
        )
        repeated[chain] = took**2 * np.diag(
            rest @ np.diag(same[chain] ** 2) @ rest.T + gain @ np.diag(divided**2) @ gain.T
        )
    assert found.total == pytest.approx(total[1:-1], rel=1e-4)
    assert found.u**2 == pytest.approx(variance[1:-1], rel=1e-3)
    assert found.repeated**2 == pytest.approx(repeated[1:-1], rel=1e-3)
