# SPDX-License-Identifier: Apache-2.0
"""The time left is that of the host, from the speed so far."""

import pytest

from energy_runner.viewer.live.time_left import TimeLeft

S = 1_000_000_000


def test_a_run_that_is_faster_than_the_clock_takes_less_time() -> None:
    left = TimeLeft()
    assert left.at(0, 0.0, 100.0) is None  # no speed is known yet
    assert left.at(S, 10.0, 100.0) == pytest.approx(9.0)
    assert left.at(2 * S, 20.0, 100.0) == pytest.approx(8.0)
    assert left.at(2 * S, 20.0, None) is None
    assert left.at(3 * S, 100.0, 100.0) is None


def test_only_the_last_half_minute_counts() -> None:
    left = TimeLeft()
    for second in range(61):
        found = left.at(second * S, min(second, 30) + 10 * max(0, second - 30), 1000.0)
    assert found == pytest.approx((1000 - 330) / 10)


def test_a_run_that_begins_again_or_stands_still_has_no_speed() -> None:
    left = TimeLeft()
    left.at(0, 50.0, 100.0)
    assert left.at(S, 1.0, 100.0) is None
    assert left.at(2 * S, 1.0, 100.0) is None
    assert len(left._seen) < 10
    for ms in range(0, 100_000, 5):
        left.at(3 * S + ms * 1_000_000, 1.0 + ms, 1e9)
    assert len(left._seen) <= 302
