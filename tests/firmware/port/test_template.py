# SPDX-License-Identifier: Apache-2.0
"""What a port gets: a template that compiles as strictly as everything else, and a core that wants little."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.dut_build import FIRMWARE, built, needs_gcc, run_make

pytestmark = needs_gcc


@pytest.mark.parametrize("mode", ["energy", "performance"])
def test_the_template_compiles_and_links(mode: str) -> None:
    assert built("dut_template", mode).stat().st_size > 0


def test_a_warning_in_the_template_is_an_error(tmp_path: Path) -> None:
    """A negative time makes it compare signed with unsigned, which is legal C."""
    done = run_make("MODE=energy", f"OUT={tmp_path}", "DEFINES=-DTH_TIMESTAMP_HOLD_US=-1", "template")
    assert done.returncode != 0
    assert "template_port.c" in done.stderr
    assert "-Werror" in done.stderr


def test_the_core_needs_nothing_but_the_port_and_two_memory_functions() -> None:
    listing = subprocess.run(["nm", "-u", built("core.o", "energy")], capture_output=True, text=True, check=True)
    wanted = set(listing.stdout.split()) - {"U"}
    assert {name for name in wanted if not name.startswith(("th_", "er_model_"))} <= {"memcpy", "memset"}
    assert {"th_timestamp", "th_printf", "th_getchar"} <= wanted


def test_the_core_includes_no_more_of_the_c_library_than_it_says() -> None:
    headers = {
        name
        for path in (FIRMWARE / "dut").glob("*.[ch]")
        for name in re.findall(r"#include <(.+)>", path.read_text(encoding="utf-8"))
    }
    assert headers <= {"stdint.h", "stddef.h", "stdbool.h", "string.h", "stdarg.h"}
