# SPDX-License-Identifier: Apache-2.0
"""Bench files and words for command lines that are refused, and what is left and said then."""

from collections.abc import Callable
from pathlib import Path

REAL = """
name = "desk"
[monitor]
driver = "lpm01a"
port = "/dev/no-such-monitor"
voltage_v = 3.0
[io_manager]
port = "/dev/no-such-arduino"
"""
VIRTUAL = REAL.replace("/dev/no-such-monitor", "virtual").replace("/dev/no-such-arduino", "virtual")

Refused = Callable[..., str]


def everything_in(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*")}


def the_line(err: str) -> str:
    """Return the one line that says what is wrong; before it only lines of phases may stand."""
    *phases, line = err.splitlines()
    assert line.startswith("energy-runner: ")
    assert not any("energy-runner" in phase or "Traceback" in phase for phase in phases), err
    return line


def run_words(**changes: str) -> tuple[str, ...]:
    words = {"benchmark": "kws01", "--bench": "virtual.toml", "--stimuli": "stimuli"} | changes
    benchmark = words.pop("benchmark")
    return ("run", benchmark, *(part for pair in words.items() for part in pair))
