# SPDX-License-Identifier: Apache-2.0
"""A running sum told as joules in each sample is refused; joules of samples are not, however they rise."""

from pathlib import Path

import numpy as np
import pytest

import energy_runner as er
from energy_runner.traces.model import TraceFileError

COUNT = 30_000
EACH_J = 15e-6


def imported(folder: Path, joules: np.ndarray) -> er.Session:
    (folder / "t.csv").write_text(
        "time (ms),energy (uJ)\n" + "".join(f"{k},{one * 1e6!r}\n" for k, one in enumerate(joules.tolist()))
    )
    (folder / "edges.csv").write_text("time (s)\n2\n14\n")
    columns = {"time": "ms", "energy": "uJ"}
    return er.import_trace(
        folder / "t.csv", folder / "s", edges=folder / "edges.csv", columns=columns, voltage_v=3.0, inferences=10
    )


@pytest.mark.parametrize("step", [1, 500], ids=["each sample", "now and then"])
def test_a_running_sum_is_refused_and_leaves_no_session(step: int, tmp_path: Path) -> None:
    summed = np.cumsum(np.full(COUNT, EACH_J))
    with pytest.raises(TraceFileError, match=r"never fall, from .* as a running sum does.*Try: a column of power"):
        imported(tmp_path, summed[np.arange(COUNT) // step * step])
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    "joules",
    [
        np.full(COUNT, EACH_J),
        np.where(np.arange(COUNT) % 2000 < 1000, EACH_J, 3 * EACH_J),
        EACH_J * (1 + np.arange(COUNT) / COUNT * 0.5),
    ],
    ids=["steady", "steps", "drift"],
)
def test_joules_in_each_sample_are_taken_as_they_are(joules: np.ndarray, tmp_path: Path) -> None:
    [window] = imported(tmp_path, joules).result().windows
    assert window.energy_j == pytest.approx(float(np.sum(joules[2000:14000])), rel=1e-5)
