# SPDX-License-Identifier: Apache-2.0
"""The page as a whole: who and what on top, contents, terms, pictures without a script, one unit in a column."""

import re
import shutil

import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.report.contents import contents, page_marks
from energy_runner.report.figures.inline import embedded
from energy_runner.report.html import render, write_html
from energy_runner.report.markup import explained, explanations, section, table
from energy_runner.report.story import tell
from energy_runner.report.units import shares
from energy_runner.session.folder import Session
from energy_runner.session.record import Origin
from energy_runner.session.result import Verdict
from tests.support.report_sessions import accuracy_session, energy_session, performance_session

PASSED = Verdict(id="five-windows", passed=True, measured=5, limit=5, clause="Five windows.")


def page(session, **change):
    result = analyze(session).with_verdicts([PASSED]).model_copy(update=change)
    return render(tell(session, result)).decode("utf-8")


@pytest.fixture(scope="module")
def energy(tmp_path_factory):
    return page(energy_session(tmp_path_factory.mktemp("page"), lost=7, change={"virtual": True}))


# --- the first screen -----------------------------------------------------------------------------------


@pytest.mark.parametrize("build", [energy_session, accuracy_session, performance_session])
def test_date_board_bench_instruments_session_and_software_come_before_everything_else(tmp_path, build):
    top = page(build(tmp_path)).split("<section", 1)[0]
    for words in (
        "2026-01-02 03:04:05 UTC",
        "acme m4",
        "desk 3",
        "ST LPM01A (S123)",
        "Arduino UNO (S123)",
        "2026-01-02T03-04-05Z-kws01-",
        "energy-runner 0.1.0",
    ):
        assert words in top


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"started_utc": "2026-01-02T03:04:05.678Z"}, "2026-01-02 03:04:05 UTC<"),
        ({"started_utc": "2026-01-02T03:04:05.678Z", "virtual": True}, "03:04:05 UTC by the simulation"),
        ({"started_utc": "2024-03-22T09:38:36 (local time)"}, "2024-03-22 09:38:36 (local time)<"),
    ],
)
def test_the_date_says_by_which_clock(tmp_path, change, said):
    assert said in page(energy_session(tmp_path, change=change)).split("<section", 1)[0]


def test_an_imported_session_names_its_runner_and_the_instrument_that_it_states(tmp_path):
    origin = Origin(runner="Another Runner", version="3.0", session="a/kws", instrument="ACME meter", stamp="")
    session = energy_session(tmp_path, change={"origin": origin})
    lines = (session.path / "journal.jsonl").read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if "identified" not in line]
    (session.path / "journal.jsonl").write_text("".join(kept), "utf-8")
    top = page(Session.open(session.path)).split("<section", 1)[0]
    assert "Another Runner 3.0, a/kws" in top
    assert "ACME meter, as the imported session names it" in top
    assert "not identified" in top


def test_the_contents_name_every_section_once_and_in_order(energy):
    linked = re.findall(r'<li><a href="#([a-z-]+)">', energy)
    assert linked == re.findall(r'<section id="([a-z-]+)"', energy)
    assert len(linked) > 10
    assert linked[-1] == "terms"


def test_one_section_needs_no_contents():
    assert contents(section("one", "One", "words")) == ""


# --- paper ----------------------------------------------------------------------------------------------


def test_each_page_bears_the_session_and_its_number(energy):
    assert '@bottom-left { content: "Session 2026-01-02T03-04-05Z-kws01-energy"; }' in energy
    assert '"Page " counter(page) " of " counter(pages)' in energy


def test_a_term_in_the_head_of_a_table_is_on_every_page_that_the_table_reaches(energy):
    """A browser leaves buttons out of a head that it repeats: on the second page the columns had no names."""
    terms = re.findall(r'<button[^>]* class="term"[^>]*>([^<]*)</button>', energy)
    assert len(terms) > 10
    assert re.findall(r'<span class="on-paper" data-term="([^"]*)"><button', energy) == terms
    assert ".on-paper::after { content: attr(data-term); }" in energy


def test_on_paper_names_of_rows_break_so_that_no_table_is_wider_than_the_page(energy):
    """Else the browser shrinks every page to the width of the widest table."""
    paper = energy.split("@media print {", 1)[1].split("</style>", 1)[0]
    assert "  tbody th { white-space: normal; }" in paper
    assert re.search(r"figure, p, tr,[^{]*{ break-inside: avoid; }", paper)


def test_a_hostile_session_id_stays_in_its_string():
    marks = page_marks('a"; } </style><script>x</script>\\')
    assert marks.count('"') == page_marks("a").count('"')
    assert "<" not in marks
    assert '"Session a\\22 \\3b  \\7d  \\3c \\2f style' in marks


# --- pictures without a script ---------------------------------------------------------------------------


def test_two_still_pictures_stand_in_the_page_and_say_that_they_are_simulated(energy):
    stills = re.findall(r'<svg class="still".*?</svg>', energy, flags=re.S)
    assert len(stills) == 2
    for still in stills:
        assert "VIRTUAL BENCH" in still
        assert "power (mW)" in still
        assert "<metadata" not in still
        assert "xmlns" not in still
        assert re.match(r'<svg class="still" role="img" aria-label="[^"]+" viewBox="[^"]+">', still)
    ids = re.findall(r'\sid="([^"]+)"', energy)
    assert len(ids) == len(set(ids))
    referred = re.findall(r'(?:href="#|url\(#)([^")]+)', "".join(stills))
    assert referred
    assert set(referred) <= set(ids)


def test_without_a_trace_nothing_is_drawn(tmp_path):
    assert 'class="still"' not in page(accuracy_session(tmp_path))


def test_an_embedded_picture_carries_no_style_for_the_page():
    svg = '<?xml version="1.0"?>\n<svg width="5pt" viewBox="0 0 5 5" xmlns="http://x" version="1.1">'
    svg += '<defs><style type="text/css">*{color: red}</style></defs><g id="a"/>'
    svg += '<use xlink:href="#b"/><g id="b"/></svg>'
    assert embedded(svg, "run", 'a "label"') == (
        '<svg class="still" role="img" aria-label="a &quot;label&quot;" viewBox="0 0 5 5"><defs></defs>'
        '<g/><use href="#run-b"/><g id="run-b"/></svg>'
    )


# --- terms and tables ------------------------------------------------------------------------------------


def test_every_term_opens_its_explanation_and_is_listed_for_paper(energy):
    opened = re.findall(r'popovertarget="(tip-[0-9a-f]{8})"', energy)
    targets = re.findall(r'<div id="(tip-[0-9a-f]{8})" popover="auto"', energy)
    assert len(opened) > 10
    assert set(opened) == set(targets)
    assert len(targets) == len(set(targets))
    terms = energy[energy.index('<section id="terms"') :].split("</section>")[0]
    assert "Standard uncertainty that this cause alone gives" in terms
    assert "<abbr" not in energy


def test_a_hostile_explanation_stays_text():
    term = explained('"><script>x</script>', '"> <script>y</script>')
    shown = explanations(term)
    assert "<script" not in term + shown
    assert shown.count("&lt;script&gt;y") == 2
    assert explanations("no terms") == ""


def test_cells_bear_the_names_of_their_columns():
    cells = table("Label", ["Window", explained("Energy (mJ)", "In all.")], [[1, 2]])
    assert '<th scope="row" data-label="Window">1</th><td data-label="Energy (mJ)">2</td>' in cells


def test_a_cause_of_nothing_draws_no_bar(tmp_path):
    session = energy_session(tmp_path)
    budget = analyze(session).uncertainty
    causes = [cause.model_copy(update={"value_j": 0.0}) for cause in budget.components[1:]]
    causes = [budget.components[0], *causes]
    text = page(session, uncertainty=budget.model_copy(update={"components": causes}))
    part = text[text.index('<section id="uncertainty"') :].split("</section>")[0]
    assert len(causes) > 2
    assert part.count('class="bar"') == 1


@pytest.mark.parametrize("name", ["uncertainty", "inferences", "truth"])
def test_a_column_has_one_unit_and_it_stands_in_the_head(energy, name):
    part = energy[energy.index(f'<section id="{name}"') :].split("</section>")[0]
    numeric = re.findall(r'<td class="number"[^>]*>(.*?)</td>', part)
    assert len(numeric) > 10
    assert not [cell for cell in numeric if re.search(r"%|ppm|µJ|mJ|\u202f[a-zA-Zµ]", cell)]


def test_the_windows_differ_from_their_median_in_one_unit(energy):
    drawn = re.search(r'aria-label="How the windows differ from their median">(.*?)</svg>', energy, flags=re.S)[1]
    units = re.findall(r">[+\u2212]?[\d.]+\u202f(%|ppm)<", drawn)
    assert len(units) > 3
    assert len(set(units)) == 1


def test_shares_take_the_unit_of_the_largest():
    assert shares([0.01, 2e-6, None, 0.0]) == ("%", ["1", "0.0002", "\u2013", "0"])
    assert shares([1e-6, -2e-5]) == ("ppm", ["1", "\u221220"])
    assert shares([]) == ("%", [])


@pytest.mark.deep
def test_the_same_facts_give_the_same_bytes_anywhere(tmp_path):
    session = energy_session(tmp_path, lost=3)
    elsewhere = shutil.copytree(session.path, tmp_path / "a" / "very" / "different" / "place")
    result = analyze(session).with_verdicts([PASSED])
    first = write_html(session, result)
    second = write_html(Session.open(elsewhere), result)
    assert first == session.path / "report.html"
    assert first.read_bytes() == second.read_bytes()
    assert sorted(file.name for file in session.path.iterdir()) == [
        "journal.jsonl",
        "record.json",
        "report.html",
        "trace.jls",
    ]
