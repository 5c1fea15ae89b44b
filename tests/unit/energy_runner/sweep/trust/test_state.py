# SPDX-License-Identifier: Apache-2.0
"""The states of a bench: from facts alone, and out of control until a person says otherwise."""

import dataclasses
import random
from time import process_time
from timeit import repeat

import pytest

from energy_runner.sweep.trust.points import Decision, ReferencePoint
from energy_runner.sweep.trust.state import STALE_S, bench_state
from tests.support.reference_nights import BEGIN_S, DAY_S, reference_points, since


def _decision(night: float, baseline: str = "kept") -> Decision:
    return Decision("desk", BEGIN_S + night * DAY_S, "ann", "lead tightened", baseline)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def shifted() -> list[ReferencePoint]:
    return reference_points(random.Random(3), 60, a_night=2, off=lambda n: 0.006 if 30 <= n < 45 else 0.0)


def test_no_point_and_few_nights_are_not_watched() -> None:
    assert bench_state([]).state == "not watched"
    few = bench_state(reference_points(random.Random(1), 7, a_night=5))
    assert few.state == "not watched"
    assert few.reason == "too few: 7 nights of 8 that a baseline needs"
    assert few.series[0].eras[0].scatter is None


def test_eight_nights_are_trusted_and_say_what_they_would_find() -> None:
    points = reference_points(random.Random(1), 8)
    found = bench_state(points)
    assert found.state == "trusted"
    assert found.since_utc_s == points[-1].utc_s
    assert "would be found within 10 nights" in found.reason
    assert any("may stay unnoticed" in remark for remark in found.series[0].remarks)


def test_a_shift_stays_until_a_person_says_so(shifted: list[ReferencePoint]) -> None:
    states = [bench_state(shifted[:count]).state for count in range(0, len(shifted) + 1, 5)]
    first = states.index("out of control")
    assert set(states[first:]) == {"out of control"}  # although the shift goes away
    found = bench_state(shifted)
    alarm = found.series[0].alarms[0]
    assert abs(alarm.since_utc_s - (BEGIN_S + 30 * DAY_S)) <= DAY_S
    assert alarm.utc_s < BEGIN_S + 40 * DAY_S
    assert alarm.shift == pytest.approx(0.006, abs=3 * alarm.u_shift)
    assert found.reason.startswith("shifted by (+0.")
    assert found.since_utc_s == alarm.since_utc_s


def test_a_kept_baseline_finds_a_shift_again_that_is_still_there(shifted: list[ReferencePoint]) -> None:
    early = bench_state(shifted, [_decision(34.8)])
    assert early.state == "out of control"
    assert len(early.series[0].alarms) == 2
    late = bench_state(shifted, [_decision(44.8)])
    assert late.state == "trusted"
    assert late.since_utc_s == _decision(44.8).utc_s
    assert "ann on 2026-12-16: lead tightened" in late.reason
    assert late.series[0].eras[0].mean_j == bench_state(shifted[:60]).series[0].eras[0].mean_j


def test_a_new_baseline_takes_the_change_for_granted() -> None:
    points = reference_points(random.Random(5), 50, off=since(30, 0.02))
    fresh = bench_state(points[:36], [_decision(40, "new")])
    assert (fresh.state, fresh.since_utc_s) == ("not watched", _decision(40).utc_s)
    found = bench_state(points, [_decision(35.8, "new")])
    assert found.state == "trusted"
    assert [era.until_utc_s is None for era in found.series[0].eras] == [False, True]
    assert found.series[0].eras[1].mean_j / found.series[0].eras[0].mean_j == pytest.approx(1.02, abs=0.002)


def test_the_order_of_facts_changes_nothing(shifted: list[ReferencePoint]) -> None:
    decisions = [_decision(44.8), _decision(50, "new")]
    mixed = list(shifted)
    random.Random(1).shuffle(mixed)
    assert bench_state(mixed, decisions[::-1]) == bench_state(shifted, decisions)


def test_each_reference_has_its_own_chart_and_the_worst_state_counts(shifted: list[ReferencePoint]) -> None:
    other = [dataclasses.replace(one, series="ic01", value_j=7 * one.value_j) for one in _good()]
    both = bench_state([*[dataclasses.replace(one, series="kws01") for one in shifted], *other])
    assert both.state == "out of control"
    assert both.reason.startswith("kws01: shifted")
    assert [one.state for one in both.series] == ["trusted", "out of control"]
    few = [dataclasses.replace(one, series="new") for one in other[:3]]
    assert bench_state([*other, *few]).state == "trusted"


def _good() -> list[ReferencePoint]:
    return reference_points(random.Random(9), 20)


def test_an_old_reference_says_nothing_of_today() -> None:
    points = _good()
    last = points[-1].utc_s
    assert bench_state(points, now_utc_s=last + STALE_S - 1).state == "trusted"
    old = bench_state(points, now_utc_s=last + STALE_S + DAY_S)
    assert (old.state, old.since_utc_s) == ("not watched", last + STALE_S)
    assert "15 days ago" in old.reason


def test_virtual_points_do_not_stop_a_real_bench() -> None:
    twins = [
        dataclasses.replace(point, virtual=True, value_j=1.03 * point.value_j, utc_s=point.utc_s + 20 * DAY_S)
        for point in _good()
    ]
    assert bench_state(_good() + twins) == bench_state(_good())
    assert bench_state(twins).state == "trusted"


def test_what_changed_with_the_bench_is_said(shifted: list[ReferencePoint]) -> None:
    def seen(night: float) -> dict[str, object]:
        late = night >= 30
        return {
            "temperature_c": 26.5 if late else 22.0,
            "voltage_v": 3.012 if late else 3.0,
            "monitor": "lpm01a B" if late else "lpm01a A",
        }

    points = [dataclasses.replace(one, **seen((one.utc_s - BEGIN_S) / DAY_S)) for one in shifted]  # type: ignore[arg-type]
    reason = bench_state(points).reason
    assert "the monitor is lpm01a B and was lpm01a A" in reason
    assert "4.5 K warmer" in reason
    assert "3.012 V and before as 3 V" in reason


def test_a_wild_night_is_a_remark() -> None:
    points = reference_points(random.Random(2), 25, off=lambda n: 0.03 if n == 20 else 0.0)
    found = bench_state(points)
    assert found.state == "trusted"
    assert any("the night of 2026-11-21" in remark for remark in found.series[0].remarks)
    assert [night.outlier for night in found.series[0].nights].index(True) == 20


def test_the_cost_of_many_points_grows_with_their_number_alone() -> None:
    points = reference_points(random.Random(6), 800, a_night=5)
    assert bench_state(points[:1000]).state == "trusted"

    def cost_s(count: int) -> float:
        return min(repeat(lambda: bench_state(points[:count]), timer=process_time, number=1, repeat=3))

    assert cost_s(4000) < 8 * cost_s(1000)
