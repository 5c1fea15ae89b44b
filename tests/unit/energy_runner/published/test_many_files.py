# SPDX-License-Identifier: Apache-2.0
"""Folders of very many files: each is looked at once, and few are kept."""

import os
import time
from pathlib import Path

import pytest

from energy_runner.published import discover as discover_room
from energy_runner.published.contents import load
from energy_runner.published.discover import discover

LOG = b"00001.000 session: m-session-start-id[1]\n"


def test_performance_sessions_beside_many_are_looked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for mode, name in (("accuracy", "log"), ("energy", "log"), ("performance", "results")):
        (tmp_path / mode).mkdir()
        for number in range(20):
            (tmp_path / mode / f"a{number}_{name}.txt").write_bytes(LOG)
    looked = []
    look = discover_room._performance_beside
    monkeypatch.setattr(
        discover_room, "_performance_beside", lambda *places: [looked.append(places), look(*places)][1]
    )
    found = discover(tmp_path)
    assert len(found) == 60
    assert len(looked) == 1
    assert {len(one.beside) for one in found} == {8}


def test_the_trace_that_a_long_log_registers_is_found_among_many(tmp_path: Path) -> None:
    """A line held against the names of all files took minutes."""
    for number in range(800):
        (tmp_path / f"trace{number}-energy.bin").write_bytes(b"x")
    registered = b"00003.000 emon: m-regfile-fn[trace77-energy.bin]-type[emon]-name[js110]\n"
    (tmp_path / "log.txt").write_bytes(LOG + b"00002.000 io: x\n" * 100_000 + registered)
    (found,) = discover(tmp_path)
    began_s = time.process_time()
    assert load(found).names["trace"] == "trace77-energy.bin"
    assert time.process_time() - began_s < 2


def test_traces_may_have_names_that_are_no_text(tmp_path: Path) -> None:
    odd = b"\xff_trace1-energy.bin"
    for name in (b"a_trace1-energy.bin", odd):
        (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    (tmp_path / "log.txt").write_bytes(
        LOG + b"00003.000 emon: m-regfile-fn[" + odd + b"]-type[emon]-name[js110]\n"
    )
    (found,) = discover(tmp_path)
    assert os.fsencode(load(found).names["trace"]) == odd
