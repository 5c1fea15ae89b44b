# SPDX-License-Identifier: Apache-2.0
"""Power test cases in the published form on twins whose DUT draws known phases."""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from energy_runner import api
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.errors import BenchFault, ConfigurationError
from tests.support.drawn_phases import PUBLISHED_A, case_file, drawing

SUPPORT = Path(__file__).parents[1] / "support"
MONITORS = ("virtual-ngu", "virtual-smu2400", "js220-behind-n6705")
BENCHES = (
    "virtual-lpm01a",
    "virtual-n6705c",
    *(str(SUPPORT / "monitor_benches" / f"{one}.toml") for one in MONITORS),
)
PUBLISHED = "[56.0, 4.0, 1.2, 0.26, 140]"


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", BENCHES, ids=lambda name: Path(name).stem)
def test_phases_have_the_rms_that_was_drawn(name: str, tmp_path: Path) -> None:
    bench = drawing(name, seed=4)
    (case,) = api.power_test(case_file(tmp_path), bench)
    assert case.virtual
    assert len(case.phases) == 5
    assert case.outcome in {"passed", "cannot be told"}
    for one, level_a in zip(case.phases, PUBLISHED_A, strict=True):
        rms_a = one.phase.rms_a
        assert rms_a.U > 0
        assert abs(rms_a.value - level_a) <= 1.2 * rms_a.U
        assert one.verdict == "within" or 0.2 * level_a - abs(rms_a.value - level_a) < rms_a.U
    assert bench.twin is not None
    assert not bench.twin.world.powered
    assert bench.off_confirmed


def test_what_is_published_is_in_tenths_and_the_remark_says_so(tmp_path: Path) -> None:
    path = case_file(tmp_path, expected=PUBLISHED)
    (as_documented,) = api.power_test(path, drawing())
    assert as_documented.outcome == "failed"
    assert any("Try: the unit 0.1mA" in text for text in as_documented.remarks)
    (as_compared,) = api.power_test(path, drawing(), unit="0.1mA")
    assert as_compared.outcome == "passed"


def test_another_current_and_a_missing_peak_fail(tmp_path: Path) -> None:
    path = case_file(tmp_path)
    more = (PUBLISHED_A[0], 2 * PUBLISHED_A[1], *PUBLISHED_A[2:])
    (case,) = api.power_test(path, drawing(levels_a=more))
    assert [one.verdict for one in case.phases] == ["within", "outside", "within", "within", "within"]
    assert "phase 2: 0.789 ± 0.015 mA RMS" in case.reason
    (case,) = api.power_test(path, drawing(levels_a=(*PUBLISHED_A[:3], 1e-3)))
    assert (case.outcome, case.phases) == ("failed", ())
    assert "3 peaks" in case.reason


def test_a_command_flashes_before_each_case(tmp_path: Path) -> None:
    script = "import sys, pathlib; pathlib.Path('flashed').write_text(' '.join(sys.argv[1:]))"
    (tmp_path / "flash.py").write_text(script, "utf-8")
    flash = f"{sys.executable} {tmp_path / 'flash.py'} {{test}} {{folder}}"
    api.power_test(case_file(tmp_path), drawing(), flash=flash)
    assert (tmp_path / "flashed").read_text() == f"pm.power_states {tmp_path}"
    for bad in (f"{sys.executable} -c 'raise SystemExit(3)'", "no-such-program-at-all"):
        bench = drawing()
        with pytest.raises(BenchFault, match=r"pm\.power_states"):
            api.power_test(case_file(tmp_path), bench, flash=bad)
        assert bench.off_confirmed


@pytest.mark.parametrize(
    "wrong", [{"unit": "A"}, {"count_hz": 0.0}, {"count_hz": float("nan")}, {"names": ["no.such"]}], ids=str
)
def test_wrong_options_are_refused_before_anything_is_switched_on(wrong: dict, tmp_path: Path) -> None:
    bench = drawing()
    with pytest.raises(ConfigurationError):
        api.power_test(case_file(tmp_path), bench, **wrong)
    assert not bench.switched_on


def test_the_command_line_writes_junit_and_says_by_its_status(tmp_path: Path, capsys) -> None:
    path = case_file(tmp_path, expected="[20.0, 20.0]")
    words = ["power-test", str(path), "-b", "virtual-lpm01a", "--set", "virtual.load_ohm=150"]
    words += ["--set", "virtual.load_pulse_s=0.05", "--set", "virtual.load_period_s=2.5", "--junit", "out.xml"]
    path.write_text(path.read_text("utf-8").replace("num_of_transitions: 4", "num_of_transitions: 1"), "utf-8")
    assert run_app(app, words) == 1
    out, err = capsys.readouterr()
    assert "pm.power_states (VIRTUAL: simulated, not measured): FAILED" in out
    assert "0 of 1 passed" in out
    assert "pm.power_states: failed" in err
    (suite,) = ElementTree.parse(tmp_path / "out.xml").getroot()  # noqa: S314 - we wrote it
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert run_app(app, [*words, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["failed"] == 1
    assert document["cases"][0]["phases"][0]["phase"]["rms_a"]["value"] > 0


def test_a_bench_takes_the_place_of_a_power_monitor_of_the_harness(tmp_path: Path) -> None:
    probe = api.BenchProbe(parent=tmp_path / "r")
    with pytest.raises(ConfigurationError):
        probe.measure(time=1)
    probe.connect("virtual-n6705c")
    try:
        assert probe.init()
        probe.measure(time=2)
        current_a = probe.get_data()
    finally:
        probe.disconnect()
        probe.disconnect()
    assert 1990 <= len(current_a) <= 2000
    assert 5e-3 < sum(current_a) / len(current_a) < 8e-3
