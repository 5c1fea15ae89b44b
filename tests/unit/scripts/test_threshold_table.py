# SPDX-License-Identifier: Apache-2.0
"""Every number in analysis stands in the table with its value, its origin and what doubling it does."""

import re

import pytest

from scripts import threshold_runs
from scripts.threshold_runs import Seen, difference
from scripts.threshold_table import TABLE, Threshold, origins, row, thresholds

_ROW = re.compile(r"\| `(\S+)` `(\w+)` \| (.+?) \| (.+) \| (.+?) \| (.+?) \|")


def written() -> dict[str, tuple[str, ...]]:
    lines = TABLE.read_text("utf-8").splitlines()
    return {f"{m[1]} {m[2]}": m.groups()[2:] for line in lines if (m := _ROW.fullmatch(line))}


@pytest.mark.parametrize("threshold", list(thresholds()), ids=lambda threshold: threshold.key)
def test_each_number_is_in_the_table_as_it_is_in_the_code(threshold: Threshold) -> None:
    again = "is it new, or changed? Try: scripts/thresholds (after a line in scripts/thresholds.toml)"
    found = written().get(threshold.key)
    assert found is not None, f"{threshold.key}: {again}"
    assert found[0] == threshold.text, f"{threshold.key} is {threshold.text}, not {found[0]}: {again}"
    meaning, _, effect = found[1:]
    assert len(meaning) > 3
    assert row(threshold, effect) in TABLE.read_text("utf-8"), f"{threshold.key}: {again}"


def test_the_table_and_the_origins_name_nothing_that_is_gone() -> None:
    known = {threshold.key for threshold in thresholds()}
    assert set(written()) == set(origins()) == known


def test_numbers_that_are_assigned_together_are_found_one_by_one() -> None:
    found = {threshold.key: threshold.text for threshold in thresholds()}
    assert (found["placing/plausible.py LATEST_S"], found["placing/plausible.py EARLIEST_S"]) == ("0.1", "-0.3")


def test_a_difference_names_what_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Seen({"score": 2.0, "U": 0.1}, ("odd",), (None,))
    monkeypatch.setattr(threshold_runs, "_reference", lambda: before)
    assert difference(before) == "nothing"
    assert difference(Seen({"score": 2.0 + 1e-7, "U": 0.1}, ("odd",), (None,))) == "nothing"
    assert difference(Seen({"score": 2.2}, (), (None,))) == "score +0.1; no U; no finding odd"
    assert difference(Seen({}, (), (), "KeyError")) == "the runs end with KeyError"
