# SPDX-License-Identifier: Apache-2.0
"""What is installed: the wheel has the marks of typed packages, their stubs, and the demo benchmarks."""

import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.support.places import ROOT


@pytest.fixture(scope="module")
def names(tmp_path_factory) -> set[str]:
    """The files in a wheel that is built from a copy of the checkout."""
    pytest.importorskip("hatchling", reason="the group `dev` is not installed")
    copy = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for file in ("README.md", "LICENSE"):
        shutil.copy(ROOT / file, copy)
    leave_out = shutil.ignore_patterns("__pycache__", "build")
    for package in ("energy_runner", "instruments", "dut_firmware"):
        shutil.copytree(ROOT / package, copy / package, ignore=leave_out)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = (copy / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_both_packages_are_marked_as_typed_and_bring_their_stubs(names):
    assert {"energy_runner/py.typed", "instruments/py.typed"} <= names
    assert {"energy_runner/__init__.pyi", "energy_runner/api/__init__.pyi"} <= names


def test_what_a_first_run_needs_comes_with_it(names):
    assert "energy_runner/bench/builtin/virtual-lpm01a.toml" in names
    assert "energy_runner/benchmarks/demo_data/demo-keywords/demo-keywords.tflite" in names
    assert "energy_runner/benchmarks/demo_data/demo-keywords/y_labels.csv" in names
