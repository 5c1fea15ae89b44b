# SPDX-License-Identifier: Apache-2.0
"""The table in the terminal: one line a session, never wider than asked, names cut in the middle."""

import re

import pytest
from rich.cells import cell_len

from energy_runner.published.row import IN_WORDS
from energy_runner.report.audit import choose, table
from tests.support.audit_rows import hostile, one_of_each, row, whole_record

ROWS = choose.ordered(one_of_each())


def lines(width: int, rows=ROWS) -> list[str]:  # type: ignore[no-untyped-def]
    return [line.text + line.state for line in table.lines(rows, width)]


@pytest.mark.parametrize("width", [40, 50, 60, 72, 80, 90, 100, 300])
@pytest.mark.parametrize("rows", [ROWS, choose.ordered([*one_of_each(), hostile()])], ids=["plain", "hostile"])
def test_no_line_is_wider_than_the_terminal_or_100_columns(width: int, rows) -> None:  # type: ignore[no-untyped-def]
    found = lines(width, rows)
    assert max(cell_len(line) for line in found) <= min(width, 100)
    assert sum(line.endswith(tuple(IN_WORDS.values())) for line in found) == len(rows)


def test_a_line_has_all_that_was_promised() -> None:
    (line,) = [line for line in lines(100) if line.startswith("Acme") and "ic01" in line]
    for words in ("board_a_…riant_2", "ic01", "perf.", "6.465", "4.320 ± 0.021*", "\u221233.2 %"):
        assert f" {words} " in line
    assert line.endswith(" does not reproduce")


def test_figures_of_a_column_end_at_the_same_place() -> None:
    places = [re.search(r"[+\u2212][\d.]+ (%|pp)", line) for line in lines(100)]
    assert len({place.end() for place in places if place}) == 1


def test_a_narrow_terminal_has_the_submitter_in_the_heading() -> None:
    assert "v1.2 closed, Acme" in lines(80)
    assert not lines(80)[0].startswith("Submitter")
    assert "v1.2 closed" in lines(100)
    assert lines(100)[0].startswith("Submitter")


@pytest.mark.parametrize("width", [26, 30, 36])
def test_the_narrowest_terminal_keeps_system_and_state(width: int) -> None:
    found = lines(width)
    assert (found[0].split()[0], found[0].split()[-1]) == ("System", "State")
    assert max(map(cell_len, found)) <= max(width, len("does not reproduce") + 5)


def test_a_session_outside_of_a_tree_is_named_by_its_path() -> None:
    rows = [row(round="", division="", submitter="", system="", session=f"kws/energy_{k}") for k in range(2)]
    assert [line.split()[0] for line in lines(100, rows) if line.endswith("holds")] == [
        "kws/energy_0",
        "kws/energy_1",
    ]
    assert "no round" in lines(100, rows)


def test_wide_characters_take_two_columns() -> None:
    rows = [row(submitter="東京大学" * 10, system="系統" * 20), row(published=1.5, ours=1.5)]
    found = lines(100, rows)
    assert max(map(cell_len, found)) <= 100
    assert len({cell_len(line.rpartition("holds")[0]) for line in found if line.endswith("holds")}) == 1


@pytest.mark.parametrize("width", range(0, 12))
def test_a_name_keeps_both_its_ends(width: int) -> None:
    short = table.shortened("NUCLEO_U575ZI_Q", width)
    assert cell_len(short) <= width
    if width >= 3:
        assert short.startswith("N")
        assert short.endswith("Q")
        assert "…" in short


def test_another_unit_than_the_usual_is_told_at_the_figure() -> None:
    rows = [row(session="a"), row(session="b", published=1.0), row(session="c", published=2.0, unit="mJ/inf.")]
    assert [("mJ" in line) for line in lines(100, rows) if line.endswith("holds")] == [False, False, True]
    assert table.units(rows) == "energy in µJ per inference"


def test_the_whole_record_has_one_line_a_session_and_one_heading_a_group() -> None:
    rows = choose.ordered(whole_record())
    found = lines(100, rows)
    groups = {(one.round, one.division) for one in rows}
    assert len(found) == 1 + 838 + 2 * len(groups)
