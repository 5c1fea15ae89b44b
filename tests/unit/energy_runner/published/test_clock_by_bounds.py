# SPDX-License-Identifier: Apache-2.0
"""A DUT's clock that is wrong by a known factor: what the dates of a log prove, and what they leave open."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from energy_runner.published.audit import audit
from energy_runner.published.clock import HostClock, host_clock
from energy_runner.published.contents import load
from energy_runner.published.discover import find_one
from energy_runner.published.model import EEMBC, InferCommand, PublishedSession
from energy_runner.published.read import read
from tests.support.dated_sessions import Dated, write_dated
from tests.support.published_sessions import write_performance


def clock_of(folder: Path, made: Dated) -> HostClock:
    found = host_clock(read(load(find_one(write_dated(folder / "kws/performance", made)))))
    assert found is not None
    return found


def random_session(number: int) -> Dated:
    chance = random.Random(number)
    return Dated(
        begun_s=chance.uniform(0, 70_000),
        load_s=chance.uniform(0.05, 2.5),
        command_s=chance.uniform(0.005, 0.4),
        window_s=chance.uniform(10, 40),
        answer_s=chance.uniform(0.005, 0.4),
        inferences=chance.choice([10, 250, 5000]),
        dut_s_per_s=chance.choice([1.0, 1.0, 1.03, 0.97, 1.5, 0.6]),
        stands_still=chance.random() < 0.4,
    )


@pytest.mark.parametrize("number", range(60))
def test_the_bounds_hold_the_truth_wherever_the_seconds_fall(tmp_path: Path, number: int) -> None:
    made = random_session(number)
    clock = clock_of(tmp_path, made)
    true = 1 / made.dut_s_per_s
    assert abs(clock.ratio - true) <= clock.expanded_u * (1 + 1e-6)
    assert (
        clock.sure <= abs(true - 1) + 1e-6
    )  # never more than is true: nobody is accused of a clock that runs well
    assert clock.shortest_s >= made.window_s * (1 - 1e-6)
    assert clock.rate == pytest.approx(made.inferences / made.window_s, rel=clock.expanded_u / clock.ratio + 1e-6)


@pytest.mark.parametrize("phase", [0.0, 0.2, 0.4, 0.6, 0.8])
@pytest.mark.parametrize("stands_still", [False, True])
def test_a_clock_that_is_three_percent_fast_is_told_where_the_log_has_seconds(
    tmp_path: Path, phase: float, stands_still: bool
) -> None:
    """Over 5 windows of 30 s the two dates of a second each are 1.3 %, so 3 % cannot hide."""
    made = Dated(begun_s=1000 + phase, window_s=30.0, dut_s_per_s=1.03, stands_still=stands_still)
    (row,) = audit([write_dated(tmp_path / "kws/performance", made)])
    (told,) = [one for one in row.findings if one.id in {"dut-clock", "throughput-by-host-clock"}]
    assert "fast by the host's, so the throughput is too low (± " in told.text or "too low" in told.text
    assert told.evidence[0].file == "log.txt"
    assert told.evidence[0].line == 3
    (row,) = audit([write_dated(tmp_path / "true/kws/performance", replace(made, dut_s_per_s=1.0))])
    assert (row.state, row.findings) == ("holds", [])


def test_a_clock_that_is_wrong_by_half_is_put_right_where_the_log_has_seconds(tmp_path: Path) -> None:
    for factor, words in ((1.5, "too low"), (1 / 1.5, "too high")):
        made = Dated(window_s=20.0, dut_s_per_s=factor)
        (row,) = audit([write_dated(tmp_path / words / "kws/performance", made)])
        assert row.state == "does-not-reproduce"
        assert row.findings[0].id == "throughput-by-host-clock"
        assert words in row.findings[0].text
        assert row.findings[0].text.endswith("%: its log has whole seconds)")
        assert row.corrected is not None
        assert row.corrected_u is not None
        assert abs(row.corrected - 250 / 20.0) <= row.corrected_u < 0.05 * row.corrected
        assert row.corrected_how.endswith("by the host's clock, which the log dates to the second")


@pytest.mark.parametrize("factor", [1.03, 1.015])
def test_a_fast_clock_is_told_where_the_log_has_milliseconds(tmp_path: Path, factor: float) -> None:
    """A command, its warm-up and its lap leave no room for 1.5 % of 11.7 s."""
    laps = [(k * 20_000_000, k * 20_000_000 + 11_700_000) for k in range(5)]
    folder = write_performance(tmp_path / "kws/performance", laps)
    log = (folder / "log.txt").read_text("utf-8")
    results = (folder / "results.txt").read_text("utf-8")
    slow = 11.7 * factor
    for start_us, stop_us in laps:
        log = log.replace(f"m-lap-us-{stop_us}\n", f"m-lap-us-{start_us + round(slow * 1e6)}\n")
    results = results.replace("11.700 sec", f"{slow:.3f} sec").replace(f"{120 / 11.7:.3f}", f"{120 / slow:.3f}")
    (folder / "log.txt").write_text(log, "utf-8")
    (folder / "results.txt").write_text(results, "utf-8")
    (row,) = audit([folder])
    (told,) = [one for one in row.findings if one.id in {"dut-clock", "throughput-by-host-clock"}]
    assert "too low" in told.text


def test_what_began_before_its_command_is_known_proves_no_fast_clock() -> None:
    """A session whose commands are not in the log begins with lines of the DUT, which may be late."""

    def command(start_ms: int | None) -> InferCommand:
        return InferCommand(
            "a",
            0,
            1,
            100,
            1,
            0,
            start_ms=start_ms,
            finished_ms=9_000,
            laps_us=[0, 10_000_000],
            laps_ms=[50, 8_900],
        )

    def clock(start_ms: int | None) -> HostClock | None:
        commands = [command(start_ms)] * 3
        return host_clock(PublishedSession(Path("x"), EEMBC, "performance", "kws01", commands=commands))

    known, late = clock(40), clock(0)
    assert known is not None
    assert late is not None
    assert (known.proven, late.proven) == (True, False)
    assert known.sure == pytest.approx((1 - 8.85 / 10) - 2 * 0.03 / 10)  # 30 ms of the 10 s, twice


def test_laps_that_fit_no_clock_say_nothing(tmp_path: Path) -> None:
    folder = write_dated(tmp_path / "kws/performance", Dated())
    session = read(load(find_one(folder)))
    first, *others = session.commands
    jumped = replace(first, laps_us=[0, 900_000_000])
    assert host_clock(replace(session, commands=[jumped, *others])) is None
    assert host_clock(replace(session, commands=[first])) is None
    assert host_clock(replace(session, ended_ms=None)) is None
    assert host_clock(replace(session, commands=[replace(first, load_begun_ms=None), *others])) is None
