# SPDX-License-Identifier: Apache-2.0
"""README: its commands and its Python run as printed in an empty folder, and what it shows is what comes out."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from energy_runner.api import list_benches
from tests.support.places import ROOT

README = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(
    r"^(?:<!-- test: (?P<note>.*?) -->\n)?```(?P<kind>\w+)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE
)
# Blocks that are not run here, and where what they show is run.
ELSEWHERE = {
    "in a checkout": "the scripts themselves; tests/runs/scripts",
    "needs cross compilers and an emulator": "tests/cosim, tests/runs/benchmarks",
}


def blocks(kind: str) -> list[tuple[str, str]]:
    """The code blocks of one kind, each with the note to the test that stands before it."""
    return [(match["note"] or "", match["code"]) for match in BLOCK.finditer(README) if match["kind"] == kind]


def commands() -> list[str]:
    """The commands to be run, in the order of a reader."""
    return [
        line.removeprefix("$ ")
        for note, code in blocks("console")
        if not note
        for line in code.splitlines()
        if line.startswith("$ ")
    ]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """An empty folder, and an environment with `energy-runner` on the path and a home of its own."""
    folder = tmp_path_factory.mktemp("readme")
    home = tmp_path_factory.mktemp("home")
    program = home / "bin" / "energy-runner"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m energy_runner "$@"\n', "utf-8")
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return folder, os.environ | {"HOME": str(home), "PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "80"}


@pytest.mark.skipif(os.name == "nt", reason="the commands are written for a POSIX shell")
def test_every_command_runs_as_printed_in_an_empty_folder(place):
    folder, environment = place
    assert list(folder.iterdir()) == []
    said = {}
    for command in commands():
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        said[command] = done.stdout
    assert len(said) >= 10
    [(_, screen)] = blocks("text")
    assert next(iter(said.values())).endswith(screen), "the screen that is printed is the one that comes"
    # The first session is in `first`, not in `sessions`; so this lists the one at another voltage.
    assert said["energy-runner sessions list"].count("demo-keywords, energy, virtual") == 1


def test_only_what_is_run_elsewhere_is_left_out():
    assert {note for note, _ in blocks("console") if note} == ELSEWHERE.keys()


def test_the_python_runs_as_printed_in_an_empty_folder(place, tmp_path):
    [(note, code)] = blocks("python")
    assert note == ""
    assert len(code.strip().splitlines()) <= 8
    _, environment = place
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1440 µJ ± 34 µJ, valid: True\n"


def test_it_has_its_picture_and_its_two_commands():
    picture = ROOT / "docs" / "images" / "report.png"
    assert "(docs/images/report.png)" in README
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 250_000
    for script in ("scripts/demo", "scripts/test"):
        assert f"\n$ {script}\n" in README
        assert (ROOT / script).is_file()


def test_it_lists_every_room_and_every_built_in_bench():
    for room in ("instruments", "energy_runner", "tests", "scripts", "docs"):
        assert f"`{room}/`" in README
    for row in list_benches(ROOT / "docs"):
        assert f"`{row.name}`" in README
