# SPDX-License-Identifier: Apache-2.0
"""The current history's closed-form integrals, against sums done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.world.history import CurrentHistory

LEVELS = st.lists(
    st.tuples(st.integers(0, 5000), st.floats(0.0, 0.1), st.floats(0.0, 5.0)), min_size=1, max_size=20
).map(lambda rows: sorted(rows, key=lambda row: row[0]))
Row = tuple[int, float, float]


def build(rows: list[Row]) -> CurrentHistory:
    history = CurrentHistory()
    for at_ns, current_a, voltage_v in rows:
        history.append(at_ns, current_a, voltage_v)
    return history


def by_hand(rows: list[Row], at_ns: int) -> tuple[float, float]:
    """Return charge and energy up to `at_ns`, nanosecond by nanosecond."""
    current_a, voltage_v = np.zeros(max(at_ns, 1)), np.zeros(max(at_ns, 1))
    for start_ns, level_a, level_v in rows:
        current_a[start_ns:] = level_a
        voltage_v[start_ns:] = level_v
    return float(current_a[:at_ns].sum()) * 1e-9, float((current_a * voltage_v)[:at_ns].sum()) * 1e-9


@given(LEVELS, st.integers(0, 6000))
def test_charge_and_energy_equal_the_sum_over_every_nanosecond(rows: list[Row], at_ns: int) -> None:
    history = build(rows)
    charge_c, energy_j = by_hand(rows, at_ns)
    assert history.charge_c(at_ns) == pytest.approx(charge_c, rel=1e-9, abs=1e-18)
    assert history.energy_j(at_ns) == pytest.approx(energy_j, rel=1e-9, abs=1e-18)


@given(LEVELS, st.integers(0, 6000))
def test_a_truncated_history_goes_on_with_its_last_level(rows: list[Row], at_ns: int) -> None:
    history, kept = build(rows), [row for row in rows if row[0] < at_ns]
    history.truncate(at_ns)
    for later_ns in (at_ns, at_ns + 777):
        assert history.energy_j(later_ns) == pytest.approx(by_hand(kept, later_ns)[1], rel=1e-9, abs=1e-18)


@given(LEVELS, st.integers(0, 6000), st.floats(0.0, 5.0))
def test_a_new_voltage_leaves_the_planned_currents_alone(rows: list[Row], at_ns: int, voltage_v: float) -> None:
    history, end_ns = build(rows), 7000
    before_j, charge_c = history.energy_j(at_ns), history.charge_c(end_ns)
    later_c = charge_c - history.charge_c(at_ns)
    history.change_voltage(at_ns, voltage_v)
    assert history.charge_c(end_ns) == pytest.approx(charge_c, rel=1e-9, abs=1e-18)
    assert history.energy_j(at_ns) == pytest.approx(before_j, rel=1e-9, abs=1e-18)
    after_j = history.energy_j(end_ns) - history.energy_j(at_ns)
    assert after_j == pytest.approx(later_c * voltage_v, rel=1e-9, abs=1e-17)


@given(LEVELS, st.lists(st.integers(0, 6000), min_size=2, max_size=30).map(sorted))
def test_the_parts_of_a_stretch_add_up_to_the_whole(rows: list[Row], bounds: list[int]) -> None:
    energy_j = build(rows).energy_j(np.array(bounds))
    assert np.all(np.diff(energy_j) >= 0.0)
    assert np.diff(energy_j).sum() == pytest.approx(energy_j[-1] - energy_j[0], rel=1e-9, abs=1e-18)


def test_before_the_first_level_nothing_flows() -> None:
    history = build([(1000, 0.010, 3.0)])
    assert history.charge_c(1000) == history.energy_j([0, 500, 1000]).sum() == 0.0
    assert history.charge_c(1_001_000) == pytest.approx(0.010 * 1e-3)
    assert history.energy_j(1_001_000) == pytest.approx(0.030 * 1e-3)


def test_many_levels_at_once_equal_one_after_the_other() -> None:
    times = np.arange(5000, dtype=np.float64) * 1000.0
    currents = np.linspace(0.0, 0.1, 5000)
    at_once, one_by_one = CurrentHistory(), CurrentHistory()
    at_once.extend(times, currents, 3.0)
    for at_ns, current_a in zip(times, currents, strict=True):
        one_by_one.append(int(at_ns), float(current_a), 3.0)
    probes = np.linspace(0, 6e6, 1234)
    assert at_once.energy_j(probes) == pytest.approx(one_by_one.energy_j(probes), rel=1e-12)


def test_a_new_level_replaces_the_plan_from_its_moment_on() -> None:
    history = CurrentHistory()
    history.extend(np.array([0.0, 100.0, 200.0]), np.array([0.001, 0.002, 0.003]), 3.0)
    history.append(150, 0.0, 3.0)
    assert history.charge_c(1000) == pytest.approx((100 * 0.001 + 50 * 0.002) * 1e-9)


def test_the_levels_of_a_stretch_include_the_one_it_begins_in() -> None:
    history = build([(100, 0.001, 3.0), (200, 0.002, 3.0), (300, 0.003, 3.0)])
    times, currents = history.levels(150, 300)
    assert times.tolist() == [100.0, 200.0]
    assert currents.tolist() == [0.001, 0.002]


def test_a_week_of_history_keeps_its_resolution() -> None:
    week_ns = 7 * 86400 * 10**9
    history = build([(0, 0.010, 3.0), (week_ns, 0.020, 3.0)])
    energy_j = history.energy_j(week_ns + 10**10) - history.energy_j(week_ns)
    assert energy_j == pytest.approx(0.6, rel=1e-9)


@given(LEVELS, st.integers(0, 6000), st.lists(st.integers(0, 6000), min_size=1, max_size=5))
def test_forgetting_the_past_changes_no_later_integral(rows: list[Row], before_ns: int, times: list[int]) -> None:
    whole, short = build(rows), build(rows)
    short.forget(before_ns)
    assert 1 <= len(short) <= len(whole)
    later = [before_ns + at_ns for at_ns in times]
    assert np.array_equal(short.charge_c(later), whole.charge_c(later))
    assert np.array_equal(short.energy_j(later), whole.energy_j(later))
    short.append(12_000, 0.05, 3.0)
    whole.append(12_000, 0.05, 3.0)
    assert short.energy_j(13_000) == whole.energy_j(13_000)


def test_what_was_forgotten_is_refused() -> None:
    history = build([(10, 0.1, 3.0), (20, 0.2, 3.0), (30, 0.3, 3.0)])
    history.forget(25)
    assert history.charge_c(20) > 0
    with pytest.raises(ValueError, match="before 20 ns was forgotten"):
        history.charge_c([25, 19])
