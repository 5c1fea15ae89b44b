# SPDX-License-Identifier: Apache-2.0
"""`scripts/prepare` on machines without a Python that is new enough: uv is used, or offered."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.places import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the scripts are for a POSIX shell")

OLD = '#!/bin/sh\ncase "$2" in *print*) echo "Python 3.10.4 at /old/python3";; *) exit 1;; esac\n'
TOOLS = ("bash", "cat", "dirname", "env", "rm", "sh")


@pytest.fixture
def machine(tmp_path):
    """A checkout's scripts, and a path with a few tools and whatever `programs` says; call it to prepare."""
    shutil.copytree(ROOT / "scripts", tmp_path / "checkout" / "scripts", ignore=shutil.ignore_patterns("demo_*"))
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (programs / tool).symlink_to(found)

    def prepare(*words: str, **scripts: str) -> subprocess.CompletedProcess[str]:
        for name, text in scripts.items():
            path = programs / name if name != "uv_at_home" else tmp_path / ".local" / "bin" / "uv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            path.chmod(0o755)
        return subprocess.run(
            [str(tmp_path / "checkout" / "scripts" / "prepare"), *words],
            env={"PATH": str(programs), "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return prepare


def test_a_python_that_is_too_old_is_named_and_uv_is_offered(machine):
    done = machine("--dev", python3=OLD)
    assert done.returncode == 2
    assert "needs Python 3.12 or newer; found: Python 3.10.4 at /old/python3" in done.stderr
    lines = [line.strip() for line in done.stderr.splitlines()]
    assert "curl -LsSf https://astral.sh/uv/install.sh | sh" in lines
    assert any(line.endswith("/scripts/prepare --dev") for line in lines), "what to type next"


def test_no_python_at_all(machine):
    done = machine()
    assert done.returncode == 2
    assert "found: no Python at all" in done.stderr


@pytest.mark.parametrize("where", ["uv", "uv_at_home"])
def test_uv_is_asked_for_a_python_where_it_is_there(machine, where, tmp_path: Path):
    """Also where its installer put it, which an open shell does not know yet."""
    uv = f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\ncase "$1" in --version) ;; *) exit 7;; esac\n'
    done = machine(python3=OLD, **{where: uv})
    assert done.returncode != 0
    assert "curl" not in done.stderr
    asked = (tmp_path / "asked").read_text("utf-8").splitlines()
    assert "python find >=3.12" in asked
    assert "python install 3.12" in asked
