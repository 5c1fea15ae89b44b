# SPDX-License-Identifier: Apache-2.0
"""The side bar of the HTML pages: each folder of docs/ is a chapter, and new pages are added automatically."""

from sphinx.application import Sphinx

API = (
    "index",
    "energy_runner",
    "benches",
    "sessions",
    "rules",
    "roles",
    "registry",
    "links",
    "scpi",
    "shell",
    "conformance",
)
CHAPTERS = {
    "Tutorials": ["tutorials/*"],
    "How to": ["how-to/*"],
    "Reference": ["reference/*", "/dut_firmware/README"],
    "API": [*(f"reference/api/{page}" for page in API), "reference/api/*"],
    "Explanations": ["explanations/*"],
    "The project": ["/README", "/CHANGELOG", "/CONTRIBUTING", "/SECURITY", "decisions/index"],
}


def add_side_bar(app: Sphinx, docname: str, source: list[str]) -> None:
    """Add what Sphinx needs for its side bar to the index, and to the index of decisions.

    It is added here because on a page that is read in the repository it would appear as a block of code.
    """
    if docname == "docs/index":
        for caption, pages in CHAPTERS.items():
            source[0] += _toctree(f":caption: {caption}", pages)
    elif docname == "docs/decisions/index":
        source[0] += _toctree("", ["000[1-9]*", "0*"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", add_side_bar)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _toctree(option: str, pages: list[str]) -> str:
    return "\n".join(["", "```{toctree}", ":hidden:", ":glob:", option, "", *pages, "```", ""])
