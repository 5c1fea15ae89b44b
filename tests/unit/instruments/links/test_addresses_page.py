# SPDX-License-Identifier: Apache-2.0
"""The page about addresses says what links do with them."""

from pathlib import Path

import pytest

from instruments.clock import RealClock
from instruments.links.address import AddressError
from instruments.links.make import LinkKind, make_link
from instruments.links.permission import RULES_FILE

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/reference/addresses.md").read_text("utf-8")
ROWS = [
    [cell.strip(" `") for cell in line.split("|")[2:6]] for line in PAGE.splitlines() if line.startswith("| ")
][1:]


def possible(kind: LinkKind, address: str) -> bool:
    try:
        make_link(kind, address, "instrument", RealClock())
    except AddressError:
        return False
    return True


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_table_is_what_links_do(row: list[str]) -> None:
    address, *stated = row
    kinds: tuple[LinkKind, ...] = ("stream", "scpi", "vendor")
    assert stated == ["yes" if possible(kind, address) else "no" for kind in kinds]


def test_the_rules_are_where_the_page_says() -> None:
    assert len(ROWS) == 12
    assert str(RULES_FILE.relative_to(ROOT)) in PAGE
