# SPDX-License-Identifier: Apache-2.0
"""The same ELF and the same input in QEMU, an independent emulator: the same answers and the same counts.

QEMU waits for real time where the firmware sleeps, so only counts of instructions can be compared, not times.
"""

import os
import selectors
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from instruments.twin_bench.cosim.cortex_m import Kind
from instruments.twin_bench.cosim.cortex_m_board import GPIO0, MARKER
from tests.support.core_bench import READY, RunningCore, elf_of, needs
from tests.support.demo_data import KEYWORDS_LAYERS, network, stimuli
from tests.support.places import ROOT

pytestmark = [needs("arm-none-eabi-gcc", "make", "cc", "qemu-system-arm"), pytest.mark.wire]
pytest.importorskip("unicorn", reason="unicorn is missing: pip install unicorn")

LAYERS = len(KEYWORDS_LAYERS)
LAYER_OFFSET, FAULT_OFFSET = 0x8, 0xC
LIMIT_S = 60.0


@pytest.fixture(scope="session")
def plugin(tmp_path_factory) -> Path:
    library = tmp_path_factory.mktemp("plugin") / "libqemu_count.so"
    command = ["cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([*command, ROOT / "tests" / "support" / "qemu_count.c", "-o", library], check=True, timeout=60)
    return library


class Qemu:
    """The machine as a process, its UART as our pipes."""

    def __init__(self, elf: Path, plugin: Path, log: Path, page: int) -> None:
        self.log = log
        machine = ("-M", "mps2-an386", "-display", "none", "-monitor", "none", "-serial", "stdio")
        counter = ("-plugin", f"{plugin},log={log},page={page:#x}")
        self.process = subprocess.Popen(
            ["qemu-system-arm", *machine, *counter, "-kernel", elf], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, command: bytes, limit_s: float = LIMIT_S) -> bytes:
        """Send a command; return the answer up to `m-ready`, or what there is of it after `limit_s`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(command)
        self.process.stdin.flush()
        answer, end = b"", time.monotonic() + limit_s
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not answer.endswith(READY) and selector.select(max(0.0, end - time.monotonic())):
                answer += os.read(self.process.stdout.fileno(), 65536)
        return answer

    def stores(self, offset: int) -> list[int]:
        """Return how many instructions came before each store to this offset of the page."""
        rows = [line.split() for line in self.log.read_text().splitlines()]
        return [int(count) for count, at in rows if int(at, 16) == offset]

    def close(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=20.0)


@pytest.fixture
def start(plugin, tmp_path) -> Iterator:
    running = []

    def started(elf: Path, page: int = MARKER) -> Qemu:
        running.append(Qemu(elf, plugin, tmp_path / f"stores{len(running)}.log", page))
        return running[-1]

    yield started
    for qemu in running:
        qemu.close()


def load(ask, stimulus: bytes) -> None:
    ask(b"db load %d%%" % len(stimulus))
    for at in range(0, len(stimulus), 36):
        answer = ask(b"db " + stimulus[at : at + 36].hex().encode() + b"%")
    assert answer == b"m-load-done\r\n" + READY


def test_answers_and_instructions_per_layer(start):
    elf = elf_of(network())
    stimulus = stimuli()[7]
    ours, qemu = RunningCore(elf), start(elf)
    for ask in (ours.ask, qemu.ask):
        assert ask(b"").endswith(b"m-init-done\r\n" + READY)
        load(ask, stimulus)
    assert qemu.ask(b"profile%") == ours.ask(b"profile%")
    assert qemu.ask(b"infer 5 1%") == ours.ask(b"infer 5 1%")
    # From layer to layer within the inferences of the window; between the first and the second the pin rises.
    theirs = np.diff(qemu.stores(LAYER_OFFSET)[2 * LAYERS :])
    layers = np.diff([event.cycle for event in ours.of(Kind.LAYER)[2 * LAYERS :]])
    assert len(theirs) == len(layers) == 4 * LAYERS - 1
    np.testing.assert_array_equal(layers, theirs)


def test_the_window_between_edges(start):
    elf = elf_of(network())
    ours, qemu = RunningCore(elf), start(elf, GPIO0)
    for board in (ours, qemu):
        board.ask(b"")
        board.ask(b"infer 3 0%")
    edges = [event.cycle for event in ours.of(Kind.TIMESTAMP)]
    # High, the pulse of the boot, then within the window: low, high by the timer's interrupt, high once more when
    # the first inference is over, and low.
    stores = qemu.stores(0x404)
    windows = [edges[4] - edges[2], stores[6] - stores[3]]
    # Nothing is asleep inside, so cycles are instructions; those of the handler are among them, in both.
    assert windows[0] == windows[1]
    assert stores[4] - stores[3] < (stores[6] - stores[3]) / 3 - 1000 < stores[5] - stores[3]


def spoiled(elf: Path, function: str, out: Path) -> Path:
    """Return a copy whose function begins with an undefined instruction."""
    names = subprocess.run(["arm-none-eabi-nm", elf], capture_output=True, text=True, check=True).stdout
    [address] = [int(line.split()[0], 16) & ~1 for line in names.splitlines() if line.split()[-1] == function]
    data = bytearray(elf.read_bytes())
    table, first = int.from_bytes(data[28:32], "little"), None
    for at in range(table, table + 32 * int.from_bytes(data[44:46], "little"), 32):
        offset, _, place, size = (int.from_bytes(data[at + n : at + n + 4], "little") for n in (4, 8, 12, 16))
        if place <= address < place + size:
            first = offset + address - place
    assert first is not None
    data[first : first + 2] = b"\x00\xde"
    out.write_bytes(data)
    return out


def test_a_fault_ends_in_the_handler_and_in_silence(start, tmp_path):
    elf = spoiled(elf_of(network()), "th_load_tensor", tmp_path / "spoiled.elf")
    ours, qemu = RunningCore(elf), start(elf)
    ours.boot()
    assert qemu.ask(b"").endswith(READY)
    assert qemu.ask(b"infer 1 0%", limit_s=2.0) == ours.ask(b"infer 1 0%", limit_s=2.0) == b""
    assert qemu.ask(b"name%", limit_s=1.0) == b""
    assert len(qemu.stores(FAULT_OFFSET)) == 1
    assert ours.core.fault is not None
    assert ours.core.fault.startswith("undefined instruction")
