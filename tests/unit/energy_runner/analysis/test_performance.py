# SPDX-License-Identifier: Apache-2.0
"""Inferences per second by the DUT's laps: wraps undone, doubtful windows refused."""

from pathlib import Path

import pytest

from energy_runner.rules import evaluate
from energy_runner.session import events as ev
from tests.support.synthetic import Setup, host_ns, make_run

PERFORMANCE = Setup(mode="performance")
WRAPPED = [2**32 - 10_300_000, 2**32]  # a counter of 32 bits would have begun anew


def test_the_median_of_five_windows_is_the_score(tmp_path: Path) -> None:
    run = make_run(PERFORMANCE)
    longer = [0, 300_000, 100_000, 50_000, 200_000]
    run.change(
        ev.InferenceDone,
        lambda n, e: e.model_copy(update={"dut_laps_us": [e.dut_laps_us[0], e.dut_laps_us[1] + longer[n]]}),
    )
    result = evaluate(run.write(tmp_path / "s"))
    assert result.throughput_per_s == pytest.approx(100 / 10.4, rel=1e-12)
    assert [window.duration_s for window in result.windows] == pytest.approx([10.3, 10.6, 10.4, 10.35, 10.5])
    assert [window.energy_j for window in result.windows] == [None] * 5
    assert result.energy_per_inference_j is None


def test_a_counter_that_wraps_is_unwrapped(tmp_path: Path) -> None:
    """The existing runner prints a negative elapsed time and a throughput of zero."""
    result = evaluate(make_run(PERFORMANCE, io_offset_us=2**32 - 5_000_000).write(tmp_path / "s"))
    assert result.valid
    assert result.throughput_per_s == pytest.approx(100 / 10.3, rel=1e-9)


@pytest.mark.parametrize("laps", [[], [1], [1, 10_300_001, 10_300_500], [-1, 10_299_999], [0, 10**400], WRAPPED])
def test_more_or_fewer_laps_than_two_are_refused(tmp_path: Path, laps: list[int]) -> None:
    run = make_run(PERFORMANCE)
    run.change(ev.InferenceDone, lambda n, e: e.model_copy(update={"dut_laps_us": laps}) if n == 2 else e)
    result = evaluate(run.write(tmp_path / "s"))
    assert (result.valid, result.throughput_per_s, result.windows[2].duration_s) == (False, None, None)
    assert [(f.id, f.window) for f in result.findings] == [("duration-in-doubt", 2)]


@pytest.mark.parametrize("laps", [[0, 103_000_000], [0, 1_030_000], [5, 4], [7, 7]])
def test_laps_that_the_host_did_not_see_are_refused(tmp_path: Path, laps: list[int]) -> None:
    run = make_run(PERFORMANCE)
    run.change(ev.InferenceDone, lambda n, e: e.model_copy(update={"dut_laps_us": laps}) if n == 2 else e)
    result = evaluate(run.write(tmp_path / "s"))
    assert (result.valid, result.throughput_per_s, result.windows[2].duration_s) == (False, None, None)


@pytest.mark.parametrize(("lap_s", "known"), [(10.3, True), (40.0, False)])
def test_without_lines_a_window_must_fit_into_its_command(tmp_path: Path, lap_s: float, known: bool) -> None:
    run = make_run(PERFORMANCE)
    run.change(
        ev.InferenceDone,
        lambda n, e: e.model_copy(
            update={"start_line_ns": None, "done_line_ns": None, "dut_laps_us": [0, int(lap_s * 1e6)]}
        ),
    )
    result = evaluate(run.write(tmp_path / "s"))
    assert (result.throughput_per_s is not None) == known


def test_short_windows_make_the_run_invalid(tmp_path: Path) -> None:
    """The existing runner accepts windows of 2.1 s, because it times the whole loop."""
    result = evaluate(make_run(PERFORMANCE, window_s=2.1).write(tmp_path / "s"))
    assert not result.valid
    assert [v.id for v in result.verdicts if v.binding and not v.passed] == ["window-length"]


def test_an_energy_firmware_is_timed_by_the_io_managers_laps(tmp_path: Path) -> None:
    run = make_run(PERFORMANCE)
    windows = [event for event in run.events if isinstance(event, ev.InferenceDone)]
    run.change(ev.InferenceDone, lambda n, e: e.model_copy(update={"dut_laps_us": []}))
    for window in windows:
        run.insert(ev.EdgesExpected(t_ns=window.sent_ns, purpose="window", count=2))
        for line_ns in (window.start_line_ns, window.done_line_ns):
            assert line_ns is not None
            lap_us = round((line_ns - host_ns(0)) / 1e3 * 1.003)
            run.insert(ev.LapCaptured(t_ns=line_ns, lap_us=lap_us))
    result = evaluate(run.write(tmp_path / "s"))
    assert result.throughput_per_s == pytest.approx(100 / 10.31, rel=1e-4)
    assert result.valid
