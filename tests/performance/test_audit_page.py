# SPDX-License-Identifier: Apache-2.0
"""The page of an audit of a whole record opens as quickly as a page of its size can."""

from pathlib import Path

import pytest

from energy_runner.published.row import AuditRow
from energy_runner.report.audit import choose
from energy_runner.report.audit.page import page_bytes
from tests.support.audit_rows import whole_record
from tests.support.viewer_browser import BROWSER, NO_BROWSER, browser_page

MOST = 40.0  # times an audit of nothing; measured: 6 to 10 (0.28 to 0.4 s against 0.05 s)
LARGEST_BYTES = 15e6
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def _written(path: Path, rows: list[AuditRow]) -> str:
    path.write_bytes(page_bytes(choose.ordered(rows), choose.counts(rows), None))
    return path.as_uri()


@pytest.mark.skipif(not BROWSER, reason=NO_BROWSER)
def test_the_whole_record_opens_quickly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = whole_record()
    empty, whole = _written(tmp_path / "empty.html", []), _written(tmp_path / "whole.html", rows)
    with browser_page() as (page, complaints):

        def best_ms(address: str) -> float:
            times: list[float] = []
            for _ in range(6):
                page.goto("about:blank")
                page.goto(address)
                times.append(page.evaluate(LOADED))
            return min(times)

        nothing_ms, whole_ms = best_ms(empty), best_ms(whole)
        assert page.locator("details.row").count() == len(rows) == 838
    with capsys.disabled():
        print(f"\n838 sessions {whole_ms:.0f} ms, none {nothing_ms:.0f} ms, ratio {whole_ms / nothing_ms:.1f}")
    assert whole_ms < MOST * nothing_ms
    assert (tmp_path / "whole.html").stat().st_size < LARGEST_BYTES
    assert complaints == []
