# SPDX-License-Identifier: Apache-2.0
"""Documents at the top of the repository: what other programs read of them, and what they promise."""

import re
import tomllib
from datetime import date

import pytest
import yaml

from instruments.registry import BUILT_IN
from tests.support.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CFF = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
# Citation File Format 1.2.0, schema guide: the keys of the document, of a person and of an entity.
CFF_REQUIRED = "authors cff-version message title"
CFF_OPTIONAL = """
    abstract commit contact date-released doi identifiers keywords license license-url preferred-citation
    references repository repository-artifact repository-code type url version
"""
PERSON = """
    address affiliation alias city country email family-names fax given-names name-particle name-suffix orcid
    post-code region tel website
"""
ENTITY = """
    address alias city country date-end date-start email fax location name orcid post-code region tel website
"""


def test_the_citation_is_valid_cff():
    assert set(CFF_REQUIRED.split()) <= CFF.keys()
    assert CFF.keys() <= set((CFF_REQUIRED + CFF_OPTIONAL).split())
    assert CFF["cff-version"] == "1.2.0"
    assert CFF["type"] in ("software", "dataset")
    assert all(
        isinstance(CFF[key], str) and CFF[key].strip() for key in ("message", "title", "abstract", "version")
    )
    assert len(CFF["authors"]) > 0
    for author in CFF["authors"]:
        assert author.keys() <= set((ENTITY if "name" in author else PERSON).split())
    assert len(CFF["keywords"]) == len(set(CFF["keywords"])) > 0


def test_the_citation_agrees_with_the_package():
    assert CFF["title"] == PROJECT["name"]
    assert CFF["version"] == PROJECT["version"]
    assert CFF["license"] == PROJECT["license"]
    assert [author["name"] for author in CFF["authors"]] == [author["name"] for author in PROJECT["authors"]]


def test_the_changelog_is_kept():
    """Keep a Changelog 1.1.0: a heading for each version, newest first, with known kinds of change."""
    headings = re.findall(r"^## \[([^]]+)\](?: - (.+))?$", CHANGELOG, re.MULTILINE)
    assert headings[0] == ("Unreleased", "")
    assert PROJECT["version"] in [version for version, _ in headings]
    for _, day in headings[1:]:
        assert day == "not released" or date.fromisoformat(day)
    kinds = set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE))
    kept = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert kinds <= kept | {"Figures", "Known"}


def test_contributing_names_every_room_and_scripts_that_exist():
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for script in re.findall(r"scripts/[\w-]+", page):
        assert (ROOT / script).is_file(), script
    for package in ("energy_runner", "instruments"):
        for room in (path.parent.name for path in (ROOT / package).glob("*/__init__.py")):
            assert re.search(rf"[`/ ]{room}/|{room}…", page), f"CONTRIBUTING.md lacks the room {package}/{room}"


def test_every_decision_is_listed():
    decisions = ROOT / "docs" / "decisions"
    listed = (decisions / "index.md").read_text("utf-8")
    for record in decisions.glob("[0-9]*.md"):
        if record.name != "0000-template.md":
            assert f"]({record.name})" in listed, record.name


@pytest.mark.parametrize("page", ["README.md", "docs/tutorials/measure-your-board.md"])
def test_a_page_that_lists_the_power_monitors_lists_all(page):
    text = (ROOT / page).read_text("utf-8")
    monitors = [one.name for one in BUILT_IN if "sampler" in one.roles and one.link != "none"]
    said = text.lower().replace(" ", "-")
    assert [name for name in monitors if name not in said] == []
    if "drivers for" in text:
        assert re.search(rf"There are drivers for\s+{len(monitors)} power monitors", text)


def test_the_page_on_twins_names_no_document_that_no_command_makes():
    assert "certificate" not in (ROOT / "docs" / "how-to" / "use-the-twin-bench.md").read_text("utf-8")
