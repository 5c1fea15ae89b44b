# SPDX-License-Identifier: Apache-2.0
"""The Zephyr module without Zephyr: what its CMake and Kconfig ask for, compiled against stand-ins for headers."""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.dut_build import FIRMWARE

MODULE = FIRMWARE / "zephyr"
SAMPLE = MODULE / "samples" / "monitor"
STUB = Path(__file__).with_name("zephyr_stub")
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wshadow", "-Wstrict-prototypes"]
_LISTING = {"zephyr_library_sources": "source", "zephyr_compile_definitions": "define"}
_LISTING |= {"zephyr_include_directories": "include", "zephyr_library_named": "library"}


@dataclass
class Wanted:
    """What CMakeLists.txt tells Zephyr to compile."""

    library: list[str] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    define: list[str] = field(default_factory=list)
    include: list[str] = field(default_factory=list)


def kconfig() -> dict[str, str]:
    """Return each option of Kconfig with its block of text."""
    text = (MODULE / "Kconfig").read_text(encoding="utf-8")
    blocks = re.split(r"^(?:menu)?config ", text, flags=re.MULTILINE)[1:]
    return {block.split()[0]: block for block in blocks}


def configuration(*, on: bool = True, **chosen: object) -> dict[str, str]:
    """Return CONFIG_… as C sees them: unconditional defaults, then what is chosen. What is off is absent."""
    options: dict[str, str] = {}
    for name, block in kconfig().items():
        defaults = re.findall(r"^\tdefault (.+)$", block, re.MULTILINE)
        unconditional = [value for value in defaults if " if " not in value]
        if unconditional:
            options[f"CONFIG_{name}"] = "1" if unconditional[0] == "y" else unconditional[0]
    for name, value in chosen.items():
        options[f"CONFIG_ENERGY_RUNNER_DUT_{name}"] = str(value)
    if on:
        options["CONFIG_ENERGY_RUNNER_DUT"] = "1"
    return {name: value for name, value in options.items() if value != "n"}


def wanted(options: dict[str, str], folder: Path) -> Wanted:
    """Run the module's CMakeLists.txt with stand-ins for Zephyr's commands."""
    said = ' foreach(word ${ARGN})\n  message("%s ${word}")\n endforeach()'
    driver = [f"function({command})\n{said % kind}\nendfunction()" for command, kind in _LISTING.items()]
    driver += [f"set({name} {value})" for name, value in options.items()]
    script = folder / "driver.cmake"
    script.write_text("\n".join([*driver, f"include({MODULE / 'CMakeLists.txt'})", ""]))
    done = subprocess.run(["cmake", "-P", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    answer = Wanted()
    for line in done.stderr.splitlines():
        kind, _, word = line.partition(" ")
        getattr(answer, kind).append(word)
    return answer


def compiled(options: dict[str, str], folder: Path, *sources: Path) -> Path:
    """Compile and link the sample, the module and `sources`; return the program."""
    asked = wanted(options, folder)
    autoconf = folder / "autoconf.h"
    autoconf.write_text("".join(f"#define {name} {value}\n" for name, value in options.items()))
    command = ["gcc", *STRICT, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    command += ["-include", str(autoconf), f"-I{STUB}", *(f"-D{define}" for define in asked.define)]
    command += [*(f"-I{path}" for path in asked.include), *asked.source, str(SAMPLE / "src" / "main.c")]
    command += [str(STUB / "stub.c"), *map(str, sources), "-o", str(folder / "dut")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder / "dut"
