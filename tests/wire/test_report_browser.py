# SPDX-License-Identifier: Apache-2.0
"""The report in a real browser: both plots are drawn, nothing complains, and zooming loses no spike; a phone,
paper and a viewer without scripts show everything, too."""

import html as escaping
import json
import re
import shutil
import subprocess
import zlib

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.report import html
from energy_runner.report.figures.style import BAND
from energy_runner.report.html import write_html
from energy_runner.session.result import Verdict
from tests.support.report_sessions import accuracy_session, energy_session

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((found for name in NAMES if (found := shutil.which(name))), "")
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --virtual-time-budget=5000 --enable-logging=stderr --v=0 "
    "--dump-dom --window-size=1200,1000"
)
PASSED = Verdict(id="five-windows", passed=True, measured=5, limit=5, clause="Five windows.")

pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(not BROWSER, reason="no Chromium or Chrome is installed to open a report with"),
]


def opened(file, profile, *options):
    """Open a file in the browser; return the document as it became, and what the console said."""
    command = [BROWSER, *OPTIONS.split(), *options, f"--user-data-dir={profile}", file.as_uri()]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    said = re.findall(r":CONSOLE.*?\] (.*)", done.stderr.decode("utf-8", "replace"))
    return done.stdout.decode("utf-8"), said


def report(session):
    return write_html(session, analyze(session).with_verdicts([PASSED]))


def test_the_console_is_heard_at_all(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<script>undefinedThing()</script>", "utf-8")
    _, said = opened(page, tmp_path / "profile")
    assert any("undefinedThing" in line for line in said)


def test_both_plots_are_drawn_without_a_complaint(tmp_path):
    dom, said = opened(report(energy_session(tmp_path, lost=7)), tmp_path / "profile")
    assert said == []
    for plot in ("plot-overview", "plot-detail"):
        inside = re.search(rf'<div id="{plot}".*?</figcaption>', dom, flags=re.S)[0]
        assert 'class="main-svg"' in inside
        assert 'class="scatterlayer mlayer"' in inside
    assert '<html lang="en" class="live">' in dom  # which hides the still pictures
    assert re.search(r'<div class="zoom" role="group" aria-label="Zoom to">', dom)  # no longer hidden
    assert "Chart Studio" not in dom
    assert "Cloud" not in re.sub(r"<script.*?</script>", "", dom, flags=re.S)


def test_a_report_without_plots_needs_no_script(tmp_path):
    dom, said = opened(report(accuracy_session(tmp_path)), tmp_path / "profile")
    assert said == []
    assert "Confusion matrix" in dom


PROBE = """
(async () => {
  const plot = document.getElementById("plot-overview"), seen = [];
  while (!plot.data) await new Promise((resolve) => setTimeout(resolve, 20));
  const look = () => {
    const ys = plot.data.filter((t) => t.yaxis !== "y2").flatMap((t) => t.y).filter((y) => y !== null);
    seen.push({ high: Math.max(...ys), low: Math.min(...ys), points: plot.data.at(-3).x.length,
                range: plot.layout.xaxis.range.slice() });
  };
  look();
  for (const [from, to] of [[0, 9], [0.5, 5.5], [0.6, 0.8]]) {
    await Plotly.relayout(plot, { "xaxis.range[0]": from, "xaxis.range[1]": to });
    look();
  }
  document.querySelector("button[data-from]").click();
  look();
  document.title = JSON.stringify(seen);
})();
"""


def test_the_spike_is_there_at_every_zoom(tmp_path, monkeypatch):
    assets = html._asset
    monkeypatch.setattr(html, "_asset", lambda name: assets(name) + (PROBE if name.endswith("js") else ""))
    session = energy_session(tmp_path)
    dom, said = opened(report(session), tmp_path / "profile")
    assert said == []
    whole, wide, middle, near, again = json.loads(re.search(r"<title>(.*?)</title>", dom)[1])
    with session.trace() as trace:
        power_mw = trace.read("energy", 0, trace.length) / np.float32(trace.period_s) * np.float32(1e3)
    for view in (whole, wide, middle, near, again):
        assert view["high"] == pytest.approx(float(power_mw.max()), rel=1e-5)
        assert view["points"] <= 4000
    assert near["low"] == pytest.approx(float(power_mw[600:800].min()), rel=1e-5)
    assert 200 <= near["points"] <= 204
    assert again["range"] == whole["range"]
    assert again["low"] == whole["low"] == pytest.approx(float(power_mw.min()), rel=1e-5)


FILL = rb"([\d.]+) ([\d.]+) ([\d.]+) rg"
# Headless Chromium has no window narrower than 500 pixels, so the page is shown in a frame.
FRAME = """<!DOCTYPE html><meta charset="utf-8">
<style>body {{ margin: 0 }} iframe {{ border: 0; height: 3000px; width: {width}px }}</style>
<iframe srcdoc="{page}"></iframe>
<script>
const frame = document.querySelector("iframe"), page = () => frame.contentDocument;
const visible = (element) => element.checkVisibility() && element.getBoundingClientRect().width > 0;
const all = (what) => [...page().querySelectorAll(what)];
const scrolled = (element) => element.scrollWidth > element.clientWidth + 1
  && ["auto", "scroll"].includes(frame.contentWindow.getComputedStyle(element).overflowX);
const right = (element) => element.getBoundingClientRect().right;
const until = async (done) => {{ while (!done()) await new Promise((resolve) => setTimeout(resolve, 20)); }};
(async () => {{
  await until(() => page().readyState === "complete" && page().querySelector("footer"));
  if ({scripts}) await until(() => page().querySelector("html.live .main-svg"));
  const shown = all("main *").filter(visible), term = page().querySelector("button.term");
  const tip = page().getElementById(term.getAttribute("popovertarget")), closed = !visible(tip);
  term.focus();
  const focused = page().activeElement === term;
  term.click();
  document.title = JSON.stringify({{
    width: page().documentElement.scrollWidth,
    beyond: shown.filter((element) => right(element) > {width} + 1).map((one) => one.outerHTML.slice(0, 90)),
    scrolled: shown.filter(scrolled).map((element) => element.getAttribute("aria-label")),
    identity: page().querySelector(".identity").getBoundingClientRect().bottom,
    stills: all("svg.still").map(visible),
    plots: all(".plot").map(visible),
    tip: [closed, focused, visible(tip), tip.getBoundingClientRect().left >= 0, right(tip) <= {width}],
  }});
}})();
</script>"""


def framed(session, tmp_path, width, *, scripts):
    """Show a report in a frame of this width; return what was seen there. A sandboxed frame runs no script."""
    page = FRAME.format(
        width=width, page=escaping.escape(report(session).read_text("utf-8")), scripts=json.dumps(scripts)
    )
    if not scripts:
        page = page.replace("<iframe ", '<iframe sandbox="allow-same-origin" ')
    (tmp_path / "frame.html").write_text(page, "utf-8")
    dom, _ = opened(tmp_path / "frame.html", tmp_path / "profile")
    return json.loads(escaping.unescape(re.search(r"<title>(.*?)</title>", dom)[1]))


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone_nothing_scrolls_sideways_and_every_term_can_be_opened(tmp_path, scripts):
    session = energy_session(tmp_path, lost=7, change={"virtual": True})
    seen = framed(session, tmp_path, 390, scripts=scripts)
    assert 300 < seen["width"] <= 390
    assert seen["beyond"] == []
    assert seen["scrolled"] == []
    assert seen["identity"] <= 844  # the height of a common phone's screen
    assert all(seen["tip"])
    assert seen["stills"] == [not scripts] * 2
    assert seen["plots"] == [scripts] * 2


def test_a_confusion_matrix_fits_a_phone(tmp_path):
    seen = framed(accuracy_session(tmp_path), tmp_path, 390, scripts=False)
    assert seen["width"] <= 390
    assert seen["scrolled"] == []


def test_a_print_holds_the_still_pictures_as_vectors(tmp_path):
    printed = tmp_path / "report.pdf"
    file = report(energy_session(tmp_path, change={"virtual": True}))
    options = [*OPTIONS.replace("--dump-dom", "--no-pdf-header-footer").split(), f"--print-to-pdf={printed}"]
    command = [BROWSER, *options, f"--user-data-dir={tmp_path / 'profile'}", file.as_uri()]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    content = printed.read_bytes()
    assert len(re.findall(rb"/Type /Page\b", content)) > 3
    streams = [_inflated(part) for part in re.findall(rb"stream\r?\n(.*?)endstream", content, flags=re.S)]
    fills = {tuple(map(float, found)) for part in streams for found in re.findall(FILL, part)}
    band = [int(BAND[k : k + 2], 16) / 255 for k in (1, 3, 5)]  # a colour that only the still pictures have
    assert any(fill == pytest.approx(band, abs=1e-3) for fill in fills)


def _inflated(stream):
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""
