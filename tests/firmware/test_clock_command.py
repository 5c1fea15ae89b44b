# SPDX-License-Identifier: Apache-2.0
"""`clock HZ` of the DUT firmware: a port that can set its clock is asked to, any other refuses."""

import subprocess
from pathlib import Path

from tests.support.dut_build import FIRMWARE, booted, needs_gcc

pytestmark = needs_gcc
PORT = Path(__file__).parent / "clock_port.c"


def answers(folder: Path, *commands: str, defines: str = "-DSETS_ITS_CLOCK") -> list[str]:
    """Return what a port says to the commands, without the `m-ready` that ends each answer."""
    core = [path for path in sorted((FIRMWARE / "dut").glob("*.c")) if path.stem != "er_model"]
    warnings = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-fsanitize=address,undefined"]
    words = ["gcc", *warnings, defines, f"-I{FIRMWARE / 'dut'}", *map(str, core), str(PORT), "-o", "port"]
    subprocess.run(words, cwd=folder, check=True, timeout=120)
    said = subprocess.run([folder / "port", *commands], capture_output=True, text=True, check=True).stdout
    parts = [part.strip() for part in said.split("m-ready")]
    assert len(parts) == len(commands) + 2, said  # after the boot, and after each command
    return parts[1:-1]


def test_a_port_that_can_set_its_clock(tmp_path: Path) -> None:
    asked = ("clock 80000000", "clock 200000000", "clock", "clock fast", "clock 0", "clock 4294967297")
    assert answers(tmp_path, *asked) == [
        "m-clock-[80000000]",
        "e-[There is 1000000 to 100000000 Hz]",
        "e-[Command 'clock' requires a frequency in Hz]",
        "e-[Not a frequency in Hz: fast]",
        "e-[Not a frequency in Hz: 0]",
        "e-[Not a frequency in Hz: 4294967297]",
    ]


def test_any_other_port_refuses(tmp_path: Path) -> None:
    assert answers(tmp_path, "clock 80000000", defines="-DNOTHING") == ["e-[This port cannot set its clock]"]
    refused = b"e-[This port cannot set its clock]\r\nm-ready\r\n"
    assert booted("energy").ask(b"clock 80000000%") == refused
