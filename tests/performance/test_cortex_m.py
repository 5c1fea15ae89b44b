"""How fast the emulated core runs: the budget of five 10 s windows in 15 s of wall time rests on it."""

import pytest

from instruments.clock import RealClock
from instruments.virtual.cosim.lockstep import SLICE_NS
from tests.cosim.core_bench import FREQUENCY_HZ, RunningCore, elf_of, needs

pytestmark = needs("arm-none-eabi-gcc", "make", "cc")
pytest.importorskip("unicorn", reason="unicorn is missing: pip install unicorn")

# On an idle core: 350 to 390 in slices of 0.5 ms, 450 without counting.
LEAST_MIPS = 200.0


def test_instructions_per_second_in_the_slices_of_the_bench(reference, capsys):
    slice_cycles = SLICE_NS * FREQUENCY_HZ // 1_000_000_000
    board = RunningCore(elf_of(reference / "models" / "kws01.tflite"), slice_cycles=slice_cycles)
    board.boot()
    board.send(b"infer 20 0%")
    board.run(0.2)  # the first inference is translated as it runs
    clock, speeds_mips = RealClock(), []
    for _ in range(5):
        before, before_ns = board.core.instructions, clock.now_ns()
        board.run(1.0)
        speeds_mips.append((board.core.instructions - before) / (clock.now_ns() - before_ns) * 1e3)
    assert not board.core.waiting
    with capsys.disabled():
        print(f"\nCortex-M4 in slices of {SLICE_NS / 1e6} ms: {max(speeds_mips):.0f} MIPS")
    assert max(speeds_mips) > LEAST_MIPS
