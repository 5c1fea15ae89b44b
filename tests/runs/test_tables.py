# SPDX-License-Identifier: Apache-2.0
"""`export table` on runs of the twins: single inferences add up to their windows, and Parquet says their units."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import xarray as xr

from energy_runner import api
from energy_runner.benchmarks.demo import write_demo_stimuli
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.session.folder import Session


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> list[Session]:
    folder = tmp_path_factory.mktemp("runs")
    (folder / "stimuli").mkdir()
    write_demo_stimuli(folder / "stimuli")
    bench = api.load_bench("virtual-lpm01a")
    return [
        api.run(bench, api.plan("kws01", stimuli=folder / "stimuli", seed=seed), out=folder / f"s{seed}")
        for seed in (1, 2)
    ]


def test_single_inferences_add_up_to_their_windows(sessions: list[Session]) -> None:
    windows, inferences = api.table(sessions), api.table(sessions, "inferences")
    assert inferences.remarks == ()
    assert len(inferences) == windows["inferences"].sum()
    for row in range(len(windows)):
        mine = (inferences["session"] == windows["session"][row]) & (
            inferences["window"] == windows["window"][row]
        )
        assert mine.sum() == windows["inferences"][row]
        assert inferences["energy_j"][mine].sum() == pytest.approx(windows["energy_j"][row], rel=0.01)
        assert inferences["start_s"][mine][0] == pytest.approx(windows["start_s"][row], abs=0.01)
        assert np.all(np.diff(inferences["start_s"][mine]) > 0)
    data = xr.Dataset(**inferences.to_xarray())
    means = data.energy_j.where(data.session == "s1", drop=True).groupby("window").mean()
    assert means.sizes["window"] == 5


def test_the_command_writes_parquet_with_units(sessions: list[Session], tmp_path: Path, capsys) -> None:
    file = tmp_path / "laps.parquet"
    folders = [str(session.path) for session in sessions]
    assert run_app(app, ["export", "table", *folders, "--what", "laps", "--out", str(file)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{file}\n"
    assert "SIMULATED" in said.err
    read = pq.read_table(file)
    assert read.num_rows == len(api.table(sessions, "laps"))
    assert read.schema.field("host_ns").metadata[b"unit"] == b"ns"
    assert read.schema.metadata[b"title"].startswith(b"SIMULATED laps of s1, s2")
    assert all(read.column("virtual").to_pylist())
