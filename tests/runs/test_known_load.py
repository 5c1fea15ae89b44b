# SPDX-License-Identifier: Apache-2.0
"""`bench verify`: a resistor in place of the DUT, and the supply is off at the end of every path."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from energy_runner import api
from energy_runner.analysis.known_load import KnownLoad
from energy_runner.bench import Bench, BenchSpec, build_bench, load_bench_spec
from energy_runner.director.examination import Examined
from energy_runner.director.load_job import sample_load
from energy_runner.director.recorder import Recorder
from energy_runner.director.stop import StopRequest
from energy_runner.errors import BenchFault, ConfigurationError, Interrupted, RunnerError, SessionError
from energy_runner.session.events import SupplySwitched
from energy_runner.session.journal import Journal
from instruments.errors import InstrumentError
from instruments.twin_bench.call_faults import KINDS, CallFaults, Kind

OHM = 150.0
EXACT = KnownLoad(OHM, 0.003)
BENCHES = {
    "lpm01a": "virtual-lpm01a",
    "n6705": "virtual-n6705c",
    "ngu": str(Path(__file__).parents[1] / "support" / "monitor_benches" / "virtual-ngu.toml"),
    "ideal": "virtual-ideal",
}
REAL_ONES = ("lpm01a", "n6705", "ngu")


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def loaded(name: str, **virtual: float) -> BenchSpec:
    changes = {f"virtual.{key}": value for key, value in {"load_ohm": OHM, **virtual}.items()}
    return load_bench_spec(BENCHES[name], changes)


def powered(bench: Bench) -> bool:
    assert bench.twin is not None
    return bench.twin.world.powered


@pytest.mark.parametrize("name", BENCHES)
def test_a_known_resistor_agrees(name: str, tmp_path: Path) -> None:
    load = KnownLoad(OHM, 0.003, 3.0, 1e-4) if name == "ideal" else EXACT
    found = api.verify_bench(loaded(name), load, seconds=1.0, seed=3, out=tmp_path / "v")
    assert found.result.agrees
    assert found.virtual
    assert found.result.measured_w == pytest.approx(9.0 / OHM, rel=0.03 if name == "lpm01a" else 2e-3)
    assert found.result.U_w > 0 or name == "ideal"
    facts = json.loads((tmp_path / "v" / "verification.json").read_text("utf-8"))
    assert facts["result"]["E_n"] == found.result.E_n
    assert facts["monitor"]["sampler"] == "monitor"
    assert (tmp_path / "v" / "trace.jls").exists()
    journal = Journal(tmp_path / "v" / "journal.jsonl")
    assert [event.on for event in journal.of(SupplySwitched)] == [True, False]


@pytest.mark.parametrize("name", REAL_ONES)
def test_most_instruments_within_their_tables_agree(name: str, tmp_path: Path) -> None:
    found = [
        api.verify_bench(loaded(name), EXACT, seconds=0.5, seed=seed, out=tmp_path / str(seed)).result
        for seed in range(12)
    ]
    assert sum(one.agrees for one in found) >= 11
    assert max(abs(one.E_n) for one in found) > 0.1  # the errors are really there
    assert all(not one.incomplete for one in found)


@pytest.mark.parametrize("name", REAL_ONES)
def test_a_resistor_of_another_value_does_not(name: str, tmp_path: Path) -> None:
    wrong = KnownLoad(OHM * 1.08, 0.003)
    found = api.verify_bench(loaded(name), wrong, seconds=0.5, out=tmp_path / "v").result
    assert not found.agrees
    assert found.E_n > 1
    assert found.measured_w / found.known_w == pytest.approx(1.08, abs=0.03)


@pytest.mark.parametrize(
    ("fault", "value", "why"),
    [
        ("odd_sample_every", 400, "samples cannot be|beyond the monitor's range"),
        ("error_at_ns", int(1e9), "did not work as it should"),
    ],
)
@pytest.mark.parametrize("name", REAL_ONES)
def test_a_reading_that_cannot_be_and_an_error_of_the_instrument_are_no_comparison(
    name: str, fault: str, value: int, why: str, tmp_path: Path
) -> None:
    def faulty(*arguments: Any, **options: Any) -> Bench:
        bench = build_bench(*arguments, **options)
        assert bench.twin is not None
        setattr(bench.twin.world.faults, fault, value)
        return bench

    with (
        patch("energy_runner.api.known_loads.build_bench", faulty),
        pytest.raises(SessionError, match=why),
    ):
        api.verify_bench(loaded(name), EXACT, seconds=2.0, out=tmp_path / "v")


@pytest.mark.parametrize("name", REAL_ONES)
def test_the_energy_of_a_pulse(name: str, tmp_path: Path) -> None:
    """2.3 ms in each 10 ms: the edges fall anywhere among the samples, and a whole number of periods is taken."""
    spec = loaded(name, load_pulse_s=2.3e-3, load_period_s=10e-3)
    load = KnownLoad(OHM, 0.003, pulse_s=2.3e-3, period_s=10e-3, pulse_u_s=1e-6)
    found = api.verify_bench(spec, load, seconds=1.0, seed=5, out=tmp_path / "v").result
    assert found.agrees, found
    assert found.known_pulse_j == pytest.approx(9.0 / OHM * 2.3e-3, rel=0.02)
    assert found.pulse_j == pytest.approx(found.known_pulse_j, rel=0.03 if name == "lpm01a" else 2e-3)
    with pytest.raises(SessionError, match="too few"):
        api.verify_bench(spec, KnownLoad(OHM, 0.0, pulse_s=1.0, period_s=9.0), seconds=1.0, out=tmp_path / "w")


def test_a_reference_voltage_takes_the_supplys_out(tmp_path: Path) -> None:
    built = build_bench(loaded("lpm01a"), "energy", seed=4)
    assert built.twin is not None
    own = api.verify_bench(loaded("lpm01a"), EXACT, seconds=0.5, seed=4, out=tmp_path / "a").result
    true_v = 3.0 * (1 + built.twin.twins["monitor"].errors.supply)
    by_reference = KnownLoad(OHM, 0.003, true_v, 1e-4)
    found = api.verify_bench(loaded("lpm01a"), by_reference, seconds=0.5, seed=4, out=tmp_path / "b").result
    assert found.voltage_from == "as given"
    assert found.U_known_w < 0.01 * own.U_known_w


@pytest.mark.parametrize(
    ("load", "seconds"),
    [
        (KnownLoad(0.0, 0.0), 1.0),
        (KnownLoad(10.0, 20.0), 1.0),
        (KnownLoad(10.0, 0.1, -3.0), 1.0),
        (KnownLoad(10.0, 0.1, pulse_s=0.1), 1.0),
        (KnownLoad(10.0, 0.1, pulse_s=0.2, period_s=0.1), 1.0),
        (KnownLoad(float("nan"), 0.1), 1.0),
        (EXACT, 0.0),
        (EXACT, float("inf")),
    ],
)
def test_what_cannot_be_a_load_is_refused_before_anything_opens(
    load: KnownLoad, seconds: float, tmp_path: Path
) -> None:
    with patch("energy_runner.api.known_loads.build_bench") as built, pytest.raises(ConfigurationError):
        api.verify_bench(loaded("lpm01a"), load, seconds=seconds, out=tmp_path / "v")
    built.assert_not_called()


def test_a_virtual_bench_with_a_dut_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="load_ohm"):
        api.verify_bench("virtual-lpm01a", EXACT)


@pytest.mark.parametrize(
    "changes",
    [
        {"load_pulse_s": 0.1},
        {"load_pulse_s": 0.2, "load_period_s": 0.1},
        {"load_ohm": -1.0},
        {"load_ohm": 10.0, "emulated": True},
    ],
)
def test_a_virtual_load_that_does_not_fit_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        loaded("lpm01a", **changes)


# --- tear-down --------------------------------------------------------------------------------------------


def sampled(bench: Bench, folder: Path, stop: StopRequest, listener=lambda step: None) -> None:
    folder.mkdir()
    sample_load(bench, stop, Recorder(folder, bench.clock), 0.5, listener)


@pytest.mark.parametrize("name", REAL_ONES)
def test_a_wish_to_stop_at_any_step_ends_with_the_supply_off(name: str, tmp_path: Path) -> None:
    for at in range(5):
        bench, stop, heard = build_bench(loaded(name), "energy"), StopRequest(), []

        def listener(step: Examined, at=at, heard=heard, stop=stop) -> None:
            heard.append(step)
            if len(heard) == at + 1:
                stop.ask("stopped by SIGINT")

        if at < 4:
            with pytest.raises(Interrupted):
                sampled(bench, tmp_path / str(at), stop, listener)
        else:
            sampled(bench, tmp_path / str(at), stop, listener)
        assert not powered(bench)
        assert heard[-1].step == "supply is off"
        assert heard[-1].ok


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", REAL_ONES)
def test_a_fault_at_any_call_leaves_the_supply_off_or_says_that_it_may_be_on(
    name: str, kind: Kind, tmp_path: Path
) -> None:
    counted = CallFaults()
    sampled(build_bench(loaded(name), "energy", wrap=counted.wrap), tmp_path / "whole", StopRequest())
    calls = len(counted.log)
    assert calls > 20
    for at in range(0, calls, max(1, calls // 12)):
        bench, heard = build_bench(loaded(name), "energy", wrap=CallFaults(kind, at).wrap), []
        said = ""
        try:
            sampled(bench, tmp_path / str(at), StopRequest(), heard.append)
        except (InstrumentError, RunnerError) as error:
            said = str(error)
        assert not powered(bench) or "supply is off" in said, f"call {at}: {counted.log[at]}: {heard}"


def test_a_supply_that_stays_on_is_a_fault(tmp_path: Path) -> None:
    bench = build_bench(loaded("lpm01a"), "energy")
    assert bench.twin is not None
    bench.twin.world.faults.power_stays_on = True
    with pytest.raises(BenchFault, match="did not confirm that the supply is off"):
        sampled(bench, tmp_path / "v", StopRequest())
