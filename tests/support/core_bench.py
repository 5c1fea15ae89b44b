# SPDX-License-Identifier: Apache-2.0
"""The Cortex-M4 port, built and running in the emulated core: what the tests here share."""

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from instruments.twin_bench.cosim.cortex_m import CoreEvent, CortexM4, Kind
from instruments.twin_bench.cosim.toolchain import FIRMWARE, host_library

FREQUENCY_HZ = 64_000_000
HOOK = FIRMWARE.parent / "instruments" / "twin_bench" / "cosim" / "block_hook.c"
SLICE_CYCLES = FREQUENCY_HZ // 2000
BAUDS = {"energy": 9600, "performance": 115200}
READY = b"m-ready\r\n"


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip where a program is missing; in CI nothing may be, so that the tests fail there."""
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(
        bool(missing) and not os.environ.get("ENERGY_RUNNER_CI"),
        reason=f"{', '.join(missing)} missing: install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm",
    )


def make(model: Path, out: Path, **variables: object) -> subprocess.CompletedProcess[str]:
    """Run `make cortex_m` for a model named as its benchmark."""
    settings = {"NETWORK": model, "BENCHMARK": model.stem, "OUT": out} | variables
    words = [f"{name}={value}" for name, value in settings.items()]
    command = ["make", "--no-print-directory", "-C", str(FIRMWARE), "cortex_m", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@functools.cache
def elf_of(model: Path, mode: str = "energy") -> Path:
    """Build the firmware once for all tests of a process."""
    folder = tempfile.TemporaryDirectory(prefix="cortex-m-")
    atexit.register(folder.cleanup)
    built = make(model, Path(folder.name), MODE=mode)
    assert built.returncode == 0, built.stdout + built.stderr
    return Path(folder.name) / "dut_cortex_m.elf"


class RunningCore:
    """A core under its supply, and all it ever said."""

    def __init__(self, elf: Path, mode: str = "energy", slice_cycles: int = SLICE_CYCLES) -> None:
        self.core = CortexM4(host_library(HOOK), elf, FREQUENCY_HZ)
        self.frame_cycles = -(-10 * FREQUENCY_HZ // BAUDS[mode])
        self.slice_cycles = slice_cycles
        self.now = 0
        self.events: list[CoreEvent] = []

    def run(self, duration_s: float) -> list[CoreEvent]:
        """Let time pass, slice by slice; return what happened."""
        end = self.now + round(duration_s * FREQUENCY_HZ)
        events = []
        while self.now < end:
            self.now = min(end, self.now + self.slice_cycles)
            events += self.core.run_until(self.now)
        self.events += events
        return events

    def send(self, data: bytes) -> None:
        """Begin to send now, one frame after the other."""
        for place, byte in enumerate(data, 1):
            self.core.schedule_uart(self.now + place * self.frame_cycles, byte)

    def ask(self, command: bytes, limit_s: float = 5.0) -> bytes:
        """Send a command; return the answer up to `m-ready`, or what there is of it after `limit_s`."""
        self.send(command)
        answer, end = b"", self.now + limit_s * FREQUENCY_HZ
        while self.now < end and not (answer.endswith(READY) and self.core.waiting):
            answer += said(self.run(0.01))
        return answer

    def boot(self) -> bytes:
        """Run from reset to the first `m-ready`."""
        return self.ask(b"")

    def load(self, stimulus: bytes) -> None:
        """Load a stimulus as the driver does, 36 bytes a command."""
        assert self.ask(b"db load %d%%" % len(stimulus)).startswith(b"m-[Expecting")
        for at in range(0, len(stimulus), 36):
            answer = self.ask(b"db " + stimulus[at : at + 36].hex().encode() + b"%")
        assert answer == b"m-load-done\r\n" + READY

    def of(self, kind: Kind) -> list[CoreEvent]:
        """Return all events of that kind."""
        return [event for event in self.events if event.kind is kind]


def said(events: list[CoreEvent]) -> bytes:
    """Return the bytes among the events."""
    return bytes(event.value for event in events if event.kind is Kind.UART)
