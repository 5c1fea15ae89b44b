# SPDX-License-Identifier: Apache-2.0
"""The page of supported hardware names every driver of the registry, and says of each what was tried."""

import re
from importlib.metadata import entry_points

import pytest

from instruments.registry import ENTRY_POINT_GROUP, drivers
from tests.support.places import ROOT

PAGE = (ROOT / "docs" / "reference" / "hardware.md").read_text("utf-8")
EVIDENCE = re.compile(r"yes: .+, firmware .+, \d{4}-\d\d-\d\d")


def rows(heading: str, table: int = 0) -> list[dict[str, str]]:
    """The rows of a table under a heading, by its columns."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    tables = re.findall(r"(?:^\|.*\n)+", section + "\n", re.MULTILINE)
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in tables[table].splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[2:]]


def test_every_driver_is_listed_with_its_title_and_no_other():
    foreign = entry_points(group=ENTRY_POINT_GROUP).names
    titles = {name: spec.title for name, spec in drivers().items() if name not in foreign}
    assert {row["driver"].strip("`"): row["device"] for row in rows("Instruments")} == titles
    assert {row["driver"].strip("`") for row in rows("Instruments", table=1)} == titles.keys()


@pytest.mark.parametrize("heading", ["Instruments", "Boards"])
def test_each_row_says_yes_with_evidence_or_no_with_what_was_tried(heading):
    assert rows(heading)
    for row in rows(heading):
        tried = row["tried on the real thing"]
        assert tried.partition(":")[0] in ("yes", "no"), row
        if tried.startswith("yes"):
            assert EVIDENCE.match(tried), f"model, firmware and day are missing: {row}"
        else:
            assert row["what it was tried on"], row


def test_the_page_says_so_while_nothing_was_tried():
    everything = [row["tried on the real thing"] for heading in ("Instruments", "Boards") for row in rows(heading)]
    said = "**Nothing on this page has been tried on the real thing yet.**" in PAGE
    assert said == all(tried.startswith("no") for tried in everything)
