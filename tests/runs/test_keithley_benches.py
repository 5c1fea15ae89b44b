# SPDX-License-Identifier: Apache-2.0
"""Whole runs with a multimeter in the supply line, of a bench with a supply and of one without, and with an SMU.

Bench files only: which box did what, and what the run cannot know, is in the record.
"""

import statistics
from pathlib import Path
from typing import Any

import pytest

from energy_runner import api
from energy_runner.analysis.placing.alignment import BY_LAPS
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.errors import ExitStatus
from energy_runner.report.headline import FED_OUTSIDE
from energy_runner.report.terminal import print_session
from energy_runner.session.events import DeviceIdentified, MonitorConfigured, SupplySwitched
from energy_runner.session.folder import Session
from tests.support.coverage_study import short_plan, whole_plan

BENCHES = Path(__file__).parents[1] / "support" / "monitor_benches"
NAMES = ("dmm-fed-from-outside", "dmm-behind-supply", "virtual-smu2400")
# 10 mA through a shunt of up to 2 ohm are 0.7 % of 3 V, which nobody measures behind the meter.
DMM_U = 9e-3


def built(name: str, seed: int = 0) -> Bench:
    return build_bench(load_bench_spec(str(BENCHES / f"{name}.toml")), "energy", seed=seed)


def ran(bench: Bench, tmp_path: Path, *, whole: bool = False) -> Session:
    tmp_path.mkdir(exist_ok=True)
    plan = (whole_plan if whole else short_plan)(tmp_path / "stimuli")
    return api.run(bench, plan, out=tmp_path / "session")


def errors(session: Session) -> tuple[float, float]:
    """Return the score's error and its U, both relative to the truth."""
    score, truth = session.result().energy_per_inference_j, session.record.truth
    assert score is not None, session.result().findings
    assert truth is not None
    true_j = statistics.median(window.energy_j / window.inferences for window in truth)
    return score.median / true_j - 1, score.U / true_j


def verdicts(session: Session) -> dict[str, Any]:
    return {verdict.id: verdict for verdict in session.result().verdicts}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(4))
def test_short_windows_are_right_within_their_uncertainty(name: str, seed: int, tmp_path: Path) -> None:
    session = ran(built(name, seed), tmp_path)
    assert session.record.outcome == "completed", session.record.reason
    assert session.record.alignment == BY_LAPS
    error, u = errors(session)
    assert abs(error) <= u < 0.02


@pytest.mark.parametrize(("name", "largest"), [("dmm-behind-supply", DMM_U), ("virtual-smu2400", 2e-3)])
def test_a_whole_run_is_valid(name: str, largest: float, tmp_path: Path) -> None:
    bench = built(name, 1)
    session = ran(bench, tmp_path, whole=True)
    assert api.exit_status(session) is ExitStatus.VALID, [v for v in session.result().verdicts if not v.passed]
    error, u = errors(session)
    assert abs(error) <= u < largest
    assert session.record.supply_off_confirmed is True
    assert not bench.twin.world.powered


def test_a_meter_without_any_supply_of_ours_says_what_it_cannot_know(tmp_path: Path, capsys: Any) -> None:
    bench = built("dmm-fed-from-outside", 2)
    session = ran(bench, tmp_path, whole=True)
    assert api.exit_status(session) is ExitStatus.VALID
    error, u = errors(session)
    assert abs(error) <= u < DMM_U
    journal = session.journal()
    assert session.record.supply_off_confirmed is None
    assert bench.twin.world.powered, "nobody here could switch it off"
    assert not [event for event in journal if isinstance(event, SupplySwitched)]
    [configured] = [event for event in journal if isinstance(event, MonitorConfigured)]
    assert (configured.sampler, configured.supply, configured.voltage_set_v) == ("meter", "", 3.0)
    assert [(one["name"], one["kind"]) for one in configured.model_dump()["signals"]] == [("current", "instant")]
    assert (verdicts(session)["voltage"].known, verdicts(session)["voltage"].binding) == (False, False)
    assert not verdicts(session)["uncertainty-complete"].passed
    detail = str(verdicts(session)["uncertainty-complete"].model_dump())
    for words in ("supply voltage unknown", "samples are instants"):
        assert words in detail, detail
    print_session(session)
    assert FED_OUTSIDE in " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_the_record_says_which_box_did_what(tmp_path: Path) -> None:
    session = ran(built("dmm-behind-supply"), tmp_path)
    journal = session.journal()
    identified = {event.box: event for event in journal if isinstance(event, DeviceIdentified)}
    assert {"psu", "meter", "relay", "dut"} == set(identified)
    [configured] = [event for event in journal if isinstance(event, MonitorConfigured)]
    assert (configured.sampler, configured.supply) == ("meter", "psu")
    assert session.record.supply_off_confirmed is True
    report = (session.path / "report.html").read_text("utf-8")
    for words in ("confirmed by psu", "psu (supply)", "meter (sampler)", "relay (edges, dut)"):
        assert words in report, words


@pytest.mark.parametrize("name", NAMES)
def test_readings_that_were_not_stored_withhold_their_windows(name: str, tmp_path: Path) -> None:
    truth = ran(built(name), tmp_path / "before").record.truth
    assert truth is not None
    bench = built(name)
    bench.twin.world.faults.drop_buffer_at_ns = round((truth[2].start_s + 0.1) * 1e9)
    session = ran(bench, tmp_path)
    assert not verdicts(session)["no-lost-samples"].passed
    assert session.result().energy_per_inference_j is None
    kept = [window.energy_j is not None for window in session.result().windows]
    assert kept[:2] == [True, True]
    assert not kept[2]


@pytest.mark.parametrize("name", NAMES)
def test_a_full_buffer_gives_no_score(name: str, tmp_path: Path) -> None:
    bench = built(name)
    driver = bench.sampler
    plain = driver.configure

    def small(*arguments: Any) -> Any:
        applied = plain(*arguments)
        driver._log.capacity = bench.twin.twins[bench.players.sampler.instrument]._capacity = 4000
        return applied

    driver.configure = small
    session = ran(bench, tmp_path)
    result = session.result()
    assert api.exit_status(session) in (ExitStatus.RULE_FAILED, ExitStatus.BENCH_FAULT)
    assert result.energy_per_inference_j is None
    assert "full" in str([event.model_dump() for event in session.journal()])


def test_a_current_above_the_range_gives_no_valid_score(tmp_path: Path) -> None:
    bench = built("dmm-behind-supply")
    bench.twin.world.faults.over_range_above_a = 5e-3
    session = ran(bench, tmp_path)
    assert api.exit_status(session) is not ExitStatus.VALID
    assert session.result().energy_per_inference_j is None
