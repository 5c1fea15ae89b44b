# SPDX-License-Identifier: Apache-2.0
"""Who asks the linker for whom: the core and a port need each other in no circle where it can be helped."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.dut_build import FIRMWARE, needs_gcc

needs_avr = pytest.mark.skipif(
    shutil.which("avr-gcc") is None and not os.environ.get("ENERGY_RUNNER_CI"),
    reason="avr-gcc is missing: install the packages gcc-avr and avr-libc",
)


def objects(compiler: list[str], folders: Iterable[str], out: Path) -> list[Path]:
    """Compile each source of these folders by itself."""
    includes = [f"-I{FIRMWARE / folder}" for folder in folders]
    sources = [path for folder in folders for path in sorted((FIRMWARE / folder).glob("*.c"))]
    subprocess.run([*compiler, "-Os", *includes, "-c", *map(str, sources)], cwd=out, check=True, timeout=120)
    return sorted(out.glob("*.o"))


def needs_of(nm: str, files: list[Path]) -> dict[str, set[str]]:
    """Return for each object the objects that define what it asks for; a weak definition counts only alone."""
    defined: dict[str, tuple[bool, str]] = {}
    asked: dict[str, set[str]] = {}
    for file in files:
        listing = subprocess.run([nm, file], capture_output=True, text=True, check=True).stdout
        rows = [line.split()[-2:] for line in listing.splitlines()]
        asked[file.stem] = {name for kind, name in rows if kind == "U"}
        for kind, name in rows:
            if kind in "TDBRCVW":
                defined[name] = max(defined.get(name, (False, "")), (kind not in "VW", file.stem))
    return {
        stem: {defined[name][1] for name in names if name in defined} - {stem} for stem, names in asked.items()
    }


def reached(needs: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = needs[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen


@needs_avr
def test_the_io_manager_and_its_port_need_each_other_in_no_circle(tmp_path: Path) -> None:
    files = objects(
        ["avr-gcc", "-mmcu=atmega328p", "-DF_CPU=16000000UL"], ("io_manager", "port/atmega328p"), tmp_path
    )
    needs = needs_of("avr-nm", files)
    assert {"io_manager", "losses"} <= reached(needs, "main")
    assert [stem for stem in needs if stem in reached(needs, stem)] == []


@needs_gcc
def test_the_model_and_what_prints_need_nothing_of_the_monitor(tmp_path: Path) -> None:
    """th_load_tensor() returns its refusal instead of calling back, and th_printf() ends in er_vprintf()."""
    files = objects(["gcc", "-DEE_CFG_ENERGY_MODE=1"], ("dut", "port/template"), tmp_path)
    needs = needs_of("nm", files)
    monitor = {"er_infer", "er_monitor", "er_commands", "er_defaults"}
    assert "er_model" in reached(needs, "er_infer")
    assert needs["er_model"] == {"er_buffer", "er_results", "template_model"}
    assert needs["er_print"] == set()
    assert reached(needs, "template_model") == set()
    assert not monitor & needs["er_model"]
