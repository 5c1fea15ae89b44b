# SPDX-License-Identifier: Apache-2.0
"""The firmware's headers: each stands alone, in C and in C++, and what they declare keeps its C name in C++."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dut_firmware.nn.generate.tflite_to_c import generate
from tests.support.dut_build import FIRMWARE, needs_gcc
from tests.support.tflite_writer import SmallModel, SmallOperator, SmallTensor

needs_gxx = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is missing: install the package g++")
pytestmark = needs_gcc

CORE = ("dut", "nn", "io_manager", "api")
HEADERS = sorted(path for folder in CORE for path in (FIRMWARE / folder).glob("*.h"))
INCLUDES = [f"-I{FIRMWARE / folder}" for folder in ("dut", "nn", "io_manager")]
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
DECLARED = re.compile(r"^[a-z][\w \*]*?\b(\w+)\([^;{]*\)(?: ER_PRINTF_LIKE)?;", re.MULTILINE)


def functions(header: Path) -> list[str]:
    text = re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.DOTALL)
    return DECLARED.findall(text)


def compiled(compiler: str, standard: str, source: Path, *flags: str) -> Path:
    out = source.with_suffix(".o")
    command = [compiler, f"-std={standard}", *STRICT, *INCLUDES, *flags, "-c", str(source), "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return out


def wanted(header: Path, tmp_path: Path, *flags: str) -> set[str]:
    """Return the names that a C++ program asks the linker for when it uses all functions of a header."""
    names = functions(header)
    assert names, header
    uses = ",\n    ".join(f"reinterpret_cast<void (*)()>(&{name})" for name in names)
    source = tmp_path / "uses.cpp"
    source.write_text(f'#include "{header}"\nvoid (*uses[])() = {{\n    {uses}}};\n')
    out = compiled("g++", "c++17", source, "-Wno-cast-function-type", *flags)
    listing = subprocess.run(["nm", "-u", out], capture_output=True, text=True, check=True)
    return {line.split()[-1] for line in listing.stdout.splitlines()}


def test_there_are_headers_to_look_at() -> None:
    assert len(HEADERS) >= 18
    assert {"er_port.h", "er_nn.h", "io_port.h", "submitter_implemented.h"} <= {path.name for path in HEADERS}


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
@pytest.mark.parametrize(
    ("compiler", "standard", "suffix"),
    [("gcc", "c11", ".c"), pytest.param("g++", "c++11", ".cpp", marks=needs_gxx)],
)
def test_a_header_stands_alone(header: Path, compiler: str, standard: str, suffix: str, tmp_path: Path) -> None:
    source = tmp_path / f"alone{suffix}"
    source.write_text(f'#include "{header}"\n#include "{header}"\nextern int nothing;\n')
    compiled(compiler, standard, source, *(["-Wstrict-prototypes"] if compiler == "gcc" else []))


@needs_gxx
@pytest.mark.parametrize("header", [path for path in HEADERS if functions(path)], ids=lambda path: path.name)
def test_its_functions_have_their_c_names_in_cpp(header: Path, tmp_path: Path) -> None:
    renamed = {"th_load_tensor"} if header.parent.name == "api" else set()
    names = set(functions(header)) - renamed
    asked = wanted(header, tmp_path)
    # A function that is defined in its header (io_ring.h) need not be asked for.
    assert not {name for name in asked if name.startswith("_Z")}
    assert names <= asked


@needs_gxx
def test_so_do_those_of_a_generated_network(tmp_path: Path) -> None:
    tensors = [SmallTensor((1, 8), 0.5, 3), SmallTensor((1, 8), 0.9, 3)]
    model = SmallModel(tensors, [SmallOperator("ADD", (0, 0), (1,), {0: ("b", 0)})]).bytes()
    generate(model, "small", tmp_path)
    header = tmp_path / "er_network.h"
    assert wanted(header, tmp_path) == {"er_network_input", "er_network_invoke", "er_network_output"}


def test_the_core_includes_nothing_of_a_port() -> None:
    """A port includes the core, never the other way."""
    of_the_core = {path.name for path in HEADERS} | {"er_network.h"}
    for folder in CORE:
        for path in sorted((FIRMWARE / folder).glob("*.[ch]")):
            named = re.findall(r'#include "(.+)"', path.read_text(encoding="utf-8"))
            assert {Path(name).name for name in named} <= of_the_core, path
            assert not any("port/" in name for name in named), path
