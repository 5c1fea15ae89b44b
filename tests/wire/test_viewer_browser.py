# SPDX-License-Identifier: Apache-2.0
"""The viewer in a real browser: what is seen is what was recorded, and all of it can be reached by keyboard."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from energy_runner import api
from energy_runner.analysis.analyze import analyze
from energy_runner.session.folder import Session, write_result
from energy_runner.viewer.serve import Server
from tests.support.report_sessions import HOLE, PERIOD_S, energy_session
from tests.support.viewer_browser import BROWSER, NO_BROWSER, browser_page, fetched

pytestmark = [
    pytest.mark.deep(together=True),
    pytest.mark.skipif(not BROWSER, reason=NO_BROWSER),
]
LOST = 700
# What the page holds of its signal in view: the extremes, and mean and share present of each column.
HELD = """() => {
  const { plot, view } = window.viewer, signal = view.signals[0], found = [];
  for (const { tile, from, to } of plot.shown.get(signal) ?? [])
    for (let k = 0; k < tile.columns; k++) {
      const first = tile.first + k * tile.width;
      if (first >= Math.max(from, view.start / view.period) && first < Math.min(to, view.stop / view.period))
        found.push([first, tile.width, tile.low[k], tile.mean[k], tile.high[k], tile.present[k], tile.final]);
    }
  return found.map((row) => row.map((value) => Number.isNaN(value) ? null : value));
}"""
SETTLED = """() => window.viewer && !window.viewer.store.busy.size && !document.getElementById("state").textContent
  && (window.viewer.plot.shown.get(window.viewer.view.signals[0]) ?? []).some((piece) => piece.tile.final)"""


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two sessions of a virtual bench, one made by hand with a hole, and a broken one."""
    folder = tmp_path_factory.mktemp("sessions")
    api.demo(out=folder / "first")
    api.demo(out=folder / "second", seed=5)
    (folder / "made").mkdir()
    holed = energy_session(folder / "made", lost=LOST)
    write_result(holed.path, analyze(holed))
    (folder / "broken").mkdir()
    (folder / "broken" / "record.json").write_text("{ this is no record", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def server(sessions: Path) -> Iterator[Server]:
    """Serve them."""
    with api.view(sessions) as serving:
        yield serving


@pytest.fixture(scope="module")
def rows(server: Server) -> dict[str, dict[str, Any]]:
    """Return the rows of the list by name."""
    return {row["name"]: row for row in json.loads(fetched(server.url + "api/listing")[2])["sessions"]}


@pytest.fixture
def page(server: Server) -> Iterator[Any]:
    """Yield a page of the browser, which must not complain."""
    with browser_page() as (opened, complaints):
        yield opened
    assert complaints == []


def _open(page: Any, server: Server, row: dict[str, Any], view: str = "") -> None:
    page.goto(f"{server.url}trace.html?s={row['key']}{view}")
    page.wait_for_function(SETTLED)


def _held(page: Any) -> np.ndarray:
    page.wait_for_function(SETTLED)
    return np.array(page.evaluate(HELD), dtype=float)


def _power_w(folder: Path) -> np.ndarray:
    session = Session.open(folder)
    with session.trace() as trace:
        return np.asarray(trace.read("energy", 0, trace.length), dtype=float) / trace.period_s


def _holed(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return next(row for row in rows.values() if row["folder"] and "made" in row["folder"])


def test_the_list_shows_what_can_be_read_and_says_what_cannot(page: Any, server: Server) -> None:
    page.goto(server.url)
    page.wait_for_selector("text=broken")
    text = page.inner_text("main")
    assert "first" in text
    assert "1440 ± 34" in text
    assert "record.json" in text  # why the broken one cannot be read
    page.fill("input[type=search], input[type=text]", "second")
    page.wait_for_function("() => !document.querySelector('main').innerText.includes('1440 ± 34')")


def test_a_spike_is_seen_at_every_zoom(page: Any, server: Server, rows: dict[str, Any]) -> None:
    """One sample of many: drawn on the whole trace, and alone when looked at from near."""
    row = _holed(rows)
    power_w = _power_w(Path(row["folder"]))
    spike = int(np.nanargmax(power_w))
    _open(page, server, row)
    assert np.nanmax(_held(page)[:, 4]) == pytest.approx(power_w[spike], rel=1e-6)
    at_s = (spike + 0.5) * PERIOD_S
    for half_s in (1.0, 0.1, 0.01):
        page.evaluate(f"window.viewer.view.show({at_s - half_s}, {at_s + half_s})")
        page.wait_for_timeout(100)
        held = _held(page)
        assert np.nanmax(held[:, 4]) == pytest.approx(power_w[spike], rel=1e-6)
    columns = {int(first): mean for first, _, _, mean, *_ in held}
    assert held[:, 1].max() == 1  # single samples
    for index in range(spike - 5, spike + 5):
        assert columns[index] == pytest.approx(power_w[index], rel=1e-6)


def test_beside_a_hole_means_are_those_of_the_samples_that_exist(
    page: Any, server: Server, rows: dict[str, Any]
) -> None:
    row = _holed(rows)
    power_w = _power_w(Path(row["folder"]))
    _open(page, server, row)
    held = _held(page)
    empty = held[:, 5] == 0
    for first, width, low, mean, high, present, _ in held:
        part = power_w[int(first) : int(first + width)]
        there = part[np.isfinite(part)]
        assert present == pytest.approx(len(there) / len(part), abs=1e-6)
        if len(there):
            assert mean == pytest.approx(there.mean(), rel=1e-5)
            assert (low, high) == (pytest.approx(there.min(), rel=1e-6), pytest.approx(there.max(), rel=1e-6))
    inside = (held[:, 0] >= HOLE) & (held[:, 0] + held[:, 1] <= HOLE + LOST)
    assert inside.any()
    assert (empty == inside).all() or empty[inside].all()


def test_markers_give_the_integral_of_the_samples(page: Any, server: Server, rows: dict[str, Any]) -> None:
    row = _holed(rows)
    power_w = _power_w(Path(row["folder"]))
    _open(page, server, row)
    page.evaluate("window.viewer.view.markBoth(1.25, 3.75)")
    page.wait_for_function("() => window.viewer.markers.found")
    found = page.evaluate("window.viewer.markers.found")
    assert found["energy_j"] == pytest.approx(power_w[1250:3750].sum() * PERIOD_S, rel=1e-7)
    assert found["missing"] == 0
    assert found["max_w"] == pytest.approx(power_w[1250:3750].max(), rel=1e-6)
    assert found["U_j"] > 0
    said = page.inner_text("#figures")
    assert "Energy" in said
    assert "±" in said


def test_markers_around_a_window_give_what_the_report_says(
    page: Any, server: Server, rows: dict[str, Any]
) -> None:
    _open(page, server, rows["first"])
    window = Session.open(Path(rows["first"]["folder"])).result().windows[1]
    page.keyboard.press("]")
    page.keyboard.press("]")  # while the picture still moves
    page.wait_for_timeout(500)
    page.keyboard.press("w")
    page.wait_for_function("() => window.viewer.markers.found")
    found = page.evaluate("window.viewer.markers.found")
    assert found["energy_j"] == pytest.approx(window.energy_j, rel=1e-9)
    assert found["energy_per_inference_j"] == pytest.approx(window.energy_per_inference_j, rel=1e-9)
    assert found["inferences"] == window.inferences
    assert "1439" in page.inner_text("#figures")


def test_everything_is_reached_by_keyboard(page: Any, server: Server, rows: dict[str, Any]) -> None:
    _open(page, server, rows["first"])
    whole = page.evaluate("window.viewer.view.span")
    page.keyboard.press("+")
    page.wait_for_timeout(300)
    near = page.evaluate("window.viewer.view.span")
    assert near < whole
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert page.evaluate("window.viewer.view.start") > 0
    page.keyboard.press("0")
    page.wait_for_timeout(300)
    assert page.evaluate("window.viewer.view.span") == pytest.approx(whole)
    page.keyboard.press("?")
    assert page.locator("dialog#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("dialog#help").is_visible()
    reached = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"place", "zoom-in", "window-after", "axis", "png", "svg", "csv", "link", "region-name"} <= reached


def test_a_region_is_kept_as_an_annotation_and_found_again(
    page: Any, server: Server, rows: dict[str, Any]
) -> None:
    row = rows["second"]
    name = "<img src=x onerror=alert(1)> spike"
    _open(page, server, row)
    page.evaluate("window.viewer.view.markBoth(10, 11)")
    page.fill("#region-name", name)
    page.click("#save-region")
    page.wait_for_selector("#regions input")
    assert page.input_value("#regions input") == name
    assert api.differences(row["folder"]) == []
    _open(page, server, row)
    assert page.input_value("#regions input") == name
    assert page.locator("#regions img").count() == 0  # a name is text


def test_a_link_opens_the_same_view(page: Any, server: Server, rows: dict[str, Any]) -> None:
    _open(page, server, rows["first"])
    page.evaluate("window.viewer.view.show(20.5, 21.5)")
    page.evaluate("window.viewer.view.markBoth(20.75, 21.25)")
    page.wait_for_function("() => location.hash.length > 5")
    page.wait_for_timeout(400)
    address = page.evaluate("location.hash")
    page.goto("about:blank")
    _open(page, server, rows["first"], address)
    assert page.evaluate("window.viewer.view.start") == pytest.approx(20.5, abs=1e-3)
    assert page.evaluate("window.viewer.view.markers") == pytest.approx([20.75, 21.25], abs=1e-6)


def test_what_is_seen_is_exported(page: Any, server: Server, rows: dict[str, Any], tmp_path: Path) -> None:
    _open(page, server, rows["first"])
    page.evaluate("window.viewer.view.markBoth(20, 20.1)")
    page.wait_for_function("() => window.viewer.markers.found")
    for button, begins in (("#png", b"\x89PNG"), ("#svg", b"<svg"), ("#csv", b"time_s,")):
        with page.expect_download() as download:
            page.click(button)
        file = tmp_path / button[1:]
        download.value.save_as(file)
        data = file.read_bytes()
        assert begins in data[:200], button
    lines = (tmp_path / "csv").read_text().splitlines()
    assert len(lines) - 1 in {100, 101}
    assert "SIMULATED" in (tmp_path / "svg").read_text() or "VIRTUAL" in (tmp_path / "svg").read_text()


def test_two_sessions_are_laid_over_each_other(page: Any, server: Server, rows: dict[str, Any]) -> None:
    keys = "&".join(f"s={rows[name]['key']}" for name in ("first", "second"))
    page.goto(f"{server.url}compare.html?{keys}")
    page.wait_for_selector("text=Difference")
    page.wait_for_selector("text=Energy per inference")
    said = page.inner_text("main")
    compared = api.compare_sessions(rows["first"]["folder"], rows["second"]["folder"])
    energy = next(one for one in compared.differences if one.quantity == "energy_per_inference")
    told = re.search(r"B - A = \(([+-][\d.]+) ± ([\d.]+)\) %", said)
    assert told is not None, said[:2000]
    assert float(told[1]) == pytest.approx(100 * energy.change, abs=0.06)
    assert float(told[2]) == pytest.approx(100 * energy.U_change, abs=0.06)
    assert page.locator("canvas, svg").count() >= 2


@pytest.mark.parametrize("width", [390, 1200, 2560])
def test_pages_fit_every_width(server: Server, rows: dict[str, Any], width: int) -> None:
    keys = "&".join(f"s={rows[name]['key']}" for name in ("first", "second"))
    with browser_page(width=width, dark=width == 390) as (page, complaints):
        for address in ("list.html", f"trace.html?s={rows['first']['key']}", f"compare.html?{keys}", "live.html"):
            page.goto(server.url + address)
            page.wait_for_timeout(600)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            assert page.evaluate("document.body.innerText.length") > 40, address
    assert complaints == []


def test_nothing_of_a_hostile_session_is_executed(server: Server, sessions: Path) -> None:
    """Script in every text that a session's own files can hold."""
    hostile = sessions / "hostile"
    script = '<script>document.title="executed"</script><img src=x onerror="document.title=\'executed\'">'
    first = Session.open(sessions / "first")
    record = json.loads((first.path / "record.json").read_text())
    record["reason"] = record["session_id"] = record["bench"]["name"] = record["benchmark"]["task"] = script
    record.pop("seal", None)
    hostile.mkdir()
    for name in ("journal.jsonl", "trace.jls", "stream.bin"):
        (hostile / name).write_bytes((first.path / name).read_bytes())
    (hostile / "record.json").write_text(json.dumps(record))
    (hostile / "report.html").write_text(
        f"<html><body>{script}<script>fetch('http://127.0.0.1:1/')</script></body></html>"
    )
    rows = {row["name"]: row for row in json.loads(fetched(server.url + "api/listing")[2])["sessions"]}
    with browser_page() as (page, _):
        for address in (
            "list.html",
            f"trace.html?s={rows['hostile']['key']}",
            f"api/session/{rows['hostile']['key']}/report",
        ):
            page.goto(server.url + address)
            page.wait_for_timeout(1200)
            assert page.title() != "executed", address
            assert page.locator("main img[src=x]").count() == 0
