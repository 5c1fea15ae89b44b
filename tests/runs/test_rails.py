# SPDX-License-Identifier: Apache-2.0
"""A DUT with two supply rails on two channels of one mainframe: each measured and named, and their sum."""

import math
from pathlib import Path
from statistics import median

import pytest

from energy_runner import api
from energy_runner.analysis.against.baseline import baseline_of
from energy_runner.analysis.against.better import differences
from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.bench.load import bench_from_text
from energy_runner.errors import ConfigurationError
from energy_runner.report.headline import derived
from energy_runner.session.folder import Session
from tests.support.swarm.benches import plan

FILE = Path(__file__).parent.parent / "support" / "benches" / "two-rails.toml"
RAILS = ["core", "io"]


def run(out: Path, *, seed: int = 4, prepare=lambda bench: None) -> Session:
    bench = build_bench(load_bench_spec(str(FILE)), benchmark=plan(str(FILE), "energy").benchmark.id, seed=seed)
    prepare(bench)
    return api.run(bench, plan(str(FILE), "energy"), out=out, rule_set="lab")


def run_at(out: Path, old: str, new: str) -> Session:
    """Return a run of the same bench with one line changed."""
    text = FILE.read_text("utf-8")
    assert text.count(old) == 1
    bench = build_bench(bench_from_text(text.replace(old, new), str(FILE), FILE.parent), benchmark="kws01", seed=4)
    return api.run(bench, plan(str(FILE), "energy"), out=out, rule_set="lab")


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Session:
    return run(tmp_path_factory.mktemp("rails") / "s")


def test_the_sum_is_right_within_its_uncertainty_and_so_is_each_rail(session: Session) -> None:
    result = session.result()
    assert [rail.name for rail in result.rails] == RAILS
    assert all(verdict.passed for verdict in result.verdicts if verdict.binding), result.verdicts
    score = result.energy_per_inference_j
    truth_j = median(t.energy_j / t.inferences for t in session.record.truth)
    assert abs(score.median - truth_j) <= score.U
    each = [rail.energy_per_inference_j for rail in result.rails]
    assert score.median == pytest.approx(sum(one.median for one in each), rel=1e-3)
    # The virtual rail `io` draws 0.3 of the current of `core`, at 3.0 V instead of 1.8 V.
    assert result.rails[1].share == pytest.approx(0.9 / 2.7, rel=1e-2)
    assert sum(rail.share for rail in result.rails) == pytest.approx(1.0, rel=1e-3)
    # Errors that rails may share are added by their amounts: more than if they were independent.
    assert math.hypot(*(one.u for one in each)) < score.u <= 1.001 * sum(one.u for one in each)


def test_errors_of_the_sum_cancel_only_if_every_rail_was_measured_as_before(session: Session) -> None:
    one = baseline_of(session)
    assert one.monitor is not None
    assert one.monitor.serial.count(", ") == 1
    [again] = [each for each in differences(one, one) if each.quantity == "energy_per_inference"]
    assert any(name.startswith("gain of the ") for name in again.cancelled)
    other = baseline_of(run_at(session.path.parent / "other", "voltage_v = 3.0", "voltage_v = 2.9"))
    [found] = [each for each in differences(one, other) if each.quantity == "energy_per_inference"]
    assert found.cancelled == ()
    assert any(note.startswith("no error of the monitor cancels") for note in found.notes)


def test_each_cause_of_the_sum_is_that_of_its_rails(session: Session) -> None:
    result = session.result()
    sums = {one.name: one.value_j for one in result.uncertainty.components}
    of_rails = [{one.name: one.value_j for one in rail.uncertainty.components} for rail in result.rails]
    for name in ("offset of the voltage measurement", "gain of the current measurement"):
        assert sums[name] == pytest.approx(sum(rail[name] for rail in of_rails), rel=1e-2)
    noise = [sums[f"noise of the samples ({name})"] for name in RAILS]
    assert noise == pytest.approx([rail["noise of the samples"] for rail in of_rails], rel=1e-2)


def test_they_are_switched_on_in_order_and_off_in_reverse_each_confirmed(session: Session) -> None:
    switched = [event for event in session.journal(exchanges=False) if event.kind == "supply-switched"]
    assert [(event.rail, event.on) for event in switched] == [
        ("core", True),
        ("io", True),
        ("io", False),
        ("core", False),
    ]
    assert session.record.supply_off_confirmed


def test_the_trace_carries_the_signals_of_each_rail_under_its_name(session: Session) -> None:
    with session.trace() as trace:
        assert trace.rails == RAILS
        assert trace.signals == [("current", "A"), ("voltage", "V")]
        core_v = float(trace.read("voltage", 1000, 2000).mean())
    with session.trace("io") as trace:
        assert float(trace.read("voltage", 1000, 2000).mean()) == pytest.approx(3.0, abs=0.01)
    assert core_v == pytest.approx(1.8, abs=0.01)


def test_report_and_terminal_show_each_rail_and_the_sum(session: Session) -> None:
    page = (session.path / "report.html").read_text("utf-8")
    assert "Each supply rail of the device, and their sum" in page
    assert [line.split()[1] for line in derived(session.result())[:2]] == RAILS


def test_samples_lost_on_one_rail_withhold_the_sum_and_the_rule_names_the_rail(tmp_path: Path) -> None:
    def lose(bench) -> None:
        class Lossy:
            drop_buffer_at_ns = 8_000_000_000

            def __getattr__(self, name):
                return getattr(bench.twin.world.faults, name)

        rail = bench.twin.twins["psu:1"]._channels[1].rail
        rail.world.faults = Lossy()

    result = run(tmp_path / "s", prepare=lose).result()
    core, io = result.rails
    assert core.energy_per_inference_j is not None
    assert io.energy_per_inference_j is None
    assert result.energy_per_inference_j is None
    lost = next(verdict for verdict in result.verdicts if verdict.id == "no-lost-samples")
    assert not lost.passed
    assert lost.note.startswith("rail io: ")


def test_a_rail_that_stays_on_is_not_called_off(tmp_path: Path) -> None:
    def weld(bench) -> None:
        rail = bench.twin.twins["psu:1"]._channels[1].rail

        class Welded:
            power_stays_on = True

            def __getattr__(self, name):
                return getattr(bench.twin.world.faults, name)

        rail.world.faults = Welded()

    session = run(tmp_path / "s", prepare=weld)
    assert session.record.supply_off_confirmed is False
    switched = [event for event in session.journal(exchanges=False) if event.kind == "supply-switched"]
    assert ("core", False) in {(event.rail, event.on) for event in switched}
    assert ("io", False) not in {(event.rail, event.on) for event in switched}


def test_all_rails_are_switched_off_by_hand() -> None:
    identity, died = api.switch_bench_off(str(FILE))
    assert identity.model == "N6705C"
    assert died is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({'sampler = "psu:2"': 'sampler = "psu:1"'}, "plays sampler of the rails 'core' and 'io' at once"),
        ({'"psu:2"': '"psu:1"'}, "plays supply of the rails 'core' and 'io' at once"),
        ({"voltage_v = 3.0": "voltage_v = 3.0\n[supply]\nvoltage_v = 1.0"}, "say the same thing twice"),
        ({"[rails.io]": "[rails.IO]"}, "cannot be a rail's name"),
        ({'supply = "psu:2"': 'supply = "psu2"'}, "there is no such instrument"),
        ({'"psu:2"': '"psu"'}, "'psu' and 'psu:1' are one channel of psu"),
        ({'"psu:2"': '"psu:01"'}, "'psu:01' names no channel"),
        ({'"psu:2"': '"psu:²"'}, "'psu:²' names no channel"),  # a digit to Python, and no number
        ({'"psu:2"': '"psu:٢"'}, "names no channel"),  # a number to Python
        ({'"psu:2"': '"psu:x"'}, "'psu:x' names no channel"),
        ({'"psu:2"': '"psu:"'}, "'psu:' names no channel"),
    ],
)
def test_rails_that_cannot_be_are_refused_with_their_line(changes: dict[str, str], said: str) -> None:
    text = FILE.read_text("utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(ConfigurationError, match=said) as caught:
        bench_from_text(text, "bench.toml", FILE.parent)
    assert "bench.toml, line" in str(caught.value)


def test_one_rail_alone_is_no_table_of_rails() -> None:
    text = FILE.read_text("utf-8")
    start, stop = text.index("[rails.io]"), text.index("[io_manager]")
    with pytest.raises(ConfigurationError, match="rails"):
        bench_from_text(text[:start] + text[stop:], "bench.toml", FILE.parent)


def test_a_rate_that_the_sampler_of_any_rail_does_not_have_is_refused_before_anything_is_opened() -> None:
    text = FILE.read_text("utf-8").replace('"psu:2"', '"bench"', 1).replace('"psu:2"', '"dmm"')
    others = "".join(
        f'[instruments.{name}]\ndriver = "{driver}"\nport = "virtual"\n'
        for name, driver in {"bench": "dp800", "dmm": "dmm7510"}.items()
    )
    spec = bench_from_text(f"{text}\n{others}[sampler]\nsample_rate_hz = 200.0\n", "bench.toml", FILE.parent)
    with pytest.raises(ConfigurationError, match=r"sampler.sample_rate_hz = 200: dmm7510 has no such rate"):
        build_bench(spec)


def test_a_certificate_asks_for_the_calibration_of_each_channel(session: Session) -> None:
    facts = api.certificate_facts(session, issued="2026-03-02T10:00:00Z")
    held = {one.name: one for one in facts.equipment.instruments if one.in_result}
    assert sorted(held) == ["psu:1", "psu:2"]
    assert all(one.specification and one.settings["driver"] == "n6705" for one in held.values())
    assert {f"instruments.{name}.due" for name in held} <= {one.key for one in facts.missing}
    lack = next(one.detail for one in facts.minimum if one.id == "in-calibration")
    assert "psu:1" in lack
    assert "psu:2" in lack
    assert {round(voltage_v, 1) for voltage_v in facts.setup.voltages_v} == {1.8, 3.0}
