# SPDX-License-Identifier: Apache-2.0
"""Workers are killed, frozen, woken up and replaced at every step: no point is lost, none is counted twice."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.places import ROOT
from tests.support.postgres import PostgresServer, postgres
from tests.support.sweep_swarm.plots import PLOTS

__all__ = ["postgres"]
pytestmark = pytest.mark.deep
# Fewer than there are, so that a new step is no failure; a list that has shrunk to nothing is.
FEWEST = {
    "killed": 30,
    "frozen and woken": 30,
    "frozen and replaced": 15,
    "frozen on the network": 25,
    "refused": 12,
}


def _played(folder: Path, where: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.sweep_swarm", folder, where],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _check(cases: list[dict[str, Any]]) -> None:
    assert [one for one in cases if one["untrue"]] == []
    assert [one["case"] for one in cases if not one["met"]] == []
    counts = {plot: sum(one["case"].startswith(f"{plot}:") for one in cases) for plot in PLOTS}
    assert all(counts[plot] >= fewest for plot, fewest in FEWEST.items()), counts


def test_with_sqlite(tmp_path: Path) -> None:
    _check(_played(tmp_path, "sqlite"))


def test_with_postgresql(tmp_path: Path, postgres: PostgresServer) -> None:
    _check(_played(tmp_path, postgres.new_database()))
