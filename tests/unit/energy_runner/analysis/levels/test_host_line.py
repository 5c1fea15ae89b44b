# SPDX-License-Identifier: Apache-2.0
"""The line between host time and trace by the arrival of samples: its slack, and slopes that cannot be."""

from array import array
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.levels.host_line import host_line
from energy_runner.analysis.placing.alignment import LATENCY_LIMIT_S
from energy_runner.session.events import MonitorConfigured

UNPLACED: Any = SimpleNamespace(windows=[])
PERIOD_S = 1e-3


def arrived(late_s: Sequence[float], slope: float = 1.0) -> Facts:
    """Samples arrive by the thousand, from host time 100 s on, so many seconds late."""
    monitor = MonitorConfigured(
        t_ns=0,
        voltage_set_v=3.0,
        period_s=PERIOD_S,
        signals=[{"name": "power", "unit": "W"}],
        captures_edges=False,
        starts_on_edge=False,
        accuracy={"document": "", "terms": []},
    )
    ends = array("q", [1000 * (k + 1) for k in range(len(late_s))])
    times = array("q", [round((100 + slope * (k + 1) + late) * 1e9) for k, late in enumerate(late_s)])
    return Facts(monitor=monitor, arrival_ends=ends, arrival_times_ns=times)


@pytest.mark.parametrize(("latest_s", "slack_s"), [(0.1, 0.1), (0.2, 0.2), (0.25, 0.25), (0.3, 0.25), (0.6, 0.25)])
def test_the_slack_is_how_late_samples_arrived_up_to_a_quarter_of_a_second(
    latest_s: float, slack_s: float
) -> None:
    line = host_line(arrived([0.0, 0.0, 0.05, latest_s, 0.0, 0.0, 0.0, 0.0]), UNPLACED, 0.0)
    assert line is not None
    assert line.slack_s == pytest.approx(LATENCY_LIMIT_S + slack_s, abs=1e-6)
    assert line.place(101_000_000_000) == pytest.approx(1000, abs=1e-3)


def test_half_of_a_rounding_belongs_to_the_slack() -> None:
    line = host_line(arrived([0.0] * 8), UNPLACED, 1.0)
    assert line is not None
    assert line.slack_s == pytest.approx(LATENCY_LIMIT_S + 0.5, abs=1e-6)


@pytest.mark.parametrize(
    ("slope", "possible"), [(1 / 1.6, False), (1 / 1.4, True), (1.4, True), (1.6, False), (0.25, False)]
)
def test_clocks_that_differ_by_half_are_not_tied(slope: float, possible: bool) -> None:
    line = host_line(arrived([0.0] * 8, slope), UNPLACED, 0.0)
    assert (line is not None) is possible
    assert line is None or line.slope == pytest.approx(slope, rel=1e-9)


@pytest.mark.parametrize("resolution_s", [0.0, 1.0])
def test_without_samples_there_is_no_line(resolution_s: float) -> None:
    assert host_line(arrived([]), UNPLACED, resolution_s) is None
    assert host_line(Facts(), UNPLACED, resolution_s) is None
