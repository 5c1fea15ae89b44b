# SPDX-License-Identifier: Apache-2.0
"""Whatever bytes come, whenever they come: the DUT firmware answers every `%` once, and nothing is overrun."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.dut_build import NAME, READY, Firmware, booted, built, needs_gcc, needs_valgrind, run_make

pytestmark = needs_gcc


@pytest.fixture
def energy() -> Firmware:
    return booted("energy")


def test_what_comes_while_a_command_waits_is_refused_and_every_end_answered(energy: Firmware) -> None:
    energy.defer(True)
    assert energy.ask(b"name%profile%bogus%na") == b""
    lost = b"e-[Bytes were lost: they came before m-ready]\r\n" + READY
    assert energy.run_deferred() == NAME + READY + lost + lost
    energy.feed(b"me%")
    assert energy.run_deferred() == lost
    energy.feed(b"name%")
    assert energy.run_deferred() == NAME + READY


WORDS = st.sampled_from([*b"name profile db load print infer results timestamp 00ff 3 -1 %".split(), b" ", b"%"])
STREAM = st.lists(WORDS | st.binary(max_size=90), max_size=20).map(b"".join)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=STREAM.filter(lambda data: not re.search(rb"\d{5}", data)), cut=st.integers(0, 200))
def test_any_bytes_get_one_ready_for_every_end_of_command(energy: Firmware, data: bytes, cut: int) -> None:
    energy.boot_lines()
    answer = energy.ask(data[:cut]) + energy.ask(data[cut:])
    assert answer.count(READY) == data.count(b"%")
    assert all(0x20 <= byte < 0x7F or byte in b"\r\n" for byte in answer)
    energy.ask(b"%")  # end a half command
    assert energy.ask(b"name%") == NAME + READY


@pytest.mark.parametrize("defines", ["", "-DMAX_DB_INPUT_SIZE=24"])
@pytest.mark.parametrize("mode", ["energy", "performance"])
def test_a_hundred_thousand_random_commands_under_the_sanitizers(mode: str, defines: str) -> None:
    run = subprocess.run(
        [built("host_fuzz", mode, defines=defines), "7", "100000"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("100000 commands, 100000 answers, ")


# With a second set of limits, because a program without a network has few places to leak or read too far.
@needs_valgrind
@pytest.mark.parametrize("defines", ["", "-DMAX_DB_INPUT_SIZE=24"])
def test_valgrind_finds_nothing(tmp_path: Path, defines: str) -> None:
    done = run_make("MODE=energy", f"OUT={tmp_path}", f"DEFINES={defines}", "valgrind")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "20000 commands, 20000 answers" in done.stdout


def test_valgrind_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for tool in ("make", "sh", "printf", "cmp", "mkdir"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run_make(f"OUT={tmp_path / 'out'}", "valgrind")
    assert done.returncode != 0
    assert "install the package valgrind" in done.stderr
