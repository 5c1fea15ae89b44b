# SPDX-License-Identifier: Apache-2.0
"""What asks for no report draws none."""

from energy_runner import api
from energy_runner.report import html
from energy_runner.session.folder import REPORT
from tests.support.no_report import PAGE, no_report
from tests.support.small import small_plan, twin_bench


def test_nothing_is_told(tmp_path, monkeypatch):
    told = []
    drawn_else = html.page_bytes
    monkeypatch.setattr(html, "tell", lambda *of: told.append(of))
    plan = small_plan(tmp_path / "stimuli", "performance")
    with no_report():
        session = api.run(twin_bench("virtual-ideal", "performance"), plan, out=tmp_path / "session")
    assert session.record.outcome == "completed"
    assert (session.path / REPORT).read_bytes() == PAGE
    assert told == []
    assert html.page_bytes is drawn_else
