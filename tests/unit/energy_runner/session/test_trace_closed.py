# SPDX-License-Identifier: Apache-2.0
"""A damaged trace is told once, by us: pyjls writes nothing of its own where a program has not set up logging."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from energy_runner.session.trace import TraceWriter
from tests.support.places import ROOT

# In a process of its own, because pytest sets up logging.
READ = """
import sys
from pathlib import Path
from energy_runner.errors import SessionError
from energy_runner.session.trace import TraceReader
{setup}
refused = 0
for name in sys.argv[1:]:
    try:
        with TraceReader(Path(name)) as trace:
            trace.read("energy", 0, trace.length)
            trace.edges()
    except SessionError:
        refused += 1
print("refused", refused)
"""


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return traces with one wrong bit each, at places from the first chunk to the last."""
    folder = tmp_path_factory.mktemp("traces")
    with TraceWriter(folder / "good.jls", [("energy", "J")], 1e-3) as writer:
        writer.append(0, [np.arange(20_000, dtype=np.float32)])
        writer.edge(100, "edge 1")
    good = (folder / "good.jls").read_bytes()
    names = []
    for number, place in enumerate(np.linspace(40, len(good) - 1, 40).astype(int)):
        data = bytearray(good)
        data[place] ^= 4
        names.append(str(folder / f"{number}.jls"))
        Path(names[-1]).write_bytes(data)
    return names


def read(names: list[str], setup: str = "") -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", READ.format(setup=setup), *names]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, cwd=ROOT, check=True)


def test_a_damaged_trace_writes_nothing_of_its_own(damaged: list[str]) -> None:
    done = read(damaged)
    assert done.stderr == ""
    assert done.stdout.startswith("refused ")
    assert len(done.stdout.splitlines()) == 1
    assert int(done.stdout.split()[1]) > 10, "the damage was not noticed"


def test_a_program_that_sets_up_logging_gets_the_lines_of_pyjls(damaged: list[str]) -> None:
    assert "crc" in read(damaged, "import logging; logging.basicConfig()").stderr
