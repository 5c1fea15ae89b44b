# SPDX-License-Identifier: Apache-2.0
"""The host's clock as a witness of how many samples there should be."""

import numpy as np
import pytest

from instruments.devices.ppk2.second_clock import SecondClock

PERIOD_S = 1e-5


def watched(seconds: float, *, jitter_s: float = 2e-3, drift: float = 0.0, lost=None):
    """Return what the clock finds, and when, of a stream read every 0.1 s over a link with latency."""
    rng, clock, found = np.random.default_rng(4), SecondClock(PERIOD_S), []
    added = 0
    for t_s in np.arange(0.0, seconds, 0.1):
        arrived = int((t_s * (1 + drift) - rng.uniform(0, jitter_s)) / PERIOD_S)
        gone = sum(count for at_s, count in (lost or {}).items() if at_s <= t_s)
        index = arrived - gone + added
        missing = clock.missing(int(t_s * 1e9), index)
        if missing:
            added += missing
            clock.found(index + missing)
            found.append((round(float(t_s), 1), missing))
    return found


@pytest.mark.parametrize("drift", [-150e-6, 0.0, 150e-6])
def test_a_complete_stream_is_complete_however_the_crystals_differ(drift):
    assert watched(120.0, drift=drift) == []


@pytest.mark.parametrize("count", [64 * 12, 64 * 31, 64 * 1000])
@pytest.mark.parametrize("drift", [-150e-6, 150e-6])
def test_a_loss_that_the_counter_cannot_see_is_found_within_a_second(count, drift):
    [(t_s, missing)] = watched(120.0, drift=drift, lost={60.0: count})
    assert 60.0 <= t_s <= 61.0
    assert missing % 64 == 0
    assert abs(missing - count) <= 4e-3 / PERIOD_S


def test_many_small_losses_add_up():
    found = watched(60.0, lost={30.0 + 0.1 * i: 64 for i in range(20)})
    assert found
    assert abs(sum(missing for _, missing in found) - 20 * 64) <= 700


def test_late_messages_alone_are_no_loss():
    clock = SecondClock(PERIOD_S)
    for i in range(100):
        late = 30e-3 if i % 4 else 0.0
        assert clock.missing(int(i * 1e8), int((i * 0.1 - late) / PERIOD_S)) == 0


def test_at_the_end_one_look_must_do_if_the_loss_is_large():
    clock = SecondClock(PERIOD_S)
    for i in range(10):
        clock.missing(int(i * 1e8), int(i * 0.1 / PERIOD_S))
    assert clock.missing(int(1e9), int(1.0 / PERIOD_S) - 6400, final=True) == 6400
