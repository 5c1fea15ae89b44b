# SPDX-License-Identifier: Apache-2.0
"""A C++ port written for the customary harness links unchanged against our core, and answers the grammar."""

import functools
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.support.dut_build import FIRMWARE, READY, make, needs_gcc

HERE = Path(__file__).parent
PORT = ("customary_port.cpp", "customary_main.cpp")
needs_gxx = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is missing: install the package g++")
pytestmark = [needs_gcc, needs_gxx]

BOOT = rb"m-timestamp-mode-%b\r\n%bInitialized for kws01\r\nm-init-done\r\nm-ready\r\n"
LAP = rb"m-lap-us-\d+\r\n"


def compiled(mode: str, out: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Compile and link the port with the archive that `make customary` leaves in `out`."""
    energy = int(mode == "energy")
    names = f"-DEE_CFG_ENERGY_MODE={energy}", "-DTH_MODEL_VERSION=EE_MODEL_VERSION_KWS01"
    command = ["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", f"-I{FIRMWARE}", *names, *flags]
    command += [str(HERE / name) for name in PORT]
    command += [str(out / "libdut_customary.a"), "-o", str(out / "dut")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@functools.cache
def archive(mode: str) -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="customary-")
    defines = "-DTH_MODEL_VERSION=EE_MODEL_VERSION_KWS01 -fsanitize=address,undefined"
    make(Path(folder.name), "libdut_customary.a", mode=mode, DEFINES=defines)
    done = compiled(mode, Path(folder.name), "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    assert done.returncode == 0, done.stderr
    return folder


def talk(mode: str, sent: bytes) -> tuple[bytes, str]:
    """Return what the port says from its start on, and what its pin does."""
    done = subprocess.run(
        [Path(archive(mode).name) / "dut"], input=sent, capture_output=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr.decode()


def test_an_energy_build_boots_and_answers() -> None:
    said, pin = talk("energy", b"name%profile%db load 4%db 7f0180ff%infer 3 2%results%timestamp%bogus%%")
    results = b"m-results-[0.496,-0.004,0.016]\r\n"
    assert re.fullmatch(
        BOOT % (b"energy", b"")
        + re.escape(
            b"m-name-dut-[unspecified]\r\n" + READY
            + b"m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[kws01]\r\n" + READY
            + b"m-[Expecting 4 bytes]\r\n" + READY + b"m-load-done\r\n" + READY
            + b"m-warmup-start-2\r\nm-warmup-done\r\nm-infer-start-3\r\nm-infer-done\r\n" + results + READY
            + results + READY
            + READY
            + b"e-[Unknown command: bogus]\r\n" + READY + b"e-[Empty command]\r\n" + READY
        ),
        said,
    ), said  # fmt: skip
    assert pin == "low\nhigh\n" * 4  # boot, both ends of the window, `timestamp`


def test_a_performance_build_prints_its_laps_where_the_port_prints_them() -> None:
    said, pin = talk("performance", b"infer 1 0%timestamp%")
    window = rb"m-warmup-start-0\r\nm-warmup-done\r\nm-infer-start-1\r\n" + 2 * LAP + rb"m-infer-done\r\n"
    results = re.escape(b"m-results-[0.000,0.000,0.000]\r\n")
    assert re.fullmatch(BOOT % (b"performance", LAP) + window + results + READY + LAP + READY, said), said
    assert pin == ""


def test_the_customary_calls_work_from_the_port() -> None:
    """The port's th_command_ready() takes this command itself: ee_hexdec() and ee_infer()."""
    said, _ = talk("energy", b"twice%")
    assert said.endswith(
        b"m-warmup-start-0\r\nm-warmup-done\r\nm-infer-start-2\r\nm-infer-done\r\nm-results-[0.000,0.000,0.000]\r\n"
        + READY
    )


CALLS = """#include "api/internally_implemented.h"
#include <cstdio>
#include <climits>
static char hex[] = "7F", bad[] = "7g", none[] = "", large[] = "ffffffffffffffffffff";
static char commands[][12] = {"db load 2", "db fe01", "name",    "timestamp", "",
                              "bogus",     "results", "help",    "profile"};
int main()
{
    ee_benchmark_initialize();
    std::printf("%ld %ld %ld %ld\\n", ee_hexdec(hex), ee_hexdec(bad), ee_hexdec(none), ee_hexdec(large));
    for (char *command : commands) {
        std::printf("%s -> %d\\n", command, ee_buffer_parse(command) == EE_ARG_CLAIMED);
    }
    for (char *command : commands) {
        std::printf("%s -> %d\\n", command, ee_profile_parse(command) == EE_ARG_CLAIMED);
    }
    std::printf("%zu %d\\n", ee_get_buffer(nullptr, 99), ee_get_buffer_pointer()[0]);
    ee_infer(0, 0);
}
"""


def test_what_the_customary_calls_return(tmp_path: Path) -> None:
    make(tmp_path, "libdut_customary.a")
    (tmp_path / "main.cpp").write_text(CALLS)
    command = ["g++", "-std=c++17", "-DEE_CFG_ENERGY_MODE=1", f"-I{FIRMWARE}", tmp_path / "main.cpp"]
    command += [HERE / "customary_port.cpp", tmp_path / "libdut_customary.a", "-o", tmp_path / "dut"]
    subprocess.run(command, check=True, timeout=120)
    said = subprocess.run([tmp_path / "dut"], capture_output=True, text=True, check=True, timeout=30).stdout
    lines = said.split("m-ready\n")[1].splitlines()
    assert lines[0] == "127 -1 0 -1"
    verdicts = [line for line in lines if " -> " in line]
    claimed = {False: ["db load 2", "db fe01"], True: ["db load 2", "db fe01", "results", "help", "profile"]}
    for profile, start in ((False, 0), (True, 9)):
        taken = [line.partition(" -> ")[0] for line in verdicts[start : start + 9] if line.endswith("1")]
        assert taken == claimed[profile]
    assert lines[-2:] == ["2 254", "e-[Inference iterations must be >0]"]


def test_a_port_that_forgets_a_function_does_not_link(tmp_path: Path) -> None:
    """A core that quietly did without th_infer() would measure nothing."""
    make(tmp_path, "libdut_customary.a")
    source = (HERE / "customary_port.cpp").read_text(encoding="utf-8")
    (tmp_path / "port.cpp").write_text(source.replace("void th_infer()", "static inline void infer()"))
    command = ["g++", "-std=c++17", "-DEE_CFG_ENERGY_MODE=1", f"-I{FIRMWARE}", str(tmp_path / "port.cpp")]
    command += [str(HERE / PORT[1]), str(tmp_path / "libdut_customary.a"), "-o", str(tmp_path / "dut")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode != 0
    assert "undefined reference to `th_infer'" in done.stderr
