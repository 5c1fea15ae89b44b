# SPDX-License-Identifier: Apache-2.0
"""Objects show themselves briefly: one line for `repr`, a small escaped table in a notebook."""

from html.parser import HTMLParser

import numpy as np
import pytest

import energy_runner as er
from energy_runner.analysis.analyze import analyze
from energy_runner.bench import build_bench
from energy_runner.notebook import VIRTUAL, table
from energy_runner.session.folder import Session, write_result
from energy_runner.session.result import Finding, Verdict
from energy_runner.session.table import Column, Table
from tests.support.report_sessions import accuracy_session, energy_session, performance_session

PASSED = Verdict(id="five-windows", passed=True, measured=5, limit=5, clause="Five windows.")
FAILED = Verdict(id="no-loss", passed=False, measured=7, limit=0, clause="No loss.", note="Window 3 lost 7.")
EVIL = "<img src=x onerror=alert(1)> & \x1b[2J \u202e"


class Tags(HTMLParser):
    """The tags, attributes and text of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def session(tmp_path) -> Session:
    made = energy_session(tmp_path)
    write_result(made.path, analyze(made).with_verdicts([PASSED]))
    return made


def test_a_session_in_one_line(session):
    text = repr(session)
    assert str(session.path) in text
    assert "1689 ± 33 µJ per inference, VALID" in text
    assert len(text.replace(str(session.path), "")) < 120
    assert "\n" not in text


def test_a_session_without_a_result_says_so_and_does_not_raise(session):
    (session.path / "result.json").write_text("{", "utf-8")
    assert "without a result" in repr(session)
    assert "none: " in session._repr_html_()
    (session.path / "result.json").unlink()
    assert "without a result" in repr(session)


def test_results_in_one_line(tmp_path):
    energy = analyze(energy_session(tmp_path)).with_verdicts([PASSED, FAILED])
    assert (
        repr(energy)
        == str(energy)
        == ("<Result kws01, energy: 1689 ± 33 µJ per inference, NOT VALID, 1 of 2 rules failed>")
    )
    assert repr(energy.energy_per_inference_j) == "<Score 1689 ± 33 µJ per inference>"
    assert repr(energy.windows[0]).startswith("<Window 1, 'input_000.bin': 40 inferences, 2.0000 s")
    assert "19.996 inferences per second" in repr(analyze(performance_session(tmp_path)))
    assert "90.0 % Top-1" in repr(analyze(accuracy_session(tmp_path)))
    nothing = energy.model_copy(update={"energy_per_inference_j": None, "valid": False, "verdicts": []})
    assert "no score, NOT VALID>" in repr(nothing)


def test_a_real_result_and_the_rest_of_a_notebook_are_short(tmp_path):
    plan = er.plan("demo-keywords")
    bench = er.load_bench("virtual-lpm01a")
    assert repr(plan) == "<RunPlan demo-keywords, energy: 5 inputs, seed 0>"
    assert repr(bench) == str(bench) == "<BenchSpec 'virtual-lpm01a': lpm01a, virtual>"
    assert repr(build_bench(bench)) == "<Bench 'virtual-lpm01a': lpm01a, virtual>"
    real = er.BenchSpec.model_validate({"name": "b", "dut": {"port": "/dev/x"}})
    assert repr(real) == "<BenchSpec 'b': no monitor>"


def test_tables_in_a_notebook(session):
    seen = Tags(session._repr_html_())
    assert "1689 ± 33 µJ per inference" in seen.text
    assert VIRTUAL not in seen.text
    result = session.result().with_verdicts([PASSED, FAILED])
    shown = Tags(result._repr_html_())
    assert "no-loss" in shown.text
    assert "five-windows" not in shown.text
    assert "input_004.bin" in shown.text
    assert VIRTUAL in Tags(result.model_copy(update={"virtual": True})._repr_html_()).text
    assert VIRTUAL in Tags(er.load_bench("virtual-lpm01a")._repr_html_()).text
    assert "sample_rate_hz = 1000" in Tags(build_bench(er.load_bench("virtual-lpm01a"))._repr_html_()).text


def test_a_table_shows_its_first_rows(session):
    shown = Tags(er.table([session])._repr_html_())
    assert "energy_per_inference_j" in shown.text
    assert "input_004.bin" in shown.text
    assert VIRTUAL not in shown.text
    long = Table(
        "laps",
        "lap",
        (
            Column("lap_us", np.arange(1000, 1030), "Laps."),
            Column("virtual", np.full(30, True), "Simulated."),
            Column("purpose", np.array([EVIL] * 30), "Text."),
        ),
    )
    seen = Tags(long._repr_html_())
    assert seen.text.startswith(VIRTUAL)
    assert "30, the first 10 below" in seen.text
    assert "1009" in seen.text
    assert "1010" not in seen.text
    assert "<img src=x onerror=alert(1)>" in seen.text


def test_a_virtual_session_is_marked_first(tmp_path):
    session = energy_session(tmp_path, change={"virtual": True})
    html = session._repr_html_()
    assert Tags(html).text.startswith(VIRTUAL)
    assert "(virtual time)" in html


def test_hostile_text_becomes_text(tmp_path):
    session = energy_session(tmp_path, change={"reason": EVIL, "bench": {"name": EVIL}, "outcome": "bench-fault"})
    result = analyze(session).with_verdicts([FAILED.model_copy(update={"id": EVIL})])
    windows = [window.model_copy(update={"file": EVIL}) for window in result.windows]
    result = result.model_copy(update={"windows": windows, "benchmark": EVIL, "rule_set": EVIL, "outcome": EVIL})
    bench = er.load_bench("virtual-lpm01a", changes={"name": EVIL, "description": EVIL})
    for text in (repr(session), repr(result), repr(result.windows[0]), repr(bench), str(bench)):
        assert text.isprintable()
    for html in (session._repr_html_(), result._repr_html_(), bench._repr_html_(), _table_of(EVIL)):
        seen = Tags(html)
        assert seen.tags <= {"div", "b", "table", "thead", "tbody", "tr", "th", "td"}
        assert seen.attributes <= {"style"}
        assert not {"\x1b", "\u202e"} & set(seen.text)
        assert "<img src=x onerror=alert(1)>" in seen.text


def _table_of(text: str) -> str:
    return table(text, [(text, text)], virtual=True, columns=[text], rows=[[text]])


def test_findings_and_verdicts_keep_their_own_repr():
    assert "five-windows" in repr(PASSED)
    assert "odd" in repr(Finding(id="odd", detail="x"))
