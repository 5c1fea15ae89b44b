# SPDX-License-Identifier: Apache-2.0
"""Mutants: what is broken, where, and that a test which looks notices it."""

import ast
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from scripts.mutation.mutants import mutants_of
from scripts.mutation.run import ROOMS
from scripts.mutation.survivors import LIST, reasons
from scripts.mutation.trial import ALIVE, IMPORT, KILLED, LATE, SWAP, UNBROKEN, Trial
from tests.support.places import ROOT


def changes(source: str) -> set[str]:
    return {f"{mutant.before} -> {mutant.after}" for mutant in mutants_of("a.py", source.encode())}


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("x < y", {"x < y -> (x <= y)", "x < y -> (x >= y)"}),
        ("x == y", {"x == y -> (x != y)"}),
        ("a <= x < b", {"a <= x < b -> (a < x < b)", "a <= x < b -> (a <= x <= b)"}),
        ("x + y", {"x + y -> (x - y)"}),
        ("x / y", {"x / y -> (x * y)"}),
        ("-x", {"-x -> (x)"}),
        ("not x", {"not x -> (x)"}),
        ("abs(x)", {"abs(x) -> (x)"}),
        ("min(x, y)", {"min(x, y) -> (max(x, y))"}),
        ("x and y", {"x and y -> (x or y)"}),
        ("f(3)", {"3 -> (4)", "3 -> (2)"}),
        ("f(0.5)", {"0.5 -> (1.0)", "0.5 -> (0.25)"}),
        ("f(True)", {"True -> (False)"}),
        ("def f():\n    if x:\n        return\n    g()", {"x -> False"}),
    ],
)
def test_what_is_broken(source: str, wanted: set[str]) -> None:
    assert wanted <= changes(source)


@pytest.mark.parametrize(
    "source",
    ['"""1 < 2"""', 'f"{x + 1}"', '"a" + x', "x: Literal[1]", "zip(a, strict=True)", "raise E(1 + x)", "x = 'a'"],
)
def test_what_is_left_alone(source: str) -> None:
    assert changes(source) == set()


def test_every_mutant_of_the_rooms_is_a_program_and_has_a_name_of_its_own() -> None:
    names = set()
    found = 0
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            source = path.read_bytes()
            for mutant in mutants_of(str(path.relative_to(ROOT)), source):
                found += 1
                names.add(mutant.key)
                if found % 20 == 0:
                    assert ast.dump(ast.parse(mutant.applied(source))) != ast.dump(ast.parse(source)), mutant.key
    assert found > 5000
    assert len(names) == found


def test_signs_that_take_two_bytes_do_not_shift_a_change() -> None:
    source = "x = 'µ±'; y = a < b  # ±\nz = c < d\n".encode()
    last = mutants_of("a.py", source)[-1]
    assert last.applied(source).decode() == "x = 'µ±'; y = a < b  # ±\nz = (c >= d)\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "energy_runner").mkdir()
    (folder / "energy_runner/__init__.py").touch()
    source = "def f(x):\n    while x > 3:\n        x -= 1\n    return x\n"
    (folder / "energy_runner/a.py").write_text(source, "utf-8")
    test = "import sys\nfrom energy_runner.a import f\n\ndef test_f():\n    assert f(5) == 3\n"
    (folder / "test_a.py").write_text(test, "utf-8")
    (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n', "utf-8")
    return folder


@pytest.mark.parametrize("how", [SWAP, IMPORT])
def test_what_becomes_of_a_mutant(project: Path, how: str) -> None:
    """In a process of its own, as a run does it: the first trial breaks nothing."""
    source = (project / "energy_runner/a.py").read_bytes()
    found = {f"{m.before} -> {m.after}": m for m in mutants_of("energy_runner/a.py", source)}
    wanted = {"x > 3 -> (x <= 3)": KILLED, "1 -> (2)": ALIVE, "1 -> (0)": LATE}
    tests = ["test_a.py::test_f"]
    trials = [Trial(UNBROKEN, "", 0, 0, "", tests, 300.0, how)]
    for change, status in wanted.items():
        mutant = found[change]
        deadline_s = 1.0 if status == LATE else 300.0
        trials.append(Trial(change, mutant.path, mutant.start, mutant.stop, mutant.after, tests, deadline_s, how))
    work, outcomes = project / "work.json", project / f"{how}.jsonl"
    work.write_text(json.dumps([asdict(trial) for trial in trials]), "utf-8")
    command = [sys.executable, "-m", "scripts.mutation.trial", str(project), str(work), str(outcomes), "test_a.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert dict(map(json.loads, outcomes.read_text("utf-8").splitlines())) == wanted
    assert (project / "energy_runner/a.py").read_bytes() == source  # and is as it was


def test_every_reason_is_of_a_mutant_that_there_is() -> None:
    paths = {key.split()[0] for key in reasons()}
    there = {m.key for path in paths for m in mutants_of(path, (ROOT / path).read_bytes())}
    assert set(reasons()) <= there, "the code has changed. Try: scripts/mutate --again --write"
    assert LIST.is_file()
