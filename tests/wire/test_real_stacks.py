# SPDX-License-Identifier: Apache-2.0
"""Whole runs in real time through the real pyserial and pyvisa-py stacks, against served twins.

The command line runs in a process of its own, as a user starts it; the twins are served from a thread here,
so that the tests can look at the world behind the ports.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.bench.serve import bench_file
from energy_runner.benchmarks.demo import write_demo_stimuli
from instruments.clock import RealClock
from instruments.registry import drivers
from instruments.twin_bench.serve import serve_twin_bench

pytestmark = [
    pytest.mark.wire,
    pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals do not exist on Windows"),
]

BENCHES = ("virtual-lpm01a", "virtual-n6705c")
PATIENCE_S = 150


@contextmanager
def served(name: str, file: Path, mode: str = "energy") -> Iterator[object]:
    """Serve a twin bench from a thread and write its bench file; yield the world."""
    spec = load_bench_spec(name)
    bench = build_bench(spec, mode, seed=3)
    scpi = ["monitor"] if drivers()[spec.monitor.driver].link == "scpi" else []
    server = serve_twin_bench(bench.twin, RealClock(), scpi)
    addresses = {name: end.address for name, end in server.ends.items()}
    file.write_text(bench_file(spec, addresses, mode), "utf-8")
    done = threading.Event()
    thread = threading.Thread(target=server.serve, args=(done.is_set,))
    thread.start()
    try:
        yield bench.twin.world
    finally:
        done.set()
        thread.join(10)
        server.close()


class Runner:
    """The command line in a process of its own, with state and stimuli in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bench = folder / "bench.toml"
        self.stimuli = folder / "stimuli"
        self.stimuli.mkdir()
        write_demo_stimuli(self.stimuli)
        self.environment = os.environ | {"XDG_STATE_HOME": str(folder / "state"), "HOME": str(folder)}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "energy_runner", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
        return process.returncode, out, err

    def energy(self, out: str, *more: str) -> list[str]:
        return [
            "run", "kws01", "--bench", str(self.bench), "--stimuli", str(self.stimuli),
            "--out", str(self.folder / out), *more,
        ]  # fmt: skip


@pytest.fixture
def runner(tmp_path):
    return Runner(tmp_path)


@pytest.mark.deep
@pytest.mark.parametrize("name", BENCHES)
def test_a_whole_energy_run(name, runner):
    """Five windows of ten seconds, as on a lab bench; it takes more than a minute, because it is real time.

    The twin's wires are processes: on a machine that stops one for a tenth of a second an edge is late, and the
    window is rightly withheld. That, and nothing else, is tried once more.
    """
    for folder in ("s", "again"):
        with served(name, runner.bench) as world:
            status, out, err = runner.run(*runner.energy(folder, "--no-read-back", "--json"))
        result = json.loads(out)
        if status == 0 or not {one["id"] for one in result["findings"]} & {"lap-displaced", "edges-late"}:
            break
    assert status == 0, (err, result["findings"])
    assert result["valid"] is True
    assert result["virtual"] is True
    assert not world.powered
    truths = sorted(w.energy_j / w.inferences for w in world.truth()[-5:])
    score = result["energy_per_inference_j"]
    assert abs(score["median"] - truths[2]) <= score["U"]
    assert all(window["samples_missing"] == 0 for window in result["windows"])


@pytest.mark.parametrize("name", BENCHES)
def test_performance_on_the_direct_port(name, runner):
    with served(name, runner.bench, "performance") as world:
        status, out, err = runner.run(*runner.energy("s", "--mode", "performance", "-n", "24", "--json"))
        assert status == 1, err  # windows of a second are too short for the rules
        result = json.loads(out)
        assert result["throughput_per_s"] == pytest.approx(1 / 0.0434, rel=5e-3)
        assert not world.powered


@pytest.mark.parametrize("name", BENCHES)
def test_ctrl_c_in_a_window(name, runner):
    with served(name, runner.bench) as world:
        process = runner.start(*runner.energy("s", "--no-read-back"))
        wait_for(runner.folder / "s" / "journal.jsonl", '"name":"measure"', process)
        assert world.powered
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 4
        assert not world.powered
        record = json.loads((runner.folder / "s" / "record.json").read_text())
        assert record["outcome"] == "interrupted"
        assert record["supply_off_confirmed"] is True


@pytest.mark.parametrize("name", BENCHES)
def test_kill_9_then_bench_off_then_the_next_run_tells(name, runner):
    with served(name, runner.bench) as world:
        process = runner.start(*runner.energy("killed", "--no-read-back"))
        wait_for(runner.folder / "killed" / "journal.jsonl", '"name":"measure"', process)
        process.kill()
        process.communicate(timeout=10)
        assert world.powered, "the bench is left as the killed run left it"
        status, out, _ = runner.run("check", str(runner.folder / "killed"))
        assert status == 1
        assert "run-completed" in out
        status, out, err = runner.run("bench", "off", str(runner.bench))
        assert status == 0, err
        assert not world.powered
        assert "killed" in out, "it says which session died"


def test_the_next_run_after_a_killed_one_starts_clean_and_says_so(runner):
    with served("virtual-lpm01a", runner.bench) as world:
        process = runner.start(*runner.energy("killed", "--no-read-back"))
        wait_for(runner.folder / "killed" / "journal.jsonl", '"name":"measure"', process)
        process.kill()
        process.communicate(timeout=10)
        status, _, err = runner.run(*runner.energy("next", "-n", "12", "--no-read-back"))
        assert status == 1, err
        assert not world.powered
        journal = (runner.folder / "next" / "journal.jsonl").read_text()
        assert "the last run on this bench died" in journal


def test_a_bench_in_use_is_refused(runner):
    with served("virtual-lpm01a", runner.bench):
        process = runner.start(*runner.energy("first", "--no-read-back"))
        wait_for(runner.folder / "first" / "journal.jsonl", '"name":"identify"', process)
        status, _, err = runner.run(*runner.energy("second"))
        assert status == 3
        assert "in use" in err
        assert "first" in err
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        assert process.returncode == 4


@pytest.mark.parametrize("name", BENCHES)
def test_bench_doctor_is_well(name, runner):
    with served(name, runner.bench) as world:
        status, out, err = runner.run("bench", "doctor", str(runner.bench))
        assert status == 0, out + err
        assert "All is well" in out
        assert not world.powered


def test_bench_doctor_names_a_cut_timestamp_wire(runner):
    with served("virtual-lpm01a", runner.bench) as world:
        world.faults.lost_edges = set(range(100))
        status, out, _ = runner.run("bench", "doctor", str(runner.bench))
        assert status == 3
        assert "timestamp pin" in out
        assert not world.powered


def wait_for(file: Path, text: str, process: subprocess.Popen[str]) -> None:
    """Wait until `text` stands in a growing file."""
    clock = RealClock()
    limit = clock.deadline(PATIENCE_S)
    while not limit.expired():
        if file.is_file() and text in file.read_text("utf-8", errors="replace"):
            return
        assert process.poll() is None, process.communicate()[1]
        clock.sleep(0.1)
    raise AssertionError(f"{text} never came")


@pytest.mark.deep
def test_a_run_with_monitor_and_io_manager_swapped(runner):
    with served("virtual-lpm01a", runner.bench) as world:
        spec = load_bench_spec(str(runner.bench))
        swap = ["--set", f"monitor.port={spec.io_manager.port}", "--set", f"io_manager.port={spec.monitor.port}"]
        status, _, err = runner.run(*runner.energy("s", *swap))
        assert status == 3
        assert "monitor.port and io_manager.port seem to be swapped" in err
        assert not world.powered
