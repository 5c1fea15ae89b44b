# SPDX-License-Identifier: Apache-2.0
"""A report of very many remarks, problems or stray edges stays readable and small; so do result and terminal."""

import tracemalloc
from pathlib import Path

import pytest

from energy_runner.analysis.facts import gather
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.report.html import render
from energy_runner.report.story import tell
from energy_runner.rules import evaluate
from energy_runner.session.few import MOST_ALIKE, few
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
def test_two_hundred_thousand_remarks_make_no_longer_a_report_than_twenty(tmp_path: Path) -> None:
    session = energy_session(tmp_path)
    html, result = size_of(session)
    add_lines(session.path, "remark", 200_000)
    more_html, more_result = size_of(session)
    assert more_html < html + 60_000
    assert more_result < result + 20_000


def test_memory_does_not_grow_with_them(tmp_path: Path) -> None:
    """Five times as many, in both cases more than are kept."""
    session, peaks = energy_session(tmp_path), []
    for count in (5_000, 20_000):
        add_lines(session.path, "remark", count)
        tracemalloc.start()
        facts = gather(session.journal(exchanges=False))
        listed = list(few(remark.text for remark in facts.remarks).lines())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(listed) == MOST_ALIKE + 1
    assert peaks[1] < 1.3 * peaks[0], peaks
