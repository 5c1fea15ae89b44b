# SPDX-License-Identifier: Apache-2.0
"""The mutants of a source file: each replaces one expression by another that should make a test fail."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Mod: ast.Add,
    ast.Pow: ast.Mult,
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
# Checks, words of messages, and what is read but asked for by nobody: no results.
_HARMLESS_KEYWORDS = {"strict", "frozen", "repr", "slots", "encoding", "exchanges", "include_url", "include_input"}
_HARMLESS_CALLS = {"get_close_matches"}  # a hint in a message: "did you mean ...?"


@dataclass(frozen=True)
class Mutant:
    """The bytes `start` to `stop` of a file replaced by `after`; `where` is the function or class they are in."""

    path: str
    line: int
    where: str
    before: str
    after: str
    start: int
    stop: int
    statement: int  # the first line of the statement that it is in
    number: int = 1  # among equal ones of the same function

    @property
    def key(self) -> str:
        """Return a name that does not change when lines move."""
        again = f" ({self.number})" if self.number > 1 else ""
        return f"{self.path} {self.where}: {_one_line(self.before)} -> {_one_line(self.after)}{again}"

    def applied(self, source: bytes) -> bytes:
        """Return the file with this change."""
        return source[: self.start] + self.after.encode() + source[self.stop :]


def mutants_of(path: str, source: bytes) -> list[Mutant]:
    """Return every mutant of a Python file, in order."""
    lines = source.splitlines(keepends=True)
    begins = [0]
    for line in lines:
        begins.append(begins[-1] + len(line))
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for where, statement, node, after in _walk(ast.parse(source), "", 1):
        start = begins[node.lineno - 1] + node.col_offset
        stop = begins[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        before = source[start:stop].decode()
        if before == after:
            continue
        seen[where, before, after] += 1
        number = seen[where, before, after]
        found.append(Mutant(path, node.lineno, where, before, after, start, stop, statement, number))
    return found


def _walk(node: ast.AST, where: str, statement: int) -> Iterator[tuple[str, int, ast.expr, str]]:
    """Yield place, line of the statement, expression and its replacement; annotations and texts stay."""
    for child in _parts(node):
        inside = where
        line = child.lineno if isinstance(child, ast.stmt) else statement
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inside = f"{where}.{child.name}".strip(".")
        if isinstance(child, ast.If) and _is_guard(child):
            yield inside or "module", line, child.test, "False"
        if isinstance(child, ast.expr):
            yield from ((inside or "module", line, child, f"({ast.unparse(new)})") for new in _changed(child))
        yield from _walk(child, inside, line)


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the children of a node whose change could change a result."""
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "type_params", "bases"}:
            continue
        if isinstance(node, ast.Raise) or (isinstance(node, ast.If) and _names(node.test, "TYPE_CHECKING")):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.Call) and getattr(child.func, "attr", "") in _HARMLESS_CALLS:
                continue
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                if isinstance(child, ast.keyword) and child.arg in _HARMLESS_KEYWORDS:
                    continue
                yield child


def _changed(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left=left, ops=[operator, *others], comparators=right):
            for other in _COMPARISONS.get(type(operator), ()):
                yield ast.Compare(left, [other(), *others], right)
            for other in _COMPARISONS.get(type(others[0]), ()) if others else ():
                yield ast.Compare(left, [operator, other(), *others[1:]], right)
        case ast.BoolOp(op=operator, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS and not _text(node):
            yield ast.BinOp(left, _OPERATORS[type(operator)](), right)
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand
        case ast.Call(func=ast.Name(id="abs"), args=[argument]):
            yield argument
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords) if name in _CALLS:
            yield ast.Call(ast.Name(_CALLS[name]), arguments, keywords)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Constant(value=float() as value) if value:
            yield from (ast.Constant(value * 2), ast.Constant(value / 2))
        case _:
            pass


def _is_guard(node: ast.If) -> bool:
    """Return whether a condition only leaves the function or the turn of a loop early."""
    return len(node.body) == 1 and isinstance(node.body[0], _LEAVES) and not node.orelse


def _text(node: ast.BinOp) -> bool:
    """Return whether an operator joins or formats text or lists, where another one is only an error."""
    sides = (node.left, node.right)
    return any(
        isinstance(side, ast.JoinedStr | ast.List | ast.Tuple)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in sides
    )


def _names(node: ast.AST, name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node))


def _one_line(text: str) -> str:
    return " ".join(text.split())
