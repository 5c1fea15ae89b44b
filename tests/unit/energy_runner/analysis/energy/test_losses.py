# SPDX-License-Identifier: Apache-2.0
"""A window that lost an unknown number of samples stands only where a second clock tells the number."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from energy_runner.rules import evaluate
from energy_runner.session import events as ev
from energy_runner.session.result import Result, WindowResult
from tests.support.synthetic import Run, Setup, host_ns, make_run

LAPS = Setup(laps=True, window_s=2.0)
HIT = 1


def lose(run: Run, *, modulo: int, windows: tuple[int, ...] = (HIT,), missing: int = 5) -> Run:
    """Lose five samples in the middle of the windows, of a number that is known modulo so many only."""
    for number in windows:
        middle_s = (run.truth[number].start_s + run.truth[number].stop_s) / 2
        at = round(middle_s / run.setup.period_s)
        run.samples[0][at : at + missing] = np.nan
        lost = ev.SamplesLost(
            t_ns=host_ns(middle_s), after=at, before=at + missing, missing=missing, detail="gap", modulo=modulo
        )
        run.insert(lost)
    return run


def found(result: Result, name: str) -> list[int | None]:
    return [finding.window for finding in result.findings if finding.id == name]


def analysed(run: Run, folder: Path) -> Result:
    return evaluate(run.write(folder / "s"))


def energies_known(result: Result) -> list[bool]:
    return [window.energy_j is not None for window in result.windows]


def test_without_laps_the_window_is_withheld_and_the_others_stand(tmp_path: Path) -> None:
    result = analysed(lose(make_run(replace(LAPS, laps=False)), modulo=64), tmp_path)
    assert energies_known(result) == [True, False, True, True, True]
    assert [window.samples_missing_known for window in result.windows] == [True, False, True, True, True]
    assert found(result, "loss-size-unknown") == [HIT]
    assert result.energy_per_inference_j is None
    assert not result.valid


def test_laps_that_tell_the_number_let_the_window_stand(tmp_path: Path) -> None:
    run = lose(make_run(LAPS), modulo=64)
    truth = run.truth[HIT].energy_j
    result = analysed(run, tmp_path)
    assert all(energies_known(result))
    assert result.windows[HIT].energy_j == pytest.approx(truth, rel=1e-3)
    assert found(result, "loss-size-by-laps") == [HIT]
    assert result.windows[HIT].samples_missing_known is False
    assert not result.valid  # five samples are missing, whichever


@pytest.mark.parametrize(
    ("modulo", "too_few", "says"),
    [(4, 4, "loss-size-unknown"), (4, -4, "loss-size-unknown"), (64, 64, "edges-disagree")],
)
def test_laps_that_tell_another_number_withhold_it(modulo: int, too_few: int, says: str, tmp_path: Path) -> None:
    """The number taken is wrong by a wrap of the counter: all edges after the gap stand that much too early."""
    run = lose(make_run(LAPS), modulo=modulo)
    gap_s = (run.truth[HIT].start_s + run.truth[HIT].stop_s) / 2
    run.change(
        ev.EdgeCaptured,
        lambda _, edge: (
            edge.model_copy(update={"position": edge.position - too_few})
            if edge.position * LAPS.period_s > gap_s
            else edge
        ),
    )
    result = analysed(run, tmp_path)
    assert energies_known(result)[HIT] is False
    assert says in {finding.id for finding in result.findings}


def test_numbers_closer_than_the_laps_can_tell_apart_withhold_it(tmp_path: Path) -> None:
    """Neighbours of 20 us: less than what two laps are worth."""
    run = lose(make_run(replace(LAPS, period_s=2e-5, window_s=0.6, windows=3)), modulo=1)
    result = analysed(run, tmp_path)
    assert found(result, "loss-size-unknown") == [HIT]
    [detail] = [one.detail for one in result.findings if one.id == "loss-size-unknown"]
    assert "leaves other numbers possible" in detail


def test_laps_without_sound_windows_to_compare_with_tell_nothing(tmp_path: Path) -> None:
    result = analysed(lose(make_run(LAPS), modulo=64, windows=(0, 1, 2, 4)), tmp_path)
    assert found(result, "loss-size-unknown") == [0, 1, 2, 4]
    assert energies_known(result) == [False, False, False, True, False]


def test_where_laps_place_the_windows_they_last_what_the_laps_say(tmp_path: Path) -> None:
    result = analysed(lose(make_run(replace(LAPS, by_laps=True)), modulo=1), tmp_path)
    assert found(result, "loss-size-by-laps") == [HIT]
    assert found(result, "loss-size-unknown") == []


def test_a_number_that_is_exact_is_counted_and_nothing_else(tmp_path: Path) -> None:
    result = analysed(lose(make_run(LAPS), modulo=0), tmp_path)
    assert all(energies_known(result))
    assert all(window.samples_missing_known for window in result.windows)
    assert not [finding for finding in result.findings if finding.id.startswith("loss-size")]


def test_the_rule_says_that_the_number_is_not_known(tmp_path: Path) -> None:
    for modulo, says in ((0, "5 lost in the whole run"), (64, "about 5 lost (how many cannot be known)")):
        result = analysed(lose(make_run(LAPS), modulo=modulo), tmp_path / str(modulo))
        [verdict] = [verdict for verdict in result.verdicts if verdict.id == "no-lost-samples"]
        assert not verdict.passed
        assert says in verdict.note


def test_what_is_exact_is_written_as_it_always_was_and_old_files_are_read(tmp_path: Path) -> None:
    exact = ev.SamplesLost(t_ns=1, after=2, before=9, missing=7, detail="")
    assert "modulo" not in exact.model_dump_json()
    assert ev.SamplesLost.model_validate_json(exact.model_dump_json()).modulo == 0
    unknown = exact.model_copy(update={"modulo": 64})
    assert json.loads(unknown.model_dump_json())["modulo"] == 64
    window = WindowResult(index=0, stimulus=0, file="a", inferences=1)
    assert "samples_missing_known" not in window.model_dump_json()
    window = window.model_copy(update={"samples_missing_known": False})
    assert WindowResult.model_validate_json(window.model_dump_json()).samples_missing_known is False
