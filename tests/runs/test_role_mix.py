# SPDX-License-Identifier: Apache-2.0
"""Whole runs on twins whose roles are played by different instruments, as bench files say it."""

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from energy_runner import api
from energy_runner.analysis.placing.alignment import BY_HOST, BY_MONITOR, LATENCY_LIMIT_S
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.bench.serve import bench_file
from energy_runner.bench.wiring import roles_of
from energy_runner.benchmarks.demo import write_demo_stimuli
from energy_runner.director.doctor import examine
from energy_runner.director.plan import RunPlan
from energy_runner.director.stop import StopRequest
from energy_runner.errors import ConfigurationError, ExitStatus
from energy_runner.report.headline import FED_OUTSIDE
from energy_runner.report.terminal import print_session
from energy_runner.session.events import (
    DeviceIdentified,
    DutBooted,
    MonitorConfigured,
    Remark,
    SupplySwitched,
    TearDownStep,
)
from energy_runner.session.folder import Session
from tests.support.coverage_study import short_plan, whole_plan
from tests.support.small import FOUR_INSTRUMENTS

BENCHES = Path(FOUR_INSTRUMENTS).parent
LATENCY = "latency of laps against samples"
Run = Callable[..., tuple[Bench, Session]]


def mixed(name: str, mode: Any = "energy", seed: int = 0) -> Bench:
    """Return one of the mixed benches; a DUT that no instrument of it feeds is powered already."""
    return build_bench(load_bench_spec(str(BENCHES / f"{name}.toml")), mode, seed=seed)


@pytest.fixture
def plan(tmp_path: Path) -> RunPlan:
    """Return a plan of five windows of half a second."""
    return short_plan(tmp_path / "stimuli")


@pytest.fixture
def run(plan: RunPlan, tmp_path: Path) -> Run:
    """Run the short plan, or another, on a mixed bench."""

    def go(bench: str | Bench, seed: int = 0, planned: RunPlan | None = None) -> tuple[Bench, Session]:
        built = mixed(bench, seed=seed) if isinstance(bench, str) else bench
        return built, api.run(built, planned or plan, out=tmp_path / f"{built.spec.name}-{seed}")

    return go


def errors(session: Session) -> tuple[float, float]:
    """Return the score's error and its U, both relative to the truth."""
    score, truth = session.result().energy_per_inference_j, session.record.truth
    assert score is not None, session.result().findings
    assert truth is not None
    true_j = statistics.median(window.energy_j / window.inferences for window in truth)
    return score.median / true_j - 1, score.U / true_j


def budget(session: Session) -> dict[str, Any]:
    uncertainty = session.result().uncertainty
    assert uncertainty is not None
    return {component.name: component for component in uncertainty.components}


# --- samples and edges tied together by the host's clock ------------------------------------------------------


@pytest.mark.parametrize("name", ["laps-by-host", "own-port"])
@pytest.mark.parametrize("seed", range(5))
def test_laps_tied_to_samples_by_the_host_are_right_within_their_uncertainty(name, seed, run):
    bench, session = run(name, seed)
    assert session.record.outcome == "completed", session.record.reason
    assert session.record.alignment == BY_HOST
    result = session.result()
    assert result.alignment is not None
    assert result.alignment.method == BY_HOST
    assert result.alignment.rate_u is not None
    tie = budget(session)[LATENCY]
    assert tie.limit == pytest.approx(LATENCY_LIMIT_S)
    assert tie.correlated
    error, u = errors(session)
    assert abs(error) <= u
    # 20 ms at both edges of half a second, as far as the power changes there.
    whole = LATENCY_LIMIT_S / 3**0.5 / 0.52
    assert 0.05 * whole < tie.relative < 1.2 * whole
    assert u < 0.06
    assert session.record.supply_off_confirmed is True
    assert not bench.twin.world.powered


@pytest.mark.parametrize(("name", "largest"), [("laps-by-host", 1e-3), ("own-port", 4e-3)])
def test_with_windows_of_ten_seconds_little_is_left_of_it(name, largest, run, tmp_path):
    _, session = run(name, 1, whole_plan(tmp_path / "whole"))
    error, u = errors(session)
    assert abs(error) <= u < largest
    assert api.exit_status(session) is ExitStatus.VALID
    verdicts = {verdict.id for verdict in session.result().verdicts}
    assert "supply-off" in verdicts
    assert "lap-clock" not in verdicts, "laps that placed the windows cannot check themselves"


@pytest.mark.parametrize("seed", range(3))
def test_a_shield_whose_edges_an_io_manager_times(seed, run):
    _, session = run("shield-by-laps", seed)
    assert session.record.alignment == BY_HOST
    error, u = errors(session)
    assert abs(error) <= u < 0.06
    named = budget(session)
    assert LATENCY in named
    assert any(name.startswith("gain") for name in named)
    assert any(isinstance(event, SupplySwitched) and event.on for event in session.journal())


@pytest.mark.parametrize("seed", range(3))
def test_a_shield_with_an_interface_board_as_the_relay(seed, run):
    bench, session = run("shield-and-interface-board", seed)
    assert session.record.outcome == "completed", session.record.reason
    assert session.record.alignment == BY_MONITOR
    error, u = errors(session)
    assert abs(error) <= u < 0.06
    assert bench.twin.twins["relay"].flash_writes == 0
    assert next(event for event in session.journal() if isinstance(event, DutBooted)).timestamp_mode == "energy"


def test_a_dut_that_falls_silent_leaves_the_interface_board_waiting_and_the_run_says_what_helps(run):
    bench = mixed("shield-and-interface-board")
    bench.twin.world.faults.silent_from_ns["dut"] = 3_000_000_000
    bench, session = run(bench)
    assert session.record.outcome == "bench-fault"
    assert "reset the board" in session.record.reason
    assert session.record.supply_off_confirmed is True
    assert not bench.twin.world.powered


def test_every_lap_is_read_soon_after_its_edge_though_no_relay_waits_for_it(run):
    """The DUT speaks right after the edge that ends a window; its line is the reason to look for the lap."""
    _, session = run("own-port")
    started = next(event.t_ns for event in session.journal() if event.kind == "acquisition-started")
    truth = session.record.truth
    assert truth is not None
    for window, true in zip(session.result().windows, truth, strict=True):
        late_s = (window.start_s or 0.0) - (true.start_s - started / 1e9)
        assert 0.0 < late_s < LATENCY_LIMIT_S


# --- samples and edges in one instrument, the supply in another ---------------------------------------------


def test_a_meter_that_captures_edges_beside_another_supply(run):
    bench, session = run("meter-sees-edges")
    assert api.exit_status(session) is ExitStatus.RULE_FAILED  # the windows are too short for the rules
    assert session.record.alignment == BY_MONITOR
    error, _ = errors(session)
    assert abs(error) < 1e-4
    journal = session.journal()
    [configured] = [event for event in journal if isinstance(event, MonitorConfigured)]
    assert (configured.sampler, configured.supply) == ("meter", "feed")
    assert configured.period_s == 200e-6
    assert session.result().edges_cross_check is not None
    assert {event.box for event in journal if isinstance(event, DeviceIdentified)} == {
        "feed",
        "meter",
        "relay",
        "dut",
    }
    undone = [event.name for event in journal if isinstance(event, TearDownStep)]
    assert undone[-4] == "switch the supply off", "before any port is closed"
    assert {*undone[-3:]} == {"close feed", "close meter", "close relay"}
    assert session.record.supply_off_confirmed is True
    assert not bench.twin.world.powered
    report = (session.path / "report.html").read_text("utf-8")
    for words in ("confirmed by feed", "feed (supply)", "meter (sampler, edges)", "relay (cross-check, dut)"):
        assert words in report, words
    assert FED_OUTSIDE not in report


@pytest.mark.parametrize("driver", ["lpm01a", "n6705"])
@pytest.mark.parametrize("supply", ["feed", None])
def test_an_instrument_that_measures_its_own_output_cannot_sample_what_another_feeds(driver, supply, tmp_path):
    text = (BENCHES / "laps-by-host.toml").read_text("utf-8").replace('"ideal"', f'"{driver}"')
    text = text.replace('driver = "lpm01a"', 'driver = "ideal"', 1) if driver == "lpm01a" else text
    if supply is None:
        text = text.replace('supply = "feed"\n', "").partition("[instruments.meter]")[2]
        text = f'name = "x"\n[instruments.meter]{text}'
    file = tmp_path / "bench.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_bench_spec(str(file))
    said = str(caught.value)
    line = text.splitlines().index('sampler = "meter"') + 1
    assert said.startswith(f"{file}, line {line}: roles.sampler = 'meter': ")
    assert "measures only what it feeds itself" in said
    assert ("'feed' feeds the DUT" if supply else "the DUT is fed from outside") in said


# --- no supply of ours ------------------------------------------------------------------------------------------


def test_a_dut_that_is_fed_from_outside_is_said_plainly(run, tmp_path, capsys):
    bench, session = run("fed-from-outside", 2, whole_plan(tmp_path / "whole"))
    assert api.exit_status(session) is ExitStatus.VALID
    error, u = errors(session)
    assert abs(error) <= u
    record, journal = session.record, session.journal()
    assert record.supply_off_confirmed is None
    assert record.reason == ""
    assert bench.twin.world.powered, "nobody here could switch it off"
    assert not [event for event in journal if isinstance(event, SupplySwitched)]
    [configured] = [event for event in journal if isinstance(event, MonitorConfigured)]
    assert (configured.supply, configured.voltage_set_v) == ("", 3.0)
    assert [event for event in journal if isinstance(event, Remark) and "fed from outside" in event.text]
    verdicts = {verdict.id: verdict for verdict in session.result().verdicts}
    assert "supply-off" not in verdicts
    assert (verdicts["voltage"].known, verdicts["voltage"].binding) == (False, False)
    print_session(session)
    assert FED_OUTSIDE in " ".join(capsys.readouterr().out.replace("│", " ").split())
    report = (session.path / "report.html").read_text("utf-8")
    for words in (FED_OUTSIDE, "Voltage stated, fed from outside", "this bench has no supply to switch"):
        assert words in report, words


def test_a_fault_on_such_a_bench_raises_no_alarm_about_a_supply(run):
    bench = mixed("fed-from-outside")
    bench.twin.world.faults.unplugged.add("relay")
    _, session = run(bench)
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT
    assert session.record.supply_off_confirmed is None
    assert "supply" not in session.record.reason.lower()
    assert "supply-off" not in {verdict.id for verdict in session.result().verdicts}


def test_a_dut_that_should_be_powered_but_is_not(run):
    bench = mixed("fed-from-outside")
    bench.twin.world.set_supply(False, 0.0)
    _, session = run(bench)
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT
    assert "check power" in session.record.reason


def test_there_is_no_supply_to_switch_off_by_hand_either():
    with pytest.raises(ConfigurationError, match="nothing to switch off"):
        api.switch_bench_off(BENCHES / "fed-from-outside.toml")


@pytest.mark.parametrize(("name", "model"), [("spd-feeds", "SPD3303X"), ("dp800-feeds", "DP832")])
def test_a_bench_supply_feeds_what_a_meter_of_another_kind_measures(name, model, run):
    bench, session = run(name, 3)
    error, u = errors(session)
    assert abs(error) <= u
    assert session.record.supply_off_confirmed is True
    assert not bench.twin.world.powered
    [supply] = [
        event.identity
        for event in session.journal()
        if isinstance(event, DeviceIdentified) and event.identity["model"] == model
    ]
    assert supply["detail"]["channel"] == "2"


# --- other modes, doctor, serving --------------------------------------------------------------------------


def test_performance_needs_no_sampler_and_switches_the_supply(tmp_path):
    bench = mixed("own-port", "performance")
    assert list(bench.instruments) == ["feed", "dut"]
    (tmp_path / "demo").mkdir()
    write_demo_stimuli(tmp_path / "demo")
    performance = api.plan("kws01", "performance", stimuli=tmp_path / "demo")
    session = api.run(bench, performance, out=tmp_path / "s")
    assert api.exit_status(session) is ExitStatus.VALID
    assert session.record.supply_off_confirmed is True
    assert not bench.twin.world.powered


@pytest.mark.parametrize("name", sorted(file.stem for file in BENCHES.glob("*.toml")))
def test_the_doctor_finds_every_mix_well(name):
    bench = mixed(name)
    examination = examine(bench, StopRequest())
    assert examination.well, examination.steps
    steps = {step.step: step.says for step in examination.steps}
    fed = bench.players.supply
    called = {"monitor": "the power monitor", "io-manager": "the IO manager"}
    assert steps.get("supply is off") == (f"confirmed by {called.get(str(fed), fed)}" if fed else None)
    assert ("DUT boots" in steps) == (fed is not None)
    edges = str(bench.players.edges)
    assert called.get(edges, edges) in steps["timestamp pin is seen"]
    assert not any(port.is_open for port in bench.twin.ports().values())


@pytest.mark.parametrize(
    ("name", "step"),
    [("laps-by-host", "current into the DUT while it is off"), ("fed-from-outside", "timestamp pin is seen")],
)
def test_the_doctor_misses_the_samples_of_a_meter_that_sends_none(name, step, monkeypatch):
    bench = mixed(name)
    monkeypatch.setattr(bench.sampler, "poll", lambda deadline: [])
    examination = examine(bench, StopRequest())
    [failed] = [step for step in examination.steps if not step.ok]
    assert failed.step == step
    assert "delivered no sample" in failed.says
    assert bench.twin.world.powered is (bench.supply is None)


def test_a_run_misses_them_too_and_blames_no_trigger_wire(run, monkeypatch):
    bench = mixed("laps-by-host")
    monkeypatch.setattr(bench.sampler, "poll", lambda deadline: [])
    _, session = run(bench)
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT
    assert "delivered no sample" in session.record.reason
    assert "check meter" in session.record.reason
    assert "trigger" not in session.record.reason
    assert session.record.supply_off_confirmed is True


def test_the_file_of_a_served_mix_keeps_its_roles(tmp_path):
    spec = load_bench_spec(str(BENCHES / "shield-by-laps.toml"))
    file = tmp_path / "served.toml"
    addresses = {"shield": "/dev/pts/1", "relay": "/dev/pts/2"}
    file.write_text(bench_file(spec, addresses, "energy"), "utf-8")
    served = load_bench_spec(str(file))
    assert {name: one.port for name, one in served.instruments.items()} == addresses
    assert roles_of(served) == roles_of(spec)
    assert (served.supply, served.sampler) == (spec.supply, spec.sampler)
    assert not served.is_virtual


def test_one_io_manager_times_edges_and_another_relays(run: Run, tmp_path: Path) -> None:
    """The relay is opened last, and nothing is asked of it before."""
    text = (BENCHES / "laps-by-host.toml").read_text("utf-8").replace('dut = "relay"', 'dut = "uart"')
    uart = '[instruments.uart]\ndriver = "io-manager"\nport = "virtual"\n\n[roles]'
    file = tmp_path / "bench.toml"
    file.write_text(text.replace("[roles]", uart), "utf-8")
    bench, session = run(build_bench(load_bench_spec(str(file)), "energy", seed=0))
    assert session.record.outcome == "completed", session.record.reason
    assert session.result().energy_per_inference_j is not None
    assert bench.twin is not None
    assert not bench.twin.world.powered
