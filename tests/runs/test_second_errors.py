# SPDX-License-Identifier: Apache-2.0
"""Intervals hold under errors that were not drawn from the budget's tables, and monitors agree with each other.

`python -m tests.support.second_study` counts more runs; docs/explanations/coverage.md has its figures.
"""

from pathlib import Path

import pytest

from tests.support.coverage_study import Compared, compare, short_plan
from tests.support.second_study import MONITORS, TOGETHER, normalised_errors, score_of, tally

RUNS = 40
LEAST = 38  # of 40: 93 % are asked of the budget (37.2), and all of 100 held when they were counted
PAIRS_RUNS = 12


@pytest.mark.deep
@pytest.mark.parametrize("monitor", MONITORS)
def test_the_intervals_hold_under_the_second_error_model(monitor: str, tmp_path: Path) -> None:
    plan = short_plan(tmp_path / "stimuli")
    found = [score_of(monitor, TOGETHER, plan, seed) for seed in range(RUNS)]
    figures = [one for one in found if isinstance(one, Compared)]
    assert len(figures) == RUNS, tally(found)
    assert sum(one.held for one in figures) >= LEAST, tally(found)
    # The errors are really there: a twin without any would be right to some millionths.
    assert tally(found)["scatter_ppm"] > 100  # type: ignore[operator]


@pytest.mark.parametrize(
    ("case", "monitor"), [("coloured noise ten times as large", "lpm01a"), ("output of 2 ohm", "lpm01a")]
)
def test_what_the_budget_does_not_claim_shows(case: str, monitor: str, tmp_path: Path) -> None:
    """One run of each kind goes its whole length; what becomes of many is in the documentation."""
    found = score_of(monitor, case, short_plan(tmp_path / "stimuli"), 3)
    assert isinstance(found, Compared)
    assert abs(found.error) > 1e-5


@pytest.mark.deep
def test_monitors_agree_about_one_dut(tmp_path: Path) -> None:
    """E_n between the twins of every two monitors that measure one virtual DUT, with errors of their tables."""
    plan = short_plan(tmp_path / "stimuli")
    errors = [
        error
        for seed in range(PAIRS_RUNS)
        for error in normalised_errors([compare(name, plan, seed)[0] for name in MONITORS.values()])
    ]
    assert len(errors) == 3 * PAIRS_RUNS
    # 95 % intervals of both: |E_n| beyond 1 in far less than one of twenty pairs.
    assert sum(abs(error) > 1 for error in errors) <= 1
    assert max(map(abs, errors)) > 0.05
