# SPDX-License-Identifier: Apache-2.0
"""The count of a log's records against the host's clock."""

import pytest

from instruments.errors import ProtocolViolation
from instruments.scpi.sample_counter import SampleCounter

PERIOD_S = 204.8e-6
FIFO_S = 20.0
S = 1_000_000_000


def steady(counter: SampleCounter, seconds: float, *, start_s: float = 0.5, step_s: float = 0.1) -> int:
    """Enter readings every `step_s` of a log that began at `start_s`; return the time of the last (ns)."""
    now_s = start_s
    while now_s < start_s + seconds:
        now_s += step_s
        due = int((now_s - start_s) / PERIOD_S)
        assert counter.account(round(now_s * S), round(now_s * S), due - counter.next_index) is None
    return round(now_s * S)


def test_a_whole_log_is_whole() -> None:
    counter = SampleCounter(PERIOD_S, 0, FIFO_S)
    steady(counter, 60.0)
    assert counter.next_index == pytest.approx(60.0 / PERIOD_S, rel=1e-2)


def test_nothing_is_missing_before_the_trigger_however_late_it_comes() -> None:
    counter = SampleCounter(PERIOD_S, 0, FIFO_S)
    for second in range(1, 100):
        assert counter.account(second * S, second * S, 0) is None
    assert counter.account(100 * S, 100 * S, 100) is None
    assert counter.next_index == 100


def test_a_gap_in_the_records_is_estimated_from_the_clock() -> None:
    counter = SampleCounter(PERIOD_S, 0, FIFO_S)
    last_ns = steady(counter, 5.0)
    lost = counter.account(last_ns + 2 * S, last_ns + 2 * S, round(0.5 / PERIOD_S))
    assert lost is not None
    assert lost.missing == pytest.approx(1.5 / PERIOD_S, rel=1e-3)
    assert lost.before - lost.after == lost.missing
    assert "have not come" in lost.detail


def test_a_full_fifo_is_a_loss_even_where_the_clock_shows_none() -> None:
    counter = SampleCounter(PERIOD_S, 0, FIFO_S)
    last_ns = steady(counter, 1.0)
    lost = counter.account(last_ns + 20 * S, last_ns + 20 * S, round(20 / PERIOD_S))
    assert lost is not None
    assert lost.missing >= 1
    assert "was full" in lost.detail


def test_a_fifo_that_was_full_at_the_first_reading_may_have_lost_the_beginning() -> None:
    counter = SampleCounter(PERIOD_S, 0, FIFO_S)
    lost = counter.account(50 * S, 50 * S, round(20 / PERIOD_S))
    assert lost is not None
    assert lost.after == 0
    assert lost.missing == pytest.approx(30 / PERIOD_S, rel=1e-3)


def test_a_lost_answer_is_a_loss_however_small() -> None:
    counter = SampleCounter(PERIOD_S, 0, FIFO_S)
    last_ns = steady(counter, 1.0)
    lost = counter.account(last_ns + S // 50, last_ns + S // 50, 10, doubtful=True)
    assert lost is not None
    assert lost.missing == pytest.approx(0.02 / PERIOD_S - 10, abs=2)


def test_a_doubt_before_the_first_record_is_kept_until_it_comes() -> None:
    counter = SampleCounter(PERIOD_S, 0, FIFO_S)
    assert counter.account(S, S, 0, doubtful=True) is None
    lost = counter.account(2 * S, 2 * S, 10)
    assert lost is not None
    assert "lost in transit" in lost.detail
    assert counter.account(2 * S + S // 100, 2 * S + S // 100, 48) is None


def test_a_log_that_went_silent_is_noticed_at_the_end() -> None:
    counter = SampleCounter(PERIOD_S, 0, FIFO_S)
    last_ns = steady(counter, 2.0)
    assert counter.account(last_ns + 3 * S, last_ns + 3 * S, 0) is None
    lost = counter.account(last_ns + 3 * S, last_ns + 3 * S, 0, final=True)
    assert lost is not None
    assert lost.missing == pytest.approx(3 / PERIOD_S, rel=1e-3)


@pytest.mark.parametrize("ppm", [-150, 150])
def test_the_drift_of_two_good_clocks_is_no_loss(ppm: int) -> None:
    counter = SampleCounter(PERIOD_S, 0, FIFO_S)
    for step in range(1, 36000):
        due = int(step * 0.1 * (1 + ppm * 1e-6) / PERIOD_S)
        assert counter.account(step * S // 10, step * S // 10, due - counter.next_index) is None


PIECE_S = 0.524


@pytest.mark.parametrize("steps_s", [(0.1,), (0.9,), (0.3, 0.011, 0.7), (0.01, 0.5)])
def test_a_log_that_comes_in_pieces_is_neither_short_nor_too_long(steps_s: tuple[float, ...]) -> None:
    counter = SampleCounter(PERIOD_S, 0, FIFO_S, PIECE_S)
    piece = round(PIECE_S / PERIOD_S)
    now_s = 0.0
    for step in range(300):
        now_s += steps_s[step % len(steps_s)]
        due = int(now_s / PERIOD_S) // piece * piece
        assert counter.account(round(now_s * S), round(now_s * S), due - counter.next_index) is None


def test_a_gap_longer_than_a_piece_is_noticed() -> None:
    counter = SampleCounter(PERIOD_S, 0, FIFO_S, PIECE_S)
    last_ns = steady(counter, 5.0)
    assert counter.account(last_ns + S // 2, last_ns + S // 2, 10) is None
    lost = counter.account(last_ns + S, last_ns + S, 10)
    assert lost is not None
    assert lost.missing == pytest.approx(1.0 / PERIOD_S - 20, abs=2)


def test_more_records_than_time_means_that_something_else_is_logged() -> None:
    counter = SampleCounter(PERIOD_S, 0, FIFO_S)
    counter.account(S, S, 100)
    tenth = round(0.1 / PERIOD_S)
    assert counter.account(S + S // 10, S + S // 10, tenth) is None
    with pytest.raises(ProtocolViolation, match="no other channel"):
        counter.account(S + S // 5, S + S // 5, 3 * tenth)
