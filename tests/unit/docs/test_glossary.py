# SPDX-License-Identifier: Apache-2.0
"""The glossary holds the terms that code and documentation use, each once, with sources that exist."""

import re

from tests.support.places import ROOT

PAGE = (ROOT / "docs" / "reference" / "glossary.md").read_text("utf-8")
TERMS = PAGE.partition("## Benchmark and result")[2].partition("## Words we do not use")[0]
NEEDED = """
    DUT, stimulus, window, inference, session, trace, journal, record, result, verdict, rule, rule set, finding,
    link, device, instrument, role, supply, sampler, edge source, DUT link, subscriber, specification, calibration,
    uncertainty budget, standard uncertainty, expanded uncertainty, coverage factor, mean sample, instant sample,
    lap, edge, timestamp pin, IO manager, interface board, twin, world, tear-down, bench, plan, score, benchmark,
    applied settings
"""


def tables() -> list[list[list[str]]]:
    """The rows of each table, by cells."""
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()[2:]]
        for block in re.findall(r"(?:^\|.*\n)+", TERMS, re.MULTILINE)
    ]


def named(cell: str) -> list[str]:
    """The terms of a first cell, without symbols and remarks."""
    return [re.sub(r"[*`]|\(.*\)", "", part).strip() for part in cell.split(",")]


def test_every_term_that_we_use_is_there_once():
    terms = [term for table in tables() for row in table for term in named(row[0])]
    needed = {" ".join(term.split()) for term in NEEDED.split(",")}
    assert needed <= set(terms)
    assert len(terms) == len(set(terms))


def test_terms_are_in_order():
    for table in tables():
        firsts = [named(row[0])[0].lower() for row in table]
        assert firsts == sorted(firsts)


def test_sources_are_documents_that_the_page_names():
    known = set(re.findall(r"^\| (\S+) \| (?:JCGM|MLPerf)", PAGE, re.MULTILINE))
    assert known == {"VIM", "GUM", "MLPerf"}
    clause = r"[G\d][\d.]*(?: \([\w ]+\))?"
    sources = rf"((VIM|GUM) {clause}(, {clause})*|MLPerf( \([\w ]+\))?|SCPI-99|IEEE 488\.2)"
    cited = [row[2] for table in tables() for row in table if row[2]]
    assert len(cited) > 30
    for cell in cited:
        assert re.fullmatch(rf"{sources}(, {sources})*", cell), cell


def test_words_that_we_avoid_are_no_terms_of_ours():
    avoided = PAGE.partition("## Words we do not use")[2]
    terms = {term for table in tables() for row in table for term in named(row[0])}
    for line in avoided.splitlines()[4:]:
        for word in re.sub(r"\(.*?\)", "", line.split("|")[1]).split(","):
            assert word.strip() not in terms - {"accuracy"}
