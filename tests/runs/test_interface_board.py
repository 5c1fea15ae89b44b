# SPDX-License-Identifier: Apache-2.0
"""Whole runs whose edges come from the record of an interface board, beside samplers of several kinds."""

from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.analysis.placing.alignment import BY_HOST, BY_LAPS, BY_MONITOR
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.errors import ExitStatus
from energy_runner.session.events import LapCaptured
from tests.runs.test_role_mix import BENCHES, LATENCY, budget, errors, mixed, plan, run
from tests.support.coverage_study import whole_plan

__all__ = ["plan", "run"]  # fixtures
BENCH = "interface-board-sees-edges"


@pytest.mark.parametrize("seed", range(3))
def test_an_interface_board_times_the_edges_too(seed, run):
    bench, session = run(BENCH, seed)
    assert session.record.outcome == "completed", session.record.reason
    assert session.record.alignment == BY_HOST
    result = session.result()
    assert result.findings == []
    assert result.edges is not None
    assert result.edges.exact
    error, u = errors(session)
    assert abs(error) <= u < 0.06
    assert result.alignment is not None
    assert result.alignment.rate_correction is not None
    true_rate = 1 / bench.twin.twins["relay"].rate
    assert abs(result.alignment.rate_correction - true_rate) <= 2 * result.alignment.rate_u
    assert "lines of the DUT about its laps" in budget(session)["rate of the IO manager's clock"].source
    assert [one.zeroed for one in session.journal() if isinstance(one, LapCaptured)].count(None) == 0
    assert result.exchange is not None
    assert result.exchange.contradictions == 0


def test_with_windows_of_ten_seconds_an_energy_by_the_boards_edges_is_valid(run, tmp_path):
    _, session = run(BENCH, 1, whole_plan(tmp_path / "whole"))
    assert api.exit_status(session) is ExitStatus.VALID
    error, u = errors(session)
    assert abs(error) <= u < 0.03
    assert budget(session)[LATENCY].relative < 1e-3


def on_board(tmp_path: Path, *changes: tuple[str, str]) -> Bench:
    """Return the bench whose edges the board times, with other lines in its file."""
    text = (BENCHES / f"{BENCH}.toml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "bench.toml"
    file.write_text(text, "utf-8")
    return build_bench(load_bench_spec(str(file)), "energy", seed=0)


@pytest.mark.parametrize("driver", ["n6705", "ngu"])
def test_a_sampler_that_starts_on_an_edge_needs_its_own_wire_and_the_boards_edges(driver, run, tmp_path):
    _, session = run(on_board(tmp_path, ('"lpm01a"', f'"{driver}"')))
    assert session.record.outcome == "completed", session.record.reason
    assert session.record.alignment == BY_LAPS
    assert session.result().findings == []
    error, u = errors(session)
    assert abs(error) <= u < 0.01


def test_a_board_checks_the_edges_of_a_monitor(run, tmp_path):
    _, session = run(on_board(tmp_path, ('edges = "relay"', 'edges = "shield"\ncross_check = "relay"')))
    assert session.record.alignment == BY_MONITOR
    check = session.result().edges_cross_check
    assert check is not None
    assert check.windows == 5
    assert check.ratio == pytest.approx(1.0, abs=2e-3)


def test_a_board_times_edges_while_another_port_carries_the_uart(run, tmp_path):
    port = '[instruments.port]\ndriver = "dut-port"\nport = "virtual"\n\n[roles]'
    _, session = run(on_board(tmp_path, ("[roles]", port), ('dut = "relay"', 'dut = "port"')))
    assert session.record.outcome == "completed", session.record.reason
    assert session.result().findings == []
    error, u = errors(session)
    assert abs(error) <= u < 0.06


def test_a_pin_that_rings_until_the_record_is_full_ends_the_run(run):
    bench = mixed(BENCH)
    relay = bench.twin.twins["relay"]

    def rings(at_ns: int) -> None:
        for number in range(1, 11):
            bench.clock.call_after(2_000_000 * number, lambda: relay.sees_edge(at_ns))

    bench.twin.world.on_edge(rings)
    _, session = run(bench)
    assert session.record.outcome == "bench-fault"
    assert "it is full" in session.record.reason
    assert session.record.supply_off_confirmed is True


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.replace(b"stop times", b"stop"),
        lambda data: data.replace(b", m-ready", b"m-ready"),
        lambda data: data.replace(b"1", b"2"),
        lambda data: data.replace(b"1", b""),
    ],
)
def test_a_damaged_record_ends_the_run_before_it_becomes_an_edge(damage, run):
    bench = mixed(BENCH)
    records: list[bytes] = []

    def every_other(data: bytes) -> bytes:
        if b"start times" in data:
            records.append(data)
        return damage(data) if len(records) % 2 and b"[dut]" not in data else data

    bench.twin.world.faults.corrupt["relay>host"] = every_other
    _, session = run(bench)
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT, "every other record is damaged"
    if session.result().energy_per_inference_j is not None:  # all windows were over before
        error, u = errors(session)
        assert abs(error) <= u
    assert session.record.supply_off_confirmed is True


@pytest.mark.parametrize("number", [1, 2, 9])
def test_an_edge_that_is_lost_is_missed(number, run):
    bench = mixed(BENCH)
    bench.twin.world.faults.lost_edges.add(number)
    _, session = run(bench)
    assert session.result().energy_per_inference_j is None
    assert api.exit_status(session) is not ExitStatus.VALID
