# SPDX-License-Identifier: Apache-2.0
"""The report: complete, safe against hostile text, offline, and the same bytes every time."""

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_runner.analysis.accuracy import auc
from energy_runner.analysis.analyze import analyze
from energy_runner.report import html
from energy_runner.report.html import plotly_js, render
from energy_runner.report.markup import Html, safe, tag
from energy_runner.report.sections.accuracy import roc_points
from energy_runner.report.story import tell
from energy_runner.report.units import DASH
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.session.journal import JournalWriter
from energy_runner.session.result import Verdict
from tests.support.report_sessions import accuracy_session, energy_session, performance_session

PASSED = Verdict(id="five-windows", passed=True, measured=5, limit=5, clause="Five windows.")
FAILED = Verdict(id="no-loss", passed=False, measured=7, limit=0, clause="No loss.", note="Window 3 lost 7.")
NOTED = Verdict(id="spread", passed=False, binding=False, measured=0.01, limit=0.005, clause="Small spread.")
HOSTILE = "</script><img src=x onerror=alert(1)>\"'&<!--\u202e\x1b[31m"
VOID = {"meta", "br", "hr", "img", "link", "input"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Four megabytes of plotting library and the still pictures would only make these tests slow."""
    monkeypatch.setattr("energy_runner.report.html.plotly_js", lambda: "/* plotting library */")
    still = Html('<svg class="still"></svg>')
    monkeypatch.setattr("energy_runner.report.sections.power.stills", lambda story: (still, still))


class Page(HTMLParser):
    """The elements, the text and the scripts of a page; unbalanced tags are an error."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.scripts, self._open = [], [], [], []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if name not in VOID:
            self._open.append(name)

    def handle_endtag(self, name):
        assert self._open.pop() == name

    def handle_data(self, data):
        if self._open and self._open[-1] == "script":
            self.scripts.append(data)
        elif self._open and self._open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).replace("\u202f", " ").split())

    def ids(self):
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


def report(session, verdicts=(PASSED,)):
    result = analyze(session).with_verdicts(list(verdicts))
    return render(tell(session, result)).decode("utf-8")


def page(session, verdicts=(PASSED,)):
    return Page(report(session, verdicts))


def plot_data(text):
    return json.loads(re.search(r'<script type="application/json" id="plot-data">(.*?)</script>', text)[1])


def floats(packed):
    return np.frombuffer(base64.b64decode(packed), dtype="<f4")


# --- what it says ---------------------------------------------------------------------------------------


def test_a_valid_energy_report_has_everything_in_order(tmp_path):
    found = page(energy_session(tmp_path))
    order = ["trace", "detail", "windows", "verdicts", "findings", "uncertainty"]
    order += ["devices", "settings", "stimuli", "provenance"]
    assert [name for name in found.ids() if name in order] == order
    assert len(found.ids()) == len(set(found.ids()))
    assert "1689 µJ per inference ± 33 µJ (k = 1.69)" in found.text
    assert f"VALID {DASH} the binding rule passed" in found.text
    assert "NOT VALID" not in found.text
    assert "VIRTUAL" not in found.text
    for words in (
        "input_004.bin",
        "3.298 V",
        "/dev/ttyACM0",
        "S123",
        "ULPMark for tinyML",
        "Nothing is known about",
    ):
        assert words in found.text
    assert hashlib.sha256(bytes([4])).hexdigest() in found.text


def test_the_windows_table_agrees_with_the_result(tmp_path):
    session = energy_session(tmp_path)
    found = page(session)
    for window in analyze(session).windows:
        assert f"{window.energy_per_inference_j * 1e6:.3f}" in found.text
        assert f"{window.duration_s:.6f}" in found.text


def test_a_failed_rule_comes_first_and_the_score_is_not_presented_as_a_result(tmp_path):
    found = page(energy_session(tmp_path, lost=7), [PASSED, NOTED, FAILED])
    assert "NOT VALID" in found.text
    assert "it is not a result" in found.text
    assert "1 rule failed of 3" in found.text
    assert found.text.index("✗ failed") < found.text.index("! informs only") < found.text.index("✓ passed")
    assert "7 of 2000" in found.text
    assert any(attributes.get("class") == "score doubtful" for _, attributes in found.elements)


def test_a_rule_that_only_informs_leaves_a_result_valid(tmp_path):
    found = page(energy_session(tmp_path), [PASSED, NOTED])
    assert f"VALID {DASH} the binding rule passed; 1 more gave a remark" in found.text


def test_a_virtual_session_says_so_unmistakably_and_shows_the_truth(tmp_path):
    text = report(energy_session(tmp_path, change={"virtual": True}))
    found = Page(text)
    assert f"VIRTUAL BENCH {DASH} simulated, not a measurement of hardware" in found.text
    assert "Measured against the simulation's truth" in found.text
    assert "<title>kws01 energy: simulated 1689" in text


def test_a_run_that_broke_off_tells_what_happened(tmp_path):
    change = {"outcome": "bench-fault", "reason": "the monitor went silent", "supply_off_confirmed": False}
    session = energy_session(tmp_path, change=change)
    journal = session.path / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-9]))
    with_problem = JournalWriter(journal)
    t_ns = 10**11
    with_problem.write(
        ev.Problem(t_ns=t_ns, error="TimedOut", asked="*IDN?", came="nothing", try_this="the cable")
    )
    with_problem.write(ev.TearDownStep(t_ns=t_ns, name="switch the supply off", error="no answer"))
    with_problem.write(ev.Remark(t_ns=t_ns, box="dut", text="m-odd", suspicious=True))
    with_problem.write(
        ev.RunStopped(
            t_ns=t_ns, outcome="bench-fault", reason="the monitor went silent", supply_off_confirmed=False
        )
    )
    with_problem.close()
    found = page(Session.open(session.path), [FAILED])
    for words in (
        "No score",
        "the monitor went silent",
        "*IDN?",
        "the cable",
        "switch the supply off",
        "m-odd",
        "MAY STILL BE ON",
    ):
        assert words in found.text


@pytest.mark.parametrize("keep", [0, 1, 5, 8, 14, 20])
def test_a_killed_session_still_has_a_report(tmp_path, keep):
    session = energy_session(tmp_path, change={"outcome": "running", "supply_off_confirmed": None})
    journal = session.path / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:keep]) + b'{"kind":"torn')
    found = page(Session.open(session.path), [FAILED])
    assert "No score" in found.text
    assert "its process was killed" in found.text
    assert "its last line was cut off" in found.text


def test_without_a_trace_there_is_no_plot_and_no_library(tmp_path):
    session = energy_session(tmp_path)
    (session.path / "trace.jls").unlink()
    text = report(session, [FAILED])
    assert "no samples were recorded" in text
    assert "<script" not in text
    assert "script-src 'none'" in text.replace("&#x27;", "'")


@pytest.mark.parametrize("damage", [b"", b"not a trace at all"])
def test_a_damaged_trace_is_said_so(tmp_path, damage):
    session = energy_session(tmp_path)
    (session.path / "trace.jls").write_bytes(damage)
    assert "trace.jls, cannot be read" in page(session, [FAILED]).text


def test_a_performance_report_gives_the_throughput_of_each_window(tmp_path):
    found = page(performance_session(tmp_path))
    assert "19.9960 ± 0.0052 inferences per second" in found.text
    assert "19.9980" in found.text
    assert "Power over time" not in found.text


def test_a_top1_report_has_the_classes_and_the_confusion_matrix(tmp_path):
    found = page(accuracy_session(tmp_path))
    assert "90.0 % Top-1 accuracy (target 90.0 %)" in found.text
    assert "Confusion matrix" in found.text
    assert "silence" in found.text
    assert "Show all 60 stimuli" in found.text


def test_an_auc_report_draws_the_roc_curve(tmp_path):
    session = accuracy_session(tmp_path, "auc")
    found = page(session)
    assert f"{analyze(session).accuracy.value:.2f}" in found.text
    assert any(name == "polyline" for name, _ in found.elements)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=60))
def test_the_area_under_the_drawn_curve_is_the_metric(pairs):
    scores, labels = [float(score) for score, _ in pairs], [label for _, label in pairs]
    expected = auc(np.array(scores), np.array(labels, dtype=int))
    points = roc_points(scores, labels)
    if expected is None:
        assert points == []
    else:
        x, y = zip(*points, strict=True)
        assert np.trapezoid(y, x) == pytest.approx(expected, abs=1e-12)


# --- the plots ------------------------------------------------------------------------------------------


def test_no_extreme_of_the_trace_is_lost_on_the_way_into_the_page(tmp_path):
    session = energy_session(tmp_path)
    with session.trace() as trace:
        power_mw = trace.read("energy", 0, trace.length) / trace.period_s * 1e3
    data = plot_data(report(session))
    assert data["samples"] == len(power_mw)
    assert floats(data["fine"]["mean"]) == pytest.approx(power_mw, rel=1e-6)
    assert floats(data["overview"]["high"]).max() == pytest.approx(power_mw.max(), rel=1e-6)
    assert floats(data["overview"]["low"]).min() == pytest.approx(power_mw.min(), rel=1e-6)
    assert len(floats(data["overview"]["mean"])) <= 4000
    assert [window["number"] for window in data["windows"]] == [1, 2, 3, 4, 5]


def test_lost_samples_are_a_gap_in_the_plot(tmp_path):
    data = plot_data(report(energy_session(tmp_path, lost=7)))
    assert data["gaps"] == [[7000, 7007]]
    assert np.isnan(floats(data["fine"]["mean"])[7000:7007]).all()
    assert np.isfinite(np.delete(floats(data["fine"]["mean"]), np.arange(7000, 7007))).all()


def test_a_long_trace_is_thinned_out_in_both_levels(tmp_path, monkeypatch):
    monkeypatch.setattr("energy_runner.report.charts.power.FINE_SAMPLES", 5000)
    monkeypatch.setattr("energy_runner.report.charts.power.FINE_BUCKETS", 3000)
    monkeypatch.setattr("energy_runner.report.charts.power.CHUNK", 999)
    monkeypatch.setattr("energy_runner.report.story.DETAIL_POINTS", 50)
    session = energy_session(tmp_path)
    text = report(session)
    data = plot_data(text)
    assert data["fine"]["width"] == 5
    assert floats(data["fine"]["high"]).max() == pytest.approx(250, rel=0.05)
    assert len(floats(data["detail"]["power"]["mean"])) <= 50
    assert "Zooming goes down to 5 samples per point" in text.replace("\u202f", " ")


def test_the_detail_shows_the_first_inferences_sample_by_sample(tmp_path):
    detail = plot_data(report(energy_session(tmp_path)))["detail"]
    assert (detail["window"], detail["inferences"]) == (1, 4)
    assert detail["start"] == 1.0
    assert detail["inference"] == pytest.approx(0.05)
    power = floats(detail["power"]["mean"])
    inside = power[1000 - detail["power"]["first"] :][:200]
    assert inside[:20].mean() == pytest.approx(1.2 * 34, rel=0.02)
    assert inside[20:50].mean() == pytest.approx(0.85 * 34, rel=0.02)


# --- safe, offline, repeatable --------------------------------------------------------------------------


def hostile_session(parent):
    """Return a session in which every text that comes from outside is an attack."""
    session = energy_session(parent)
    for name in ("record.json", "journal.jsonl"):
        file = session.path / name
        text = file.read_text("utf-8")
        attack = json.dumps(HOSTILE)[1:-1]
        for benign in (
            "acme",
            "LPM01A",
            "UNO",
            "S123",
            "1.0.5",
            "desk 3",
            "a hand-made bench",
            "/dev/ttyACM0",
            "input_000.bin",
            "keyword spotting",
            "ULPMark for tinyML",
            "energy-runner 0.1.0",
            "page 3",
            "Nothing is known",
            "Data sheet of",
            "2026-01-02T03:04:05Z",
        ):
            text = text.replace(benign, f"{attack}{benign}")
        file.write_text(text, "utf-8")
    return Session.open(session.path)


def test_hostile_text_stays_text(tmp_path):
    session = hostile_session(tmp_path)
    evil = Verdict(id=HOSTILE, passed=False, measured=HOSTILE, limit=HOSTILE, clause=HOSTILE, note=HOSTILE)
    text = report(session, [evil])
    found = Page(text)
    assert found.text.count("</script><img src=x onerror=alert(1)>") > 20
    assert not [name for name, _ in found.elements if name in {"img", "iframe", "object", "link", "base"}]
    handlers = [key for _, attributes in found.elements for key in attributes if key.startswith("on")]
    assert handlers == []
    assert len(found.scripts) == 3
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "\\u202e\\x1b[31m" in found.text


def test_the_embedded_data_cannot_end_its_block(tmp_path):
    text = report(energy_session(tmp_path))
    block = re.search(r'id="plot-data">(.*?)</script>', text)[1]
    assert not set("<>&") & set(block)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_escaped_and_can_be_written(text):
    element = tag("p", text, title=text)
    parsed = Page(element)
    assert [name for name, _ in parsed.elements] == ["p"]
    assert element.encode("utf-8").decode("utf-8") == element
    assert safe(element) is element


def test_the_page_asks_nobody_for_anything(tmp_path):
    clean = report(energy_session(tmp_path))
    assert not re.findall(r"https?:|//[a-z]+\.|@import|url\((?!#)|fetch\(|XMLHttpRequest|import\(", clean)
    links = [
        value
        for _, attributes in Page(clean).elements
        for name, value in attributes.items()
        if name in {"src", "href", "srcset", "action", "xlink:href"}
    ]
    assert links
    assert all(link.startswith("#") for link in links)


def test_only_the_pages_own_scripts_may_run(tmp_path):
    text = report(energy_session(tmp_path))
    policy = next(a["content"] for n, a in Page(text).elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    scripts = [html.plotly_js(), *re.findall(r"<script>(.*?)</script>", text, flags=re.S)]
    assert len(scripts) == 2
    assert policy.count("sha256-") == 2
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]


def test_the_library_is_embedded_whole_and_packed(tmp_path, monkeypatch):
    monkeypatch.setattr("energy_runner.report.html.plotly_js", plotly_js)
    text = report(energy_session(tmp_path))
    packed = re.search(r'<script type="application/gzip" id="plot-library">(.*?)</script>', text)[1]
    assert gzip.decompress(base64.b64decode(packed)).decode("utf-8") == plotly_js()
    assert len(plotly_js()) > 1_000_000
    assert len(text) < 0.6 * len(plotly_js())
