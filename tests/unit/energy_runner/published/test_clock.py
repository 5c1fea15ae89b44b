# SPDX-License-Identifier: Apache-2.0
"""The DUT's clock by the host's, inside each window."""

from pathlib import Path

import pytest

from energy_runner.published.audit import audit
from energy_runner.published.clock import host_clock
from energy_runner.published.model import EEMBC, InferCommand, Mode, PublishedSession
from tests.support.published_sessions import write_performance


def command(
    host_ms: int, dut_us: int, at_ms: int = 0, first_us: int = 17, span_ms: int | None = None
) -> InferCommand:
    end_ms = at_ms + (host_ms + 100 if span_ms is None else span_ms)
    laps_us = [first_us, (first_us + dut_us) % 2**32]
    laps_ms = [at_ms + 50, at_ms + 50 + host_ms]
    return InferCommand("a", 0, 1, 100, 1, at_ms, finished_ms=end_ms, laps_us=laps_us, laps_ms=laps_ms)


def session(*commands: InferCommand, mode: Mode = "performance") -> PublishedSession:
    return PublishedSession(Path("x"), EEMBC, mode, "kws01", commands=list(commands))


def test_a_slow_clock_is_proven_by_windows_that_agree() -> None:
    clock = host_clock(session(*(command(15_000 + k, 10_000_000, 20_000 * k) for k in range(5))))
    assert clock is not None
    assert clock.ratio == pytest.approx(1.5, rel=1e-3)
    assert clock.rate == pytest.approx(100 / 15.002)
    assert clock.u == pytest.approx(1.5 * 0.002, rel=0.01)  # 30 ms in 15 s, of the ratio
    assert clock.shortest_s == 15.0
    assert clock.proven


@pytest.mark.parametrize("factor", [0.5, 1.05, 3.0, 100.0])
def test_the_uncertainty_of_the_true_rate_does_not_depend_on_how_wrong_the_clock_is(factor: float) -> None:
    """The host timed the same lines, so the same rate follows, as well known."""
    commands = [command(15_000 + 20 * k, round((15_000_000 + 20_000 * k) / factor), 20_000 * k) for k in range(5)]
    clock = host_clock(session(*commands))
    assert clock is not None
    assert clock.ratio == pytest.approx(factor, rel=1e-5)
    assert clock.u / clock.ratio == pytest.approx(0.03 / 15.04, rel=1e-3)


def test_a_clock_that_wraps_or_begins_anew_in_each_window_is_compared_all_the_same() -> None:
    for first_us in (0, 2**32 - 5_000_000):
        clock = host_clock(session(*(command(10_000, 10_000_000, 20_000 * k, first_us) for k in range(3))))
        assert clock is not None
        assert clock.ratio == pytest.approx(1.0)


def test_lines_that_came_late_prove_nothing() -> None:
    late = host_clock(session(*(command(8_000, 10_000_000, 20_000 * k, span_ms=10_200) for k in range(3))))
    assert late is not None
    assert not late.proven
    fast = host_clock(session(*(command(8_000, 10_000_000, 20_000 * k, span_ms=8_100) for k in range(3))))
    assert fast is not None
    assert fast.proven  # the whole command took less than the DUT says
    uneven = host_clock(session(*(command(10_000 + 2_000 * k, 10_000_000, 20_000 * k) for k in range(4))))
    assert uneven is not None
    assert not uneven.proven


@pytest.mark.parametrize(
    "commands",
    [
        [],
        [command(10_000, 10_000_000)],
        [command(500, 10_000_000)] * 3,
        [command(10_000, 0)] * 3,
        [InferCommand("a", 0, 1, 100, 1, 0, laps_us=[1, 2])] * 3,
    ],
)
def test_without_times_in_two_windows_there_is_no_comparison(commands: list[InferCommand]) -> None:
    assert host_clock(session(*commands)) is None
    assert host_clock(session(*[command(10_000, 10_000_000)] * 3, mode="accuracy")) is None


def test_windows_that_are_too_short_by_the_host_follow_from_the_clock(tmp_path: Path) -> None:
    folder = write_performance(
        tmp_path / "kws/performance", [(k * 20_000_000, k * 20_000_000 + 9_000_000) for k in range(5)]
    )
    log = (folder / "log.txt").read_text("utf-8")
    for k in range(5):
        log = log.replace(f"m-lap-us-{k * 20_000_000 + 9_000_000}", f"m-lap-us-{k * 20_000_000 + 12_000_000}")
    (folder / "log.txt").write_text(log, "utf-8")
    results = (
        (folder / "results.txt").read_text("utf-8").replace("13.333", "10.000").replace("9.000 sec", "12.000 sec")
    )
    results = results.replace(
        "e-[The run must take at least 10 seconds and 10 iterations to be valid]",
        "Runtime requirements have been met.",
    )
    (folder / "results.txt").write_text(results, "utf-8")
    (row,) = audit([folder])
    assert [one.id for one in row.findings][:2] == ["throughput-by-host-clock", "window-length"]
    assert row.findings[0].text == (
        "published throughput is 25 % too low: 10 where the host's clock gives 13.33 inf./sec."
    )
    assert row.findings[1].because_of == "throughput-by-host-clock"
    assert (row.published, row.state) == (10.0, "does-not-reproduce")
