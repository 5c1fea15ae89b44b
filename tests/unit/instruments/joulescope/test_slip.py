# SPDX-License-Identifier: Apache-2.0
"""The second clock: a count that falls behind is noticed, delays and drift are not taken for it."""

import numpy as np

from instruments.joulescope.slip import SLIP_S, Slip, SlipWatch

HZ = 2_000_000
TURN_S = 0.02


def slips(seconds: int, behind_s: float = 0.0, at_s: float = 0.0, drift: float = 0.0) -> list[Slip]:
    """Return what is found in so many seconds, with delays of a busy host, where the count slips at `at_s`."""
    rng, watch, found = np.random.default_rng(1), SlipWatch(HZ), []
    for k in range(round(seconds / TURN_S)):
        sent_s = k * TURN_S
        counted_s = sent_s * (1 + drift) - (behind_s if sent_s >= at_s else 0.0)
        arrived_s = sent_s + float(rng.exponential(0.004)) + (0.3 if rng.random() < 0.02 else 0.0)
        slip = watch.note(round(arrived_s * 1e9), round(counted_s * HZ))
        found += [slip] if slip else []
    return found


def test_delays_and_drift_are_no_slip() -> None:
    assert slips(300) == []
    assert slips(300, drift=1e-4) == []
    assert slips(300, drift=-1e-4) == []


def test_a_slip_is_found_once_with_its_size_and_place() -> None:
    [slip] = slips(60, behind_s=0.02, at_s=30.5)
    assert abs(slip.late_s - 0.02) < SLIP_S
    assert 29.0 < slip.after / HZ < 30.5


def test_a_slip_below_the_limit_is_not_told_from_delays() -> None:
    assert slips(60, behind_s=0.6 * SLIP_S, at_s=30.5) == []


def test_one_at_the_end_is_found_when_the_stream_ends() -> None:
    watch = SlipWatch(HZ)
    for k in range(190):
        sent_s = k * TURN_S
        assert watch.note(round(sent_s * 1e9), round((sent_s - (0.02 if sent_s > 3.55 else 0.0)) * HZ)) is None
    slip = watch.end()
    assert slip is not None
    assert abs(slip.late_s - 0.02) < 1e-3
    assert watch.end() is None


def test_many_small_ones_add_up() -> None:
    """Ten frames of 63 us lost every second: none alone can be seen, together they are."""
    watch, found = SlipWatch(HZ), []
    for k in range(1000):
        found.append(watch.note(round(k * TURN_S * 1e9), round((k * TURN_S - 63e-6 * (k // 5)) * HZ)))
    [first, *_] = [slip for slip in found if slip]
    assert first.late_s > SLIP_S
