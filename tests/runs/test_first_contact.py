# SPDX-License-Identifier: Apache-2.0
"""Whole runs on a board of its own power: it restarts when its port opens, falls silent, or counts wrongly."""

import re
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.bench import build_bench
from energy_runner.bench.spec import BenchSpec
from energy_runner.errors import ExitStatus
from energy_runner.session.events import DutBooted, InferenceDone, Remark
from tests.support.python_text import python_text
from tests.support.small import small_plan


class Runs:
    """One run after another on the same kind of bench."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def go(self, set_faults, mode="accuracy", **dut):
        self._count += 1
        spec = BenchSpec.model_validate({"name": "usb-only", "dut": {"port": "virtual", **dut}})
        bench = build_bench(spec, mode, seed=self._count)
        set_faults(bench.twin.world.faults)
        bench.clock.sleep(1.0)  # the DUT is powered, and has booted long ago
        plan = small_plan(self._folder / "stimuli", mode)
        session = api.run(bench, plan, out=self._folder / f"s{self._count}")
        assert not python_text(session.record.reason)
        return bench, session


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def events(session, kind):
    return [event for event in session.journal() if isinstance(event, kind)]


def restarts(faults) -> None:
    faults.dut_restarts_on_open = True
    faults.boot_loader_ns = 8_000_000_000


def test_boot_timeout_counts_where_opening_the_port_restarts_the_dut(runs: Runs) -> None:
    _, session = runs.go(restarts, boot_timeout_s=10.0)
    assert session.record.outcome == "completed"
    assert [boot.timestamp_mode for boot in events(session, DutBooted)] == ["performance"]
    assert any("times for its name: it was booting" in one.text for one in events(session, Remark))


def test_a_boot_that_takes_longer_than_boot_timeout_is_a_bench_fault(runs: Runs) -> None:
    bench, session = runs.go(restarts, boot_timeout_s=0.5)
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT
    assert "'m-ready' after 'name'" in session.record.reason
    assert bench.clock.now_ns() < 10e9


def test_the_boot_lines_of_the_wrong_build_are_heeded_there_too(runs: Runs) -> None:
    spec = BenchSpec.model_validate(
        {"name": "x", "dut": {"port": "virtual"}, "virtual": {"firmware": "energy", "line_baud": 115200}}
    )
    bench = build_bench(spec, "performance")
    restarts(bench.twin.world.faults)
    bench.twin.world.faults.boot_loader_ns = 0
    session = api.run(bench, small_plan(runs._folder / "stimuli", "performance"), out=runs._folder / "e")
    assert "built for energy mode" in session.record.reason


def test_half_a_command_is_a_remark(runs: Runs) -> None:
    _, session = runs.go(lambda faults: setattr(faults, "half_command", b"db 00f"))
    assert session.record.outcome == "completed"
    assert any("asked 2 times" in one.text and "Insufficent" in one.text for one in events(session, Remark))


@pytest.mark.parametrize(
    ("after_inputs", "moment_ns", "words"),
    [
        (1, 1_000_000, "answered before"),
        (3, 1_000_000, "answered before"),
        (2, -25_000_000, "answered before"),
        (2, -3_000_000, "'m-ready' after 'db print'"),
    ],
)
def test_a_dut_that_falls_silent_in_accuracy_mode_is_given_up_soon(
    after_inputs: int, moment_ns: int, words: str, runs: Runs
) -> None:
    """While it infers, or while the next stimulus is loaded or read back: an answer may take five seconds."""
    _, whole = runs.go(lambda faults: None)
    at_ns = events(whole, InferenceDone)[after_inputs].sent_ns + moment_ns
    bench, session = runs.go(lambda faults: faults.silent_from_ns.update(dut=at_ns))
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT
    assert bench.clock.now_ns() - at_ns < (3e9 if moment_ns > 0 else 6e9)
    assert words in session.record.reason


@pytest.mark.parametrize("printed", [b"m-results-[,,,,]\r\n", b"m-results-[]\r\n"])
def test_results_without_numbers_end_with_the_linkers_option(printed: bytes, runs: Runs) -> None:
    def blank(faults) -> None:
        faults.corrupt["dut>host"] = lambda data: printed if data.startswith(b"m-results") else data

    _, session = runs.go(blank)
    assert "_printf_float" in session.record.reason
    assert "m-results-[" in session.record.reason


@pytest.mark.parametrize("wraps_us", [800_000, 65_536])
def test_a_clock_that_wraps_early_is_named_in_performance_mode(wraps_us: int, runs: Runs) -> None:
    _, session = runs.go(lambda faults: setattr(faults, "dut_clock_wraps_us", wraps_us), "performance")
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT
    assert re.search(r"fell from [0-9]+ to [0-9]+ us", session.record.reason)
    latest_us = float(re.search(r"wraps after ([0-9.e+]+) us at the latest", session.record.reason)[1])
    assert 0.95 * wraps_us < latest_us < 1e6


def test_a_clock_that_wraps_as_promised_is_right(runs: Runs) -> None:
    _, session = runs.go(lambda faults: setattr(faults, "dut_clock_wraps_us", 1 << 32), "performance")
    assert session.record.outcome == "completed"
