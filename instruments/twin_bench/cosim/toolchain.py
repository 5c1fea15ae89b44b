# SPDX-License-Identifier: Apache-2.0
"""Find the compilers and libraries that the co-simulation needs, name missing ones, and build once per input.

What is built is kept in the user's cache under a digest of everything that went into it, so that a bench opens at
once the second time, while a changed source, model or compiler causes a new build.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

import instruments
from instruments.errors import InstrumentError, Refused, Unavailable

FIRMWARE = Path(instruments.__file__).resolve().parent.parent / "dut_firmware"
WITHOUT = "the bench virtual-lpm01a, which needs no compiler"
_BUILD_LIMIT_S = 300
_SOURCES = (".c", ".h", ".py", ".mk", ".ld", ".S")


@dataclass(frozen=True)
class Tool:
    """A program, the Debian packages that provide it and what it depends on, and its purpose."""

    program: str
    packages: str
    purpose: str


TOOLS = {
    "make": Tool("make", "make", "build firmware"),
    "cc": Tool("cc", "gcc", "build the emulators' hooks"),
    "avr": Tool("avr-gcc", "gcc-avr avr-libc", "build the IO manager's firmware"),
    "arm": Tool("arm-none-eabi-gcc", "gcc-arm-none-eabi libnewlib-arm-none-eabi", "build the DUT's firmware"),
}
# The libraries that a C file is linked with, and the Debian packages that provide them.
LIBRARIES = {"simavr": "libsimavr-dev libelf-dev", "elf": "libelf-dev"}


def needed(name: str) -> Path:
    """Return the program `name` of `TOOLS`; if missing, raise `Unavailable` with the packages to install."""
    tool = TOOLS[name]
    found = shutil.which(tool.program)
    if found is None:
        raise Unavailable(
            tool.purpose,
            f"the program {tool.program} is not installed",
            f"sudo apt-get install {tool.packages}; or {WITHOUT}",
        )
    return Path(found)


def host_library(source: Path, libraries: tuple[str, ...] = ()) -> Path:
    """Return the shared library built from one C file for this computer, linked with `libraries`.

    Raises `Unavailable` if the compiler or one of the libraries is missing, `Refused` if the file does not
    compile.
    """
    compiler = needed("cc")
    command = [str(compiler), "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", str(source)]
    command += [f"-l{name}" for name in libraries]

    def build(folder: Path) -> None:
        done = _run([*command, "-o", str(folder / "library.so")])
        if done.returncode == 0:
            return
        missing = [name for name in libraries if f"-l{name}" in done.stderr or f"{name}/" in done.stderr]
        if missing:
            packages = " ".join(dict.fromkeys(" ".join(LIBRARIES[name] for name in missing).split()))
            raise Unavailable(
                f"build {source.name}",
                f"the library {' and '.join(missing)} is not installed",
                f"sudo apt-get install {packages}; or {WITHOUT}",
            )
        raise Refused(f"build {source.name}", _first_error(done.stderr))

    key = _digest([source], [*command, _version(compiler)])
    return _kept(f"{source.stem}-{key}", build) / "library.so"


def firmware(target: str, product: str, tools: tuple[str, ...], variables: Mapping[str, str | Path]) -> Path:
    """Return the file `product` that `make target` in `dut_firmware` builds with these variables.

    A variable that is a `Path` names an input file of the build. Raises `Unavailable` for a missing compiler,
    `Refused` with the build's own message for a model that cannot be built.
    """
    make = needed("make")
    programs = [needed(tool) for tool in tools]
    files = [path for path in sorted(FIRMWARE.rglob("*")) if path.suffix in _SOURCES or path.name == "Makefile"]
    files = [path for path in files if "build" not in path.relative_to(FIRMWARE).parts]
    inputs = [value for value in variables.values() if isinstance(value, Path)]
    words = [f"{name}={value}" for name, value in variables.items() if not isinstance(value, Path)]
    words += [f"{name}={value.name}" for name, value in variables.items() if isinstance(value, Path)]
    key = _digest([*files, *inputs], [target, *words, *(_version(program) for program in programs)])

    def build(folder: Path) -> None:
        settings = [f"{name}={_absolute(value)}" for name, value in variables.items()]
        settings += [f"OUT={folder}", f"PYTHON={sys.executable}"]
        done = _run([str(make), "--no-print-directory", "-C", str(FIRMWARE), target, *settings])
        if done.returncode != 0:
            raise Refused(f"build the firmware '{target}'", _first_error(done.stderr), "another model or target")

    return _kept(f"{target}-{key}", build) / product


def _absolute(value: str | Path) -> str:
    return str(value.resolve()) if isinstance(value, Path) else value


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - the command is ours, its files were named by the user
            command, capture_output=True, text=True, errors="replace", timeout=_BUILD_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"run {Path(command[0]).name}", str(error)) from error


def _version(program: Path) -> str:
    return _run([str(program), "--version"]).stdout.partition("\n")[0]


def _first_error(text: str) -> str:
    """Return the most informative line: the first with "error:", without the path of the source folder."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "error:" in line.lower()] or lines or ["it failed without a message"]
    return telling[0].replace(f"{FIRMWARE}{os.sep}", "")


def _digest(files: list[Path], words: list[str]) -> str:
    """Return 20 hex digits that change with any file's name or content, and with any word."""
    digest = hashlib.sha256()
    for word in words:
        digest.update(word.encode() + b"\0")
    for path in files:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Unavailable(f"read {path}", error.strerror or str(error)) from error
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()[:20]


def _kept(name: str, build: Callable[[Path], None]) -> Path:
    """Return the folder `name` in the cache; if it is new, `build(folder)` fills it.

    It is built under another name and renamed, so that the folder is either complete or absent, even if another
    process builds it at the same time.
    """
    cache = user_cache_path("energy-runner") / "cosim"
    folder = cache / name
    if folder.is_dir():
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="building-") as temporary:
            made = Path(temporary) / "made"
            made.mkdir()
            build(made)
            if not folder.is_dir():
                made.rename(folder)
    except OSError as error:
        if folder.is_dir():  # another process was faster
            return folder
        if isinstance(error, InstrumentError):
            raise
        raise Unavailable(f"write the build into {cache}", str(error), "make that folder writable") from error
    return folder
