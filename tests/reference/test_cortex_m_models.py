# SPDX-License-Identifier: Apache-2.0
"""The official models in the emulated Cortex-M4, against tflite-micro."""

import numpy as np
import pytest

from tests.support.core_bench import RunningCore, elf_of, needs
from tests.support.network_oracle import Oracle

pytestmark = needs("arm-none-eabi-gcc", "make", "cc")
pytest.importorskip("unicorn", reason="unicorn is missing: pip install unicorn")


@pytest.mark.deep
@pytest.mark.parametrize(
    ("name", "stimulus_bytes"), [("ad01", 2560), ("ic01", 3072), ("kws01", 490), ("sww01", 1200), ("vww01", 27648)]
)
def test_every_benchmark_answers_as_tflite_micro(name, stimulus_bytes, reference):
    model = reference / "models" / f"{name}.tflite"
    stimulus = np.random.default_rng(5).integers(0, 256, stimulus_bytes, np.uint8).tobytes()
    if name == "ad01":
        stimulus = np.random.default_rng(5).normal(-20.0, 20.0, 640).astype("<f4").tobytes()
    board = RunningCore(elf_of(model))
    board.boot()
    board.load(stimulus)
    [line] = [line for line in board.ask(b"infer 1 0%", 30.0).split(b"\r\n") if line.startswith(b"m-results-")]
    wanted = list(Oracle(model, name).values(stimulus))
    assert [float(value) for value in line[11:-1].split(b",")] == pytest.approx(wanted, abs=6e-4, rel=1e-6)
