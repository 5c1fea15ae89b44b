# SPDX-License-Identifier: Apache-2.0
"""What one of several ways of logging can hold, and what follows for a run."""

import math

import pytest

from instruments.scpi.log_kind import LogKind

ENDLESS = LogKind(set_up=(), period="PER?", logged=(), default_period_s=1e-3, unread_s=18.0)
FILE = LogKind(
    set_up=(), period="PER?", logged=(), default_period_s=1e-3, longest_s=600.0, at_end=True, stop_s=120.0
)
MEMORY = LogKind(set_up=(), period="PER?", logged=(), default_period_s=1e-3, points=1000, at_end=True)


@pytest.mark.parametrize("kind", [ENDLESS, FILE])
def test_without_a_memory_of_its_own_no_number_of_records_is_set(kind: LogKind) -> None:
    assert kind.points_every(1e-3) == 0


def test_a_memory_is_filled_or_as_full_as_is_wanted() -> None:
    assert MEMORY.points_every(1e-3) == 1000
    assert MEMORY.lasting(0.3).points_every(1e-3) == 300
    assert MEMORY.lasting(0.3).points_every(0.007) == math.ceil(0.3 / 0.007)
    assert MEMORY.lasting(5.0).points_every(1e-3) == 1000


def test_a_bench_file_that_says_nothing_leaves_the_kind_as_it_is() -> None:
    assert FILE.lasting(None) is FILE
    assert FILE.lasting(20.0).longest_s == 20.0


def test_what_it_can_do_follows_from_the_applied_period() -> None:
    endless = ENDLESS.capabilities(2e-3, 0, on_edge=True)
    assert (endless.unread_s, endless.longest_s, endless.at_end, endless.starts_on_edge) == (
        18.0,
        math.inf,
        False,
        True,
    )
    file = FILE.capabilities(2e-3, 0, on_edge=False)
    assert (file.longest_s, file.stop_s, file.at_end, file.starts_on_edge) == (600.0, 120.0, True, False)
    memory = MEMORY.capabilities(2e-3, 500, on_edge=True)
    assert memory.longest_s == memory.stop_s == pytest.approx(1.0)
