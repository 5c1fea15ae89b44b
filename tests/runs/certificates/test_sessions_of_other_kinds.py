# SPDX-License-Identifier: Apache-2.0
"""Certificates of sessions that were thinned since, or never sealed: neither is called another session."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import energy_runner as er
from tests.support.certificates import demo_session
from tests.support.wrong_certificates.lab import KEY, NOW, RING

OLD = Path(__file__).parents[3] / "fixtures" / "sessions" / "0.1.0" / "energy-virtual-lpm01a"


def _copy(session: Path, folder: Path) -> Path:
    shutil.copytree(session, folder, ignore=shutil.ignore_patterns(".*"))
    for path in folder.iterdir():
        path.chmod(0o644)
    return folder


def _states(folder: Path, session: Path, **more: Any) -> dict[str, str]:
    """Return each check that does not hold, with its state."""
    found = er.verify_certificate(folder, ring=RING, session=session, now_utc=NOW, **more)
    return {one.id: one.state for one in found.checks if one.state != "holds"}


def _certify(session: Path, out: Path) -> Path:
    return er.certify(session, KEY, out=out, issued="2026-03-02T10:00:00Z", sweeps=out / "none").folder


@pytest.fixture
def session(tmp_path: Path) -> Path:
    folder = _copy(demo_session().path, tmp_path / "session")
    er.analyze(folder, write=True)
    return folder


def test_a_session_that_was_thinned_since_still_gives_its_figures(session: Path, tmp_path: Path) -> None:
    issued = _certify(session, tmp_path / "before")
    assert _states(issued, session) == {"time-stamp": "not checked"}
    er.thin_sessions(session)
    assert not (session / "stream.bin").exists()
    unchecked = {"time-stamp": "not checked", "raw-bytes": "not checked"}
    assert _states(issued, session) == unchecked
    assert _states(_certify(session, tmp_path / "after"), session) == unchecked


def test_a_session_that_was_never_sealed_gives_its_figures_and_is_not_called_unchanged(tmp_path: Path) -> None:
    session = _copy(OLD, tmp_path / "old")
    issued = _certify(session, tmp_path / "out")
    assert _states(issued, session) == {"time-stamp": "not checked", "session-files": "not checked"}
    path = session / "trace.jls"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    path.write_bytes(data)
    assert _states(issued, session)["recomputed"] == "fails"


def test_a_trace_whose_beginning_was_told_says_so_in_each_form(tmp_path: Path) -> None:
    trace, edges = tmp_path / "trace.csv", tmp_path / "edges.csv"
    trace.write_text("time (ms),current (mA)\n" + "".join(f"{k},5.0\n" for k in range(60_000)))
    edges.write_text("time (s)\n" + "".join(f"{2 + 11 * k}\n{12.5 + 11 * k}\n" for k in range(5)))
    session = er.import_trace(
        trace,
        tmp_path / "session",
        edges=edges,
        voltage_v=3.0,
        inferences=100,
        benchmark="kws01",
        began="2026-02-20T10:00:00Z",
    )
    issued = _certify(session.path, tmp_path / "out")
    words = "when it began was told by the user, and is not recorded"
    assert words in (issued / "certificate.dcc.xml").read_text("utf-8")
    statement = json.loads((issued / "certificate.json").read_bytes())
    assert words in base64.b64decode(statement["payload"]).decode()
    assert "fails" not in _states(issued, session.path).values()
