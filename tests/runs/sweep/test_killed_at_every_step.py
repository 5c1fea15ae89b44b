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

__all__ = ["postgres"]
pytestmark = pytest.mark.deep
# Fewer than there are, so that a new step is no failure; a list that has shrunk to nothing is.
LOCAL = {"killed": 30, "frozen and woken": 30, "frozen and replaced": 30, "refused": 12}
SERVER = {
    "killed": 30,
    "frozen and woken": 14,
    "frozen and replaced": 14,
    "frozen on the network": 28,
    "refused": 12,
}
NIGHTS = [f"night:{seed}" for seed in range(1, 6)]


def _played(folder: Path, where: str, *chosen: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.sweep_swarm", folder, where, *chosen],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _check(cases: list[dict[str, Any]], fewest: dict[str, int]) -> None:
    assert [one for one in cases if one["untrue"]] == []
    assert [one["case"] for one in cases if not one["met"]] == []
    counts = {plot: sum(one["case"].startswith(f"{plot}:") for one in cases) for plot in fewest}
    assert all(counts[plot] >= number for plot, number in fewest.items()), counts


def test_with_sqlite(tmp_path: Path) -> None:
    _check(_played(tmp_path, "sqlite"), LOCAL)


def test_with_postgresql(tmp_path: Path, postgres: PostgresServer) -> None:
    _check(_played(tmp_path, postgres.new_database()), SERVER)


def test_nights_at_random(tmp_path: Path) -> None:
    _check(_played(tmp_path, "sqlite", *NIGHTS), {"night": len(NIGHTS)})


def test_nights_at_random_with_a_server(tmp_path: Path, postgres: PostgresServer) -> None:
    _check(_played(tmp_path, postgres.new_database(), *NIGHTS), {"night": len(NIGHTS)})
