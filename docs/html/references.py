# SPDX-License-Identifier: Apache-2.0
"""Resolve names in signatures, and in backticks in docstrings; public types must be documented."""

from api_pages import PUBLIC, full_name, re_exported_types
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

OWN = ("energy_runner.", "instruments.")
# Packages whose types may appear in a public signature without being documented.
INTERNAL = (
    "energy_runner.director.",
    "energy_runner.benchmarks.",
    "instruments.devices.",
    "instruments.twin_bench.",
)

logger = logging.getLogger(__name__)


def resolve_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Element | None:
    """Return a link for a name in backticks if exactly one object has it; plain text for foreign types.

    Return None for one of our own types that a public signature names but no page documents: a strict build fails.
    """
    target = node["reftarget"]
    if node["reftype"] != "perhaps":
        private = target.rpartition(".")[2].startswith("_") or target.startswith(INTERNAL)
        return None if target.startswith(OWN) and not private else content
    found = {
        (entry.docname, entry.node_id)
        for name, entry in env.domains.python_domain.objects.items()
        if f".{name}".endswith(f".{target}") and entry.objtype not in ("attribute", "property")
    }
    if len(found) != 1:
        return content
    [(docname, node_id)] = found
    return make_refnode(app.builder, node["refdoc"], docname, node_id, content)


def find_undocumented(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of every type of the public API that no page documents."""
    documented = env.domains.python_domain.objects
    for name in map(full_name, re_exported_types(PUBLIC)):
        if name not in documented:
            logger.warning("%s is public and not documented; a page needs <!-- api: %s -->", name, name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("missing-reference", resolve_name)
    app.connect("env-check-consistency", find_undocumented)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
