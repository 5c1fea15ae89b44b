# SPDX-License-Identifier: Apache-2.0
"""Insert the documentation of a module or a type where a comment on a page asks for it.

- `<!-- api: instruments.roles -->`: a module, or a single type by its full name;
- `<!-- api: instruments.links.* -->`: every module of a package, future ones included;
- `<!-- api: energy_runner types -->`: the types that a package re-exports and whose own module no page documents.

The comment is invisible when the page is read in the repository.
"""

import inspect
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel
from sphinx.application import Sphinx

PUBLIC = "energy_runner"
MARK = re.compile(r"^<!-- api: (?P<name>[\w.]+?)(?P<each>\.\*)?(?P<types> types)? -->$", re.MULTILINE)


def resolve_lazy_names(app: Sphinx) -> None:
    """Make the names of the public API, which resolve on first use, visible to Sphinx."""
    package = import_module(PUBLIC)
    for name in package.__all__:
        setattr(package, name, getattr(package, name))


def replace_marks(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace the comments of a page by directives of Sphinx."""
    source[0] = MARK.sub(lambda mark: "\n".join(_documentation(mark, Path(app.srcdir))), source[0])


def re_exported_types(module: str) -> Iterator[type]:
    """Yield the types in a module's `__all__` that are defined elsewhere; they are documented there."""
    imported = import_module(module)
    for name in getattr(imported, "__all__", ()):
        thing = getattr(imported, name)
        if inspect.isclass(thing) and thing.__module__ != module:
            yield thing


def full_name(thing: type) -> str:
    """Return the name of a type with its module."""
    return f"{thing.__module__}.{thing.__qualname__}"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", resolve_lazy_names)
    app.connect("source-read", replace_marks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _documentation(mark: re.Match[str], pages: Path) -> Iterator[str]:
    name = mark["name"]
    if mark["each"]:
        for info in pkgutil.iter_modules(import_module(name).__path__, f"{name}."):
            yield f"## `{info.name}`\n"
            yield _of_module(info.name)
    elif mark["types"]:
        documented = set(_documented_modules(pages))
        for thing in re_exported_types(name):
            if thing.__module__ not in documented:
                yield _of_type(thing)
    elif thing := _type_named(name):
        yield _of_type(thing)
    else:
        yield _of_module(name)


def _documented_modules(pages: Path) -> Iterator[str]:
    for page in pages.glob("docs/**/*.md"):
        for mark in MARK.finditer(page.read_text("utf-8")):
            if mark["each"]:
                packages = import_module(mark["name"]).__path__
                yield from (info.name for info in pkgutil.iter_modules(packages, f"{mark['name']}."))
            elif not mark["types"]:
                yield mark["name"]


def _type_named(name: str) -> type | None:
    module, _, member = name.rpartition(".")
    thing = getattr(import_module(module), member, None) if module else None
    return thing if inspect.isclass(thing) else None


def _of_module(module: str) -> str:
    for thing in vars(import_module(module)).values():
        if getattr(thing, "__module__", "") == module:
            _show_plain_types(thing)
    lines = [f".. automodule:: {module}"]
    if module.endswith(".errors"):
        lines.append("   :show-inheritance:")
    if elsewhere := [thing.__name__ for thing in re_exported_types(module)]:
        lines.append(f"   :exclude-members: {', '.join(elsewhere)}")
    return _block(lines)


def _of_type(thing: type) -> str:
    _show_plain_types(thing)
    return _block([f".. autoclass:: {full_name(thing)}"])


def _block(lines: list[str]) -> str:
    return "\n".join(["```{eval-rst}", *lines, "```\n"])


def _show_plain_types(thing: Any) -> None:
    """Let the signature of a model say `float` instead of `Annotated[float, Gt(gt=0.0)]`."""
    if not inspect.isclass(thing) or not issubclass(thing, BaseModel):
        return
    hints = get_type_hints(thing)
    signature = inspect.signature(thing)
    plain = [p.replace(annotation=hints.get(p.name, p.annotation)) for p in signature.parameters.values()]
    thing.__signature__ = signature.replace(parameters=plain)
