# SPDX-License-Identifier: Apache-2.0
"""The energy that hangs on doubtful samples is in the uncertainty of a session, and a finding tells of it."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from energy_runner.analysis.energy.doubts import doubtful_j
from energy_runner.analysis.energy.impossible import Impossible
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.rules import evaluate
from energy_runner.session.result import Result
from tests.support.hand_made import fake
from tests.support.synthetic import Run, make_run


@pytest.mark.parametrize("signals", ["energy", "current and voltage"])
def test_energy_of_doubtful_samples_is_in_joule(signals: str) -> None:
    ten = lambda a, b: np.full(b - a, 10.0)  # noqa: E731
    one = Impossible(doubtful={"current": 2.0, "voltage": 0.5, "energy": 7.0})
    both = signals != "energy"
    source = fake(
        joule=3.0, signals={"energy": ten}, current_a=ten if both else None, voltage_v=ten if both else None
    )
    assert doubtful_j(cast(EnergySource, source), one, 0, 4) == (
        3.0 * (2.0 * 10 + 0.5 * 10) if both else 3.0 * 7.0
    )


def in_each_window(change: Callable[[np.ndarray], None]) -> Callable[[Run], Run]:
    def bend(run: Run) -> Run:
        for true in run.truth:
            first, last = (int(t / run.setup.period_s) for t in (true.start_s, true.stop_s))
            change(run.samples[0][first + 100 : last - 100])
        return run

    return bend


def judged(folder: Path, change: Callable[[np.ndarray], None]) -> tuple[Result, float]:
    """Return the result of a noisy run with a fault in each window, and its error over its uncertainty."""
    run = make_run(period_s=1e-2)
    rng = np.random.default_rng(1)
    run.samples[0] *= rng.normal(1.0, 1e-3, len(run.samples[0])).astype(np.float32)
    result = evaluate(in_each_window(change)(run).write(folder / "s"))
    score = result.energy_per_inference_j
    assert score is not None
    true_j = float(np.median([one.energy_j / one.inferences for one in run.truth]))
    return result, abs(score.median - true_j) / score.U


def drops(samples: np.ndarray) -> None:
    samples[::15] = 0.0


def spikes(samples: np.ndarray) -> None:
    samples[::30] *= 6


@pytest.mark.parametrize("fault", [drops, spikes])
def test_a_wrong_reading_now_and_then_is_in_the_uncertainty_and_is_told(
    fault: Callable[[np.ndarray], None], tmp_path: Path
) -> None:
    result, ratio = judged(tmp_path, fault)
    assert 0.5 < ratio < 1
    assert {one.window for one in result.findings if one.id == "samples-in-doubt"} == set(range(5))
    assert "samples that may be misread" in [one.name for one in result.uncertainty.components]  # type: ignore[union-attr]
