# SPDX-License-Identifier: Apache-2.0
"""The co-simulated bench in real time on pseudo-terminals: a plain pyserial client talks to the real firmware."""

import re
import subprocess
import sys
import time

import pytest
import serial

from tests.support.cosim_bench import needs_cosim
from tests.support.demo_data import labels, stimuli

pytestmark = [pytest.mark.wire, needs_cosim()]
LIMIT_S = 60


class Client:
    """A port and its lines, as a client that knows the grammar alone would read them."""

    def __init__(self, path: str, baud: int) -> None:
        self.port = serial.Serial(path, baud, timeout=0.2)

    def until(self, end: str) -> list[str]:
        """Return the lines up to the first that is `end`."""
        text, limit = b"", time.monotonic() + LIMIT_S
        while not re.search(rf"(?m)^{re.escape(end)}\r?$".encode(), text.replace(b"\r\n", b"\n")):
            assert time.monotonic() < limit, text
            text += self.port.read(4096)
        return text.decode("ascii").replace("\r\n", "\n").splitlines()

    def ask(self, command: str, end: str = "m-ready") -> list[str]:
        self.port.write(command.encode() + b"%")
        return self.until(end)


def test_load_and_infer_through_the_io_manager():
    words = ["bench", "serve", "cosim-lpm01a", "--benchmark", "demo-keywords", "--seconds", "100"]
    server = subprocess.Popen([sys.executable, "-m", "energy_runner", *words], stdout=subprocess.PIPE, text=True)
    opened = []
    try:
        ports = {}
        for line in server.stdout:
            found = re.match(r"\s+(monitor|io-manager|dut)\s+(/dev/\S+)", line)
            if found:
                ports[found[1]] = found[2]
            if "Ctrl-C" in line:
                break
        shield, io = Client(ports["monitor"], 3_686_400), Client(ports["io-manager"], 115_200)
        opened += [shield, io]
        time.sleep(2.0)  # the UNO's boot loader
        assert io.ask("name") == ["m-name-io", "m-ready"]
        for command in ("htc", "volt 3000m", "pwr on nostatus"):
            shield.port.write(f"{command}\n".encode())
            time.sleep(0.2)
        boot = io.until("[dut]: m-ready")
        assert boot == [f"[dut]: {line}" for line in ("m-timestamp-mode-energy", "m-init-done", "m-ready")]
        assert io.ask("enable-timer") == ["m-timer-enabled", "m-ready"]
        stimulus, label = stimuli()[7], labels()[7]
        io.ask(f"dut db load {len(stimulus)}", "[dut]: m-ready")
        for at in range(0, len(stimulus), 26):
            said = io.ask(f"dut db {stimulus[at : at + 26].hex()}", "[dut]: m-ready")
        assert "[dut]: m-load-done" in said
        said = io.ask("dut infer 2 0", "[dut]: m-ready")
        [results] = [line for line in said if line.startswith("[dut]: m-results-[")]
        values = [float(value) for value in results[18:-1].split(",")]
        assert values.index(max(values)) == label
        laps = [int(line[9:]) for line in said if line.startswith("m-lap-us-")]
        assert laps[1] - laps[0] == pytest.approx(2 * 729_500, rel=5e-3)
    finally:
        for client in opened:
            client.port.close()
        server.terminate()
        server.wait(timeout=20)
        server.stdout.close()
