# SPDX-License-Identifier: Apache-2.0
"""A driver is short: what many devices share stands in generic parts, and bytes in a protocol.

One that speaks neither SCPI nor to a shell, such as a PPK2, shares nothing with others and may be longer.

A protocol knows no link and no clock (`pyproject.toml`, import-linter), so every other file of a device that knows
one of them counts as driver.
"""

import ast
from pathlib import Path

import pytest

from instruments.registry import BUILT_IN, DriverSpec

ROOT = Path(__file__).parents[4]
MOST_SCPI_LINES = 120  # without exception: what is longer belongs into instruments/scpi/, or is a table
MOST_LINES = 150
# Behind servers whose dialogues no other device has: logins, licences, projects, recordings; lines of samples. A
# PPK2 has neither SCPI nor a shell: its bytes, its table of calibration and its clock are its own.
MORE_LINES = {"otii-arc": 420, "otii-ace": 420, "ptdaemon": 260, "ppk2": 500}
SCPI = [spec for spec in BUILT_IN if spec.link == "scpi"]
MONITORS = [spec for spec in BUILT_IN if "sampler" in spec.roles and spec.specification and spec not in SCPI]


def knows_link_or_clock(path: Path) -> bool:
    names = {
        node.module or ""
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    return any(name.startswith(("instruments.links", "instruments.clock")) for name in names)


def driver_lines(spec: DriverSpec) -> dict[str, int]:
    """Return the number of lines of each file that counts as driver."""
    folder = ROOT / spec.driver.partition(":")[0].replace(".", "/").rpartition("/")[0]
    files = [
        path for path in folder.glob("*.py") if not path.name.startswith("twin") and knows_link_or_clock(path)
    ]
    return {path.name: len(path.read_text("utf-8").splitlines()) for path in files}


@pytest.mark.parametrize("spec", SCPI, ids=lambda spec: spec.name)
def test_a_scpi_driver_has_at_most_120_lines(spec) -> None:
    lines = driver_lines(spec)
    assert "driver.py" in lines
    assert sum(lines.values()) <= MOST_SCPI_LINES, lines


@pytest.mark.parametrize("spec", MONITORS, ids=lambda spec: spec.name)
def test_any_other_monitors_driver_has_at_most_150_lines(spec) -> None:
    lines = driver_lines(spec)
    assert sum(lines.values()) <= MORE_LINES.get(spec.name, MOST_LINES), lines
