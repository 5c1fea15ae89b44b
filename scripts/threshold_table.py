# SPDX-License-Identifier: Apache-2.0
"""The table of numbers in `energy_runner/analysis`: value, origin, and what changes if one is doubled."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import FunctionType

ROOT = Path(__file__).parent.parent
ANALYSIS = ROOT / "energy_runner" / "analysis"
TABLE = ROOT / "docs" / "reference" / "thresholds.md"
_ORIGINS = Path(__file__).parent / "thresholds.toml"
_DEFAULTS = {"PROBABILITY"}  # numbers that are also the default of an argument
_HEAD = """# Thresholds

Every number that stands at the top of a file in `energy_runner/analysis`, where it comes from, and what changes if
it is doubled. Limits of rules are not here: they stand in the [rule sets](rules.md) with their clauses.

The last column was measured: each number was doubled alone, and the two golden sessions (by the monitor's edges,
and by laps), a performance run and the inferences of {trains} made-up windows were analysed again. "nothing" means
that no figure moved by more than a millionth and no boundary by more than a thousandth of a sample here; in other
runs one may.

Written by `scripts/thresholds` from the code and `scripts/thresholds.toml`; a test fails while one is missing.
"""


@dataclass(frozen=True)
class Threshold:
    """A number of a file in `analysis`: its name, its text in the source, and the comment beside it."""

    path: str
    name: str
    text: str
    comment: str

    @property
    def key(self) -> str:
        """Return the name under which its origin is stated."""
        return f"{self.path} {self.name}"


def thresholds() -> Iterator[Threshold]:
    """Yield every number at the top level of a module of `analysis`, in order."""
    for path in sorted(ANALYSIS.rglob("*.py")):
        source = path.read_text("utf-8")
        lines = source.splitlines()
        for node in ast.parse(source).body:
            comment = lines[(node.end_lineno or 1) - 1].partition("#")[2].strip()
            for target, value in _assigned(node):
                if isinstance(target, ast.Name) and _is_number(value):
                    yield Threshold(str(path.relative_to(ANALYSIS)), target.id, ast.unparse(value), comment)


def _assigned(node: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the names that a statement assigns to with their values, one by one where there are several."""
    for target in node.targets if isinstance(node, ast.Assign) else ():
        value = node.value
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            yield from zip(target.elts, value.elts, strict=True)
        else:
            yield target, value


def _is_number(node: ast.expr) -> bool:
    """Return whether an expression is arithmetic with at least one number in it."""
    parts = list(ast.walk(node))
    arithmetic = (ast.Constant, ast.Name, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.expr_context)
    numbers = [part.value for part in parts if isinstance(part, ast.Constant)]
    return (
        all(isinstance(part, arithmetic) for part in parts)
        and bool(numbers)
        and all(type(value) in {int, float} for value in numbers)
    )


def origins() -> dict[str, tuple[str, str]]:
    """Return for each key of a threshold its meaning, empty if its comment says it, and its origin."""
    stated = tomllib.loads(_ORIGINS.read_text("utf-8"))
    return {
        key: (meaning, section["origin"])
        for section in stated.values()
        for key, meaning in section.items()
        if key != "origin"
    }


def row(threshold: Threshold, effect: str) -> str:
    """Return the row of a threshold."""
    meaning, origin = origins()[threshold.key]
    words = (meaning or threshold.comment).rstrip(".").replace("|", "\\|")
    return f"| `{threshold.path}` `{threshold.name}` | {threshold.text} | {words} | {origin} | {effect} |"


def doubled(threshold: Threshold) -> str:
    """Return what reference runs show if a threshold is doubled."""
    from scripts.threshold_runs import difference, observe

    owner = import_module(f"energy_runner.analysis.{threshold.path.removesuffix('.py').replace('/', '.')}")
    value = getattr(owner, threshold.name)
    held = [
        module
        for name, module in sys.modules.items()
        if name.startswith("energy_runner.")
        and (module is owner or (not threshold.name.startswith("_") and vars(module).get(threshold.name) == value))
    ]
    # Where it is the default of an argument, the function keeps it.
    functions = [
        part
        for part in vars(owner).values()
        if isinstance(part, FunctionType) and value in (part.__defaults__ or ())
    ]
    kept = [(function, function.__defaults__) for function in functions if threshold.name in _DEFAULTS]
    for module in held:
        setattr(module, threshold.name, value * 2)
    for function, defaults in kept:
        function.__defaults__ = tuple(2 * one if one == value else one for one in defaults or ())
    try:
        return difference(observe())
    finally:
        for module in held:
            setattr(module, threshold.name, value)
        for function, defaults in kept:
            function.__defaults__ = defaults


def main() -> None:
    """Write the table."""
    from scripts.threshold_runs import TRAINS

    rows = []
    for threshold in thresholds():
        rows.append(row(threshold, doubled(threshold)))
        print(rows[-1], flush=True)
    head = ["| number | value | what it is | origin | doubled |", "|---|---|---|---|---|"]
    TABLE.write_text("\n".join([_HEAD.format(trains=TRAINS), *head, *rows, ""]), "utf-8")


if __name__ == "__main__":
    main()
