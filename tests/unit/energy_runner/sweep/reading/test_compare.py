# SPDX-License-Identifier: Apache-2.0
"""Two sets of points compared: U covers, chance finds nothing, and shared errors cancel where they should."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.reading.compare import SweepComparison, compare_sweeps
from energy_runner.sweep.reading.ratio import holm
from energy_runner.sweep.rows import PointRow
from tests.support.sweep_rows import Monitor, measured, night, planned

AXES = {"voltage_v": [1.8, 3.0], "clock_mhz": [16, 48]}


def _trial(seed: int, *, same: bool, repeats: tuple[int, int] = (3, 3), factor: float = 1.0) -> SweepComparison:
    """Compare two nights by the same monitor, or by two whose errors are drawn within their limits."""
    rng = np.random.default_rng(seed)
    one = Monitor.some(rng)
    other = one if same else Monitor.some(rng, "js220 1002")
    a = night(AXES, one, 2 * seed, repeats=repeats[0])
    return compare_sweeps(a, night(AXES, other, 2 * seed + 1, repeats=repeats[1], factor=factor))


@pytest.mark.parametrize(("same", "repeats"), [(True, (3, 3)), (False, (3, 3)), (True, (2, 1)), (False, (2, 1))])
def test_u_covers_the_true_ratio_and_chance_finds_no_difference(same: bool, repeats: tuple[int, int]) -> None:
    trials = [_trial(seed, same=same, repeats=repeats) for seed in range(150)]
    covered = [abs(one.estimate.ratio - 1) <= one.estimate.U for trial in trials for one in trial.changes]
    overall = [abs(trial.overall.ratio - 1) <= trial.overall.U for trial in trials]
    false = [any(one.estimate.verdict == "significant" for one in trial.changes) for trial in trials]
    # 95 % of 600, whose ratios share errors within a night; 95 % of 150; at most 5 % of 150. The limits are what
    # chance leaves in all but one of a thousand such tests.
    assert np.mean(covered) > 0.90
    assert np.mean(overall) > 0.885
    assert np.mean(false) < 0.115


def test_chance_finds_no_difference_among_many_settings() -> None:
    axes = {"voltage_v": [1.8 + 0.1 * step for step in range(10)], "clock_mhz": [16, 32, 48, 64]}
    found = 0
    for seed in range(20):
        a, b = (night(axes, Monitor(), 2 * seed + side, repeats=2) for side in (0, 1))
        changes = compare_sweeps(a, b).changes
        assert len(changes) == 40
        found += any(one.estimate.verdict == "significant" for one in changes)
        assert sum(one.estimate.p < 0.05 for one in changes if one.estimate.p is not None) < 12
    assert found <= 4


def test_a_gain_cancels_for_the_same_monitor_and_adds_for_two() -> None:
    same, two = _trial(1, same=True), _trial(1, same=False)
    assert same.overall.U < 0.003
    assert two.overall.U > 0.004
    assert "gain of the current measurement" in same.cancelled
    assert same.added == ()
    assert "gain of the current measurement" in two.added
    assert two.cancelled == ()
    assert any("different monitors" in remark for remark in two.remarks)


def test_an_offset_cancels_only_as_far_as_the_energies_are_alike() -> None:
    """An offset is the same in joule, so that in a ratio its part differs with the energy it belongs to."""
    big = Monitor(gain=0.0, voltage=0.0, offset_w=1e-4)
    a = night({"clock_mhz": [48]}, big, 1, scatter=1e-6)
    assert compare_sweeps(a, night({"clock_mhz": [48]}, big, 2, scatter=1e-6)).overall.u < 4e-4
    found = compare_sweeps(a, night({"clock_mhz": [48]}, big, 2, scatter=1e-6, factor=1.5)).overall
    energy_j = found.a_j or 0
    left = 1e-4 * (a[0].latency_s or 0) / math.sqrt(3) / energy_j * (1 - 1 / 1.5)
    assert found.u / found.ratio == pytest.approx(left, rel=0.1)


def test_a_gain_does_not_cancel_where_the_range_may_be_another() -> None:
    a, b = (night({"clock_mhz": [48]}, Monitor(), seed, factor=factor) for seed, factor in ((1, 1), (2, 3)))
    found = compare_sweeps(a, b)
    assert "gain of the current measurement" in found.added
    assert "supply voltage (as set, not measured)" in found.cancelled
    assert any("another range" in remark for remark in found.remarks)


def test_the_error_of_a_set_voltage_cancels_only_where_the_same_one_was_set() -> None:
    """2 % as a rectangle on either side make a triangle: u is 2 % times the root of 2/3."""
    loose = Monitor(gain=0.0, voltage=0.02, offset_w=0.0)
    a, b = (night({"clock_mhz": [48]}, loose, seed, scatter=1e-6) for seed in (1, 2))
    a, alike, other = (_set_to(rows, volt) for rows, volt in ((a, 3.0), (b, 3.0), (b, 2.95)))
    assert compare_sweeps(a, alike).overall.u < 1e-3
    found = compare_sweeps(a, other)
    assert "supply voltage (as set, not measured)" in found.added
    assert found.overall.u / found.overall.ratio == pytest.approx(0.02 * math.sqrt(2 / 3), rel=0.02)


def _set_to(rows: Sequence[PointRow], voltage_v: float) -> list[PointRow]:
    return [replace(row, voltages_v=(voltage_v,)) for row in rows]


def test_a_monitor_without_a_serial_number_may_be_another_one() -> None:
    a, b = (night(AXES, Monitor("ppk2"), seed) for seed in (1, 2))
    assert compare_sweeps(a, b).cancelled == ()


def test_another_shared_error_neither_averages_out_nor_cancels() -> None:
    sides = [
        night({"clock_mhz": [48]}, Monitor(gain=0, voltage=0, offset_w=0), seed, repeats=8) for seed in (1, 2)
    ]
    for side in sides:
        for place, row in enumerate(side):
            extra = replace(row.components[0], name="method of integration", u_j=0.01 * (row.energy_j or 0))
            side[place] = replace(row, components=(*row.components, extra))
    assert compare_sweeps(*sides).overall.u == pytest.approx(0.01 * math.sqrt(2), rel=0.01)


def test_a_difference_is_found_with_its_size() -> None:
    found = _trial(3, same=True, factor=1.03)
    assert all(one.estimate.verdict == "significant" for one in found.changes)
    assert found.overall.ratio == pytest.approx(1.03, abs=found.overall.U)
    one = found.changes[0].estimate
    assert one.difference_j == pytest.approx((one.b_j or 0) - (one.a_j or 0))
    assert (one.difference_expanded_u_j or 0) > (one.a_j or 0) * one.u  # the gain scales the difference itself


def test_few_repeats_on_one_side_widen_u_by_their_t() -> None:
    """Three repeats on one side, one on the other: the only scatter known has two degrees of freedom."""
    a, b = (night({"clock_mhz": [48]}, Monitor(), seed, repeats=count) for seed, count in ((1, 3), (2, 1)))
    found = compare_sweeps(a, b)
    assert found.overall.k == pytest.approx(4.30, abs=0.02)
    assert found.scatter[0] is not None
    assert found.scatter[1] is None
    assert any("taken to be that of A" in remark for remark in found.remarks)


def test_nothing_is_judged_where_nothing_was_repeated() -> None:
    a, b = (night({"clock_mhz": [16, 48]}, Monitor(), seed, repeats=1, factor=seed) for seed in (1, 2))
    found = compare_sweeps(a, b)
    assert {one.estimate.verdict for one in found.changes} == {"not judged"}
    assert found.overall.verdict == "not judged"
    assert found.overall.p is None
    assert found.overall.ratio == pytest.approx(2, rel=0.02)


def test_the_spread_of_ratios_stands_for_scatter_where_there_are_some() -> None:
    axes = {"clock_mhz": [16, 24, 32, 48]}
    a, b = (night(axes, Monitor(), seed, repeats=1, factor=1 + 0.05 * seed) for seed in (0, 1))
    found = compare_sweeps(a, b)
    assert found.overall.verdict == "significant"
    assert found.overall.dof == pytest.approx(3, abs=0.5)


def test_an_ignored_axis_that_varies_does_not_pose_as_scatter() -> None:
    a, b = (night(AXES, Monitor(), seed) for seed in (1, 2))
    found = compare_sweeps(a, b, ignore=["clock_mhz"])
    assert len(found.changes) == 2
    assert found.scatter[0] is not None
    assert found.scatter[0] < 0.01


def test_two_firmwares_of_one_night_are_compared_by_themselves() -> None:
    rows = night({"firmware": ["1.0", "1.1"], **AXES}, Monitor(), 1)
    sides = [[row for row in rows if row.values["firmware"] == one] for one in ("1.0", "1.1")]
    found = compare_sweeps(*sides)
    assert found.ignored == ("firmware",)
    assert len(found.changes) == 4
    assert found.remarks == ("firmware is 1.0 in A and 1.1 in B",)


def test_settings_match_as_numbers_and_what_is_left_over_is_named() -> None:
    a, b = night({"clock_mhz": [16, 48]}, Monitor(), 1), night({"clock_mhz": [16.0, 80]}, Monitor(), 2)
    found = compare_sweeps(a, b)
    assert [dict(one.values) for one in found.changes] == [{"clock_mhz": 16}]
    assert found.unmatched == (({"clock_mhz": 48},), ({"clock_mhz": 80},))


def test_nothing_to_compare_is_said_with_what_each_side_has() -> None:
    a, b = night({"clock_mhz": [16, 24]}, Monitor(), 1), night({"clock_mhz": [48, 80]}, Monitor(), 2)
    with pytest.raises(ConfigurationError, match="A has clock 16 MHz, clock 24 MHz; B has clock 80 MHz"):
        compare_sweeps(a, b)


def test_an_axis_of_one_side_alone_must_be_ignored_or_fixed() -> None:
    a, b = night(AXES, Monitor(), 1), night({"voltage_v": [1.8, 3.0]}, Monitor(), 2)
    with pytest.raises(ConfigurationError, match="--ignore clock_mhz"):
        compare_sweeps(a, b)
    assert len(compare_sweeps(a, b, ignore=["clock_mhz"]).changes) == 2
    with pytest.raises(ConfigurationError, match="no axis is called"):
        compare_sweeps(a, a, ignore=["colour"])


def test_points_that_do_not_count_are_counted_by_reason() -> None:
    a, b = night(AXES, Monitor(), 1), night(AXES, Monitor(), 2)
    a[0] = replace(a[0], valid=False)
    a[1] = replace(a[1], virtual=True)
    b[0] = replace(b[0], state="set-aside", energy_j=None, reason="no answer")
    b[1] = replace(b[1], energy_j=None)
    found = compare_sweeps(a, b)
    assert found.excluded == ({"not valid": 1, "virtual": 1}, {"set aside": 1, "no energy": 1})
    assert compare_sweeps(a, b, invalid=True).excluded[0] == {"virtual": 1}


def _all_virtual(rows: Sequence[PointRow]) -> list[PointRow]:
    return [replace(row, virtual=True) for row in rows]


def test_virtual_nights_are_compared_with_each_other_only() -> None:
    a, b = night(AXES, Monitor(), 1), night(AXES, Monitor(), 2)
    assert compare_sweeps(_all_virtual(a), _all_virtual(b)).virtual
    with pytest.raises(ConfigurationError, match="Virtual points are not compared"):
        compare_sweeps(a, _all_virtual(b))


def test_a_shift_of_the_reference_point_is_told() -> None:
    a = night(AXES, Monitor(), 1, reference_every=3)
    b = night(AXES, Monitor(), 2, reference_every=3, factor=1.02)
    found = compare_sweeps(a, b)
    assert found.reference is not None
    assert found.reference.ratio == pytest.approx(1.02, rel=0.005)
    assert any("reference point itself" in remark for remark in found.remarks)


def test_holm_adjusts_by_rank() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_restless_setting_is_not_judged_by_the_quiet_of_the_others() -> None:
    """One of ten settings scatters ten times as much: 35 of 100 such comparisons named it."""
    found = covered = 0
    for seed in range(100):
        sides = []
        for side in (0, 1):
            rng = np.random.default_rng(2 * seed + side)
            points = planned({"place": list(range(10))}, 3)
            scatter = [0.01 if row.values["place"] == 0 else 0.001 for row in points]
            sides.append(
                [
                    measured(row, Monitor(gain=0, voltage=0, offset_w=0), rng, scatter=one, own=1e-5)
                    for row, one in zip(points, scatter, strict=True)
                ]
            )
        changes = compare_sweeps(*sides).changes
        found += any(one.estimate.verdict == "significant" for one in changes)
        covered += abs(changes[0].estimate.ratio - 1) <= changes[0].estimate.U
    assert found <= 12  # of 5 expected: more in one of five hundred
    assert covered >= 88


def test_a_restless_setting_is_named_and_leaves_the_pool() -> None:
    a, b = (
        night({"clock_mhz": [16, 24, 32, 48]}, Monitor(), 1),
        night({"clock_mhz": [16, 24, 32, 48]}, Monitor(), 2),
    )
    rng = np.random.default_rng(1)
    a = [
        replace(row, energy_j=row.energy_j * math.exp(0.1 * rng.standard_normal()))
        if row.values["clock_mhz"] == 24 and row.energy_j
        else row
        for row in a
    ]
    found = compare_sweeps(a, b)
    assert any("clock 24 MHz: scatters more" in remark for remark in found.remarks)
    assert found.scatter[0] == pytest.approx(0.002, rel=0.6)
    by_clock = {one.values["clock_mhz"]: one.estimate.U for one in found.changes}
    assert by_clock[24] > 5 * max(by_clock[clock] for clock in (16, 32, 48))


@pytest.mark.parametrize("missing", [1, 3])
def test_a_point_that_is_missing_under_an_ignored_axis_makes_no_difference(missing: int) -> None:
    """The mean over voltages would be another one: a ratio of 0.93 or 0.68 where nothing changed."""
    a, b = night(AXES, Monitor(), 1), night(AXES, Monitor(), 2)
    gone = [row for row in b if row.values == {"voltage_v": 3.0, "clock_mhz": 16}][:missing]
    b = [row for row in b if row not in gone]
    for sides in ((a, b), (b, a)):
        found = compare_sweeps(*sides, ignore=["voltage_v"])
        assert {one.estimate.verdict for one in found.changes} == {"not significant"}
        assert all(one.estimate.ratio == pytest.approx(1, abs=0.01) for one in found.changes)
        assert any("do not count" in remark for remark in found.remarks) == (missing == 3)


def test_what_a_session_without_a_budget_states_counts_as_a_whole() -> None:
    a, b = night({"clock_mhz": [48]}, Monitor(), 1), night({"clock_mhz": [48]}, Monitor(), 2)
    bare = [replace(row, components=()) for row in a]
    found = compare_sweeps(bare, b).overall
    stated = (a[0].u_j or 0) / (a[0].energy_j or 1)
    assert found.u / found.ratio >= math.sqrt(2) * stated * 0.99
    assert found.p is not None


def _bench_changed(remarks: Sequence[str]) -> list[str]:
    return [one for one in remarks if "be the bench" in one or "change of the bench" in one]


def test_a_change_between_nights_may_be_the_bench_unless_the_reference_says_otherwise() -> None:
    def remarks(factor: float, of_reference: float, reference_every: int) -> list[str]:
        a = night(AXES, Monitor(), 1, repeats=8, reference_every=reference_every, sweep="monday")
        b = night(AXES, Monitor(), 2, repeats=8, reference_every=reference_every, sweep="tuesday")
        for place, row in enumerate(b):
            by = of_reference if row.kind == "reference" else factor
            b[place] = replace(row, energy_j=by * (row.energy_j or 0))
        found = compare_sweeps(a, b)
        assert found.overall.verdict == "significant"
        return _bench_changed(found.remarks)

    assert "no reference point" in remarks(1.003, 1.0, 0)[0]
    assert "may be the bench" in remarks(1.003, 1.003, 8)[0]
    assert remarks(1.03, 1.0, 8) == []


def test_two_parts_of_one_night_share_its_bench() -> None:
    rows = night({"firmware": ["1.0", "1.1"], **AXES}, Monitor(), 1)
    sides = [[row for row in rows if row.values["firmware"] == one] for one in ("1.0", "1.1")]
    sides[1] = [replace(row, energy_j=1.05 * (row.energy_j or 0)) for row in sides[1]]
    found = compare_sweeps(*sides)
    assert found.overall.verdict == "significant"
    assert _bench_changed(found.remarks) == []
