# SPDX-License-Identifier: Apache-2.0
"""Every page that we make, judged by axe-core: names, contrast, order of headings, what a screen reader is told.

WCAG 2.2 at level AA and axe's own best practices, in the light and the dark scheme and on a phone.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from energy_runner import api
from energy_runner.report.audit import choose
from energy_runner.report.audit.page import page_bytes as audit_page
from energy_runner.sweep.reading.plots.page import page_bytes as sweep_page
from energy_runner.sweep.reading.plots.pictures import pictures_of
from energy_runner.sweep.trust.points import Decision
from energy_runner.sweep.trust.state import bench_state
from energy_runner.sweep.trust.write import write_chart
from tests.support.audit_rows import one_of_each
from tests.support.reference_nights import BEGIN_S, DAY_S, reference_points
from tests.support.sweep_rows import Monitor, night
from tests.support.viewer_browser import BROWSER, NO_BROWSER, browser_page
from tests.support.viewer_pages import AT, KEY, Answers, opened

pytestmark = [
    pytest.mark.deep(together=True),
    pytest.mark.skipif(not BROWSER, reason=NO_BROWSER),
]
LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
OPTIONS = {"runOnly": {"type": "tag", "values": LEVELS}, "resultTypes": ["violations"]}
SCREENS: dict[str, dict[str, Any]] = {"desk": {}, "phone, dark": {"dark": True, "width": 390, "height": 844}}
FILES = ("report", "audit", "sweep", "chart")
VIEWS = ("list.html", f"trace.html?s={KEY}", f"compare.html?s={KEY}&s=00000000000b", "live.html")
SETTLING_MS = 700


def found_by_axe(page: Any) -> list[str]:
    """Return what axe-core calls a violation, each with the first places."""
    answer = Axe().run(page, options=OPTIONS).response
    return [f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in answer["violations"]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a page of each kind that is a file."""
    folder = tmp_path_factory.mktemp("pages")
    session = api.demo(out=folder / "session")
    audited = one_of_each()
    (folder / "audit.html").write_bytes(audit_page(audited, choose.counts(audited)))
    rows = night({"voltage_v": [1.8, 3.0], "clock_mhz": [16, 48]}, Monitor(), 3, reference_every=5)
    rows[0] = replace(rows[0], valid=False)
    found = pictures_of(rows, over=["voltage_v"], maps=[("clock_mhz", "voltage_v")])
    (folder / "sweep.html").write_bytes(sweep_page(rows, found))
    points = reference_points(random.Random(3), 45, a_night=2, off=lambda n: 0.008 if 30 <= n < 38 else 0.0)
    trust = bench_state(points, [Decision("desk", BEGIN_S + 37.7 * DAY_S, "accepted", "a new fixture")])
    return {
        "report": session.path / "report.html",
        "audit": folder / "audit.html",
        "sweep": folder / "sweep.html",
        "chart": write_chart("desk", trust, folder / "chart.html"),
    }


@pytest.fixture(params=SCREENS)
def screen(request: pytest.FixtureRequest) -> Iterator[tuple[str, Any]]:
    with browser_page(**SCREENS[request.param]) as (page, _):
        yield request.param, page


def test_axe_finds_what_is_wrong_at_all(screen: tuple[str, Any]) -> None:
    _, page = screen
    page.set_content('<html><body><img src="data:,"><p style="color:#ccc;background:#fff">grey</p></body></html>')
    found = " ".join(found_by_axe(page))
    assert "image-alt" in found
    assert "color-contrast" in found


def test_files_are_accessible(screen: tuple[str, Any], files: dict[str, Path]) -> None:
    _, page = screen
    found = {}
    for name in FILES:
        page.goto(files[name].as_uri())
        page.wait_for_timeout(SETTLING_MS)
        found[name] = found_by_axe(page)
    assert found == {name: [] for name in FILES}


def test_views_are_accessible(screen: tuple[str, Any]) -> None:
    name, page = screen
    look = {"viewport": page.viewport_size, "color_scheme": "dark" if "dark" in name else "light"}
    found = {}
    for view in VIEWS:
        with opened(page.context.browser, Answers(), **look) as other:
            other.goto(AT + view)
            other.wait_for_timeout(SETTLING_MS)
            found[view] = found_by_axe(other)
    assert found == {view: [] for view in VIEWS}
