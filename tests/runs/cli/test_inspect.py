# SPDX-License-Identifier: Apache-2.0
"""`segment`, `phases` and `use` as a user starts them."""

import json
import re

import numpy as np
import pytest

from energy_runner.errors import ExitStatus
from tests.support.cli import started
from tests.support.synthetic import make_run


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A run on a twin: its inferences repeat, its DUT idles between the windows."""
    from energy_runner import api
    from energy_runner.benchmarks.demo import write_demo_stimuli

    folder = tmp_path_factory.mktemp("run")
    (folder / "stimuli").mkdir()
    write_demo_stimuli(folder / "stimuli")
    plan = api.plan("kws01", stimuli=folder / "stimuli", seed=5)
    return api.run(api.load_bench("virtual-lpm01a"), plan, out=folder / "s").path


def test_segment_shows_every_window_beside_the_score(session, tmp_path):
    done = started("segment", str(session), cwd=tmp_path)
    assert done.returncode == ExitStatus.VALID
    assert "SIMULATED" in done.stdout
    assert "Idle level" in done.stdout
    assert "is not the score" in done.stdout
    assert done.stderr == ""
    kinds = re.findall(r"^(?:Window \d|\d of 5 windows): ([^:;\n]+)", done.stdout, re.MULTILINE)
    assert "drift over the window" in kinds
    assert len(kinds) == len(set(kinds))


def test_segment_of_one_window_as_json(session, tmp_path):
    done = started("segment", str(session), "--window", "2", "--json", cwd=tmp_path)
    assert done.returncode == ExitStatus.VALID
    document = json.loads(done.stdout)
    (window,) = document["windows"]
    assert window["index"] == 1
    assert window["inferences"] == window["stated"]
    assert len(window["energy_j"]) == window["inferences"]
    assert document["virtual"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("segment", "SESSION", "--window", "9"), "windows 1 to 5, not 9"),
        (("segment", "nowhere"), "nowhere"),
        (("phases", "SESSION", "--window", "9"), "windows 1 to 5 in its trace, not 9"),
        (("phases", "SESSION", "--edges", "nowhere.csv"), "nowhere.csv"),
        (("use", "SESSION"), "--per-hour"),
        (("use", "SESSION", "--per-hour", "60", "--period-s", "60"), "exactly one of"),
        (("use", "SESSION", "--per-hour", "often"), "not a quantity"),
        (("use", "SESSION", "--per-hour", "60", "--between", "asleep"), "idle, sleep, off"),
        (("use", "SESSION", "--per-hour", "60", "--between", "sleep"), "--rest-uw"),
        (("use", "SESSION", "--per-hour", "60", "--battery-v", "3"), "--capacity-mah"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(session, words, said, tmp_path):
    done = started(*(str(session) if word == "SESSION" else word for word in words), cwd=tmp_path)
    assert done.returncode == ExitStatus.USAGE
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_use_carries_the_uncertainty_through(session, tmp_path):
    words = ("--per-hour", "60", "--capacity-mah", "225+-10", "--battery-v", "3.0", "--json")
    done = started("use", str(session), *words, cwd=tmp_path)
    assert done.returncode == ExitStatus.VALID
    document = json.loads(done.stdout)
    assert document["valid"] is json.loads((session / "result.json").read_text("utf-8"))["valid"] is True
    life = document["life_days"]
    assert life["u"] / life["value"] == pytest.approx(10 / 225, rel=0.5)
    day = document["use"]["day_j"]
    assert 0 < day["u"] < 0.05 * day["value"]


def test_phases_without_edges_are_called_estimated(session, tmp_path):
    done = started("phases", str(session), "--window", "1", cwd=tmp_path)
    assert done.returncode == ExitStatus.VALID
    assert "ESTIMATED" in done.stdout
    document = json.loads(started("phases", str(session), "--window", "1", "--json", cwd=tmp_path).stdout)
    assert document["estimated"] is True
    # Those of the typical inference, in each of them, and not each level of the whole window.
    assert 2 <= len(document["summaries"]) <= 20
    windows = json.loads(started("segment", str(session), "--json", cwd=tmp_path).stdout)["windows"]
    assert {row["count"] for row in document["summaries"]} == {windows[0]["inferences"]}
    whole_j = sum(row["energy_j"] for row in document["summaries"])
    assert whole_j / windows[0]["inferences"] == pytest.approx(windows[0]["energy_per_inference_j"], rel=1e-3)


def test_phases_shorter_than_a_sample_are_right_and_said_so(tmp_path):
    """Phases of 3.4, 2.2 and 0.45 ms at 1 kHz: by their shares of samples alone the last was 67 % off."""
    watt, lasts_s = (0.060, 0.030, 0.055), (0.0034, 0.0022, 0.00045)
    lines, truth = ["pin,time_s,level"], [0.0, 0.0, 0.0]
    run = make_run()
    edges, powers = [0.0], [1.0]
    for number in range(20):
        at = 20.0 + 0.0501 * number
        for k, name in enumerate(("pre", "inference", "post")):
            lines += [f"{name},{at:.7f},1", f"{name},{at + lasts_s[k]:.7f},0"]
            edges, powers = [*edges, at], [*powers, watt[k]]
            truth[k] += watt[k] * lasts_s[k]
            at += lasts_s[k]
        edges, powers = [*edges, at], [*powers, 0.020]
    (energy,) = run.samples
    grid = np.arange(len(energy) + 1) * 1e-3
    whole = np.interp(grid, [*edges, 1e3], np.concatenate([[0.0], np.cumsum(np.diff([*edges, 1e3]) * powers)]))
    inside = slice(19_990, 21_010)
    powers[0] = 0.0
    energy[inside] = np.diff(whole)[inside]
    energy[19_990:20_000] = 0.020e-3
    session = run.write(tmp_path / "s").path
    (tmp_path / "pins.csv").write_text("\n".join(lines) + "\n")
    assert started("check", str(session), cwd=tmp_path).returncode in {0, 1}
    done = started("phases", str(session), "--edges", "pins.csv", "--json", cwd=tmp_path)
    assert done.returncode == ExitStatus.RULE_FAILED
    document = json.loads(done.stdout)
    assert [finding["id"] for finding in document["findings"]] == ["phase-short"]
    assert "post: 20 times shorter than two samples" in document["findings"][0]["detail"]
    for row, expected_j in zip(document["summaries"], truth, strict=True):
        assert row["energy_j"] == pytest.approx(expected_j, abs=2 * row["u_j"] + 1e-9)
        assert row["energy_j"] == pytest.approx(expected_j, rel=0.05)


def test_phases_by_the_edges_of_named_pins(session, tmp_path):
    lines = ["pin,time_s,level"]
    for number in range(3):
        begin = 20 + 0.05 * number
        lines += [f"pre,{begin},1", f"pre,{begin + 0.01},0"]
        lines += [f"inference,{begin + 0.01},1", f"inference,{begin + 0.04},0"]
    (tmp_path / "pins.csv").write_text("\n".join(lines) + "\n")
    done = started("phases", str(session), "--edges", "pins.csv", "--json", cwd=tmp_path)
    assert done.returncode == ExitStatus.VALID, done.stderr
    document = json.loads(done.stdout)
    assert document["estimated"] is False
    assert [row["name"] for row in document["summaries"]] == ["pre", "inference"]
    assert [row["count"] for row in document["summaries"]] == [3, 3]
    assert document["summaries"][1]["duration_s"] == pytest.approx(0.09)
    assert document["summaries"][1]["energy_j"] > document["summaries"][0]["energy_j"] > 0


def test_an_edge_that_is_missing_is_a_finding_and_status_1(session, tmp_path):
    (tmp_path / "pins.csv").write_text("pin,time_s,level\npre,20,1\npre,20.1,1\npre,20.2,0\n")
    done = started("phases", str(session), "--edges", "pins.csv", cwd=tmp_path)
    assert done.returncode == ExitStatus.RULE_FAILED
    assert "phase-edge-missing" in done.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,pin\n", "first line"),
        ("pin,time_s,level\n", "no edge"),
        ("pin,time_s,level\npre,soon,1\n", "line 2"),
        ("pin,time_s,level\npre,nan,1\n", "line 2"),
        ("pin,time_s,level\npre,1,2\n", "line 2"),
        ("pin,time_s,level\npre,1\n", "line 2"),
        ("pin,time_s,level\n\x1b[31m,1,1\n", "line 2"),
    ],
)
def test_a_file_of_edges_that_is_none(session, text, said, tmp_path):
    (tmp_path / "pins.csv").write_text(text)
    done = started("phases", str(session), "--edges", "pins.csv", cwd=tmp_path)
    assert done.returncode == ExitStatus.USAGE
    assert said in done.stderr
    assert "\x1b" not in done.stderr


def test_a_session_without_trace_has_no_phases(tmp_path):
    session = make_run(mode="performance").write(tmp_path / "s")
    done = started("phases", str(session.path), cwd=tmp_path)
    assert done.returncode == ExitStatus.USAGE
    assert "no power trace" in done.stderr
