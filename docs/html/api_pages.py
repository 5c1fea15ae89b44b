"""Where a page says `<!-- api: instruments.roles -->`, the documentation of that module is put.

`<!-- api: instruments.links.* -->` stands for every module of a package, future ones included. On a page that is
read in the repository the comment is invisible. A type that a package only re-exports is documented where it is
defined.
"""

import inspect
import pkgutil
import re
from importlib import import_module
from typing import get_type_hints

from docutils import nodes
from pydantic import BaseModel
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

PUBLIC = "energy_runner"
OWN = ("energy_runner", "instruments")
# Rooms whose types a public signature may name without their being documented.
INTERNAL = (
    "energy_runner.director.",
    "energy_runner.benchmarks.",
    "instruments.devices.",
    "instruments.twin_bench.",
)
MARK = re.compile(r"^<!-- api: (?P<module>[\w.]+?)(?P<each>\.\*)? -->$", re.MULTILINE)

logger = logging.getLogger(__name__)


def document_modules(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace the marks of a page."""
    source[0] = MARK.sub(_documentation, source[0])


def resolve_lazy_names(app: Sphinx) -> None:
    """Make the names of the public API, which resolve on first use, visible to Sphinx."""
    package = import_module(PUBLIC)
    for name in package.__all__:
        setattr(package, name, getattr(package, name))


def find_undocumented(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of every name of the public API that no page documents."""
    documented = env.domains.python_domain.objects
    for name in _re_exported_types(PUBLIC):
        full = f"{getattr(import_module(PUBLIC), name).__module__}.{name}"
        if full not in documented:
            module = full.rpartition(".")[0]
            logger.warning("energy_runner.%s is not documented; a page needs <!-- api: %s -->", name, module)


def resolve_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Element | None:
    """Return a link for a name in backticks if exactly one thing is called so; plain text for foreign types.

    None stands for a type of our own that a public signature names and no page documents: it ends a strict build.
    """
    target = node["reftarget"]
    if node["reftype"] != "perhaps":
        module, _, name = target.rpartition(".")
        ours = module.partition(".")[0] in OWN
        return None if ours and not name.startswith("_") and not target.startswith(INTERNAL) else content
    found = {
        (entry.docname, entry.node_id)
        for name, entry in env.domains.python_domain.objects.items()
        if f".{name}".endswith(f".{target}") and entry.objtype not in ("attribute", "property")
    }
    if len(found) != 1:
        return content
    [(docname, node_id)] = found
    return make_refnode(app.builder, node["refdoc"], docname, node_id, content)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", resolve_lazy_names)
    app.connect("source-read", document_modules)
    app.connect("missing-reference", resolve_name)
    app.connect("env-check-consistency", find_undocumented)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _documentation(mark: re.Match[str]) -> str:
    module = mark["module"]
    if not mark["each"]:
        return _automodule(module)
    names = [info.name for info in pkgutil.iter_modules(import_module(module).__path__, f"{module}.")]
    return "\n".join(f"## `{name}`\n\n{_automodule(name)}\n" for name in names)


def _automodule(module: str) -> str:
    for model in vars(import_module(module)).values():
        if inspect.isclass(model) and issubclass(model, BaseModel) and model.__module__ == module:
            _show_plain_types(model)
    lines = ["```{eval-rst}", f".. automodule:: {module}"]
    if module.endswith(".errors"):
        lines.append("   :show-inheritance:")
    if elsewhere := _re_exported_types(module):
        lines.append(f"   :exclude-members: {', '.join(elsewhere)}")
    return "\n".join([*lines, "```"])


def _re_exported_types(module: str) -> list[str]:
    imported = import_module(module)
    names = getattr(imported, "__all__", ())
    return [n for n in names if inspect.isclass(t := getattr(imported, n)) and t.__module__ != module]


def _show_plain_types(model: type[BaseModel]) -> None:
    """Let a model's signature say `float` where it would say `Annotated[float, Gt(gt=0.0)]`."""
    hints = get_type_hints(model)
    signature = inspect.signature(model)
    plain = [p.replace(annotation=hints.get(p.name, p.annotation)) for p in signature.parameters.values()]
    model.__signature__ = signature.replace(parameters=plain)
