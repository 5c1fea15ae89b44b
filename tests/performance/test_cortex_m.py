# SPDX-License-Identifier: Apache-2.0
"""What slices of time cost the emulated core: the co-simulated bench starts it thousands of times a second."""

import pytest

from instruments.clock import RealClock
from instruments.twin_bench.cosim.lockstep import SLICE_NS
from tests.support.core_bench import FREQUENCY_HZ, RunningCore, elf_of, needs
from tests.support.demo_data import network

pytestmark = needs("arm-none-eabi-gcc", "make", "cc")
pytest.importorskip("unicorn", reason="unicorn is missing: pip install unicorn")

ROUNDS = 5
LONG = 100  # slices of the bench, run in one go
LEAST_RATIO = 0.5


def test_short_slices_cost_less_than_half_of_the_speed(capsys):
    short = SLICE_NS * FREQUENCY_HZ // 1_000_000_000
    board = RunningCore(elf_of(network()), slice_cycles=short)
    board.boot()
    board.send(b"infer 60 0%")
    board.run(0.5)  # the first inference is translated as it runs
    clock = RealClock()

    def mips(slice_cycles: int) -> float:
        board.slice_cycles = slice_cycles
        before, before_ns = board.core.instructions, clock.now_ns()
        board.run(0.5)
        return (board.core.instructions - before) / (clock.now_ns() - before_ns) * 1e3

    speeds = [(mips(short), mips(LONG * short)) for _ in range(ROUNDS)]
    assert not board.core.waiting
    best_short, best_long = (max(column) for column in zip(*speeds, strict=True))
    with capsys.disabled():
        print(f"\nCortex-M4: {best_short:.0f} MIPS in slices of {SLICE_NS / 1e6} ms, {best_long:.0f} in long ones")
    assert best_short > LEAST_RATIO * best_long
