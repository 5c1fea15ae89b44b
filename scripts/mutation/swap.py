# SPDX-License-Identifier: Apache-2.0
"""Put a mutant into a process that has imported its file already.

Functions get their new code in place. A constant of a module is computed again, with those that follow from it,
and handed to the modules that imported it. What else runs at import (defaults, classes) needs an import of the
broken file: others have made something of it.
"""

import ast
import gc
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FunctionType, ModuleType


def changed_functions(path: str, before: bytes, after: bytes) -> list[tuple[CodeType, CodeType]] | None:
    """Return old and new code of each function that a change touches; None if it changes what runs at import."""
    return _changed(compile(before, path, "exec"), compile(after, path, "exec"))


def _changed(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """Compare the code of a module or class, and that of the functions in it."""
    if old.co_code != new.co_code or old.co_names != new.co_names or _plain(old) != _plain(new):
        return None
    found: list[tuple[CodeType, CodeType]] = []
    for was, now in zip(_inner(old), _inner(new), strict=True):
        if not was.co_flags & CO_OPTIMIZED or was.co_name.startswith("<generic parameters"):
            inside = _changed(was, now)
            if inside is None:
                return None
            found += inside
        elif was != now:
            if was.co_name not in {"<lambda>"} and was.co_name.startswith("<"):
                return None  # a generator expression that runs at import
            found.append((was, now))
    return found


def _inner(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _plain(code: CodeType) -> list[str]:
    return [repr(constant) for constant in code.co_consts if not isinstance(constant, CodeType)]


class Live:
    """The functions of this process by the code they run."""

    def __init__(self, paths: Iterable[str]) -> None:
        wanted = set(paths)
        self._by_code: dict[CodeType, list[FunctionType]] = defaultdict(list)
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and one.__code__.co_filename in wanted:
                self._by_code[one.__code__].append(one)

    def swap(self, changes: Iterable[tuple[CodeType, CodeType]]) -> bool:
        """Give every function its new code; return whether all were found and took it."""
        for old, new in changes:
            functions = self._by_code.get(old, [])
            if not functions or len(old.co_freevars) != len(new.co_freevars):
                return False
            for function in functions:
                function.__code__ = new
        return True


class Constants:
    """The modules of the project in this process, and the names that each uses while it is imported."""

    def __init__(self, root: Path) -> None:
        self._modules: dict[str, ModuleType] = {}
        self._used: dict[str, set[str]] = {}
        self._renamed: dict[str, set[str]] = {}
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            if file and file.endswith(".py") and Path(file).is_relative_to(root):
                text = Path(file).read_text("utf-8")
                self._modules[file] = module
                self._used[file] = {name for part in ast.parse(text).body for name in _at_import(part)}
                self._renamed[file] = set(re.findall(r"\b(\w+) as \w", text))

    def compute(self, path: str, before: bytes, after: bytes) -> bool:
        """Compute what a change touches again; return whether that was possible."""
        plan = _assignments(ast.parse(before), ast.parse(after))
        if plan is None:
            return False
        module = self._modules[path]
        for name, statement in plan:
            old = vars(module).get(name)
            exec(compile(ast.Module([statement], []), path, "exec"), vars(module))  # noqa: S102
            for file, other in self._modules.items():
                if other is module:
                    continue
                if name in self._renamed[file]:
                    return False
                if name in vars(other) and vars(other)[name] is old:
                    if name in self._used[file]:
                        return False
                    setattr(other, name, vars(module)[name])
        return True


def _assignments(before: ast.Module, after: ast.Module) -> list[tuple[str, ast.stmt]] | None:
    """Return the assignments to make again, in order; None if a change touches more than constants of a module."""
    plan: list[tuple[str, ast.stmt]] = []
    names: set[str] = set()
    for was, now in zip(before.body, after.body, strict=True):
        if ast.dump(was) == ast.dump(now) and not names.intersection(_at_import(now)):
            continue
        targets = (
            now.targets if isinstance(now, ast.Assign) else [now.target] if isinstance(now, ast.AnnAssign) else []
        )
        if len(targets) != 1 or not isinstance(targets[0], ast.Name):
            return None
        names.add(targets[0].id)
        plan.append((targets[0].id, now))
    return plan or None


def _at_import(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement uses when its module is imported."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        outside: list[ast.AST] = [*getattr(node, "decorator_list", []), *node.args.defaults]
        outside += [default for default in node.args.kw_defaults if default is not None]
        for part in outside:
            yield from _at_import(part)
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id
    for part in ast.iter_child_nodes(node):
        yield from _at_import(part)
