# SPDX-License-Identifier: Apache-2.0
"""What a sweep refuses before it has entered or made anything."""

from contextlib import closing
from pathlib import Path

import pytest

from energy_runner.api.benches import load_bench
from energy_runner.api.sweep_nights import resume_sweep, stop_sweep
from energy_runner.api.sweeps import CATALOGUE, begin_sweep, serve_sweep, sweep_rows
from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.sweep.catalogue import Catalogue
from energy_runner.sweep.catalogue.seats import BenchMark
from energy_runner.sweep.plan import plan_from_text
from energy_runner.sweep.work.served_bench import os_locks, served_bench

BENCHES = {"left": "virtual-ideal"}
PLAN = plan_from_text('name = "night"\nmode = "performance"\n', "night.toml")


@pytest.fixture(autouse=True)
def own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_a_sweep_on_a_bench_in_use_is_not_entered(tmp_path: Path) -> None:
    first = begin_sweep(PLAN, BENCHES, out=tmp_path, here=True)
    served = served_bench("left", "virtual-ideal", load_bench("virtual-ideal"))
    with closing(Catalogue(tmp_path / CATALOGUE)) as catalogue:
        with os_locks(served, catalogue.identity) as free:
            assert free
            with pytest.raises(BenchFault, match="bench 'left' is in use"):
                begin_sweep(PLAN, BENCHES, out=tmp_path, here=True)
        assert [one.id for one in catalogue.sweeps()] == [first]
    assert [path.name for path in tmp_path.iterdir() if path.is_dir() and path.name != "state"] == [first]
    begin_sweep(PLAN, BENCHES, out=tmp_path, here=True)  # it is free again


def test_going_on_with_a_sweep_on_a_bench_in_use_changes_nothing(tmp_path: Path) -> None:
    sweep = begin_sweep(PLAN, BENCHES, out=tmp_path, here=True)
    served = served_bench("left", "virtual-ideal", load_bench("virtual-ideal"))
    mark = BenchMark("left", "quarantined", "a bad cable", "2026-01-01T00:00:00Z")
    with closing(Catalogue(tmp_path / CATALOGUE)) as catalogue:
        catalogue.seats.mark(mark)
        stop_sweep(sweep, out=tmp_path)
        with os_locks(served, catalogue.identity), pytest.raises(BenchFault, match="bench 'left' is in use"):
            resume_sweep(sweep, BENCHES, out=tmp_path)
        assert catalogue.sweep(sweep).state == "stopping"
        assert catalogue.seats.marks() == {"left": mark}


def test_who_asked_for_a_stop_at_once_is_not_overruled_by_a_later_stop(tmp_path: Path) -> None:
    sweep = begin_sweep(PLAN, BENCHES, out=tmp_path)
    stop_sweep(sweep, now=True, out=tmp_path)
    stop_sweep(sweep, out=tmp_path)
    with closing(Catalogue(tmp_path / CATALOGUE)) as catalogue:
        assert catalogue.sweep(sweep).state == "cancelling"


def test_a_mistyped_catalogue_is_named_and_none_is_made(tmp_path: Path) -> None:
    where = tmp_path / "catalog.sqlite"
    for ask in (
        lambda: serve_sweep("night", "left", "virtual-ideal", catalogue=where),
        lambda: resume_sweep("night", BENCHES, catalogue=where),
        lambda: sweep_rows(catalogue=where),
    ):
        with pytest.raises(ConfigurationError, match=r"catalog\.sqlite: no such catalogue.*--catalogue"):
            ask()
    assert not where.exists()
