# SPDX-License-Identifier: Apache-2.0
"""A plan is tried out on its benches before the night: what is impossible is named, and what nothing reads."""

import json
import re
from pathlib import Path

import pytest

from energy_runner.api import sweep_plans
from energy_runner.api.sweep_plans import examine_plan
from energy_runner.api.sweeps import begin_sweep, named_benches
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.cli.sweep_commands import NightOptions, say_unfinished
from energy_runner.errors import ConfigurationError
from energy_runner.sweep.plan import plan_from_text
from tests.support.places import ROOT

LPM01A = {"virtual-lpm01a": "virtual-lpm01a"}
HEAD = 'name = "night"\n'


def examined(text: str, benches: dict[str, str] = LPM01A) -> object:
    return examine_plan(plan_from_text(HEAD + text, "night.toml"), benches)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[axes.rate]\nsets = "rate"\nvalues = [1000, 7]\n', "night.toml, line 4: rate = 7: .*has no such rate"),
        ('[axes.volt]\nsets = "voltage"\nrange = {start = 2, stop = 9, step = 1}\n', "volt = "),
        ('[axes.x]\nsets = "bench.monitor.optins.format"\nvalues = ["a"]\n', "unknown key"),
        ('[axes.x]\nsets = "benchmark"\nvalues = ["kws02"]\n', "unknown benchmark"),
        ('[axes.image]\nflash = "true {image}"\nvalues = ["nowhere.elf"]\n', "nowhere.elf"),
        (
            '[axes.x]\nflash = "no-such-flasher {value}"\nvalues = ["a"]\n',
            "line 2: .*no-such-flasher.* not installed",
        ),
        ("[axes.x]\nflash = '\"unclosed {value}'\nvalues = [1]\n", r"line 2: .*cannot be read .*close its quotes"),
        ('[axes.x]\nsets = "rule_set"\nvalues = ["no-such-rules"]\n', "no-such-rules"),
        ('[axes.x]\nsets = "bench"\nvalues = ["left"]\n', "no bench is called 'left'"),
        ("[wait]\ntemperature_c = [21, 25]\n", "has no thermometer"),
        ("[settings]\nlimit = 3\n", "accuracy"),
    ],
)
def test_what_is_impossible_is_refused_before_the_night(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        begin_sweep(plan_from_text(HEAD + text, "night.toml"), LPM01A, out=tmp_path / "sweeps")
    assert re.search(says, str(refused.value)), refused.value
    assert not (tmp_path / "sweeps").exists()


def test_what_nothing_reads_is_said() -> None:
    found = examined('mode = "performance"\n[axes.speed]\nsets = "bench.dut.energy_baud"\nvalues = [9600, 4800]\n')
    assert found.unread == ["axis speed: only energy runs use this speed"]  # type: ignore[attr-defined]


def test_time_and_disk_grow_with_points_and_rate() -> None:
    slow = examined('[axes.v]\nsets = "voltage"\nvalues = [2.5, 3]\n[settings]\nrate = 100\n')
    fast = examined('repeats = 3\n[axes.v]\nsets = "voltage"\nvalues = [2.5, 3]\n[settings]\nrate = 5000\n')
    assert (slow.points, fast.points) == (2, 6)  # type: ignore[attr-defined]
    assert fast.total_s == pytest.approx(3 * slow.total_s)  # type: ignore[attr-defined]
    assert 55 < slow.each_s < 100  # type: ignore[attr-defined]
    assert fast.disk_b > 5 * slow.disk_b  # type: ignore[attr-defined]


def test_what_a_large_plan_takes_is_the_mean_of_its_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many settings each value is tried once, which is most of them at the first rate alone."""
    text = (
        '[axes.v]\nsets = "voltage"\nrange = {start = 2.0, stop = 3.0, step = 0.025}\n'
        '[axes.r]\nsets = "rate"\nvalues = [100, 5000]\n'
    )
    whole = examined(text)
    monkeypatch.setattr(sweep_plans, "_MOST_TRIED", 50)
    monkeypatch.setattr(sweep_plans, "_SAMPLED", 40)
    assert examined(text).disk_b == pytest.approx(whole.disk_b, rel=0.35)  # type: ignore[attr-defined]


def test_references_every_hour_count_the_waits_too() -> None:
    text = 'repeats = 50\n[axes.v]\nsets = "voltage"\nvalues = [2.5, 3]\n[reference]\nevery_hours = 1\n'
    quick, slow = examined(text), examined(f"{text}[wait]\ncool_down_s = 600\n")
    for found in (quick, slow):
        hours = 100 * found.each_s / 3600  # type: ignore[attr-defined]
        assert found.references == round(hours) + 1  # type: ignore[attr-defined]
    assert slow.each_s == quick.each_s + 600  # type: ignore[attr-defined]


def test_benches_have_names() -> None:
    assert named_benches(["virtual-lpm01a", "virtual-lpm01a", "n=virtual-n6705c"]) == {
        "virtual-lpm01a": "virtual-lpm01a",
        "virtual-lpm01a#2": "virtual-lpm01a",
        "n": "virtual-n6705c",
    }
    for given in (["a=virtual-lpm01a", "a=virtual-n6705c"], []):
        with pytest.raises(ConfigurationError, match="Try: bench="):
            named_benches(given)


def test_the_command_shows_the_plan_of_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs/how-to/run-a-sweep.md").read_text("utf-8")
    plan = tmp_path / "night.toml"
    plan.write_text(re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[0])
    assert run_app(app, ["sweep", "plan", str(plan), "--bench", "virtual-lpm01a", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["points"], found["references"], len(found["settings"])) == (8, 3, 4)
    assert run_app(app, ["sweep", "plan", str(plan), "--bench", "virtual-lpm01a"]) == 0
    shown = capsys.readouterr().out
    assert "4 different settings, 2 times each: 8 points" in shown
    assert "clock_mhz" in shown
    # The commands of the page on reading are for this plan.
    reading = (ROOT / "docs/how-to/read-a-sweep.md").read_text("utf-8")
    commands = " ".join(re.findall(r"```console\n(.*?)```", reading, re.DOTALL))
    named = re.findall(r"--(?:by|over|ignore|map|where) ([\w,]+)", commands)
    assert {axis for text in named for axis in text.split(",")} == set(found["settings"][0])


def test_whoever_begins_anew_is_told_of_the_sweep_that_has_points_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "night.toml"
    plan.write_text('name = "night"\nbenchmark = "demo-keywords"\n[axes.v]\nsets = "voltage"\nvalues = [3.0]\n')
    options = NightOptions(catalogue="", out=tmp_path, lease_s=30.0, junit=None, as_json=False)
    first = begin_sweep(plan, named_benches(["virtual-lpm01a"]), out=tmp_path)
    say_unfinished(first, options)
    assert capsys.readouterr().err == ""
    second = begin_sweep(plan, named_benches(["virtual-lpm01a"]), out=tmp_path)
    say_unfinished(second, options)
    assert f"sweep resume {first}" in capsys.readouterr().err
