# SPDX-License-Identifier: Apache-2.0
"""A DUT that makes fewer inferences than it answers for: its line, its edges and its figure look right."""

from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.session.result import Verdict
from tests.support.small import small_plan, twin_bench

NGU = str(Path(__file__).parents[1] / "support" / "monitor_benches" / "virtual-ngu.toml")


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
