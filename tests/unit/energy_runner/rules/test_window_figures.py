# SPDX-License-Identifier: Apache-2.0
"""Rules on the figures of windows, for windows that are given number by number."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from energy_runner.analysis.contradictions import INFERENCES
from energy_runner.rules import load_rule_set
from energy_runner.rules.base import Case, Judgement
from energy_runner.rules.instrument import _interval_end, calibration
from energy_runner.rules.rule_sets import Row
from energy_runner.rules.table import RULES
from energy_runner.rules.toml_lines import line_of
from energy_runner.rules.windows import _share, _unusual, counts_judged
from energy_runner.session.result import Finding
from tests.support.bent_runs import FAST, calibrated
from tests.support.synthetic import make_run


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case.of(make_run(FAST).write(tmp_path_factory.mktemp("s") / "s"), load_rule_set("mlperf-tiny-1.4"))


def judged(
    case: Case, rule: str, changes: Sequence[dict[str, Any]], row: Row | None = None, **result: Any
) -> Judgement:
    windows = [
        window.model_copy(update=change) for window, change in zip(case.result.windows, changes, strict=False)
    ]
    bent = replace(case, result=case.result.model_copy(update={"windows": windows} | result))
    judgement = RULES[rule].judge(bent, row or Row(binding="always", clause="c", limit=0.1, remark_above=0.01))
    assert judgement is not None
    return judgement


def energies(*values: float | None) -> list[dict[str, Any]]:
    return [{"energy_per_inference_j": value} for value in values]


@pytest.mark.parametrize(
    ("values", "spread"),
    [
        ((1.0, 1.05), 0.05 / 1.025),
        ((1.0, None, 1.05, None), 0.05 / 1.025),
        ((1.0,), None),
        ((1.0, None), None),
        ((0.0, 0.0, 0.0), None),
        ((-1.0, -1.0), None),
        ((), None),
    ],
)
def test_two_windows_have_a_spread(case: Case, values: tuple[float | None, ...], spread: float | None) -> None:
    found = judged(case, "spread", energies(*values))
    assert found.known is (spread is not None)
    assert found.value == (pytest.approx(spread) if spread is not None else None)
    assert found.high == 0.1


@pytest.mark.parametrize(
    ("values", "drift", "note"),
    [
        ((1.0, 1.02, 1.04), 0.04 / 1.02, "above 1 %, which is unusual; each is higher than the one before"),
        ((1.04, 1.02, 1.0), -0.04 / 1.02, "above 1 %, which is unusual; each is lower than the one before"),
        ((1.0, 1.0, 1.04), 0.04, "above 1 %, which is unusual"),
        ((1.04, 1.0, 1.0), -0.04, "above 1 %, which is unusual"),
        ((1.0, 1.04, 1.03, 1.05), 0.042 / 1.035, "above 1 %, which is unusual"),
        ((1.0, 1.001, 1.002), 0.002 / 1.001, ""),
        ((1.0, 1.02), None, "2 windows have a figure, 3 are needed"),
        ((1.0, None, 1.02), None, "2 windows have a figure, 3 are needed"),
        ((0.0, 0.0, 0.0), None, "3 windows have a figure, 3 are needed"),
    ],
)
def test_three_windows_have_a_drift(
    case: Case, values: tuple[float | None, ...], drift: float | None, note: str
) -> None:
    found = judged(case, "drift", energies(*values))
    assert (found.known, found.note) == (drift is not None, note)
    assert found.value == (pytest.approx(drift) if drift is not None else None)
    assert (found.low, found.high) == (-0.1, 0.1)


@pytest.mark.parametrize(("value", "noted"), [(0.01, False), (0.0100001, True)])
def test_a_share_on_the_threshold_is_not_unusual(value: float, noted: bool) -> None:
    assert bool(_unusual(value, Row(binding="always", clause="c", remark_above=0.01))) is noted
    assert _unusual(value, Row(binding="always", clause="c")) == ""


def test_stimuli_are_known_by_the_files_of_all_windows(case: Case) -> None:
    found = judged(case, "different-stimuli", [{}] * 5)
    assert (found.known, found.value, found.low) == (True, 5, 5)
    one = judged(case, "different-stimuli", [{"file": ""}, *[{}] * 4])
    assert (one.known, one.note, one.low) == (False, "the session does not tell which file was loaded", 5)


def test_a_benchmark_without_a_known_label_file_has_no_first_stimuli(case: Case) -> None:
    unknown = replace(case, rules=load_rule_set("lab"))
    found = judged(unknown, "first-stimuli", [{}] * 5)
    assert (found.known, found.note.split(".")[0]) == (False, "the benchmark's label file is not known here")


def test_the_shortest_window_is_told(case: Case) -> None:
    changes = [{"duration_s": duration_s} for duration_s in (12.0, 11.0, 13.0)]
    found = judged(case, "window-length", changes, Row(binding="always", clause="c", limit=10.0))
    assert (found.passed, found.value, found.measured, found.low) == (True, 11.0, 11.0, 10.0)


@pytest.mark.parametrize(("name", "passed"), [(INFERENCES, False), ("other", True)])
def test_only_a_contradiction_about_inferences_counts_against_their_number(
    case: Case, name: str, passed: bool
) -> None:
    row = Row(binding="always", clause="c", limit=10)
    found = judged(case, "window-inferences", [{}] * 5, row, findings=[Finding(id=name, detail="odd")])
    assert (found.passed, found.note) == (passed, "" if passed else "odd")


@pytest.mark.parametrize(
    ("count", "expected", "share"),
    [(3, 10, 0.3), (0, 10, 0.0), (0, None, 0.0), (1, None, 1.0), (1, 0, 1.0), (0, 0, 0.0)],
)
def test_samples_where_none_was_expected_are_all_of_them(count: int, expected: int | None, share: float) -> None:
    assert _share(count, expected) == share


@pytest.mark.parametrize(("share", "limit"), [(0.001, "0.1 % of a window"), (0.0, 0)])
def test_a_share_of_samples_is_told_as_percent_and_none_as_zero(case: Case, share: float, limit: Any) -> None:
    found = counts_judged(case.result.windows, "samples_missing", share, "")
    assert (found.passed, found.limit, found.high) == (True, limit, share)


# --- calibration and lines ------------------------------------------------------------------------------


@pytest.mark.parametrize("dates", [{"due": "2026-01-01"}, {"calibrated_on": "2024-06-01"}])
def test_without_the_day_of_the_run_no_calibration_is_judged(tmp_path: Any, dates: dict[str, Any]) -> None:
    run = calibrated(**dates)(make_run(FAST))
    run.record = run.record.model_copy(update={"started_utc": "not recorded"})
    undated = Case.of(run.write(tmp_path / "s"), load_rule_set("lab"))
    found = calibration(undated, Row(binding="always", clause="c", limit=12))
    assert found is not None
    assert (found.known, found.note) == (False, "the day of the run is not in the session")


def test_an_interval_is_a_whole_number_of_days() -> None:
    for days, end in ((1, "2024-01-02"), (0, None), (-1, None), (True, None), (1.0, None), (36_501, None)):
        assert _interval_end("2024-01-01", days) == end
    assert _interval_end(None, 1) is None


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("rules",), 2),
        (("rules", "spread"), 2),
        (("rules", "spread", "limit"), 4),
        (("rules", "drift", "limit"), 7),
        (("rules", "other"), 2),
        (("id",), 1),
        (("other",), None),
        ((), None),
    ],
)
def test_the_line_of_a_key_is_that_of_its_deepest_part(place: tuple[str, ...], line: int | None) -> None:
    text = 'id = "x"\n[rules]\nspread.x = 1\nspread.limit = 1\nspread.limit = 2\n["rules".drift]\nlimit = 1\n'
    assert line_of(text, place) == line
