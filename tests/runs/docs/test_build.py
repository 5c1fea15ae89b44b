"""The documentation builds as HTML: strictly, without the network, and everything in it leads somewhere."""

import re
import shlex
import subprocess
import sys
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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("docs") / "html"
    done = build(ROOT, out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_markdown_page_is_there(site, pages):
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for page in found:
        assert (site / page.relative_to(ROOT)).with_suffix(".html") in pages
    assert "docs/index.html" in (site / "index.html").read_text("utf-8")


def test_nothing_is_loaded_from_elsewhere(site, pages):
    assert sum(len(page.assets) for page in pages.values()) > 100
    for path, page in pages.items():
        for asset in page.assets:
            assert not FOREIGN.match(asset), f"{path.relative_to(site)} loads {asset}"
            assert (path.parent / asset.partition("?")[0]).is_file(), f"{path.relative_to(site)}: {asset}"
    for sheet in site.rglob("*.css"):
        loaded = re.findall(r"(?:url\(|@import)\s*[\"']?([^)\"';]+)", sheet.read_text("utf-8"))
        assert not [target for target in loaded if FOREIGN.match(target)], sheet.name
    for script in site.rglob("*.js"):
        text = script.read_text("utf-8")
        assert not re.search(r"[\"'](https?:)?//[^\"']+\.(js|css|woff2?|json)\b", text), script.name


def test_every_link_leads_somewhere(site, pages):
    dead = set()
    for path, page in pages.items():
        for link in page.links:
            target, _, place = link.partition("#")
            if re.match(r"[a-z]+:", link):
                continue
            file = (path.parent / target).resolve() if target else path
            there = file.is_file() and (not place or file not in pages or place in pages[file].places)
            if not there:
                dead.add(f"{path.relative_to(site)}: {link}")
    assert not dead


def test_the_public_surface_is_documented(pages):
    places = {place for page in pages.values() for place in page.places}
    for name in energy_runner.__all__:
        thing = getattr(energy_runner, name)
        assert {f"energy_runner.{name}", f"{thing.__module__}.{name}"} & places, name
    assert {"energy_runner.errors.ConfigurationError", "instruments.errors.TimedOut"} <= places
    for module in ("instruments.roles", "instruments.registry"):
        assert f"module-{module}" in places
    for package in ("instruments/links", "instruments/conformance"):
        for file in (ROOT / package).glob("[!_]*.py"):
            assert f"module-{package.replace('/', '.')}.{file.stem}" in places, file


def test_docstrings_are_rendered_as_markdown(site):
    text = (site / "docs/reference/api/energy_runner.html").read_text("utf-8")
    assert 'energy_runner.errors.SessionError"><code' in text, "names in backticks are links"
    assert "`" not in re.sub(r"<[^>]*>", "", text)


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
        "energy_runner.Result is not documented",
    ):
        assert words in done.stderr
