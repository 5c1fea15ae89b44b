# SPDX-License-Identifier: Apache-2.0
"""The viewer's pages in a real browser, with an invented server: zoom, markers, regions, lists, live."""

import shutil

import pytest

from tests.support.viewer_pages import (
    AT,
    GAP,
    HOSTILE,
    KEY,
    LENGTH,
    PERIOD_S,
    SPIKE,
    SPIKE_W,
    Answers,
    opened,
    until,
)

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(not BROWSER, reason="no Chromium or Chrome is installed to open the viewer with"),
]
TRACE = f"{AT}trace.html?s={KEY}"
PAGES = ("list.html", f"trace.html?s={KEY}", f"compare.html?s={KEY}&s=00000000000b", "live.html")
READY = "window.viewer?.store && !viewer.store.busy.size && viewer.plot.shown.get('power')?.length"


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def answers():
    return Answers()


@pytest.fixture
def trace(browser, answers):
    with opened(browser, answers, viewport={"width": 1200, "height": 900}) as page:
        page.goto(TRACE)
        until(page, READY)
        yield page
        assert page.said == []


def shown(page):
    return page.evaluate("[viewer.view.start, viewer.view.stop]")


def seen(page, start, stop):
    """Return lowest and highest value drawn of a stretch of samples, once all is there."""
    page.evaluate(f"viewer.view.show({start * PERIOD_S}, {stop * PERIOD_S})")
    page.wait_for_timeout(60)
    until(page, READY)
    page.evaluate("viewer.plot.draw()")
    module = "import('./assets/tiles.js').then((m) => m.extent(viewer.plot.shown.get('power'), %d, %d))"
    return page.evaluate(module % (start, stop))


# --- the trace ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("half", [3, 500, 40_000, 400_000])
def test_a_spike_is_in_every_zoom(trace, half):
    low, high = seen(trace, SPIKE - half, SPIKE + half)
    assert high == pytest.approx(SPIKE_W, rel=1e-6)
    assert low == pytest.approx(0.002, rel=1e-6)


def test_the_wheel_zooms_about_the_pointer_down_to_single_samples(trace):
    box = trace.locator("#place").bounding_box()
    time_s = (SPIKE + 0.5) * PERIOD_S
    for _ in range(40):
        x = trace.evaluate(f"viewer.plot.x({time_s})")
        trace.mouse.move(box["x"] + x, box["y"] + 150)
        trace.mouse.wheel(0, -400)
        trace.wait_for_timeout(20)
    until(trace, READY)
    start, stop = shown(trace)
    assert start < time_s < stop
    assert stop - start <= 7 * PERIOD_S
    trace.mouse.move(box["x"] + trace.evaluate(f"viewer.plot.x({time_s})"), box["y"] + 150)
    until(trace, "document.getElementById('tip').textContent.includes('95')")
    assert "one sample" in trace.locator("#tip").inner_text()


def test_gaps_are_found_where_they_are(trace):
    seen(trace, GAP[0] - 2000, GAP[1] + 2000)
    found = trace.evaluate(
        "import('./assets/draw.js').then((m) => m.gaps(viewer.plot.shown.get('power'), viewer.plot.areas[0].map))"
    )
    (gap,) = found
    assert gap == pytest.approx(list(GAP), abs=8)


def test_a_preview_is_asked_for_again_until_it_is_final(browser, answers):
    answers.previews = 2
    with opened(browser, answers) as page:
        page.goto(TRACE)
        pieces = "window.viewer?.plot.shown.get('power')"
        until(page, f"{pieces}?.length && {pieces}.every((piece) => piece.tile.final)")
        tiles = [tuple(sorted(query.items())) for query in answers.paths("/tile")]
        assert len(tiles) > len(set(tiles))


def test_a_server_that_falls_silent_is_said_and_asked_again(browser, answers):
    with opened(browser, answers) as page:
        page.goto(TRACE)
        until(page, READY)
        answers.broken = lambda path: path.endswith("/tile")
        page.evaluate("viewer.view.show(3, 3.1)")
        until(page, "document.getElementById('state').textContent.includes('does not answer')")
        answers.broken = lambda path: False
        until(page, "document.getElementById('state').textContent === ''")


def test_keys_walk_through_the_trace(trace):
    trace.keyboard.press("]")
    until(trace, "viewer.view.start > 1 && viewer.view.stop < 2.4")
    trace.keyboard.press("w")
    assert trace.evaluate("viewer.view.markers") == pytest.approx([1.2, 2.2])
    trace.wait_for_timeout(250)
    trace.keyboard.press("]")
    until(trace, "viewer.view.start > 5.8")
    trace.keyboard.press("0")
    until(trace, f"viewer.view.stop - viewer.view.start >= {LENGTH * PERIOD_S * 0.999}")
    trace.keyboard.press("?")
    assert trace.locator("#help").is_visible()
    trace.keyboard.press("Escape")
    assert not trace.locator("#help").is_visible()
    trace.keyboard.press("Escape")
    assert trace.evaluate("viewer.view.markers") == [None, None]


def test_figures_between_markers_come_from_the_server(trace, answers):
    trace.evaluate("viewer.view.markBoth(1.2, 1.5)")
    trace.evaluate("viewer.view.mark(1, 1.75)")
    until(trace, "document.getElementById('figures').textContent.includes('12.35')")
    assert [(query["start_s"], query["stop_s"]) for query in answers.paths("/region")] == [("1.2", "1.75")]
    text = trace.locator("#figures").inner_text()
    assert "12.35 ± 0.12\u202fmJ" in text
    assert "1700 ± 20\u202fµJ" in text
    assert "1 missing" in text
    assert "12.35 ± 0.12" in trace.locator("#announce").inner_text()


def test_a_region_is_kept_and_removed_only_when_asked_twice(trace, answers):
    trace.evaluate("viewer.view.markBoth(1.2, 1.5)")
    trace.fill("#region-name", HOSTILE)
    trace.click("#save-region")
    until(trace, "document.querySelectorAll('#regions tbody tr').length === 1")
    (kept,) = answers.annotations
    assert (kept["name"], kept["start_s"], kept["stop_s"]) == (HOSTILE, 1.2, 1.5)
    answers.annotations = [kept, {**kept, "id": "other"}]  # somebody else's, kept meanwhile
    trace.locator("[data-remove]").first.click()
    assert len(answers.annotations) == 2
    trace.locator("[data-remove]").first.click()
    until(trace, "!document.querySelector('[data-remove].sure')")
    assert [one["id"] for one in answers.annotations] == ["other"]


def test_a_link_opens_the_same_view(browser, trace, answers):
    trace.evaluate("viewer.view.show(1.25, 1.5); viewer.view.markBoth(1.3, 1.4); viewer.view.set('axis', 'clock')")
    until(trace, "location.hash.includes('clock')")
    with opened(browser, answers) as page:
        page.goto(trace.url)
        until(page, READY)
        assert shown(page) == pytest.approx([1.25, 1.5])
        assert page.evaluate("[viewer.view.axis, ...viewer.view.markers]") == ["clock", 1.3, 1.4]


@pytest.mark.parametrize(
    "address", ["#r=NaN,1&m=x,9e99&g=__proto__&l=constructor&x=%3Cb%3E", "#r=5,1", "#r=-9,1e300"]
)
def test_an_address_that_makes_no_sense_shows_the_trace(browser, answers, address):
    with opened(browser, answers) as page:
        page.goto(TRACE + address)
        until(page, READY)
        start, stop = shown(page)
        assert 0 <= start < stop <= LENGTH * PERIOD_S * 1.000001
        assert page.said == []


def test_the_svg_is_well_formed_and_names_the_simulation(trace):
    text = trace.evaluate(
        "import('./assets/export.js').then((m) => m.asSvg(viewer.plot, viewer.plot.meta, viewer.view))"
    )
    found = trace.evaluate(
        """(text) => {
          const root = new DOMParser().parseFromString(text, "image/svg+xml");
          return [root.querySelectorAll("parsererror, img").length, root.querySelector("title").textContent];
        }""",
        text,
    )
    assert found[0] == 0
    assert found[1].startswith("VIRTUAL BENCH")
    assert HOSTILE.replace("\u202e", "\\u202e") in found[1]


# --- all pages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [390, 1200, 2560])
@pytest.mark.parametrize("address", PAGES)
def test_hostile_names_are_only_text_and_nothing_is_wider_than_the_screen(browser, answers, address, width):
    with opened(browser, answers, viewport={"width": width, "height": 900}) as page:
        page.goto(AT + address)
        until(page, "document.body.innerText.includes('<img src=x')")
        page.wait_for_timeout(300)
        assert page.locator("img").count() == 0
        assert "\u202e" not in page.locator("body").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not [text for text in page.said if "ERR_" not in text]


@pytest.mark.parametrize("address", PAGES)
def test_everything_that_can_be_used_has_a_name(browser, answers, address):
    nameless = """[...document.querySelectorAll('button, a, input, select, [role=slider]')].filter((e) =>
      !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length)).map((e) => e.outerHTML)"""
    with opened(browser, answers) as page:
        page.goto(AT + address)
        until(page, "document.body.innerText.includes('<img src=x')")
        assert page.evaluate(nameless) == []


def test_the_list_is_searched_and_two_sessions_are_compared_by_keyboard(browser, answers):
    with opened(browser, answers, viewport={"width": 1200, "height": 900}) as page:
        page.goto(f"{AT}list.html")
        until(page, "document.querySelectorAll('#rows tr').length === 1000")
        page.keyboard.press("/")
        page.keyboard.type("exe99")
        until(page, "document.querySelectorAll('#rows tr').length === 11")
        for row in (0, 1):
            page.locator("#rows input").nth(row).focus()
            page.keyboard.press("Space")
        page.locator("#compare").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/compare.html?s=*&s=*")


# --- live --------------------------------------------------------------------------------------------------


def test_the_list_of_keys_is_read_from_its_beginning(trace):
    trace.set_viewport_size({"width": 1200, "height": 500})
    trace.keyboard.press("?")
    until(trace, "document.getElementById('help').open")
    assert trace.evaluate("document.getElementById('help').scrollTop") == 0
    trace.keyboard.press("Escape")
    until(trace, "!document.getElementById('help').open")


def test_on_paper_the_picture_is_whole_with_its_markers(trace):
    """One canvas is printed: a second one above it came out as a white sheet that hid the trace."""
    trace.evaluate("viewer.view.markBoth(2, 3)")
    trace.emulate_media(media="print")
    trace.wait_for_timeout(500)
    drawn = trace.evaluate("[...document.querySelectorAll('#place canvas')].map((one) => one.checkVisibility())")
    assert drawn == [True, False]
    at_markers = """([...times]) => {
      dispatchEvent(new Event("beforeprint"));
      const { plot } = viewer, ctx = plot.base.getContext("2d"), y = Math.round((plot.panesTop + 9) * plot.ratio);
      const row = ctx.getImageData(0, y, plot.base.width, 1).data;
      return times.map((time) => [...row.slice(4 * Math.floor(plot.x(time) * plot.ratio))].slice(0, 3));
    }"""
    red, other = trace.evaluate(at_markers, [2, 4])  # marker A, in the colour of paper, and none
    assert red[0] > 150
    assert max(red[1:]) < 100
    assert min(other) > 100


def test_an_energy_that_u_does_not_cover_does_not_look_like_a_result(browser, answers):
    usual = answers._region
    answers._region = lambda query: usual(query) | {"complete": False, "incomplete": ["120 samples are missing"]}
    with opened(browser, answers) as page:
        page.goto(f"{TRACE}#m=2,3&x=run")
        until(page, "document.querySelector('#figures .doubtful')")
        text = page.locator("#figures").inner_text()
        assert "U does not cover this. 120 samples are missing." in text
        assert page.locator("#figures strong").all_inner_texts() == ["1700 ± 20\u202fµJ"]  # of whole windows
        assert "time of the trace" in text  # and not of the run, as the axis
        assert "time of the trace" in page.locator("#range").inner_text()
        assert page.said == []


def test_each_point_of_a_sweep_leads_to_its_trace_from_the_chart_and_from_the_table(browser, answers):
    points = [
        {"number": k, "order": k, "kind": "point", "repeat": 1, "values": {"voltage_v": 1.8}, "state": "done",
         "key": f"{k:012x}", "valid": k != 3, "energy_j": k * 1e-4, "U_j": 1e-6, "latency_s": k * 0.01}
        for k in (1, 2, 3)
    ]  # fmt: skip
    answers.sweep = {"id": "night-1", "name": "night", "state": "open", "virtual": True, "points": points}
    with opened(browser, answers) as page:
        page.goto(f"{AT}list.html")
        until(page, "document.querySelectorAll('.sweep-chart a').length === 3")
        chart = page.locator(".sweep-chart")
        assert chart.locator("a").nth(1).get_attribute("href") == "trace.html?s=000000000002"
        assert "voltage_v 1.8: 200.0 ± 1.0" in chart.locator("a").nth(1).get_attribute("aria-label")
        assert chart.locator("a").nth(2).get_attribute("aria-label").endswith("not valid")
        assert page.locator(".sweep tbody a").nth(1).get_attribute("href") == "trace.html?s=000000000002"
        assert "VIRTUAL" in chart.inner_text()
        assert "µJ" in chart.locator("svg").text_content()
        assert "finished; 3 points" in page.locator(".sweep > summary").inner_text()
        page.click("text=Figures of the sweep")
        until(
            page, "document.querySelector('.sweep-figures a')?.getAttribute('href') === 'api/sweep/night-1/page'"
        )
        chart.locator("a").nth(1).focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/trace.html?s=000000000002*")
        assert page.said == []


def test_a_lost_connection_makes_the_supply_unknown(browser, answers):
    with opened(browser, answers) as page:
        page.goto(f"{AT}live.html")  # the stream ends at once, as that of a server that was killed
        until(page, "document.querySelector('.supply')?.textContent.includes('SUPPLY UNKNOWN')")
        assert "no connection" in page.locator(".supply").inner_text()


def test_a_run_is_stopped_only_when_asked_twice(browser, answers):
    with opened(browser, answers) as page:
        page.goto(f"{AT}live.html")
        stop = page.locator("button.stop")
        stop.click()
        assert "Really?" in page.locator("body").inner_text()
        assert answers.paths("/stop") == []
        stop.click()
        until(page, "document.body.innerText.includes('asked to stop')")
        assert [body for method, path, _, body in answers.asked if path.endswith("/stop")] == [
            {"sure": True, "feed": "one"}
        ]


def test_without_control_there_is_no_button_to_stop(browser, answers):
    answers.control = False
    with opened(browser, answers) as page:
        page.goto(f"{AT}live.html")
        page.wait_for_selector(".supply")
        assert not page.locator("button.stop").is_visible()


def test_a_run_that_ended_leads_to_its_session(browser, answers):
    answers.events = [
        {"kind": "blocks", "n": 1, "feed": "one", "at_s": [5.0], "step_s": 0.1,
         "signals": {"power": {"mean": [1], "min": [1], "max": [1]}}},
        {"kind": "ended", "n": 2, "feed": "one", "outcome": "completed", "session_key": KEY},
    ]  # fmt: skip
    with opened(browser, answers) as page:
        page.goto(f"{AT}live.html")
        page.wait_for_selector(f"a[href='trace.html?s={KEY}']")
        assert "COMPLETED" in page.locator("body").inner_text()
        series = page.evaluate("viewer.cards.get('one').series.get('power').mean")
        assert series == [1, 2, None, 1]  # what did not come is a gap


def test_a_run_that_has_only_begun_is_marked_as_simulated_as_soon_as_that_is_known(browser, answers):
    answers.first = {"virtual": None, "title": "", "bench": ""}
    answers.events = [{"kind": "state", "n": 1, "feed": "one", "virtual": True, "title": "ic01 on my bench"}]
    with opened(browser, answers) as page:
        page.goto(f"{AT}live.html")
        until(page, "document.querySelector('.band.virtual')")
        assert "VIRTUAL BENCH" in page.locator(".band.virtual").inner_text()
        assert "ic01 on my bench" in page.locator("h2").inner_text()


def test_a_run_that_begins_anew_has_not_ended(browser, answers):
    feed = {"id": "one", "title": "again", "supply": "on", "outcome": None, "phase": "power up"}
    answers.events = [
        {"kind": "ended", "n": 1, "feed": "one", "outcome": "interrupted", "session_key": KEY},
        {"kind": "snapshot", "n": 2, "feed": feed},
    ]
    with opened(browser, answers) as page:
        page.goto(f"{AT}live.html")
        until(page, "document.querySelector('h2')?.textContent.includes('again')")
        assert page.locator("a[href^='trace.html']").count() == 0
        assert page.locator("button.stop").is_visible()
