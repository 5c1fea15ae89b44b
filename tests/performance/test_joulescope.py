# SPDX-License-Identifier: Apache-2.0
"""A minute of a JS220 at its full rates, from the library's messages into a trace, in half a core at most.

Current and voltage come at 1 MHz, an input at 2 MHz, in messages as the vendor's library makes them; what it costs
to make them is not counted. The ratio is processor time, also of the trace's thread, over time of the stream.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from energy_runner.session.trace import TraceReader
from tests.support.places import ROOT

STREAM_S = 60
MOST_CORES = 0.5
MOST_GROWTH_MB = 40
WORK = """
import sys
import time
from pathlib import Path

import numpy as np

from energy_runner.session.trace import TraceWriter
from instruments.clock import VirtualClock
from instruments.devices.js220.driver import Js220
from instruments.joulescope.dialect import PUBLISH_HZ
from instruments.links.vendor import VendorLink
from instruments.roles import Samples, SamplingSettings


class Library:
    def __init__(self):
        self.heard = {}

    def device_paths(self, timeout=None):
        return ["u/js220/002122"]

    def open(self, path, mode=None, timeout=None):
        pass

    def publish(self, topic, value, timeout=None):
        pass

    def query(self, topic, timeout=None):
        return 1_000_000

    def subscribe(self, topic, flags, fn, timeout=None):
        self.heard[topic.removeprefix("u/js220/002122/")] = fn

    def unsubscribe(self, topic, fn, timeout=None):
        pass

    def finalize(self):
        pass


clock, library = VirtualClock(), Library()
driver = Js220(VendorLink("js", "002122", stand_in=lambda address: library), clock)
driver.open(clock.deadline(1.0))
driver.configure(SamplingSettings(1e6), clock.deadline(1.0))
driver.start(clock.deadline(1.0))
count = 1_000_000 // PUBLISH_HZ
current = np.linspace(0.005, 0.006, count, dtype=np.float32)
voltage = np.full(count, 3.0, np.float32)
pin = np.full(2 * count // 8, 0xFF, np.uint8)
pin[100:300] = 0
taken, edges, made_s, began_s = 0, 0, 0.0, time.process_time()
trace = TraceWriter(Path(sys.argv[2]) / "trace.jls", [("current", "A"), ("voltage", "V")], 1e-6)
for turn in range(int(sys.argv[1]) * PUBLISH_HZ):
    for topic, data, step in (("s/gpi/0", pin, 1), ("s/v", voltage, 2), ("s/i", current, 2)):
        before_s = time.process_time()
        message = {"sample_id": turn * 2 * count, "sample_rate": 2_000_000, "decimate_factor": step}
        message["data"] = data.copy()
        made_s += time.process_time() - before_s
        library.heard[topic + "/!data"]("u/js220/002122/" + topic + "/!data", message)
    clock.sleep(1 / PUBLISH_HZ)
    if turn % 5 == 4:
        for item in driver.poll(clock.deadline(1.0)):
            assert isinstance(item, Samples) and item.first == taken
            trace.append(item.first, item.values)
            taken += item.count
        edges += len(driver.take(clock.deadline(1.0)))
trace.close()
print(taken, edges, time.process_time() - began_s - made_s)
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


def recorded(seconds: int, folder: Path) -> tuple[int, int, float, float]:
    """Record so many seconds; return samples, edges, processor time (s) and peak memory (MB)."""
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(seconds), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    taken, edges, spent_s, peak_kb = done.stdout.split()
    return int(taken), int(edges), float(spent_s), int(peak_kb) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's peak here")
def test_a_minute_at_full_rate_takes_half_a_core_at_most_and_no_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    *_, little_mb = recorded(5, tmp_path)
    taken, edges, spent_s, much_mb = recorded(STREAM_S, tmp_path)
    with TraceReader(tmp_path / "trace.jls") as trace:
        last = trace.read("current", taken - 1000, taken)
    (tmp_path / "trace.jls").unlink()
    with capsys.disabled():
        ratio = f"{spent_s / STREAM_S:.3f} of a core, {STREAM_S / spent_s:.0f} times real time"
        print(f"\nJS220 at 1 MHz: {ratio}; {little_mb:.0f} MB for 5 s, {much_mb:.0f} MB for {STREAM_S} s")
    assert taken == STREAM_S * 1_000_000
    assert edges == STREAM_S * 50
    assert last[-1] == np.float32(0.006)
    assert spent_s / STREAM_S < MOST_CORES
    assert much_mb - little_mb < MOST_GROWTH_MB
