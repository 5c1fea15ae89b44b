# SPDX-License-Identifier: Apache-2.0
"""Decisions as files: whole or not there, and what is no decision is named and counts for nothing."""

import json
import os
from pathlib import Path

import pytest

from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.session import disk
from energy_runner.sweep.trust.decisions import read_decisions, write_decision
from energy_runner.sweep.trust.points import Decision

ONE = Decision("desk", 1_793_556_000.25, "ann", "lead tightened", "kept")
TWO = Decision("desk", 1_793_999_000.0, "bob", "monitor calibrated: 10 µA", "new")


def test_a_decision_comes_back(tmp_path: Path) -> None:
    paths = [write_decision(tmp_path / "sweeps", one, "energy-runner 1") for one in (ONE, TWO)]
    write_decision(tmp_path / "sweeps", Decision("other", 1.0, "ann", "x"), "energy-runner 1")
    found, problems = read_decisions([tmp_path / "sweeps"], "desk")
    assert problems == []
    assert [(one.utc_s, one.who, one.reason, one.baseline) for one in found] == [
        (one.utc_s, one.who, one.reason, one.baseline) for one in (ONE, TWO)
    ]
    assert [one.file for one in found] == [path.name for path in paths]


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 1001])
def test_a_reason_is_needed(tmp_path: Path, reason: str) -> None:
    with pytest.raises(ConfigurationError, match="reason of 1 to 1000"):
        write_decision(tmp_path, Decision("desk", 1.0, "ann", reason), "")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_half_decision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(BenchFault, match="free disk space"):
        write_decision(tmp_path, ONE, "")
    assert list(tmp_path.glob("bench-trust-*")) == []


GOOD = {
    "schema": "energy-runner/bench-trust/1",
    "bench": "desk",
    "decided_utc": "2026-11-30T10:00:00Z",
    "who": "ann",
    "reason": "x",
    "baseline": "kept",
}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 50_000,
        b'{"bench": "desk"}',
        json.dumps({**GOOD, "schema": "energy-runner/bench-trust/2"}).encode(),
        json.dumps({**GOOD, "decided_utc": "yesterday"}).encode(),
        json.dumps({**GOOD, "decided_utc": "9" * 39}).encode(),
        json.dumps({**GOOD, "baseline": "old"}).encode(),
        json.dumps({**GOOD, "reason": "x" * 70_000}).encode(),
        json.dumps({**GOOD, "who": 7}).encode(),
    ],
)
def test_what_is_no_decision_is_named_and_counts_for_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bench-trust-1.json").write_bytes(data)
    (tmp_path / "bench-trust-2.json").write_text(json.dumps({**GOOD, "later": 1}), "utf-8")
    found, problems = read_decisions([tmp_path], "desk")
    assert [one.file for one in found] == ["bench-trust-2.json"]
    assert len(problems) == 1
    assert "bench-trust-1.json: is no decision about a bench" in problems[0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_or_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "bench-trust-1.json")
    (tmp_path / "bench-trust-2.json").mkdir()
    found, problems = read_decisions([tmp_path], "desk")
    assert found == []
    assert len(problems) == 2
