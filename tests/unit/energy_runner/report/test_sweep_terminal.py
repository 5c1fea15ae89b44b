# SPDX-License-Identifier: Apache-2.0
"""How a sweep stands, in words for a terminal."""

import io
from typing import Any

import pytest

from energy_runner.report.sweep_progress import SweepProgress, time_left
from energy_runner.report.sweep_terminal import follow_status, status_lines
from energy_runner.sweep.catalogue import Running
from energy_runner.sweep.work.status import BenchHealth, SweepStatus


def status(**changes: Any) -> SweepStatus:
    usual: dict[str, Any] = {
        "sweep": "night-1",
        "name": "night",
        "state": "open",
        "counts": {"waiting": 0, "running": 0, "done": 8, "set-aside": 0},
        "invalid": 0,
        "references": 2,
        "late": 0,
        "running": [],
        "aside": {},
        "benches": [],
        "each_s": 60.0,
        "left_s": 0.0,
        "reference_points": (9, 10, 11),
    }
    return SweepStatus(**usual | changes)


LAST = status(
    running=[Running(11, 1, 1, "w", "left")],
    benches=[BenchHealth("left", "w", 11, 10, 0, "")],
)


def test_a_measurement_of_the_reference_point_has_no_number_that_the_plan_has_not() -> None:
    shown = "\n".join(status_lines(LAST))
    assert "the reference point on left" in shown
    assert "bench left: the reference point, w; 10 measured" in shown
    assert "point 11" not in shown


def test_the_end_of_the_last_reference_point_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    looks = [LAST, status(state="finished")]
    waited: list[int] = []
    follow_status(lambda: looks.pop(0), lambda: waited.append(1))
    assert (looks, waited) == ([], [1])
    assert "(finished)" in capsys.readouterr().out


def test_points_that_share_a_reason_share_a_line_and_what_to_try_is_said() -> None:
    counts = {"waiting": 0, "running": 0, "done": 6, "set-aside": 2}
    aside = {3: "no such command", 5: "no such command", 9: "no such command", 10: "no such command"}
    lines = status_lines(status(counts=counts, aside=aside))
    assert "  set aside: points 3, 5 and the reference point (2 times): no such command" in lines
    assert "sweep resume --again" in lines[-1]


def test_a_bench_in_quarantine_says_how_it_comes_back_and_no_time_is_promised() -> None:
    counts = {"waiting": 8, "running": 0, "done": 0, "set-aside": 0}
    bench = BenchHealth("left", None, None, 0, 3, "quarantined: no step of recovery helped")
    lines = status_lines(status(counts=counts, left_s=480.0, benches=[bench]))
    assert lines[-1] == "  look at left; then `energy-runner sweep resume` uses it again"
    assert "left" not in lines[3].removeprefix("  no point runs")


def test_a_sweep_that_was_interrupted_says_how_to_go_on() -> None:
    counts = {"waiting": 8, "running": 0, "done": 0, "set-aside": 0}
    lines = status_lines(status(counts=counts, references=1, benches=[BenchHealth("left", None, None, 1, 0, "")]))
    assert "  the reference point was measured once" in lines
    assert "sweep resume" in lines[-1]
    served = status_lines(status(counts=counts, benches=[BenchHealth("left", "w", None, 1, 0, "")]))
    assert not any("sweep resume" in line for line in served)


def test_what_a_worker_says_is_shown_with_its_bench_alone() -> None:
    stream = io.StringIO()
    SweepProgress(stream).show(LAST, ["left: energy-runner: finished (11 runs)"])
    assert stream.getvalue().startswith("left: finished (11 runs)\n")


def test_nothing_left_is_no_time() -> None:
    assert (time_left(0.0), time_left(None)) == ("", "")
    assert time_left(30.0, "; ") == "; about 30 s left"
