# SPDX-License-Identifier: Apache-2.0
"""What the MLCommons runner says to a shield and an interface board, said to a served bench through real ports.

The dialogue is what that runner (github.com/mlcommons/tiny, benchmark/runner) said while it measured kws01 on such
a bench: here it stands as facts, with the answers that it waits for. With `ENERGY_RUNNER_PEER` as the folder of
its source, the runner itself does the same, unmodified; `ENERGY_RUNNER_PEER_PYTHON` is the Python that has what it
needs. It looks for USB ports, so it is shown those of the bench in their place.
"""

import json
import os
import re
import statistics
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from instruments.clock import RealClock
from tests.support.places import ROOT
from tests.support.served import Served, served

pytestmark = pytest.mark.wire
CLOCK = RealClock()
BENCH = str(ROOT / "tests" / "support" / "benches" / "shield-and-interface-board.toml")
FAST = {"dut.energy_baud": 115_200}
INPUT_BYTES = 490
CHUNK_BYTES = 26
CLASSES = 12
# The order in which the runner sets up the shield, and ends.
SETUP = (
    "htc",
    'lcd 1 "MLPerf Tiny"',
    'lcd 2 "     monitor    "',
    "pwr off",
    "acqtime inf",
    "trigdelay 0",
    "trigsrc sw",
    "eventsrc d7 fal",
    "output energy",
    "format ascii_dec",
    "freq 1k",
    "volt 1800m",
    'lcd 2 "           1.8V "',
    "pwr on nostatus",
)
SAMPLE = re.compile(r"\d{4}[+-]\d{2}")
PATIENCE_S = 30.0


class Port:
    """One serial port as the runner uses it: lines without CR and NUL."""

    def __init__(self, path: str, baud: int, end: str) -> None:
        self._port = serial.Serial(path, baud, timeout=0.05)
        self._end = end
        self._rest = ""
        self._whole: deque[str] = deque()

    def say(self, command: str) -> None:
        self._port.write((command + self._end).encode())

    def lines(self) -> Iterator[str]:
        """The lines that come; a test that waits for another fails when its patience ends."""
        limit = CLOCK.deadline(PATIENCE_S)
        while not limit.expired():
            *whole, self._rest = (self._rest + self._port.read(4096).decode()).split("\n")
            self._whole += whole
            while self._whole:
                yield self._whole.popleft().replace("\r", "").replace("\0", "")
        raise AssertionError("the line did not come")

    def close(self) -> None:
        self._port.close()


class Shield(Port):
    """The shield: each command is answered by its acknowledgement, among samples and events."""

    def __init__(self, path: str) -> None:
        super().__init__(path, 3_686_400, "\r\n")
        self.joules: list[float] = []
        self.events: list[tuple[int, int]] = []  # counter, number of samples before it
        self.seconds = 0

    def command(self, command: str) -> None:
        self.say(command)
        self.until(f"ack {command}")

    def until(self, text: str) -> None:
        """Read up to a line of text that holds `text`; keep samples and events."""
        for line in self.lines():
            if not self._is_data(line) and text in line:
                return

    def until_edges(self, count: int) -> None:
        """Read up to the event of the last of `count` edges, as the runner's thread does all the time."""
        for line in self.lines():
            self._is_data(line)
            if len(self.events) == count:
                return

    def _is_data(self, line: str) -> bool:
        if line.startswith("TimeStamp"):
            assert re.fullmatch(r"TimeStamp:[ ><]\d{3}s \d{3}ms, buff \d{2}%", line)
            self.seconds += 1
        elif SAMPLE.match(line):
            assert SAMPLE.fullmatch(line), line
            self.joules.append(float(line.replace("+", "e+").replace("-", "e-")))
        elif line.startswith("event"):
            assert re.fullmatch(r"event \d+ ris", line), line
            self.events.append((int(line.split()[1]), len(self.joules)))
        else:
            return False
        return True


class Relay(Port):
    """The interface board: `m-ready` ends an answer of its own, `[dut]: m-ready` one of the DUT."""

    def __init__(self, path: str) -> None:
        super().__init__(path, 115_200, "%")

    def command(self, command: str) -> list[str]:
        self.say(command)
        return self._until_ready()

    def dut(self, command: str) -> list[str]:
        """Return what the DUT answers; the echo before it is exactly two lines."""
        assert self.command(f"dut {command}") == [f"m-dut-passthrough({command})", "m-ready"]
        return [line.replace("[dut]: ", "") for line in self._until_ready("[dut]: m-ready")]

    def load(self, stimulus: bytes) -> None:
        assert self.dut(f"db load {len(stimulus)}") == [f"m-[Expecting {len(stimulus)} bytes]", "m-ready"]
        for at in range(0, len(stimulus), CHUNK_BYTES):
            answer = self.dut(f"db {stimulus[at : at + CHUNK_BYTES].hex()}")
            last = at + CHUNK_BYTES >= len(stimulus)
            assert answer == (["m-load-done", "m-ready"] if last else ["m-ready"])

    def _until_ready(self, ready: str = "m-ready") -> list[str]:
        answer: list[str] = []
        for line in self.lines():
            answer.append(line)
            if line == ready:
                break
        return answer


def identified(relay: Relay, baud: int) -> None:
    """Do what the runner does first: set the speed whatever it is, wait two seconds, ask who is there."""
    assert relay.command(f"setbaud {baud}") == [f"set baud to: {baud}", "m-ready"]
    CLOCK.sleep(2.0)
    assert relay.dut("name") == ["m-name-dut-[virtual twin]", "m-ready"]
    assert relay.dut("profile") == [
        "m-profile-[ULPMark for tinyML Firmware V0.0.1]",
        "m-model-[kws01]",
        "m-ready",
    ]


def fed(bench: Served) -> tuple[Shield, Relay]:
    """Set up the shield, feed the DUT, and begin to sample, as the runner does before it talks to the board."""
    shield = Shield(bench.addresses["shield"])
    for command in SETUP:
        shield.command(command)
    CLOCK.sleep(1.0)
    shield.command("start")
    return shield, Relay(bench.addresses["relay"])


def ended(shield: Shield, relay: Relay) -> None:
    relay.close()
    shield.command("pwr off")
    shield.say("stop")
    shield.until("Acquisition completed")
    shield.command("pwr off")
    shield.command("hrc")
    shield.close()


def true_j(bench: Served) -> float:
    """The median energy of an inference over the windows, as the twin world knows it."""
    return statistics.median(window.energy_j / window.inferences for window in bench.world.truth())


def test_its_dialogue_in_energy_mode_measures_what_the_twin_world_knows(tmp_path: Path) -> None:
    inferences, edges = 24, 0
    found: list[float] = []
    with served(tmp_path, BENCH, benchmark="kws01") as bench:
        shield, relay = fed(bench)
        identified(relay, 9600)
        for stimulus in (bytes(INPUT_BYTES), bytes(range(245)) * 2):
            relay.load(stimulus)
            answer = relay.dut(f"infer {inferences} 3")
            assert answer[:4] == [
                "m-warmup-start-3",
                "m-warmup-done",
                f"m-infer-start-{inferences}",
                "m-infer-done",
            ]
            assert re.fullmatch(rf"m-results-\[\d\.\d{{3}}(,\d\.\d{{3}}){{{CLASSES - 1}}}\]", answer[4])
            edges += 2
            shield.until_edges(edges)
            (first, start), (second, stop) = shield.events[-2:]
            assert second == first + 1
            found.append(sum(shield.joules[start:stop]) / inferences)
        ended(shield, relay)
        truth_j = true_j(bench)
        assert not bench.world.powered
    assert statistics.median(found) == pytest.approx(truth_j, rel=0.03)
    assert shield.seconds >= 5


def test_its_dialogue_in_performance_and_accuracy_mode(tmp_path: Path) -> None:
    with served(tmp_path, BENCH, FAST, mode="performance", benchmark="kws01") as bench:
        shield, relay = fed(bench)
        identified(relay, 115_200)
        relay.load(bytes(INPUT_BYTES))
        answer = relay.dut("infer 10 0")
        laps_us = [int(line.removeprefix("m-lap-us-")) for line in answer if line.startswith("m-lap-us-")]
        window = bench.world.truth()[-1]
        ended(shield, relay)
    assert len(laps_us) == 2
    assert laps_us[1] - laps_us[0] == pytest.approx((window.stop_ns - window.start_ns) / 1e3, rel=0.01)
    assert answer[0] == "m-warmup-start-0"
    assert answer[-2].startswith("m-results-[")


# --- the runner itself ---------------------------------------------------------------------------------------

PEER = os.environ.get("ENERGY_RUNNER_PEER", "")
# It takes the edges that its reading thread has seen when the DUT's answer ends: on a busy computer, too few.
LATE = re.compile(r"index -[12] is out of bounds|Timestamps are not consecutive")
DEVICES = """
- {name: stm32h573i-dk, type: interface, preference: 2, baud: 115200, usb: {0x0483: 0x374E}}
- {name: lpm01a, type: power, baud: 3686400, echo: False, preference: 2, voltage: 1.8, usb: {0x0483: 0x5740}}
- {name: l4r5zi, type: dut, baud: {energy: 9600, performance: 115200, accuracy: 115200}, usb: {0x0483: 0x374B}}
"""
SCRIPT = """
kws01:
  name: keyword_spotting
  model: kws01
  truth_file: y_labels.csv
  script:
    - loop {loops}:
      - download
      - infer {inferences} {warmups}
"""


def run_peer(bench: Served, mode: str, loops: int, inferences: int, warmups: int) -> str:
    """Let the runner measure on a served bench; return what it printed."""
    folder = bench.folder
    (folder / "devices.yaml").write_text(DEVICES)
    (folder / "script.yaml").write_text(SCRIPT.format(loops=loops, inferences=inferences, warmups=warmups))
    data = folder / "datasets" / "kws01"
    data.mkdir(parents=True)
    names = [f"{number}.bin" for number in range(2 * CLASSES)]
    for number, name in enumerate(names):
        (data / name).write_bytes(bytes([number]) * INPUT_BYTES)
    rows = (f"{name},{CLASSES},{number % CLASSES}\n" for number, name in enumerate(names))
    (data / "y_labels.csv").write_text("".join(rows))
    ports = [[bench.addresses["shield"], 0x0483, 0x5740], [bench.addresses["relay"], 0x0483, 0x374E]]
    python = os.environ.get("ENERGY_RUNNER_PEER_PYTHON", sys.executable)
    done = subprocess.run(
        [python, str(Path(PEER) / "main.py"), "-m", mode, "-d", "devices.yaml", "-t", "script.yaml"],
        cwd=folder,
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT / "tests" / "support" / "peer_runner"),
            "PEER_PORTS": json.dumps(ports),
            "MPLBACKEND": "Agg",
        },
        capture_output=True,
        text=True,
        timeout=240.0,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0 or LATE.search(said), said[-2000:]
    return said


def figure(said: str, before: str) -> float:
    found = re.search(re.escape(before) + r"\s*([\d.]+)", said)
    assert found, said[-2000:]
    return float(found[1])


if PEER:  # its source is not part of this project

    def test_the_runner_itself_measures_energy(tmp_path: Path) -> None:
        said = ""
        for attempt in range(3):
            folder = tmp_path / str(attempt)
            folder.mkdir()
            with served(folder, BENCH, benchmark="kws01") as bench:
                said = run_peer(bench, "e", loops=5, inferences=24, warmups=3)
            if not LATE.search(said):
                break
        else:
            pytest.skip(
                "this computer is too busy for the runner: edges reach it after the answer that they belong to"
            )
        assert figure(said, "Median energy cost is") == pytest.approx(true_j(bench) * 1e6, rel=0.03)
        assert not bench.world.powered

    def test_the_runner_itself_measures_throughput(tmp_path: Path) -> None:
        with served(tmp_path, BENCH, FAST, mode="performance", benchmark="kws01") as bench:
            said = run_peer(bench, "p", loops=5, inferences=50, warmups=3)
            window = bench.world.truth()[-1]
        true_hz = window.inferences / ((window.stop_ns - window.start_ns) / 1e9)
        assert figure(said, "Median throughput is") == pytest.approx(true_hz, rel=0.01)

    def test_the_runner_itself_measures_accuracy(tmp_path: Path) -> None:
        with served(tmp_path, BENCH, FAST, mode="performance", benchmark="kws01") as bench:
            said = run_peer(bench, "a", loops=2 * CLASSES, inferences=1, warmups=0)
        assert 0.0 <= figure(said, "Top 1% =") <= 100.0
