# SPDX-License-Identifier: Apache-2.0
"""Readings that cannot be and errors of the instrument itself, on every monitor's twin: no window has a number."""

from collections.abc import Callable
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.session.folder import Session
from instruments.world.faults import Faults
from tests.support.small import small_plan, twin_bench

NGU = str(Path(__file__).parents[1] / "support" / "monitor_benches" / "virtual-ngu.toml")
MONITORS = ["virtual-lpm01a", "virtual-n6705c", NGU]
EVERY = 130


def run(name: str, folder: Path, set_faults: Callable[[Faults], None]) -> Session:
    bench = twin_bench(name, seed=2)
    assert bench.twin is not None
    set_faults(bench.twin.world.faults)
    return api.run(bench, small_plan(folder / "stimuli"), out=folder / "s")


def withheld(session: Session) -> dict[int, str]:
    result = session.result()
    told = {one.window: one.id for one in result.findings if one.window is not None}
    return {window.index: told.get(window.index, "") for window in result.windows if window.energy_j is None}


@pytest.mark.parametrize("name", MONITORS)
def test_an_ordinary_run_has_none(name: str, tmp_path: Path) -> None:
    session = run(name, tmp_path, lambda faults: None)
    assert withheld(session) == {}
    assert [window.samples_over_range for window in session.result().windows] == [0, 0]


@pytest.mark.parametrize("read_a", [0.14, 4.0, 933.0])
@pytest.mark.parametrize("name", MONITORS)
def test_one_reading_in_many_that_cannot_be_withholds_its_window(name: str, read_a: float, tmp_path: Path) -> None:
    def odd(faults: Faults) -> None:
        faults.odd_sample_every, faults.odd_sample_a = EVERY, read_a

    session = run(name, tmp_path, odd)
    by_driver = name == "virtual-lpm01a" and read_a > 1  # which knows that the shield gives 0.2 A in no mode
    assert set(withheld(session).values()) == {"over-range" if by_driver else "samples-impossible"}
    result = session.result()
    assert result.energy_per_inference_j is None
    for window in result.windows:
        assert window.samples_expected is not None
        assert window.samples_over_range == pytest.approx(window.samples_expected / EVERY, abs=1)
    (verdict,) = [one for one in result.verdicts if one.id == "not-over-range"]
    assert not verdict.passed


@pytest.mark.parametrize("name", MONITORS[1:])
def test_a_sign_that_flips_withholds_its_window(name: str, tmp_path: Path) -> None:
    def flip(faults: Faults) -> None:
        faults.flip_sign_every = EVERY

    assert set(withheld(run(name, tmp_path, flip)).values()) == {"samples-impossible"}


@pytest.mark.parametrize("name", MONITORS)
def test_an_error_of_the_instrument_withholds_the_window_in_which_it_came(name: str, tmp_path: Path) -> None:
    ordinary = run(name, tmp_path, lambda faults: None)
    done = [event for event in ordinary.journal() if event.kind == "inference-done" and event.purpose == "window"]
    at_ns = (done[0].start_line_ns + done[0].done_line_ns) // 2

    def fail(faults: Faults) -> None:
        faults.error_at_ns = at_ns

    (tmp_path / "again").mkdir()
    session = run(name, tmp_path / "again", fail)
    assert withheld(session)[0] == "instrument-error"
    assert session.result().energy_per_inference_j is None
    assert not session.result().valid
