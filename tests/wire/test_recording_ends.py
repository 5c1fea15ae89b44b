# SPDX-License-Identifier: Apache-2.0
"""A test that measures on real ports, and is stopped in the middle of its body: the supply goes off."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from energy_runner.session.recording import read_recording
from tests.support.places import ROOT
from tests.support.served import FILE, PATIENCE_S, Served, as_in_a_terminal, served, wait_until

pytestmark = [pytest.mark.wire, pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")]
TESTS = """
import time

def test_long(measure):
    with measure("long") as m:
        m.wait(0.2)
        time.sleep({seconds})
"""


def begin(bench: Served, seconds: float) -> subprocess.Popen[str]:
    (bench.folder / "test_long.py").write_text(TESTS.format(seconds=seconds), "utf-8")
    words = ("-p", "no:cacheprovider", "--energy-bench", FILE)
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *words, "--energy-json", "out.json", "test_long.py"],
        cwd=bench.folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(bench.state)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=as_in_a_terminal,  # noqa: PLW1509
        start_new_session=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda one: one.name)
def test_the_supply_goes_off_whatever_ends_the_tests(number: signal.Signals, tmp_path: Path) -> None:
    with served(tmp_path) as bench:
        process = begin(bench, 300.0)
        wait_until(lambda: bench.world.powered or process.poll() is not None)
        assert bench.world.powered
        wait_until(lambda: any(tmp_path.glob("recordings/*/trace.jls")))
        process.send_signal(number)
        out, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode != 0, out
        wait_until(lambda: not bench.world.powered, 30.0)
        wait_until(lambda: not any("the watchdog of" in note for note in bench.notes()))
        if number == signal.SIGINT:
            assert "KeyboardInterrupt" in out


def test_a_body_that_only_sleeps_is_sampled_to_its_end(tmp_path: Path) -> None:
    with served(tmp_path) as bench:
        process = begin(bench, 1.5)
        out, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, out
        assert not bench.world.powered
        assert bench.notes() == []
    (row,) = json.loads((tmp_path / "out.json").read_text("utf-8"))["measured"]
    assert row["virtual"] is True  # a twin, and it says so
    found, facts = row["figures"], read_recording(tmp_path / row["folder"])
    assert facts.truth is None
    assert found["duration_s"]["value"] > 1.6
    assert found["mean_w"]["value"] == pytest.approx(0.0184, rel=0.1)  # what the twin draws while it waits
