# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and SIGTERM to `bench verify` and `bench calibrate` in a process of their own: the supply ends off."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.bench.serve import bench_file
from energy_runner.errors import ExitStatus
from instruments.clock import RealClock
from instruments.twin_bench.bench import TwinBench
from instruments.twin_bench.serve import serve_twin_bench
from tests.support.places import ROOT

pytestmark = [pytest.mark.wire, pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals to send")]
PATIENCE_S = 60.0
RESISTOR = ("--resistance", "150", "--resistance-u", "0.01")
COMMANDS = {
    "verify": ("verify", "served.toml", *RESISTOR),
    "calibrate": (
        *("calibrate", "served.toml", "--file", "cal.toml", "--range", "-0.001", "0.1"),
        *("--current", "0.02", "--current-u", "1e-6"),
    ),
}
WORDS = {signal.SIGINT: "stopped by Ctrl-C (SIGINT)", signal.SIGTERM: "stopped by SIGTERM"}


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[TwinBench]:
    """A monitor that feeds a resistor, served in real time, with its bench file in `tmp_path`."""
    spec = load_bench_spec("virtual-lpm01a", {"virtual.load_ohm": 150.0})
    bench, clock, ended = build_bench(spec, "energy"), RealClock(), threading.Event()
    assert bench.twin is not None
    server = serve_twin_bench(bench.twin, clock)
    addresses = {name: end.address for name, end in server.ends.items()}
    (tmp_path / "served.toml").write_text(bench_file(spec, addresses, "energy"), "utf-8")
    thread = threading.Thread(target=server.serve, args=(ended.is_set,), name="twin server")
    thread.start()
    yield bench.twin
    ended.set()
    thread.join(PATIENCE_S)
    server.close()


def as_in_a_terminal() -> None:
    """Undo what a test would hand down that runs in the background, where SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def begun(folder: Path, command: str, *more: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(folder / "state")}
    return subprocess.Popen(
        [sys.executable, "-m", "energy_runner", "bench", *COMMANDS[command], "--seconds", "60", *more],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=as_in_a_terminal,  # noqa: PLW1509
    )


@pytest.mark.parametrize(
    ("command", "after", "numbers"),
    [
        ("verify", "supply is on", [signal.SIGINT]),
        ("verify", "monitor answers", [signal.SIGTERM] * 5),
        ("calibrate", "supply is on", [signal.SIGTERM]),
        ("calibrate", "supply is on", [signal.SIGINT] * 5),
    ],
)
def test_the_supply_ends_off(
    command: str, after: str, numbers: list[signal.Signals], twin: TwinBench, tmp_path: Path
) -> None:
    process = begun(tmp_path, command)
    assert process.stdout is not None
    for line in process.stdout:
        if after in line:
            break
    assert twin.world.powered or after != "supply is on"
    for number in numbers:
        process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (ExitStatus.INTERRUPTED, f"energy-runner: {WORDS[numbers[0]]}\n")
    assert out.splitlines()[-1] == "ok    supply is off: confirmed by monitor"
    assert not twin.world.powered
    assert not (tmp_path / "cal.toml").exists()
    assert not list(tmp_path.glob("verifications/*/*.json"))


def test_a_program_is_told_in_json(twin: TwinBench, tmp_path: Path) -> None:
    process = begun(tmp_path, "verify", "--json")
    clock = RealClock()
    deadline = clock.deadline(PATIENCE_S)
    while not twin.world.powered:
        assert not deadline.expired()
        assert process.poll() is None
        clock.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (ExitStatus.INTERRUPTED, "energy-runner: stopped by SIGTERM\n")
    assert json.loads(out)["error"] == "stopped by SIGTERM"
    assert not twin.world.powered
