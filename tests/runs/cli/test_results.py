# SPDX-License-Identifier: Apache-2.0
"""Results on the command line: what a person reads, and one JSON document for a program."""

import json
from pathlib import Path

import pytest


def test_demo_prints_a_result_that_says_virtual(session, call):
    status, out, err = call("analyze", str(session))
    assert (status, err) == (0, "")
    assert "µJ per inference" in out
    assert "VALID" in out
    assert "VIRTUAL" in out
    assert str(session / "report.html") in out.replace("\n", "")


@pytest.mark.parametrize(
    "words",
    [
        ("analyze", "SESSION", "--json"),
        ("check", "SESSION", "--json"),
        ("check", "SESSION", "--json", "--rules", "spread"),
        ("bench", "list", "--json"),
        ("bench", "doctor", "virtual-n6705c", "--json"),
        ("instruments", "list", "--no-search", "--json"),
        ("instruments", "show", "lpm01a", "--json"),
    ],
    ids=" ".join,
)
def test_json_is_one_document_in_ascii(words, session, call):
    status, out, err = call(*(str(session) if word == "SESSION" else word for word in words))
    assert (status, err) == (0, "")
    assert out.isascii()
    assert json.loads(out)


def test_demo_json_is_the_result_and_progress_is_on_stderr(call, tmp_path):
    status, out, err = call("demo", "--json", "--out", "s")
    assert status == 0
    document = json.loads(out)
    assert document.pop("session") == "s"
    assert document == json.loads((tmp_path / "s" / "result.json").read_text("utf-8"))
    assert document["virtual"] is True
    assert "measure window 5 of 5" in err
    assert len(err.splitlines()) == len(set(err.splitlines())), "one line a phase"


def test_a_rule_that_only_informs_makes_no_run_invalid(call, tmp_path):
    from energy_runner.benchmarks.demo import write_demo_stimuli

    (tmp_path / "stimuli").mkdir()
    write_demo_stimuli(tmp_path / "stimuli")
    words = ("run", "kws01", "--bench", "virtual-ideal", "--stimuli", "stimuli", "--no-read-back", "--out", "s")
    assert call(*words)[0] == 0
    assert call("check", "s")[0] == 0
    status, out, _ = call("check", "s", "--rules", "read-back", "--json")
    assert status == 0
    assert [(verdict["passed"], verdict["binding"]) for verdict in json.loads(out)] == [(False, False)]
    assert call("check", "s", "--rules", "spread", "--rules", "window-length")[0] == 0


def test_a_failed_rule_is_status_1(call, tmp_path):
    from energy_runner.benchmarks.demo import write_demo_stimuli

    (tmp_path / "stimuli").mkdir()
    write_demo_stimuli(tmp_path / "stimuli")
    words = ("run", "kws01", "-b", "virtual-ideal", "-s", "stimuli", "-n", "20", "-o", "s", "--json")
    status, out, _ = call(*words)
    assert status == 1
    assert json.loads(out)["valid"] is False
    assert call("analyze", "s")[0] == 1
    assert call("check", "s")[0] == 1
    assert call("check", "s", "--rules", "window-length")[0] == 1
    assert call("check", "s", "--rules", "window-inferences")[0] == 0
    assert call("report", "s")[0] == 0


def test_report_says_where_it_is(session, call):
    status, out, _ = call("report", str(session))
    assert (status, out) == (0, f"{session / 'report.html'}\n")


def test_report_writes_figures_and_says_where_they_are(session, call, tmp_path):
    status, out, err = call("report", str(session), "--figures", "figures")
    assert (status, err) == (0, "")
    written = out.splitlines()
    assert written[0] == str(session / "report.html")
    assert str(Path("figures") / "run.svg") in written
    assert len(written) == 1 + len(list((tmp_path / "figures").iterdir())) > 20


def test_report_says_if_there_is_nothing_to_draw(call, tmp_path):
    words = ("run", "demo-keywords", "-b", "virtual-lpm01a", "-m", "accuracy", "--limit", "3", "-o", "s")
    assert call(*words)[0] == 0
    status, out, err = call("report", "s", "--figures", "figures")
    assert (status, len(out.splitlines())) == (0, 1)
    assert "no figure was written" in err
    assert not (tmp_path / "figures").exists()


def test_voltage_rate_and_set_are_checked_and_recorded_as_what_ran(call, tmp_path):
    words = ("run", "demo-keywords", "-b", "virtual-lpm01a", "-n", "12", "--no-read-back", "-o", "s")
    changes = ("--voltage", "2.5", "--rate", "5000", "--set", "description=at 2.5 V", "--set", "name=low")
    status, out, err = call(*words, *changes, "--json")
    assert status == 0, err
    bench = json.loads((tmp_path / "s" / "record.json").read_text("utf-8"))["bench"]
    assert (bench["monitor"]["voltage_v"], bench["monitor"]["sample_rate_hz"]) == (2.5, 5000)
    assert (bench["name"], bench["description"]) == ("low", "at 2.5 V")
    assert json.loads(out)["energy_per_inference_j"]["median"] == pytest.approx(1440e-6 * 2.5 / 3.0, rel=0.01)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (("--voltage", "99"), "with monitor.voltage_v = 99.0: monitor.voltage_v = 99.0: must be"),
        (("--set", "monitor.volts=3"), "unknown key 'monitor.volts'"),
        (("--set", "monitor"), "--set monitor: is not KEY=VALUE"),
        (("--voltage", "2", "--set", "monitor.voltage_v=3"), "--voltage and --set monitor.voltage_v are the same"),
        (("--set", "monitor.driver=lpm01b"), "'lpm01b' is unknown; did you mean 'lpm01a'?"),
        (("--set", "monitor.driver=lpm01b"), "docs/how-to/write-a-driver.md"),
    ],
)
def test_a_change_that_cannot_be_is_refused_before_anything_opens(changes, said, call, tmp_path):
    status, out, err = call("run", "demo-keywords", "-b", "virtual-lpm01a", *changes)
    assert (status, out) == (2, "")
    assert said in err
    assert not (tmp_path / "sessions").exists()


def test_a_mistyped_bench_is_named_before_missing_stimuli(call, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    status, _, err = call("run", "kws01", "-b", "virtual-lpm01")
    assert status == 2
    assert "did you mean 'virtual-lpm01a'?" in err
    assert "stimuli" not in err


def test_all_unfolds_the_rules_that_passed(session, call):
    folded, unfolded = call("analyze", str(session))[1], call("analyze", str(session), "--all")[1]
    assert "rules passed (--all shows them)" in folded
    assert "window-length" not in folded
    assert "window-length" in unfolded
    assert folded.splitlines()[-6:] == unfolded.splitlines()[-6:], "the headline stands last in both"
    assert "window-length" in call("check", str(session), "--all")[1]
    assert "window-length" in call("check", str(session), "--rules", "window-length")[1]


def test_check_ends_with_the_headline(call, session):
    shown = call("check", str(session))[1]
    assert shown.index("rules passed") < shown.index("per inference ±") < shown.index("VALID")
    assert "per inference ±" not in call("check", str(session), "--rules", "spread")[1]
