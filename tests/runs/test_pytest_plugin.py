# SPDX-License-Identifier: Apache-2.0
"""The fixture `measure` in pytest: limits, summary, JUnit XML, JSON; each run in an interpreter of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.places import ROOT

TESTS = """
def test_boot(measure):
    with measure("boot", from_off=True, max_uj=30000, max_s=2) as m:
        m.wait_for_boot()
    assert m.result.energy_j.value > 1e-3


def test_idle(measure):
    with measure("idle", max_ma=6.05) as m:
        m.wait(0.3)


def test_too_much(measure):
    with measure("too much", max_mw=1.0) as m:
        m.wait(0.3)


def test_wrong(measure):
    with measure("wrong", max_mw=1.0) as m:
        m.wait(0.3)
        assert m.command("name").text("name") == "another"


def test_without(request):
    pass
"""
LINES = {"test_boot": "passed", "test_idle": "passed", "test_too_much": "failed", "test_wrong": "failed"}


def run(place: Path, *words: str, tests: str = TESTS) -> subprocess.CompletedProcess[str]:
    (place / "test_power.py").write_text(tests, "utf-8")
    (place / "pytest.ini").write_text("[pytest]\n", "utf-8")
    # What the outer pytest was asked for is nothing to the inner one.
    inherited = {key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=place,
        env=inherited | {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(place / "state"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """One run of all tests on a virtual bench."""
    place = tmp_path_factory.mktemp("plugin")
    words = ("--energy-bench", "virtual-lpm01a", "--energy-json", "out.json", "--junit-xml", "junit.xml")
    found = run(place, *words)
    assert found.returncode == pytest.ExitCode.TESTS_FAILED, found.stdout + found.stderr
    return place, found.stdout


def test_only_what_is_over_its_limit_or_wrong_fails(done: tuple[Path, str]) -> None:
    _, out = done
    assert "2 failed, 3 passed" in out
    assert "too much: mean power 18." in out
    assert "limit 1 mW: over" in out
    assert "AssertionError" in out  # of the body, not of its limit


def test_the_summary_shows_figures_and_says_virtual(done: tuple[Path, str]) -> None:
    _, out = done
    summary = out.partition(" energy ==")[2]
    assert "test_power.py::test_boot, boot (VIRTUAL: simulated, not measured): energy " in summary
    assert "limit 6.05 mA: cannot be told" in summary
    assert "limit 30000 µJ: within" in summary
    assert "wrong" not in summary.partition("short test summary")[0]


def test_junit_and_json_hold_the_figures(done: tuple[Path, str]) -> None:
    place, _ = done
    document = json.loads((place / "out.json").read_text("utf-8"))
    assert document["schema"] == "energy-runner/measured-tests/1"
    assert [row["name"] for row in document["measured"]] == ["boot", "idle", "too much"]
    boot = document["measured"][0]
    assert boot["virtual"] is True
    assert Path(place / boot["folder"] / "trace.jls").is_file()
    cases = ElementTree.parse(place / "junit.xml").iter("testcase")  # noqa: S314 - we wrote it
    of_boot = next(case for case in cases if case.get("name") == "test_boot")
    found = {one.get("name"): one.get("value") for one in of_boot.iter("property")}
    assert float(found["boot.energy_j"] or 0) == boot["figures"]["energy_j"]["value"]
    assert float(found["boot.energy_j.U"] or 0) == boot["figures"]["energy_j"]["U"]


def test_without_a_bench_such_tests_are_skipped(tmp_path: Path) -> None:
    found = run(tmp_path)
    assert "1 passed, 4 skipped" in found.stdout
    assert not (tmp_path / "recordings").exists()


def test_the_ini_file_names_the_bench_and_what_to_do_with_the_undecided(tmp_path: Path) -> None:
    tests = TESTS.partition("def test_too_much")[0].partition("def test_idle")
    (tmp_path / "x").mkdir()
    found = run(
        tmp_path,
        *("-o", "energy_bench=virtual-lpm01a", "-o", "energy_undecided=fail", "-o", "energy_dir=x/y"),
        tests=tests[1] + tests[2],
    )
    assert "1 failed" in found.stdout
    assert "cannot be told" in found.stdout
    assert len(list((tmp_path / "x" / "y").iterdir())) == 1


def test_a_wrong_bench_is_an_error_of_the_tests_and_not_a_pass(tmp_path: Path) -> None:
    found = run(tmp_path, "--energy-bench", "no-such-bench")
    assert "1 passed, 4 errors" in found.stdout
    assert "no-such-bench" in found.stdout


def test_a_bench_that_cannot_be_used_is_said_without_a_traceback(tmp_path: Path) -> None:
    done = run(tmp_path, "--energy-bench", "my-bench.toml", tests="def test_it(measure):\n    pass\n")
    assert done.returncode == 1
    assert "the bench cannot be used: bench 'my-bench.toml' is neither a file nor a built-in bench" in done.stdout
    assert "energy_runner/pytest_plugin.py" not in done.stdout


def test_the_tests_of_the_page_pass_on_the_virtual_bench(tmp_path: Path) -> None:
    page = (ROOT / "docs/how-to/power-tests-in-ci.md").read_text("utf-8")
    [tests] = re.findall(r"```python\n(def test_boot.*?)```", page, re.DOTALL)
    done = run(tmp_path, "--energy-bench", "virtual-lpm01a", tests=tests)
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_a_name_may_have_any_signs(tmp_path: Path) -> None:
    tests = """
import pytest

@pytest.mark.parametrize("name", ["\\ud800", "a\\nb", "\\x00\\x1b[31m", "µ 'x' <y>"])
def test_name(measure, name):
    with measure(name) as m:
        m.wait(0.3)
"""
    found = run(
        tmp_path,
        "--energy-bench",
        "virtual-lpm01a",
        "--energy-json",
        "out.json",
        "--junit-xml",
        "j.xml",
        tests=tests,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert (tmp_path / "j.xml").read_text("utf-8").count("<testcase ") == 4
    assert len(json.loads((tmp_path / "out.json").read_text("utf-8"))["measured"]) == 4


def test_a_file_that_cannot_be_written_is_named_after_the_figures(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    tests = TESTS[TESTS.index("def test_idle") : TESTS.index("def test_too_much")]
    found = run(tmp_path, "--energy-bench", "virtual-lpm01a", "--energy-json", "file/out.json", tests=tests)
    assert "test_power.py::test_idle, idle (VIRTUAL" in found.stdout
    assert "--energy-json file/out.json: cannot be written (" in found.stderr
    assert "Traceback" not in found.stdout + found.stderr
    assert found.returncode == 3
    found = run(tmp_path, "--energy-bench", "virtual-lpm01a", "--energy-json", "new/out.json", tests=tests)
    assert found.returncode == 0
    assert len(json.loads((tmp_path / "new" / "out.json").read_text("utf-8"))["measured"]) == 1
