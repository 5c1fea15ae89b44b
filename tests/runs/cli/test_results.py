"""Results on the command line: what a person reads, and one JSON document for a program."""

import json

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
