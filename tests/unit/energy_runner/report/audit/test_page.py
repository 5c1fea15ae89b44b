# SPDX-License-Identifier: Apache-2.0
"""The page of an audit as text: whole, offline, safe, small, and the same for the same rows."""

import re
from html.parser import HTMLParser

from energy_runner.report.audit import choose, since
from energy_runner.report.audit.page import page_bytes
from tests.support.audit_rows import hostile, one_of_each, row, whole_record

MOST_BYTES = 15_000_000
_VOID = {"meta", "br", "hr", "col", "input"}


def page(rows, changes=None) -> str:  # type: ignore[no-untyped-def]
    rows = choose.ordered(rows)
    return page_bytes(rows, choose.counts(rows), changes).decode("utf-8")


class Nesting(HTMLParser):
    """Finds elements that are not closed, or closed in another order, and all that an element may load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag


def parsed(text: str) -> Nesting:
    found = Nesting()
    found.feed(text)
    assert found.open == []
    return found


def test_the_page_is_well_formed_and_loads_nothing() -> None:
    found = parsed(page(one_of_each()))
    assert not found.tags & {"img", "link", "iframe", "object", "embed", "base"}
    assert not [name for name in found.attributes if name.startswith("on") or name in {"src", "srcset", "action"}]
    assert "http://" not in page(one_of_each())
    assert "https://" not in page(one_of_each())


def test_only_its_own_script_may_run_and_nothing_may_be_asked_for() -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page(one_of_each()))
    assert "default-src &#x27;none&#x27;; script-src &#x27;sha256-" in policy
    assert "unsafe-eval" not in policy
    assert "connect-src" not in policy


def test_hostile_names_are_text() -> None:
    text = page([hostile(), *one_of_each()], [since.AuditChange(session="<b>\x1b</script>", kind="gone")])
    plain = parsed(page(one_of_each()))
    assert parsed(text).tags - {"ul", "li", "em"} <= plain.tags
    assert "<b onload" not in text
    assert "&lt;b onload=" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_every_finding_is_there_with_its_evidence() -> None:
    text = page(one_of_each())
    for one in one_of_each():
        for finding in one.findings:
            assert finding.id in text
            for seen in finding.evidence:
                assert seen.file in text
    assert "performance/log.txt, line 412, at 00156.544" in text
    assert "dut: m-lap-us-30941512" in text
    assert "1 consequence" in text
    assert "the laps put on the host&#x27;s clock inside each window" in text


def test_the_same_rows_give_the_same_page() -> None:
    assert page(one_of_each()) == page(one_of_each())


def test_a_matrix_has_a_cell_for_each_submitter_in_each_round() -> None:
    text = page(one_of_each())
    matrix = text[text.index('id="matrix"') : text.index('id="sessions"')]
    assert 'title="Acme, v1.2: 2 sessions: 1 does not reproduce, 1 cannot be judged"' in matrix
    assert len(re.findall(r'<a href="#g\d+"', matrix)) == 5
    targets = re.findall(r'href="#(g\d+)"', matrix)
    assert all(f'id="{target}"' in text for target in targets)


def test_what_changed_is_marked() -> None:
    rows = one_of_each()
    before = [since.Known.model_validate(one.document()) for one in rows[1:]]
    text = page(rows, since.changes(before, rows))
    assert "Since the earlier audit: 1 new" in text
    assert text.count('data-change="new"') == 1
    assert "Since the earlier audit" not in page(rows)


def test_one_group_has_no_matrix_and_no_row_no_page_of_errors() -> None:
    assert 'id="matrix"' not in page([row()])
    parsed(page([]))


def test_the_whole_record_stays_small() -> None:
    rows = whole_record()
    assert len(rows) == 838
    text = page(rows)
    assert len(text.encode()) < MOST_BYTES / 3  # room for three times as many findings
    assert text.count('<details class="row') == 838
