# SPDX-License-Identifier: Apache-2.0
"""A time in the unit that suits it."""

import pytest

from energy_runner.wording import short_time


@pytest.mark.parametrize(
    ("time_s", "said"),
    [
        (1.0, "1 s"),
        (0.5, "0.5 s"),
        (0.2, "200 ms"),
        (1e-3, "1 ms"),
        (204.8e-6, "204.8 µs"),
        (1e-6, "1 µs"),
        (0, "0 µs"),
    ],
)
def test_a_time_has_the_unit_that_suits_it(time_s: float, said: str) -> None:
    assert short_time(time_s) == said
