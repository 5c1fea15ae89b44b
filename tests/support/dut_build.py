# SPDX-License-Identifier: Apache-2.0
"""Build the DUT firmware's host port, once for each set of settings, and talk to it in this process."""

import atexit
import ctypes
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from instruments.twin_bench.cosim.host_dut import HostDut
from tests.support.places import ROOT

FIRMWARE = ROOT / "dut_firmware"
READY = b"m-ready\r\n"
NAME = b"m-name-dut-[host port, no network]\r\n"
PROFILE = b"m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[kws01]\r\n"
MAX_INPUT_BYTES = 27648

needs_gcc = pytest.mark.skipif(
    shutil.which("gcc") is None or shutil.which("make") is None,
    reason="gcc or make is missing: install the packages gcc, libc6-dev and make",
)
needs_valgrind = pytest.mark.skipif(
    shutil.which("valgrind") is None and not os.environ.get("ENERGY_RUNNER_CI"),
    reason="valgrind is missing: install the package valgrind",
)


def run_make(*words: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "-C", str(FIRMWARE), "CC=gcc", f"PYTHON={sys.executable}", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def make(out: Path, *goals: str, mode: str = "energy", **variables: object) -> Path:
    """Build goals into a folder of their own; return it."""
    settings = [f"{name}={value}" for name, value in variables.items()]
    built = run_make(f"MODE={mode}", f"OUT={out}", *settings, *(f"{out}/{goal}" for goal in goals))
    assert built.returncode == 0, built.stdout + built.stderr
    return out


@functools.cache
def built(
    goal: str,
    mode: str,
    network: Path | None = None,
    benchmark: str = "",
    *,
    defines: str = "",
    sanitize: bool = True,
) -> Path:
    """One product of the host port; the folder lives as long as the test process."""
    folder = tempfile.TemporaryDirectory(prefix="dut-firmware-")
    atexit.register(folder.cleanup)
    settings: dict[str, object] = {"DEFINES": defines}
    if network:
        settings |= {"NETWORK": network, "BENCHMARK": benchmark}
    if not sanitize:
        settings |= {"SANITIZE": ""}
    return make(Path(folder.name), goal, mode=mode, **settings) / goal


class Firmware(HostDut):
    """The monitor as a shared library, with what the host port lets a test look at."""

    def boot_lines(self) -> bytes:
        self.boot()
        return self.take()

    def ask(self, data: bytes) -> bytes:
        self.feed(data)
        return self.take()

    def load(self, stimulus: bytes) -> None:
        self.feed(b"db load %d%%" % len(stimulus))
        for at in range(0, len(stimulus), 38):
            self.feed(b"db " + stimulus[at : at + 38].hex().encode() + b"%")
        assert self.take().endswith(b"m-load-done\r\n" + READY)

    def events(self) -> str:
        letters = ctypes.create_string_buffer(4097)
        self._library.er_host_events(letters, ctypes.c_size_t(len(letters)))
        return letters.value.decode()

    def print_results(self, values: list[float]) -> str:
        self._library.er_print_results((ctypes.c_float * len(values))(*values), ctypes.c_size_t(len(values)))
        return self.take().decode()

    def printf(self, form: bytes, value: object) -> str:
        self._library.th_printf(form, value)
        return self.take().decode()

    def defer(self, yes: bool) -> None:
        self._library.er_host_defer(int(yes))

    def run_deferred(self) -> bytes:
        self._library.er_host_run_deferred()
        return self.take()


def booted(mode: str, network: Path | None = None, benchmark: str = "", defines: str = "") -> Firmware:
    """Return a DUT of its own that has booted, its boot lines and events taken."""
    firmware = Firmware(built("libdut_host.so", mode, network, benchmark, defines=defines))
    firmware.boot_lines()
    firmware.events()
    return firmware
