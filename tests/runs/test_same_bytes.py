# SPDX-License-Identifier: Apache-2.0
"""The same run gives the same files of facts, byte for byte, also while the machine is busy."""

import hashlib
import sys
import threading
from pathlib import Path

import pytest

from energy_runner.director.recorder import Recorder
from energy_runner.director.run import conduct
from energy_runner.director.stop import StopRequest
from tests.support.small import small_plan, twin_bench

FACTS = ("journal.jsonl", "stream.bin", "trace.jls")


@pytest.fixture
def _busy():
    """Threads that take every turn they can get, and a scheduler that gives many."""
    over, before = threading.Event(), sys.getswitchinterval()

    def spin():
        while not over.is_set():
            sum(range(1000))

    threads = [threading.Thread(target=spin) for _ in range(1)]
    sys.setswitchinterval(1e-4)
    for thread in threads:
        thread.start()
    yield
    over.set()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(before)


def digests(folder: Path, plan) -> tuple[str, ...]:
    folder.mkdir()
    bench = twin_bench("virtual-lpm01a", seed=3)
    recorder = Recorder(folder, bench.clock)
    assert conduct(bench, plan, recorder, StopRequest()).outcome == "completed"
    recorder.close()
    return tuple(hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FACTS)


@pytest.mark.usefixtures("_busy")
def test_twelve_runs_on_a_busy_machine_are_the_same_bytes(tmp_path):
    plan = small_plan(tmp_path / "stimuli")
    assert len({digests(tmp_path / str(number), plan) for number in range(12)}) == 1
