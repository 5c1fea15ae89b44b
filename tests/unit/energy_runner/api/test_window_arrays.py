# SPDX-License-Identifier: Apache-2.0
"""The samples of a window as arrays: their integral is the window's energy, whatever clock they were taken by."""

from pathlib import Path

import numpy as np
import pytest

from energy_runner import api
from energy_runner.analysis.analyze import analyze
from tests.support.traces import TRAIN_W, traced


@pytest.mark.parametrize("clock", [1.0, 1.003])
@pytest.mark.parametrize("quantity", ["energy", "power"])
def test_powers_and_times_are_by_the_clock_that_the_run_found(tmp_path: Path, quantity: str, clock: float) -> None:
    level_w = TRAIN_W[0]
    samples = np.full(4000, level_w)
    recorded = samples * 1e-3 * clock if quantity == "energy" else samples
    session = traced(tmp_path / "s", {quantity: recorded}, windows=[(1000.0, 3000.0, 20)], clock=clock)
    time_s, power_w = api.window_arrays(session, 1)
    assert power_w == pytest.approx(level_w, rel=1e-4)
    assert np.diff(time_s) == pytest.approx(1e-3 * clock, rel=1e-4)
    window = analyze(session).windows[0]
    assert float(np.sum(power_w[:-1] * np.diff(time_s))) == pytest.approx(window.energy_j, rel=2e-3)
