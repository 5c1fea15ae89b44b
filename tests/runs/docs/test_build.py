# SPDX-License-Identifier: Apache-2.0
"""The documentation builds as HTML: strictly, without the network, and everything in it leads somewhere."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

import energy_runner
from tests.support.places import ROOT

ASSETS = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}
FOREIGN = re.compile(r"^(https?:)?//")


def build(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Run what `scripts/docs` runs, on other folders."""
    script = (ROOT / "scripts" / "docs").read_text("utf-8")
    [command] = re.findall(r"-m sphinx (.*); then", script)
    words = [word.replace("$out", str(out)) for word in shlex.split(command)]
    assert words[-2:] == [".", str(out)]
    assert {"-W", "-n", "--fresh-env"} < set(words)
    words[-2] = str(source)
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


class Page(HTMLParser):
    """What a page loads, where its links lead, and the places in it that a link may name."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.assets: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if (target := named.get(ASSETS.get(tag, ""))) and target != "#":
            self.assets.append(target)
        if tag == "a" and (target := named.get("href")):
            self.links.append(target)
        if place := named.get("id"):
            self.places.add(place)


def missing_pages(site: Path, pages: dict[Path, Page]) -> Iterator[str]:
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        if (site / page.relative_to(ROOT)).with_suffix(".html") not in pages:
            yield f"no page was made of {page}"
    if "docs/index.html" not in (site / "index.html").read_text("utf-8"):
        yield "index.html does not lead to docs/index.html"


def foreign_assets(site: Path, pages: dict[Path, Page]) -> Iterator[str]:
    for path, page in pages.items():
        for asset in page.assets:
            if FOREIGN.match(asset) or not (path.parent / asset.partition("?")[0]).is_file():
                yield f"{path.name} loads {asset}"
    for sheet in site.rglob("*.css"):
        for target in re.findall(r"(?:url\(|@import)\s*[\"']?([^)\"';]+)", sheet.read_text("utf-8")):
            if FOREIGN.match(target):
                yield f"{sheet.name} loads {target}"
    for script in site.rglob("*.js"):
        if re.search(r"[\"'](https?:)?//[^\"']+\.(js|css|woff2?|json)\b", script.read_text("utf-8")):
            yield f"{script.name} names a file elsewhere"


def dead_links(site: Path, pages: dict[Path, Page]) -> Iterator[str]:
    for path, page in pages.items():
        for link in page.links:
            target, _, place = link.partition("#")
            file = (path.parent / target).resolve() if target else path
            there = file.is_file() and (not place or file not in pages or place in pages[file].places)
            if not there and not re.match(r"[a-z]+:", link):
                yield f"{path.name}: {link}"


def undocumented(pages: dict[Path, Page]) -> Iterator[str]:
    places = {place for page in pages.values() for place in page.places}
    for name in energy_runner.__all__:
        thing = getattr(energy_runner, name)
        if not {f"energy_runner.{name}", f"{thing.__module__}.{name}"} & places:
            yield f"energy_runner.{name} is not documented"
    modules = {"energy_runner.errors", "instruments.errors", "instruments.roles", "instruments.registry"}
    for package in ("instruments/links", "instruments/conformance"):
        files = (ROOT / package).glob("[!_]*.py")
        modules |= {f"{package.replace('/', '.')}.{file.stem}" for file in files}
    yield from (f"{name} is not documented" for name in sorted(modules) if f"module-{name}" not in places)


@pytest.mark.deep
def test_the_documentation_builds_is_whole_and_works_offline(tmp_path):
    site = tmp_path / "html"
    done = build(ROOT, site)  # once, in one test: it takes seconds
    assert done.returncode == 0, done.stderr
    pages = {path: Page(path) for path in site.rglob("*.html")}
    assert sum(len(page.assets) for page in pages.values()) > 100
    problems = [
        *missing_pages(site, pages),
        *foreign_assets(site, pages),
        *dead_links(site, pages),
        *undocumented(pages),
    ]
    assert not problems
    api = (site / "docs/reference/api/energy_runner.html").read_text("utf-8")
    assert 'energy_runner.errors.SessionError"><code' in api, "names in backticks are links"
    assert "`" not in re.sub(r"<[^>]*>", "", api), "docstrings are rendered as Markdown"


def test_a_mistake_fails_the_build(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(
        "# One\n\n[a](nowhere.md) [b](index.md#nothing)\n\n"
        "<!-- api: energy_runner -->\n\n<!-- api: energy_runner.session.folder -->\n",
        "utf-8",
    )
    done = build(tmp_path, tmp_path / "html")
    assert done.returncode != 0
    for words in (
        "nowhere.md",
        "nothing",
        "energy_runner.session.result.Result",  # named in a signature
        "energy_runner.session.result.Result is public and not documented",
    ):
        assert words in done.stderr
