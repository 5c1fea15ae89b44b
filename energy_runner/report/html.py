# SPDX-License-Identifier: Apache-2.0
"""`report.html`: one file that opens offline and shows everything about a session.

The same facts give the same bytes, with the same versions of matplotlib, plotly and zlib: nothing in it depends
on the day, the machine or chance. A content security policy allows only this page's own scripts, by their hash,
and no connection of any kind. The plotting library is packed in the page, a third of its size; the page's
script unpacks it. Until then, on paper, and where no script runs, still pictures stand in the places of the
plots.
"""

import base64
import gzip
import hashlib
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from energy_runner.errors import ConfigurationError
from energy_runner.report.charts.figures import plot_data
from energy_runner.report.contents import contents, page_marks
from energy_runner.report.headline import score
from energy_runner.report.markup import Html, explanations, join, json_script, tag
from energy_runner.report.sections import (
    accuracy,
    bench,
    budget,
    check,
    inferences,
    layers,
    power,
    published,
    rails,
    windows,
)
from energy_runner.report.sections import result as result_section
from energy_runner.report.story import Story, tell
from energy_runner.session.folder import REPORT, Session, write_bytes
from energy_runner.session.result import Result
from energy_runner.session.seal import HTML_MARK, ZEROS, stamped

_LEVEL = 4  # 6 saves 4 % more and takes three times as long, at the end of every run
SECTIONS = (
    published.published,
    power.plots,
    rails.rails,
    windows.windows,
    inferences.inferences,
    layers.layers,
    accuracy.accuracy,
    check.verdicts,
    check.findings,
    budget.uncertainty,
    bench.truth,
    bench.devices,
    bench.settings,
    bench.stimuli,
    bench.provenance,
)


def write_html(session: Session, result: Result, *, story: Story | None = None) -> Path:
    """Write the session's report and return its path; `story` spares reading the session again.

    Raises `SessionError` for facts that cannot be read and `BenchFault` if the file cannot be written.
    """
    path = session.path / REPORT
    write_bytes(path, page_bytes(session, result, story=story))
    return path


def page_bytes(session: Session, result: Result, *, story: Story | None = None) -> bytes:
    """Return the session's report, with the digest of its own bytes and that of the result that it shows.

    Raises `SessionError` for facts that cannot be read.
    """
    return stamped(render(tell(session, result) if story is None else story), HTML_MARK)


def render(story: Story) -> bytes:
    """Return the page, encoded in UTF-8."""
    data = plot_data(story)
    library = "" if data is None else plotly_js()
    scripts = [] if data is None else [_asset("report.js")]
    top = result_section.top(story)
    sections = join(part(story) for part in SECTIONS)
    terms = explanations(top + sections)
    foot = tag("footer", tag("p", f"Session {story.record.session_id}, {story.record.software}."), _digests(story))
    blocks = [] if data is None else [json_script("plot-data", data), packed("plot-library", library)]
    page = join(
        (
            Html("<!DOCTYPE html>\n"),
            Html('<html lang="en">\n<head>\n<meta charset="utf-8">\n'),
            tag(
                "meta",
                http_equiv="Content-Security-Policy",
                content=policy([library, *scripts][: 2 * len(scripts)]),
            ),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("meta", name="generator", content=story.record.software),
            tag("meta", name="result", content=story.result.sha256 or ""),
            tag("meta", name="sha256", content=ZEROS),
            tag("title", _title(story)),
            Html(
                f"<style>\n{_asset('report.css')}{page_marks(story.record.session_id)}</style>\n</head>\n<body>\n"
            ),
            tag("main", top, contents(sections + terms), sections, terms, foot),
            *blocks,
            *(script(text) for text in scripts),
            Html("\n</body>\n</html>\n"),
        )
    )
    return page.encode("utf-8")


def _digests(story: Story) -> Html:
    """Return what the report belongs to: the facts and the result, by their digests."""
    seal = story.record.seal
    facts = seal.sha256 if seal is not None else "not sealed"
    return tag("p", f"Facts (SHA-256) {facts}; result {story.result.sha256 or 'not written'}.")


@cache
def plotly_js() -> str:
    """Return the plotting library's script; importing the package itself would take longer."""
    spec = find_spec("plotly")
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        file = Path(place) / "package_data" / "plotly.min.js"
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise ConfigurationError("plotly.min.js was not found. Try: pip install --force-reinstall plotly")


@cache
def packed(identifier: str, text: str) -> Html:
    """Return a block from which the page's script unpacks a text: a third of its size, with base64.

    The text is the same in every page, and packing it takes a fifth of the time that a page takes.
    """
    packed = base64.b64encode(gzip.compress(text.encode("utf-8"), _LEVEL, mtime=0)).decode("ascii")
    return Html(f'<script type="application/gzip" id="{identifier}">{packed}</script>\n')


def _asset(name: str) -> str:
    return resources.files("energy_runner.report").joinpath("assets", name).read_text(encoding="utf-8")


def script(text: str) -> Html:
    """Return an element with a script."""
    return Html(f"<script>{text}</script>\n")


def policy(scripts: list[str]) -> str:
    """Return the content security policy that allows these scripts alone, and no connection of any kind."""
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") for text in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes) or "'none'"
    # The plotting library sets styles of elements, and makes images of plots for download.
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; form-action 'none'; base-uri 'none'"
    )


def page_policy() -> str:
    """Return a policy under which only the scripts of a report of this version run, for who serves a report."""
    return policy([plotly_js(), _asset("report.js")])


def _title(story: Story) -> str:
    measured = score(story.result) if story.result.valid else None
    words = measured[0] if measured else "no valid score"
    kind = "simulated " if story.result.virtual or story.record.virtual else ""
    return f"{story.record.benchmark.id} {story.result.mode}: {kind}{words}"
