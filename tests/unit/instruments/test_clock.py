# SPDX-License-Identifier: Apache-2.0
"""Clocks: deadlines, and the order in which a virtual clock lets events happen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import NS_PER_S, VIRTUAL_EPOCH_UTC_NS, Deadline, RealClock, VirtualClock, to_ns


def test_a_new_world_begins_on_a_day_that_no_measurement_can_have() -> None:
    clock = VirtualClock()
    assert (clock.now_ns(), clock.utc_ns()) == (0, VIRTUAL_EPOCH_UTC_NS)
    clock.sleep(1.5)
    assert clock.utc_ns() - VIRTUAL_EPOCH_UTC_NS == 1_500_000_000
    assert clock.virtual


def test_events_happen_in_order_of_time_then_of_scheduling() -> None:
    clock, seen = VirtualClock(), list[tuple[str, int]]()
    for name, at_ns in (("late", 30), ("first", 10), ("second", 10), ("at the end", 40), ("beyond", 41)):
        clock.call_at(at_ns, lambda name=name: seen.append((name, clock.now_ns())))
    clock.advance_to(40)
    assert seen == [("first", 10), ("second", 10), ("late", 30), ("at the end", 40)]
    assert clock.now_ns() == 40
    assert clock.next_event_ns() == 41


def test_an_event_in_the_past_happens_as_soon_as_time_moves() -> None:
    clock, seen = VirtualClock(), list[int]()
    clock.advance_to(100)
    clock.call_at(5, lambda: seen.append(clock.now_ns()))
    assert seen == []
    clock.sleep(0.0)
    assert seen == [100]


def test_a_cancelled_event_never_happens() -> None:
    clock, seen = VirtualClock(), list[str]()
    doomed = clock.call_after(10, lambda: seen.append("doomed"))
    clock.call_after(20, lambda: seen.append("kept"))
    doomed.cancel()
    assert clock.next_event_ns() == 20
    clock.sleep(1.0)
    assert seen == ["kept"]
    assert clock.next_event_ns() is None


def test_an_event_may_schedule_and_cancel_others() -> None:
    clock, seen = VirtualClock(), list[int]()
    doomed = clock.call_at(15, lambda: seen.append(-1))

    def tick() -> None:
        seen.append(clock.now_ns())
        doomed.cancel()
        clock.call_after(10, tick)

    clock.call_at(10, tick)
    clock.advance_to(45)
    assert seen == [10, 20, 30, 40]


def test_waiting_for_a_condition_ends_with_the_event_that_makes_it_true() -> None:
    clock, seen = VirtualClock(), list[int]()
    for at_ns in (10, 20, 30):
        clock.call_at(at_ns, lambda at_ns=at_ns: seen.append(at_ns))
    assert clock.run_until(lambda: 20 in seen, Deadline(clock, 1000))
    assert clock.now_ns() == 20
    assert not clock.run_until(lambda: 99 in seen, Deadline(clock, 1000))
    assert clock.now_ns() == 1000
    assert seen == [10, 20, 30]


def test_an_expired_deadline_lets_nothing_happen_and_never_turns_time_back() -> None:
    clock, seen = VirtualClock(), list[int]()
    clock.advance_to(500)
    clock.call_at(600, lambda: seen.append(600))
    assert not clock.run_until(lambda: False, Deadline(clock, 100))
    assert (clock.now_ns(), seen) == (500, [])
    clock.sleep(-1.0)
    assert clock.now_ns() == 500


def test_the_deadline_of_a_step_never_outlives_that_of_the_whole() -> None:
    clock = VirtualClock()
    whole = clock.deadline(1.0)
    clock.sleep(0.8)
    assert whole.remaining_s() == pytest.approx(0.2)
    assert whole.at_most(5.0).at_ns == whole.at_ns
    assert whole.at_most(0.05).at_ns == to_ns(0.85)
    assert not whole.expired()
    clock.sleep(0.2)
    assert whole.expired()
    clock.sleep(1.0)
    assert whole.remaining_s() == 0.0


def test_the_real_clock_never_steps_back_and_knows_the_calendar() -> None:
    clock = RealClock()
    before = clock.now_ns()
    clock.sleep(0.001)
    assert clock.now_ns() - before >= 1_000_000
    assert clock.utc_ns() > VIRTUAL_EPOCH_UTC_NS + 24 * 365 * 86400 * NS_PER_S
    assert not clock.virtual


def test_the_real_clock_does_not_mind_a_deadline_that_has_passed() -> None:
    clock = RealClock()
    clock.sleep(-0.5)  # a deadline may have passed already
    assert clock.deadline(-1.0).expired()


@given(st.lists(st.integers(0, 1000), max_size=30), st.lists(st.integers(0, 1200), max_size=10))
def test_every_event_happens_once_at_its_time_however_time_is_cut(events: list[int], cuts: list[int]) -> None:
    clock, seen = VirtualClock(), list[tuple[int, int]]()
    for at_ns in events:
        clock.call_at(at_ns, lambda at_ns=at_ns: seen.append((at_ns, clock.now_ns())))
    for cut in sorted(cuts):
        clock.advance_to(cut)
        assert all(at_ns <= cut for at_ns, _ in seen)
    clock.advance_to(2000)
    assert seen == [(at_ns, at_ns) for at_ns in sorted(events)]
