# SPDX-License-Identifier: Apache-2.0
"""The duty cycle of a session: duration and uncertainties of its score and idle level, worked out by hand."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from energy_runner.analysis.session_use import SessionUse, measured_inference, use_of_session
from energy_runner.analysis.use import Between, Quantity
from energy_runner.errors import ConfigurationError
from energy_runner.session.folder import Session
from energy_runner.session.result import LevelResult, Levels, Result, SampleClock, Score, WindowResult

SESSION = cast(Session, SimpleNamespace(path=Path("s")))
IDLE = LevelResult(power_w=0.3, u_w=0.004, total_s=1.0, places=1, start_s=0.0, duration_s=1.0)


def windows(*durations_s: float | None) -> list[WindowResult]:
    return [
        WindowResult(index=k, stimulus=0, file="f", inferences=10, duration_s=duration_s)
        for k, duration_s in enumerate(durations_s)
    ]


def result(**more: object) -> Result:
    """Return a result of 2 ± 0.1 J in half a second, so of 4 W and a relative uncertainty of 5 %."""
    given = {
        "benchmark": "kws01",
        "mode": "energy",
        "virtual": False,
        "outcome": "completed",
        "energy_per_inference_j": Score(median=2.0, u=0.1, U=0.2, k=2.0),
        "throughput_per_s": 2.0,
        "windows": windows(5.0),
        "levels": Levels(idle=IDLE, searched="where nothing is sent"),
    }
    return Result.model_validate(given | more)


@pytest.mark.parametrize(
    ("durations_s", "clock", "u_s"),
    [
        ([5.0], None, 0.0),
        ([5.0, 5.6], None, 0.06 / math.sqrt(12)),
        ([5.6, None, 5.0, 5.2], None, 0.06 / math.sqrt(12)),
        ([5.0], SampleClock(ratio=1.0, u=0.02), 0.01),
        ([5.0, 5.6], SampleClock(ratio=1.0, u=0.02), math.hypot(0.06 / math.sqrt(12), 0.01)),
    ],
)
def test_the_duration_is_uncertain_by_its_range_over_the_windows_and_by_the_clock(
    durations_s: list[float | None], clock: SampleClock | None, u_s: float
) -> None:
    given = result(windows=windows(*durations_s), sample_clock=clock)
    energy_j, duration_s, relative_u = measured_inference(SESSION, given)
    assert energy_j == Quantity(2.0, 0.1)
    assert duration_s.value == 0.5
    assert duration_s.u == pytest.approx(u_s, rel=1e-12, abs=1e-15)
    assert relative_u == pytest.approx(0.05, rel=1e-12)


def test_the_idle_level_is_uncertain_by_what_the_score_is_in_watt() -> None:
    """4 W of which 5 %, with a scatter of 4 mW."""
    found = use_of_session(SESSION, result(), period_s=Quantity(10.0))
    assert found.cycle.rest_w.value == 0.3
    assert found.cycle.rest_w.u == pytest.approx(math.hypot(0.004, 0.2), rel=1e-12)
    assert (found.cycle.boot_j, found.cycle.boot_s) == (Quantity(0.0), Quantity(0.0))


def test_a_use_is_not_valid_unless_its_session_is() -> None:
    found = use_of_session(SESSION, result(valid=True), period_s=Quantity(10.0))
    assert found.valid
    assert not use_of_session(SESSION, result(), period_s=Quantity(10.0)).valid
    assert not SessionUse(found.cycle, None, found.use).valid


def test_what_is_given_is_taken_and_the_session_need_not_have_it() -> None:
    found = use_of_session(
        SESSION,
        result(levels=None),
        period_s=Quantity(10.0),
        rest_w=Quantity(0.1, 0.01),
        boot_j=Quantity(3.0),
        boot_s=Quantity(1.5),
    )
    assert (found.cycle.rest_w, found.cycle.boot_j) == (Quantity(0.1, 0.01), Quantity(3.0))
    assert found.cycle.boot_s == Quantity(1.5)


def test_a_dut_that_is_off_draws_nothing_between() -> None:
    found = use_of_session(
        SESSION, result(levels=None), period_s=Quantity(10.0), between="off", boot_s=Quantity(1.0)
    )
    assert found.cycle.rest_w == Quantity(0.0)


@pytest.mark.parametrize(
    ("changes", "between", "words"),
    [
        ({"energy_per_inference_j": None}, "idle", "has no score"),
        ({"throughput_per_s": None}, "idle", "has no score"),
        ({"throughput_per_s": 0.0}, "idle", "has no score"),
        ({}, "sleep", "a session holds no sleep level"),
        ({}, "awake", "is not one of"),
        ({"levels": None}, "idle", "no idle level without a trace"),
        ({"levels": Levels(searched="where nothing is sent")}, "idle", "no idle level where nothing is sent"),
    ],
)
def test_what_a_session_does_not_hold_is_said(changes: dict[str, object], between: Between, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        use_of_session(SESSION, result(**changes), period_s=Quantity(10.0), between=between)
