# SPDX-License-Identifier: Apache-2.0
"""A driver of a monitor is short: what many devices share stands in generic parts, and bytes in a protocol.

One that speaks neither SCPI nor to a shell, such as a PPK2, shares nothing with others and may be longer.

A protocol knows no link and no clock (`pyproject.toml`, import-linter), so every other file of a device that knows
one of them counts as driver.
"""

import ast
from pathlib import Path

import pytest

from instruments.registry import BUILT_IN

ROOT = Path(__file__).parents[4]
MOST_LINES, MOST_LINES_ALONE = 150, 450
MONITORS = [spec for spec in BUILT_IN if "sampler" in spec.roles and spec.specification]


def knows_link_or_clock(path: Path) -> bool:
    names = {
        node.module or ""
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    return any(name.startswith(("instruments.links", "instruments.clock")) for name in names)


@pytest.mark.parametrize("spec", MONITORS, ids=lambda spec: spec.name)
def test_a_monitors_driver_is_short(spec) -> None:
    folder = ROOT / spec.specification.replace(".", "/")
    files = [
        path for path in folder.glob("*.py") if not path.name.startswith("twin") and knows_link_or_clock(path)
    ]
    lines = {path.name: len(path.read_text("utf-8").splitlines()) for path in files}
    assert "driver.py" in lines
    text = "".join(path.read_text("utf-8") for path in files)
    alone = "instruments.scpi" not in text and "instruments.shell" not in text
    assert sum(lines.values()) <= (MOST_LINES_ALONE if alone else MOST_LINES), lines
