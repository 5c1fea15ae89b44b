# SPDX-License-Identifier: Apache-2.0
"""A DUT that makes fewer inferences than it answers for: its line, its edges and its figure look right."""

from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.session.result import Verdict
from tests.support.no_report import no_report
from tests.support.small import small_plan, twin_bench

SUPPORT = Path(__file__).parents[1] / "support"
NGU = str(SUPPORT / "monitor_benches" / "virtual-ngu.toml")
FED = str(SUPPORT / "benches" / "fed-from-outside.toml")


def verdict(name: str, made: float, folder: Path) -> Verdict:
    bench = twin_bench(name, seed=2)
    assert bench.twin is not None
    bench.twin.world.faults.inferences_made = made
    session = api.run(bench, small_plan(folder / "stimuli", inferences=80), out=folder / "s")
    (found,) = [one for one in session.result().verdicts if one.id == "trace-repeats"]
    return found


@pytest.mark.parametrize("name", ["virtual-lpm01a", "virtual-n6705c", NGU])
def test_the_trace_tells_how_many_inferences_were_made(name: str, tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    right = verdict(name, 1.0, tmp_path / "all")
    assert right.passed
    assert str(right.measured).endswith("found, 80 stated")
    (tmp_path / "half").mkdir()
    wrong = verdict(name, 0.5, tmp_path / "half")
    assert (wrong.passed, wrong.known, wrong.binding) == (False, True, True)
    assert wrong.value == pytest.approx(40, abs=0.1)
    assert str(wrong.measured).endswith("found, 80 stated")


@pytest.mark.parametrize("seed", [3, 6, 12, 21])
def test_an_uneven_pace_leaves_nothing_that_stands_for_inferences_not_made(seed: int, tmp_path: Path) -> None:
    """The swarm found it: two of three inferences made, and what jitter left of them was taken for the others."""
    bench = twin_bench(FED, seed=seed)
    assert bench.twin is not None
    bench.twin.world.faults.inferences_made = 0.67
    with no_report():
        session = api.run(bench, small_plan(tmp_path / "stimuli", inferences=24), out=tmp_path / "s")
    (found,) = [one for one in session.result().verdicts if one.id == "trace-repeats"]
    assert (found.passed, found.known) == (False, True)
    assert found.value == pytest.approx(16, abs=0.1)
