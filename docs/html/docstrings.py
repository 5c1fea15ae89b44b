# SPDX-License-Identifier: Apache-2.0
"""Render docstrings as Markdown, as the pages are, where Sphinx expects reStructuredText."""

import re
from typing import Any

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Directive
from docutils.utils import new_document
from myst_parser.parsers.docutils_ import Parser
from pydantic import BaseModel
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

# A type, or a name with its module: `Deadline`, `instruments.clock`. Not `start`, which may be anything.
NAME = re.compile(r"[A-Z]\w*[a-z]\w*|\w+(\.\w+)+")
SETTINGS = get_default_settings(Parser)
SETTINGS.myst_highlight_code_blocks = False  # Sphinx does that


class Markdown(Directive):
    """Render a block as Markdown."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the nodes of the rendered text; a name in backticks becomes a link if it is documented."""
        document = new_document("docstring", SETTINGS)
        Parser().parse("\n".join(self.content), document)
        for literal in list(document.findall(nodes.literal)):
            name = literal.astext().partition("(")[0]
            if NAME.fullmatch(name):
                link = pending_xref("", refdomain="", reftype="perhaps", reftarget=name)
                literal.replace_self(link)
                link += literal
        return list(document.children)


def mark_as_markdown(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Wrap each docstring so that it is rendered as Markdown."""
    lines[:] = [".. markdown::", "", *(f"   {line}" for line in lines), ""]


def leave_out_pydantic(app: Sphinx, what: str, name: str, thing: Any, skip: bool, options: Any) -> bool | None:
    """Skip members that pydantic adds to every model; None leaves the decision to Sphinx."""
    return True if name.startswith("model_") and hasattr(BaseModel, name) else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("markdown", Markdown)
    app.connect("autodoc-process-docstring", mark_as_markdown)
    app.connect("autodoc-skip-member", leave_out_pydantic)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
