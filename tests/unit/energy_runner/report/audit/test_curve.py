# SPDX-License-Identifier: Apache-2.0
"""The picture of a trace: small, every extreme kept, gaps shown, hostile figures refused."""

import re

import pytest

from energy_runner.published.row import AuditWindow, Curve
from energy_runner.report.audit.curve import outline, picture
from tests.support.audit_rows import curve, windows


def test_an_outline_goes_along_the_largest_and_back_along_the_least() -> None:
    assert outline([(10, 4), (10, 4), (12, 2)]) == "M0 4h2v-2h1V12h-1v-2h-2Z"


def test_a_gap_stays_a_gap() -> None:
    assert outline([(9, 5), None, (9, 5)]) == "M0 5h1V9h-1ZM2 5h1V9h-1Z"
    assert outline([None, None]) == ""
    assert outline([]) == ""


def test_an_extreme_of_one_column_in_many_is_kept() -> None:
    high: list[float | None] = [1.0] * 100_000
    high[54_321] = 2.0
    drawn = picture(Curve(step_s=1e-3, low_w=[0.5] * 100_000, high_w=high), [])
    assert "v-80h1v80" in drawn  # half as high again as the picture, for one column
    assert "2" in drawn
    assert len(drawn) < 2000


def test_windows_are_drawn_where_they_are_and_those_placed_by_others_are_dashed() -> None:
    drawn = picture(curve(), windows(1.0, 0.1))
    assert len(re.findall(r'class="w"', drawn)) == 4
    assert len(re.findall(r'class="w by-others"', drawn)) == 1
    assert 'x="20.50" width="39.00"' in drawn  # 4.1 s to 11.9 s of 60 s, in 300 columns
    assert "dashed: placed by the others" in drawn
    assert "red: nothing recorded" in drawn


@pytest.mark.parametrize(("start", "stop"), [(None, 1.0), (1.0, 1.0), (2.0, 1.0), (-1.0, 1.0), (1e9, 2e9)])
def test_a_window_that_is_nowhere_is_not_drawn(start: float | None, stop: float) -> None:
    assert "<rect" not in picture(
        Curve(step_s=1.0, low_w=[1.0] * 9, high_w=[1.0] * 9), [AuditWindow(number=1, start_s=start, stop_s=stop)]
    )


@pytest.mark.parametrize(
    "bad",
    [
        None,
        Curve(step_s=0.0, low_w=[1.0], high_w=[1.0]),
        Curve(step_s=float("inf"), low_w=[1.0], high_w=[1.0]),
        Curve(step_s=1.0, low_w=[], high_w=[]),
        Curve(step_s=1.0, low_w=[None], high_w=[None]),
        Curve(step_s=1.0, low_w=[float("nan")], high_w=[float("inf")]),
        Curve(step_s=1.0, low_w=[-1.0], high_w=[-1.0]),
    ],
)
def test_what_cannot_be_drawn_is_left_out(bad: Curve | None) -> None:
    assert picture(bad, []) == ""


def test_a_picture_takes_some_kilobytes_at_most() -> None:
    noisy = [i * 7919 % 97 for i in range(5000)]
    drawn = picture(Curve(step_s=0.1, low_w=[*noisy], high_w=[v + 9 for v in noisy]), windows(1.0, 0.1))
    assert len(drawn) < 9000
