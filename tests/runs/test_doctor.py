# SPDX-License-Identifier: Apache-2.0
"""bench doctor and bench off under faults: the supply is off at the end, or it is said that it may be on."""

import pytest

from energy_runner import api
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.director import advice
from energy_runner.director.doctor import examine
from energy_runner.director.examination import Examined
from energy_runner.director.make_safe import make_safe
from energy_runner.director.stop import StopRequest
from energy_runner.errors import Interrupted, RunnerError
from instruments.errors import InstrumentError
from instruments.links.serial_link import SerialPortInfo
from instruments.registry import BUILT_IN, DriverSpec
from instruments.twin_bench.call_faults import KINDS, CallFaults, Kind
from tests.support.any_bench import any_bench
from tests.support.places import ROOT

BENCHES = ("virtual-lpm01a", "virtual-n6705c")
TWO_RAILS = str(ROOT / "tests" / "support" / "benches" / "two-rails.toml")


def built(name: str, faults: CallFaults | None = None) -> Bench:
    wrap = {"wrap": faults.wrap} if faults is not None else {}
    return build_bench(load_bench_spec(name), "energy", **wrap)


def powered(bench: Bench) -> bool:
    assert bench.twin is not None
    return bench.twin.world.powered


@pytest.mark.parametrize("name", BENCHES)
def test_a_healthy_bench_is_well(name: str) -> None:
    bench = built(name)
    heard: list[Examined] = []
    examination = examine(bench, StopRequest(), heard.append)
    assert examination.well, examination.steps
    assert list(examination.steps) == heard
    assert heard[-1].step == "supply is off"
    assert not powered(bench)


def test_a_dut_that_is_fed_through_another_wire_is_noticed_before_it_is_switched_on() -> None:
    bench = built("virtual-n6705c")
    assert bench.twin is not None
    world = bench.twin.world
    world.history.append(world.clock.now_ns(), 2e-4, 1.2)  # through a debug probe, say
    steps = {step.step: step for step in examine(bench, StopRequest()).steps}
    found = steps["current into the DUT while it is off"]
    assert not found.ok
    assert "200 µA flow although its supply is off" in found.says
    assert "unplug its debug probe" in found.says
    assert "DUT boots" not in steps
    assert not world.powered


def test_each_rail_of_a_dut_is_examined() -> None:
    steps = [step.step for step in examine(built(TWO_RAILS), StopRequest()).steps]
    for rail in ("core", "io"):
        assert f"current into the DUT while it is off, rail {rail}" in steps
    assert [step for step in steps if step.endswith("samples as asked")] == [
        "psu:1 samples as asked",
        "psu:2 samples as asked",
    ]


def test_a_second_rail_that_is_fed_through_another_wire_is_noticed_before_it_is_switched_on() -> None:
    bench = built(TWO_RAILS)
    assert bench.twin is not None
    [rail] = bench.twin.world._rails
    rail.history.append(bench.twin.world.clock.now_ns(), 2e-4, 1.2)  # through a level shifter, say
    steps = {step.step: step for step in examine(bench, StopRequest()).steps}
    assert steps["current into the DUT while it is off, rail core"].ok
    found = steps["current into the DUT while it is off, rail io"]
    assert not found.ok
    assert "200 µA flow although its supply is off" in found.says
    assert "DUT boots" not in steps


def test_a_rail_whose_log_did_not_start_with_the_pulse_is_named() -> None:
    bench = built(TWO_RAILS)
    second = bench.rails[1].sampler
    assert second is not None
    second.poll = lambda deadline: []  # type: ignore[method-assign]
    found = next(s for s in examine(bench, StopRequest()).steps if s.step == "timestamp pin is seen")
    assert not found.ok
    assert "psu:2 did not see the pulse" in found.says


@pytest.mark.parametrize("welded", [False, True])
def test_the_debug_probe_is_off_while_the_dut_is_examined_and_on_again_afterwards(welded: bool) -> None:
    bench = build_bench(load_bench_spec(str(ROOT / "tests/support/benches/relay-and-thermometer.toml")), "energy")
    assert bench.twin is not None
    assert bench.switch is not None
    bench.twin.world.faults.switch_stays_on = welded
    steps = {step.step: step for step in examine(bench, StopRequest()).steps}
    assert steps["debug probe is off"].ok is not welded
    assert ("DUT boots" in steps) is not welded
    assert not powered(bench)
    assert bench.players.switch is not None
    relay = bench.instruments[bench.players.switch.instrument]
    relay.open(bench.clock.deadline(20.0))
    assert bench.switch.is_on(bench.clock.deadline(5.0))
    relay.close()


def test_a_line_that_changes_an_answer_now_and_then_is_noticed() -> None:
    bench, heard = built("virtual-lpm01a"), [0]
    assert bench.twin is not None

    def damage(data: bytes) -> bytes:
        heard[0] += b"m-model-[kws01]" in data
        return data.replace(b"kws01", b"kws81") if heard[0] == 11 else data

    bench.twin.world.faults.corrupt["dut>io"] = damage
    steps = {step.step: step for step in examine(bench, StopRequest()).steps}
    found = steps["DUT's line carries commands"]
    assert not found.ok
    assert "answer 11 of 20 differs: virtual twin kws81" in found.says or "answer 10 of 20 differs" in found.says
    assert not powered(bench)


@pytest.mark.parametrize(
    "spec", [one for one in BUILT_IN if one.link != "none" and one.name != "dut-port"], ids=lambda spec: spec.name
)
def test_a_bench_with_any_device_is_well(spec: DriverSpec) -> None:
    bench = build_bench(any_bench(spec), "energy")
    examination = examine(bench, StopRequest())
    assert examination.well, examination.steps
    steps = {step.step: step.says for step in examination.steps}
    assert ("temperature" in steps) is ("thermometer" in spec.roles)
    assert ("debug probe is off" in steps) is ("switch" in spec.roles)
    assert bench.supply is None or not powered(bench)


@pytest.mark.parametrize("name", BENCHES)
@pytest.mark.parametrize("error", [RuntimeError, BrokenPipeError, OSError])
def test_a_listener_that_raises_at_any_step_changes_nothing(name: str, error: type[Exception]) -> None:
    steps = len(examine(built(name), StopRequest()).steps)
    for at in range(steps):
        bench, heard = built(name), []

        def listener(step: Examined, at=at, heard=heard) -> None:
            heard.append(step)
            if len(heard) == at + 1:
                raise error

        examination = examine(bench, StopRequest(), listener)
        assert examination.well
        assert len(heard) == at + 1  # it is not called again
        assert not powered(bench)


@pytest.mark.parametrize("name", BENCHES)
def test_a_wish_to_stop_at_any_step_ends_with_the_supply_off(name: str) -> None:
    steps = len(examine(built(name), StopRequest()).steps)
    for at in range(steps - 2):
        bench, stop, heard = built(name), StopRequest(), []

        def listener(step: Examined, at=at, heard=heard, stop=stop) -> None:
            heard.append(step)
            if len(heard) == at + 1:
                stop.ask("stopped by Ctrl-C (SIGINT)")

        with pytest.raises(Interrupted):
            examine(bench, stop, listener)
        assert not powered(bench)
        assert heard[-1].step == "supply is off"


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BENCHES)
def test_a_fault_at_any_call_leaves_the_supply_off_or_says_that_it_may_be_on(name: str, kind: Kind) -> None:
    counted = CallFaults()
    examine(built(name, counted), StopRequest())
    calls = len(counted.log)
    assert calls > 100
    for at in range(0, calls, max(1, calls // 60)):
        bench = built(name, CallFaults(kind, at))
        examination = examine(bench, StopRequest())
        off = next(step for step in examination.steps if step.step == "supply is off")
        assert not powered(bench) or not off.ok, f"call {at}: {counted.log[at]}"


@pytest.mark.parametrize("name", BENCHES)
def test_off_finds_a_bench_that_an_earlier_run_left_on(name: str) -> None:
    bench = built(name)
    assert bench.twin is not None
    bench.twin.world.faults.stale_stream = True
    assert make_safe(bench).virtual
    assert not powered(bench)


def test_switching_off_returns_a_pair_as_the_tutorial_says() -> None:
    identity, died = api.switch_bench_off("virtual-lpm01a")
    assert "LPM01A" in identity.model
    assert died is None
    tutorial = (ROOT / "docs" / "tutorials" / "python-api.md").read_text("utf-8")
    assert "| `er.switch_bench_off(bench)` | a pair: the identity of the instrument" in tutorial


@pytest.mark.parametrize("name", BENCHES)
def test_off_of_an_unplugged_bench_is_an_error_and_closes(name: str) -> None:
    bench = built(name)
    assert bench.twin is not None
    bench.twin.world.faults.unplugged.add("monitor")
    with pytest.raises((InstrumentError, RunnerError)):
        make_safe(bench)
    assert not bench.twin.ports()["monitor"].is_open


def test_instruments_that_are_not_there_are_followed_by_what_is(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(
        advice, "list_serial_ports", lambda: [SerialPortInfo("/dev/ttyACM7", "", "PowerShield", "")]
    )
    (tmp_path / "desk.toml").write_text(
        'name = "desk"\n[monitor]\ndriver = "lpm01a"\nport = "/dev/ttyNONE1"\nvoltage_v = 3.0\n'
        '[io_manager]\nport = "/dev/ttyNONE2"\n',
        "utf-8",
    )
    examination = api.examine_bench(tmp_path / "desk.toml")
    assert not examination.well
    assert [step.step for step in examination.steps if not step.ok] == [
        "power monitor answers",
        "IO manager answers",
        "supply is off",
    ]
    assert examination.steps[-1] == Examined(
        "what this computer has", True, "serial ports: /dev/ttyACM7 PowerShield"
    )


def test_an_earlier_run_that_died_is_named_first() -> None:
    heard: list[Examined] = []
    examine(built(BENCHES[0]), StopRequest(), heard.append, "run 12 at 03:00")
    assert heard[0] == Examined("an earlier run had died", True, "run 12 at 03:00")
