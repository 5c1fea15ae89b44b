# SPDX-License-Identifier: Apache-2.0
"""Bench files with a calibration, and the days on which they are judged."""

from datetime import UTC, datetime
from pathlib import Path

from energy_runner.bench.load import load_bench_spec
from energy_runner.bench.spec import BenchSpec
from instruments.clock import VirtualClock

BENCH = """name = "desk"
[monitor]
driver = "n6705"
port = "TCPIP::10.0.0.7::5025::SOCKET"
voltage_v = 3.0
[io_manager]
port = "/dev/ttyACM1"
"""
TABLE = """[monitor.calibration]
calibrated_on = 2026-01-31
due = 2027-01-31
laboratory = "Lab"
certificate = "C-1"
"""
POINT = """[[monitor.calibration.point]]
quantity = "current"
range = [0.0, 0.1]
value = 0.0
correction = 1e-6
unit = "A"
U = 2e-7
k = 2.0
"""
HIGHER = POINT.replace("value = 0.0", "value = 0.05")


def bench(folder: Path, text: str) -> BenchSpec:
    (folder / "b.toml").write_text(text, "utf-8")
    return load_bench_spec(str(folder / "b.toml"))


def at(day: str) -> VirtualClock:
    """Return a clock that shows this moment of UTC."""
    clock = VirtualClock()
    wanted_ns = round(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 10**9
    clock.advance_to(wanted_ns - clock.utc_ns())
    return clock


def line(text: str, key: str) -> int:
    """Return the number of the last line that begins with `key`."""
    return max(number for number, one in enumerate(text.splitlines(), 1) if one.startswith(key))
