# SPDX-License-Identifier: Apache-2.0
"""How many inferences the next trial has, if the DUT's clock counts something other than microseconds."""

import pytest

from energy_runner.director.performance import LONGEST_TRIAL_S, _more


@pytest.mark.parametrize("true_s", [1e-5, 1e-3, 0.005, 0.3])
@pytest.mark.parametrize("clock", [1e-6, 1e-3, 0.03])
def test_a_clock_that_is_too_slow_does_not_ask_for_hours(true_s: float, clock: float) -> None:
    tried = 1
    for _ in range(40):
        by_host_s = tried * true_s + 0.003  # what the lines take on the way
        if by_host_s > 4.1:  # here the clocks are compared, and the run ends
            break
        tried = _more(tried, max(1e-6, tried * true_s * clock), by_host_s)
        assert tried * true_s <= LONGEST_TRIAL_S
    assert by_host_s > 4.1


@pytest.mark.parametrize(("tried", "trial_s", "wanted"), [(1, 0.043, 13), (1, 0.4, 2), (13, 0.49, 26)])
def test_a_right_clock_finds_as_many_as_before(tried: int, trial_s: float, wanted: int) -> None:
    assert _more(tried, trial_s, trial_s + 0.003) == wanted
