# SPDX-License-Identifier: Apache-2.0
"""bench doctor measures how late edges lie among the samples, and a run counts what was kept."""

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from energy_runner import api
from energy_runner.bench import Bench, BenchSpec, build_bench, load_bench_spec
from energy_runner.bench.edge_delay_spec import EdgeDelaySpec
from energy_runner.director.doctor import examine
from energy_runner.director.edge_delay_check import STEP
from energy_runner.director.stop import StopRequest
from energy_runner.errors import ConfigurationError, Interrupted
from energy_runner.session.events import MonitorConfigured
from energy_runner.session.folder import Session
from instruments.registry import drivers
from tests.support.any_bench import any_bench
from tests.support.cli import started
from tests.support.coverage_study import short_plan
from tests.support.places import ROOT

CAUSE = "edge-to-sample delay"
N6705 = "virtual-n6705c"
BOARD = ROOT / "tests" / "support" / "benches" / "edges-from-the-board.toml"
BUILT_IN = resources.files("energy_runner.bench").joinpath("builtin")


def late(spec: BenchSpec, delay_s: float, seed: int = 0) -> Bench:
    bench = build_bench(spec, "energy", seed=seed)
    assert bench.twin is not None
    bench.twin.world.faults.edge_delay_ns = round(delay_s * 1e9)
    return bench


@pytest.mark.parametrize("delay_s", [0.0, 1.23e-4, 1.1e-3])
@pytest.mark.parametrize("name", ["js220", "ppk2", "n6705", "ngu", "dmm7510", "lpm01a", "board"])
def test_a_known_delay_is_found_within_its_uncertainty(name: str, delay_s: float) -> None:
    spec = load_bench_spec(str(BOARD)) if name == "board" else any_bench(drivers()[name])
    bench = late(spec, delay_s)
    examination = examine(bench, StopRequest())
    assert examination.well, examination.steps
    checked = examination.edge_delay
    assert checked is not None
    assert checked.found is not None, checked.says
    assert checked.found.count >= 8
    assert abs(checked.found.delay_s - delay_s) <= 2 * checked.found.u_s
    assert checked.found.u_s < 0.5 * checked.period_s


def test_who_is_late_by_how_much_holds_the_truth_as_a_bound() -> None:
    steps = {
        step.step: step.says for step in examine(late(load_bench_spec("virtual-ideal"), 2e-3), StopRequest()).steps
    }
    says = steps["timestamp pin is seen"]
    bounds = re.findall(r"(the \w+ \w+) (-?[\d.]+) to (-?[\d.]+) ms \(u", says)
    assert [name for name, _, _ in bounds] == ["the power monitor", "the IO manager", "the IO manager"]
    for _, least, most in bounds[:2]:
        assert float(least) <= 2.0 <= float(most)
    assert "as bounds" in says


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("wt310", "no edge starts the samples"),
        ("interface-board", "no edge starts the samples"),
        ("smu2400", "not visible in the samples"),
    ],
)
def test_where_samples_do_not_show_it_nothing_is_kept(name: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "delay.toml"
    examination = api.examine_bench(any_bench(drivers()[name]), keep=file)
    steps = {step.step: step for step in examination.steps}
    assert steps[STEP].ok
    assert why in steps[STEP].says
    assert not steps["delay is kept"].ok
    assert not examination.well
    assert not file.exists()


def test_a_firmware_that_refuses_to_infer_is_measured_by_its_pulses() -> None:
    bench = build_bench(load_bench_spec("virtual-ideal"), "energy")
    assert bench.twin is not None
    bench.twin.world.faults.refuse.add("infer")
    bench.twin.world.faults.edge_delay_ns = 40_000
    checked = examine(bench, StopRequest()).edge_delay
    assert checked is not None
    assert checked.found is not None, checked.says
    assert checked.by == "pulses"
    assert abs(checked.found.delay_s - 40e-6) <= 2 * checked.found.u_s


# --- kept, and counted -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the file that an examination of the bench `N6705` keeps."""
    file = tmp_path_factory.mktemp("kept") / "delay.toml"
    examination = api.examine_bench(N6705, keep=file)
    assert examination.well, examination.steps
    return file.read_text("utf-8")


def bench_with(folder: Path, delay: str, **changes: object) -> Path:
    """Write a bench file that takes in `delay`, with some of its keys changed; return its path."""
    for key, value in changes.items():
        delay, found = re.subn(rf"(?m)^{key} = .*$", f"{key} = {json.dumps(value)}", delay, count=1)
        assert found
    (folder / "delay.toml").write_text(delay, "utf-8")
    bench = folder / "bench.toml"
    text = BUILT_IN.joinpath(f"{N6705}.toml").read_text("utf-8")
    bench.write_text(f'edge_delay = "delay.toml"\n{text}', "utf-8")
    return bench


def run(bench: BenchSpec | str | Path, folder: Path, name: str) -> Session:
    return api.run(bench, short_plan(folder / f"stimuli-{name}"), out=folder / name)


def budget(session: Session) -> dict[str, Any]:
    result = session.result()
    assert result.uncertainty is not None, result.findings
    return {one.name: one for one in result.uncertainty.components}


def configured(session: Session) -> dict[str, Any]:
    [found] = [event for event in session.journal() if isinstance(event, MonitorConfigured)]
    return found.accuracy


def test_a_kept_delay_is_a_cause_of_the_budget_and_moves_nothing_else(measured: str, tmp_path: Path) -> None:
    bench = bench_with(tmp_path, measured, delay_s=3e-4)
    without, counted = run(N6705, tmp_path, "without"), run(bench, tmp_path, "with")
    before, after = budget(without), budget(counted)
    delay = load_bench_spec(str(bench)).edge_delay
    assert delay is not None
    assert set(after) - set(before) == {CAUSE}
    assert after[CAUSE].u == pytest.approx((3e-4**2 + delay.u_s**2) ** 0.5)
    assert after[CAUSE].value_j > 0
    assert {name: after[name].value_j for name in before} == pytest.approx(
        {name: one.value_j for name, one in before.items()}, rel=1e-9
    )
    was, now = without.result().energy_per_inference_j, counted.result().energy_per_inference_j
    assert was is not None
    assert now is not None
    assert now.median == was.median
    assert now.u == pytest.approx((was.u**2 + after[CAUSE].value_j ** 2) ** 0.5, rel=1e-6)
    facts = configured(counted)
    assert (facts["delay"]["delay_s"], facts["delay"]["count"]) == (3e-4, 10)
    # An IO manager has no serial number: nothing proves that it is the same, so the data sheet's latency stays.
    assert "latency of the trigger" in after
    assert "delay" not in configured(without)


def test_a_delay_of_the_very_same_instruments_replaces_what_was_assumed(tmp_path: Path) -> None:
    spec, file = any_bench(drivers()["ppk2"]), tmp_path / "delay.toml"
    assert api.examine_bench(spec, keep=file).well
    table = api.load_bench(bench_around(tmp_path, file)).edge_delay
    assert table is not None
    assert table.sampler.serial
    assert table.sampler == table.edges
    assumed = "latency of the edge capture"
    assert assumed in budget(run(spec, tmp_path, "without"))
    session = run(spec.model_copy(update={"edge_delay": table}), tmp_path, "with")
    assert CAUSE in budget(session)
    assert assumed not in budget(session)
    assert configured(session)["replaced"] == ["edge_latency"]


def bench_around(folder: Path, file: Path) -> Path:
    """Write a bench file that takes in the delay of the twin of a PPK2."""
    bench = folder / "bench.toml"
    bench.write_text(
        f'name = "b"\nedge_delay = "{file.name}"\n[instruments.box]\ndriver = "ppk2"\nport = "virtual"\n'
        '[instruments.relay]\ndriver = "io-manager"\nport = "virtual"\n[supply]\nvoltage_v = 3.0\n'
        '[roles]\nsupply = "box"\nsampler = "box"\nedges = "box"\ndut = "relay"\n',
        "utf-8",
    )
    return bench


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"measured_on": "1998-12-31"},
            r"delay\.toml, line 6: the delay of the edges expired on 1999-12-31, and today",
        ),
        (
            {"measured_on": "2000-03-01"},
            r"delay\.toml, line 5: .* measured on 2000-03-01, but today is 2000-01-01",
        ),
        ({"virtual": False}, "edge_delay of real instruments says nothing about twins"),
        ({"u_s": 0}, r"delay\.toml, line 8: "),
        ({"n": 4}, r"delay\.toml, line 9: "),
        ({"by": "magic"}, r"delay\.toml, line 10: "),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_a_delay_that_cannot_hold_is_refused_before_anything_is_opened(
    measured: str, tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        run(bench_with(tmp_path, measured, **changes), tmp_path, "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"serial": "MY1"}, "was measured with KEYSIGHT TECHNOLOGIES N6705C MY1, and monitor answers as .* TWIN0"),
        ({"period_s": 1e-4}, "measured with a sample every 100 µs, and the sampler takes one every 204.8 µs"),
    ],
    ids=["another serial number", "another sample rate"],
)
def test_a_delay_of_another_instrument_or_rate_ends_the_run(
    measured: str, tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    session = run(bench_with(tmp_path, measured, **changes), tmp_path, "run")
    assert session.record.outcome == "bench-fault"
    assert re.search(said, session.record.reason)


def test_a_delay_of_another_dut_is_remarked(measured: str, tmp_path: Path) -> None:
    session = run(bench_with(tmp_path, measured, name="another board"), tmp_path, "run")
    findings = {one.id: one.detail for one in session.result().findings}
    assert "measured with the DUT 'another board'" in findings["suspicious-messages"]


def test_the_examination_says_whether_the_delay_in_the_bench_file_fits(measured: str, tmp_path: Path) -> None:
    # A run would refuse the second before it switches anything on, so "all is well" would be wrong.
    fits, other = (
        api.examine_bench(bench_with(tmp_path, text)) for text in (measured, measured.replace("TWIN0", "MY00001"))
    )
    assert (fits.well, fits.steps[-1].step, fits.steps[-1].ok) == (True, "delay in the bench file", True)
    assert "with these instruments" in fits.steps[-1].says
    assert (other.well, other.steps[-1].step, other.steps[-1].ok) == (False, "delay in the bench file", False)
    assert "MY00001" in other.steps[-1].says
    # Measured anew, it is to be replaced, so the old one is no reason not to keep it.
    anew = bench_with(tmp_path, measured.replace("TWIN0", "MY00001"))
    assert api.examine_bench(anew, keep=tmp_path / "new.toml").well


def test_keeping_says_that_an_instrument_without_a_serial_number_proves_nothing(tmp_path: Path) -> None:
    kept = api.examine_bench(BOARD, keep=tmp_path / "delay.toml").steps[-1]
    assert kept.ok
    assert "beside the latency of the data sheet, because STM32H573I-DK" in kept.says


def test_a_file_of_other_instruments_or_of_another_kind_is_never_overwritten(
    measured: str, tmp_path: Path
) -> None:
    others, points, mine = (tmp_path / name for name in ("others.toml", "points.toml", "mine.toml"))
    others.write_text(measured.replace("TWIN0", "MY00001"), "utf-8")
    points.write_text("[calibration]\n", "utf-8")
    for file, said in ((others, "the delay of other instruments"), (points, r"no table \[edge_delay\]")):
        before = file.read_text("utf-8")
        with pytest.raises(ConfigurationError, match=said):
            api.examine_bench(N6705, keep=file)
        assert file.read_text("utf-8") == before
    with pytest.raises(ConfigurationError, match="no such folder"):
        api.examine_bench(N6705, keep=tmp_path / "none" / "delay.toml")
    mine.write_text(measured.replace('by = "inferences"', 'by = "pulses"'), "utf-8")
    assert api.examine_bench(N6705, keep=mine).well
    assert mine.read_text("utf-8") == measured


def test_a_bench_without_edges_has_no_delay(measured: str, tmp_path: Path) -> None:
    table = EdgeDelaySpec.model_validate(load_bench_spec(str(bench_with(tmp_path, measured))).edge_delay)
    assert table.virtual
    (tmp_path / "no-edges.toml").write_text(
        'name = "b"\nedge_delay = "delay.toml"\n[dut]\nport = "virtual"\n', "utf-8"
    )
    with pytest.raises(ConfigurationError, match="no sampler and no edges, so no edge can be late"):
        load_bench_spec(str(tmp_path / "no-edges.toml"))


def test_the_command_line_keeps_and_tells_the_delay(tmp_path: Path) -> None:
    file = tmp_path / "delay.toml"
    done = started("bench", "doctor", N6705, "--keep", str(file), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["edge_delay"]
    assert told["n"] == 10
    assert f"u_s = {told['u_s']:.6g}" in file.read_text("utf-8")


@pytest.mark.parametrize("at", [0, 8, 20, 40])
def test_a_wish_to_stop_while_it_is_measured_ends_with_the_supply_off(at: int) -> None:
    bench, stop = late(load_bench_spec(N6705), 0.0), StopRequest()
    heard, falls = list[str](), [0]
    assert bench.twin is not None

    def fell(_: int) -> None:
        falls[0] += 1
        if len(heard) and heard[-1] == "timestamp pin is seen" and falls[0] > at // 2:
            stop.ask("stopped by Ctrl-C (SIGINT)")

    bench.twin.world.on_edge(fell)
    with pytest.raises(Interrupted):
        examine(bench, stop, lambda step: heard.append(step.step))
    assert heard[-1] == "supply is off"
    assert not bench.twin.world.powered
