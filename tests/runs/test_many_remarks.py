# SPDX-License-Identifier: Apache-2.0
"""A report of very many remarks, problems or stray edges stays readable and small; so do result and terminal."""

import tracemalloc
from pathlib import Path

import pytest

from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.report.html import render
from energy_runner.report.story import tell
from energy_runner.rules import evaluate
from energy_runner.session.folder import Session
from tests.support.many_lines import KINDS, add_lines
from tests.support.report_sessions import energy_session


def size_of(session: Session) -> tuple[int, int]:
    result = evaluate(session)
    return len(render(tell(session, result))), len(result.model_dump_json())


@pytest.mark.parametrize("kind", KINDS)
def test_it_stays_small(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = energy_session(tmp_path)
    html, result = size_of(session)
    add_lines(session.path, kind, 3000)
    more_html, more_result = size_of(session)
    assert more_html < html + 60_000
    assert more_result < result + 20_000
    run_app(app, ["analyze", str(session.path), "--all"])
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) < 300
    assert "internal error" not in printed


@pytest.mark.deep
@pytest.mark.parametrize("kind", ["remark", "problem", "tear-down-step"])
def test_neither_memory_nor_report_grow_with_them(kind: str, tmp_path: Path) -> None:
    """The same of 20 000 and of 200 000, so that what does not depend on their number does not count."""
    session, sizes, peaks = energy_session(tmp_path), [], []
    for count in (20_000, 180_000):
        add_lines(session.path, kind, count)
        tracemalloc.start()
        sizes.append(size_of(session))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert sizes[1][0] < sizes[0][0] + 200
    assert sizes[1][1] < sizes[0][1] + 200
    assert peaks[1] < 1.2 * peaks[0] + (1 << 20), peaks
