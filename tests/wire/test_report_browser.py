# SPDX-License-Identifier: Apache-2.0
"""The report in a real browser: both plots are drawn, nothing complains, and zooming loses no spike."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.report import html
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


def opened(file, profile):
    """Open a file in the browser; return the document as it became, and what the console said."""
    command = [BROWSER, *OPTIONS.split(), f"--user-data-dir={profile}", file.as_uri()]
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
    assert "this viewer has not run it" not in dom
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
