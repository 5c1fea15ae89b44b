# SPDX-License-Identifier: Apache-2.0
"""One beginning for all windows of a run: a weighted mean within the limits of all edges."""

import math
from dataclasses import replace

import numpy as np
import pytest

from energy_runner.analysis.inferences.anchor import Anchor
from energy_runner.analysis.inferences.count import WindowTrace
from energy_runner.analysis.inferences.shared_anchor import share_anchor
from energy_runner.analysis.inferences.template import Aligned, Template
from energy_runner.analysis.inferences.train import Train

PERIOD = 20.0
PHASE = np.arange(400) / 400


def shape(phase: np.ndarray) -> np.ndarray:
    level: np.ndarray = 1 + 0.3 * np.sin(2 * np.pi * phase) + 0.2 * np.cos(4 * np.pi * phase + 0.5)
    return level


def train(
    begins: float,
    off: float,
    u: float,
    *,
    seen: bool = True,
    period: float = PERIOD,
    limits: tuple[float, float] = (-30.0, 30.0),
    level: np.ndarray | None = None,
) -> Train:
    """A train whose inferences begin `begins` samples into its template; its ends say `off` samples more."""
    starts = 100 + period * np.arange(11)
    template = Template(PHASE, shape(PHASE - begins / period) if level is None else level)
    low, high = limits
    return Train(
        window=WindowTrace(np.zeros(400), 1e-3, starts[0] + begins + low, starts[-1] + begins + high, 0.0, 10),
        aligned=Aligned(starts, np.zeros(11), template, np.ones(10), 0.01),
        anchor=Anchor(begins + off, u, seen=seen),
        free=None,
        strength=1.0,
    )


FINE = np.arange(8192) / 8192


def fine(begins: float) -> np.ndarray:
    return shape(FINE - begins)


def offs(trains: list[Train], begins: list[float]) -> list[float]:
    """Return by how many samples each shared anchor is off."""
    return [one.anchor.shift - true for one, true in zip(share_anchor(trains), begins, strict=True)]


def test_the_weighted_mean_of_what_all_ends_show():
    """Weights of 4, 1 and 1: (4 · 0.1 − 0.2 + 0.3)/6. They scatter less than they may, so the mean is as sure."""
    begins = [3.0, -4.0, 0.5]
    trains = [train(3.0, 0.1, 0.25), train(-4.0, -0.2, 0.5), train(0.5, 0.3, 0.5)]
    assert offs(trains, begins) == pytest.approx([0.5 / 6] * 3, abs=2e-3)
    for one in share_anchor(trains):
        assert one.anchor.seen
        assert one.anchor.u == pytest.approx(0.5 / math.sqrt(6), rel=1e-9)
        assert one.boundaries == pytest.approx(one.aligned.starts + one.anchor.shift)
        assert one.u == pytest.approx(np.full(11, math.hypot(one.anchor.u, 0.2)))


def test_windows_that_differ_by_more_than_they_may_make_the_mean_less_sure():
    """Three of 0.1 that are off by −1, 0 and 1: the Birge ratio is 10."""
    trains = [train(3.0, 1.0, 0.1), train(-4.0, 0.0, 0.1), train(0.5, -1.0, 0.1)]
    assert offs(trains, [3.0, -4.0, 0.5]) == pytest.approx([0.0] * 3, abs=2e-3)
    assert share_anchor(trains)[1].anchor.u == pytest.approx(0.1 / math.sqrt(3) * 10, rel=2e-3)


def test_a_place_is_the_same_part_of_a_longer_period():
    """Both are off by a hundredth of their periods, which weigh as much."""
    trains = [train(2.0, 0.2, 0.2), train(4.0, 0.4, 0.4, period=40.0)]
    assert offs(trains, [2.0, 4.0]) == pytest.approx([0.2, 0.4], abs=3e-3)
    u = [one.anchor.u for one in share_anchor(trains)]
    assert u == pytest.approx([0.2 / math.sqrt(2), 0.4 / math.sqrt(2)], rel=1e-3)


def test_the_period_decides_which_window_knows_best():
    """An hundredth of 40 samples is surer than a fiftieth of 20; either may lead, all lead to the same."""
    trains = [train(2.0, 0.1, 0.4), train(4.0, -0.1, 0.4, period=40.0)]
    wanted = (0.005 * (20 / 0.4) ** 2 - 0.0025 * (40 / 0.4) ** 2) / ((20 / 0.4) ** 2 + (40 / 0.4) ** 2)
    assert offs(trains, [2.0, 4.0]) == pytest.approx([20 * wanted, 40 * wanted], abs=3e-3)


def test_two_windows_that_differ_make_the_mean_as_unsure_as_they_are_apart():
    """Off by −1 and 1, each ± 0.1: the Birge ratio is √200."""
    trains = [train(3.0, 1.0, 0.1), train(-4.0, -1.0, 0.1)]
    assert [one.anchor.u for one in share_anchor(trains)] == pytest.approx([1.0] * 2, rel=2e-3)


def test_the_surest_part_of_a_period_leads():
    """A window of another program is less sure in samples, but surer in its longer periods: it shares nothing."""
    trains = [train(3.0, 0.1, 0.3), train(-4.0, 0.3, 0.3), train(1.0, 0.2, 0.4, period=40.0, level=shape(-PHASE))]
    assert offs(trains, [3.0, -4.0, 1.0]) == pytest.approx([0.1, 0.3, 0.2], abs=2e-3)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
@pytest.mark.parametrize("later", [-0.4, -0.25, 0.0, 0.25, 0.4, 0.45, 100.3, 1023.4])
def test_places_are_compared_to_far_less_than_a_two_thousandth_of_a_period(later, unit):
    """Nearest of 2048 places first, then by a parabola."""
    begins = later * PERIOD / 2048
    trains = [
        train(0.0, 0.1, 0.1, level=unit * fine(0.0)),
        train(begins, 0.1, 0.1, level=unit * fine(later / 2048)),
    ]
    trains = [
        replace(one, aligned=replace(one.aligned, template=Template(FINE, one.aligned.template.level)))
        for one in trains
    ]
    assert offs(trains, [0.0, begins]) == pytest.approx([0.1, 0.1], abs=2e-4)


def test_a_window_whose_ends_are_hidden_learns_from_the_others():
    trains = [train(3.0, 0.1, 0.1), train(-4.0, 0.1, 0.1), train(0.5, 5.0, 9.0, seen=False)]
    assert offs(trains, [3.0, -4.0, 0.5]) == pytest.approx([0.1] * 3, abs=2e-3)
    assert share_anchor(trains)[2].anchor.seen


@pytest.mark.parametrize("seen", [0, 1])
def test_what_one_window_shows_is_not_shared(seen):
    trains = [train(float(k), 0.1, 0.1, seen=k < seen) for k in range(3)]
    assert share_anchor(trains) == trains


@pytest.mark.parametrize("whole", [-1, 1, 2])
def test_of_equal_places_the_nearest_to_its_own_anchor(whole):
    """A window's template may begin any number of repetitions earlier. The leader's own place is where it is."""
    begins = [2.93258, -4.0, 1.0]
    trains = [
        train(begins[0], 0.1, 0.1),
        train(begins[1], 0.3 + whole * PERIOD, 0.1, limits=(-50.0, 60.0)),
        train(begins[2], -0.1, 0.1),
    ]
    assert offs(trains, begins) == pytest.approx([0.1, 0.1 + whole * PERIOD, 0.1], abs=2e-3)


def test_another_program_takes_no_part():
    other = train(0.5, 0.7, 0.2, level=shape(-PHASE))
    trains = [train(3.0, 0.1, 0.1), train(-4.0, 0.2, 0.1), other]
    assert share_anchor(trains)[2] is other
    assert offs(trains, [3.0, -4.0, 0.5]) == pytest.approx([0.15, 0.15, 0.7], abs=2e-3)


def test_a_leader_of_another_program_is_alone():
    """The surest one leads. What is unlike it stays as it is."""
    trains = [train(3.0, 0.1, 0.1, level=shape(-PHASE)), train(-4.0, 0.2, 0.2), train(1.0, 0.2, 0.2)]
    assert [one.anchor.shift for one in share_anchor(trains)] == pytest.approx([3.1, -3.8, 1.2], abs=2e-3)


@pytest.mark.parametrize("alike", [True, False])
def test_how_much_templates_may_differ(alike):
    """Two independent parts of size 1 and s correlate by 1/√(1 + s²): 0.95 for s = 0.329."""
    size = 0.30 if alike else 0.36
    plain = np.sin(2 * np.pi * PHASE)
    bent = plain + size * np.sin(6 * np.pi * PHASE)
    trains = [train(0.0, 0.1, 0.1, level=5 + plain), train(0.0, 0.3, 0.1, level=7 + bent)]
    wanted = [0.2, 0.2] if alike else [0.1, 0.3]
    assert offs(trains, [0.0, 0.0]) == pytest.approx(wanted, abs=2e-3)


def test_a_template_without_shape_is_like_nothing():
    flat = train(0.0, 0.3, 0.1, level=np.ones(400))
    trains = [train(0.0, 0.1, 0.1), train(1.0, 0.1, 0.2), flat]
    assert share_anchor(trains)[2] is flat


@pytest.mark.parametrize(
    ("limits", "wanted"), [((0.6, 9.0), 0.6), ((-9.0, 0.2), 0.2), ((0.6, 0.2), 0.4), ((0.1, 0.9), 0.4)]
)
def test_the_edges_of_every_window_limit_the_place(limits, wanted):
    trains = [train(3.0, 0.4, 0.1), train(-4.0, 0.4, 0.1, limits=limits), train(0.5, 0.4, 0.1)]
    assert offs(trains, [3.0, -4.0, 0.5]) == pytest.approx([wanted] * 3, abs=2e-3)


@pytest.mark.parametrize(
    ("limits", "follows"),
    [((1.3, 9.0), True), ((1.5, 9.0), False), ((-9.0, -0.5), True), ((-9.0, -0.7), False)],
)
def test_a_window_whose_edges_forbid_the_place_by_more_than_a_sample_keeps_its_own(limits, follows):
    hidden = train(-4.0, 5.0, 2.0, seen=False, limits=limits)
    trains = [train(3.0, 0.4, 0.1), train(1.0, 0.4, 0.1), hidden]
    assert offs(trains, [3.0, 1.0, -4.0]) == pytest.approx([0.4, 0.4, 0.4 if follows else 5.0], abs=2e-3)
