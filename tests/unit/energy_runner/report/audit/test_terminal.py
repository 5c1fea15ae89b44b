# SPDX-License-Identifier: Apache-2.0
"""What an audit prints: plain in a pipe, harmless, and short."""

import io
import unicodedata

import pytest
from rich.cells import cell_len
from rich.console import Console

from energy_runner.report.audit import choose, since
from energy_runner.report.audit.terminal import print_audit, print_audit_to_stdout
from energy_runner.report.console import console
from tests.support.audit_rows import (
    ABSENT,
    FOLLOWS,
    HOSTILE,
    SLOW,
    SPREAD,
    hostile,
    one_of_each,
    row,
    whole_record,
)


def printed(rows, *, changes=None, every=False, out=None, total=None) -> str:  # type: ignore[no-untyped-def]
    stream = io.StringIO()
    rows = choose.ordered(rows)
    print_audit(
        rows, total or choose.counts(rows), changes, every=every, out=out(stream) if out else console(stream)
    )
    return stream.getvalue()


@pytest.fixture(autouse=True)
def no_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


def test_a_pipe_gets_plain_text_of_at_most_100_columns() -> None:
    text = printed(one_of_each())
    assert "\x1b" not in text
    paths = {f"  {one.session}" for one in one_of_each()}  # which are never broken
    assert max(cell_len(line) for line in text.splitlines() if line not in paths) <= 100
    assert max(cell_len(line) for line in text.splitlines()) > 80


def test_the_counts_come_last() -> None:
    last = " ".join(printed(one_of_each()).splitlines()[-2:])
    assert last == (
        "6 sessions: 2 hold, 1 does not reproduce, 1 breaks a rule, 1 is doubtful, 1 cannot be judged; 235 of "
        "238 published figures are reproduced to the last digit."
    )


def test_a_terminal_has_colours_and_the_same_words() -> None:
    def coloured(stream: io.StringIO) -> Console:
        return Console(file=stream, force_terminal=True, width=100, highlight=False, emoji=False, markup=False)

    text = printed(one_of_each(), out=coloured)
    assert "\x1b[" in text
    assert "does not reproduce" in text


def test_causes_are_told_with_their_evidence_and_the_rest_is_folded() -> None:
    text = printed(one_of_each())
    assert "Published throughput is 50 % too high: 6.465 inf./sec. where the host's clock gives 4.32" in text
    told = "throughput-by-host-clock; MLPerf Tiny 1.2, 5.1; performance/log.txt, line 412, at 00156.544"
    assert f"{told}; and in 1 more place" in " ".join(text.split())
    assert FOLLOWS.id not in text
    assert SPREAD.id not in text
    assert text.count("1 consequence, 1 remark (--all shows them)") == 1
    assert "Folded away: 1 consequence, 3 remarks (--all shows them)." in text


def test_all_shows_everything() -> None:
    text = printed(one_of_each(), every=True)
    assert "window-too-short" in text
    assert "--all" not in text
    assert "m-lap-us-30941512" in text
    assert text.count("house rule") == 3  # that of the session that holds, too


def test_sessions_that_cannot_be_judged_for_one_reason_are_told_once() -> None:
    lost = [row(session=f"s{k}", state="cannot-be-judged", findings=[ABSENT]) for k in range(5)]
    text = printed([*lost, row(state="cannot-be-judged", session="other", findings=[])])
    assert text.count("evidence-absent") == 1
    assert "4 more sessions like it (--all shows them)" in text
    assert printed(lost, every=True).count("evidence-absent") == 5


def test_the_gravest_comes_first() -> None:
    text = printed(one_of_each())
    heads = ["Does not reproduce", "Breaks a rule", "Doubtful", "Cannot be judged"]
    places = [text.index(f"\n{head}\n") for head in heads]
    assert places == sorted(places)


def test_hostile_texts_do_nothing() -> None:
    for every in (False, True):
        text = printed([hostile(), *one_of_each()], every=every)
        acting = {c for c in text if not c.isprintable() and c != "\n" and unicodedata.category(c) != "Zs"}
        assert not acting
        assert not [line for line in text.splitlines() if line.startswith("[bold red]")]


def test_a_console_without_signs_gets_ascii_of_the_same_width() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    rows = choose.ordered([*one_of_each(), hostile()])
    print_audit(rows, choose.counts(rows), out=console(stream))
    stream.seek(0)
    text = stream.read()
    table = text.partition("\n\nDoes not")[0]
    assert max(len(line) for line in table.splitlines()) <= 100
    assert "4.320 +/- 0.021*" in table


def test_what_is_left_out_is_counted() -> None:
    assert "1 of 6 sessions are shown." in printed(one_of_each()[:1], total=choose.counts(one_of_each()))
    assert "0 of 6 sessions are shown." in printed([], total=choose.counts(one_of_each()))


def test_changes_are_told() -> None:
    now = one_of_each()
    before = [since.Known.model_validate(one.document()) for one in now[1:]]
    before.append(since.Known(session=f"gone{HOSTILE}", state="holds"))
    before[0] = before[0].model_copy(update={"state": "holds", "corrected": None})
    text = printed(now, changes=since.changes(before, now))
    assert "Since the earlier audit: 1 new, 1 gone, 1 with another state." in text
    told = f"{now[1].session}: other state; holds, now does not reproduce; corrected \u2013, now 4.32"
    assert told in text
    assert "nothing changed" in printed(now, changes=[])


def test_a_closed_stdout_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    print_audit_to_stdout(one_of_each(), choose.counts(one_of_each()))


def test_the_whole_record_is_short_enough_to_read() -> None:
    """One line a session; the findings of one that does not hold take a few lines more."""
    rows = whole_record()
    told = [one for one in rows if one.state not in ("holds", "cannot-be-judged")]
    assert len(printed(rows).splitlines()) < len(rows) + 5 * len(told) + 60
    assert SLOW.id in printed(rows)
