# SPDX-License-Identifier: Apache-2.0
"""Published beside reproduced beside ours: which figures agree, and which of ours counts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from energy_runner.published.compare import AuditLimits, Beyond, compare, compare_figures
from energy_runner.published.correct import Change, Correction
from energy_runner.published.measure import Measured
from energy_runner.published.model import EEMBC, Figure, PublishedSession
from energy_runner.published.reproduce.eembc_printed import energy_figures
from energy_runner.published.reproduce.eembc_windows import cut_windows
from energy_runner.published.words import phrases
from energy_runner.rules import DEFAULT, load_rule_set
from energy_runner.session.result import Result, Score

SCORE = "Median energy cost"

LIMITS = AuditLimits.of(load_rule_set(DEFAULT))


def test_a_single_digit_is_a_difference() -> None:
    windows = cut_windows(np.full(30_000, 45.0, dtype=np.float32), 1000.0, [0.0, 1.0, 12.0], [100])
    figures = energy_figures(windows)
    assert compare_figures(figures, figures).exact
    bent = [Figure(f.field, f.window, f.text[:-1] + "9") if f.field == "Power" else f for f in figures]
    compared = compare_figures(bent, figures)
    assert not compared.exact
    assert compared.equal == compared.compared - 1
    assert "Power of window 2 is published as" in phrases(compared, "the trace")[0]


def test_figures_of_one_side_only_are_told_by_side() -> None:
    both, mine, theirs = Figure("Power", 2, "1"), Figure("Energy", 2, "1"), Figure("Energy", 4, "1")
    compared = compare_figures([both, theirs], [both, mine])
    assert (compared.compared, compared.equal, compared.exact) == (2, 1, False)
    assert phrases(compared, "the log") == [
        "not in the log: Energy of window 4",
        "missing in the results: Energy of window 2",
    ]
    assert not compare_figures([], []).exact  # nothing was compared


def test_where_a_figure_was_printed_twice_the_last_one_counts() -> None:
    published = [Figure(SCORE, None, "1.0"), Figure(SCORE, None, "2.0")]
    session = published_session(published)
    assert compare(session, published[1:], Measured(), None, LIMITS).published == 2.0
    assert compare(session, published[1:], Measured(), None, LIMITS).figures.exact


def published_session(figures: list[Figure], **fields: object) -> PublishedSession:
    session = PublishedSession(Path("x"), EEMBC, "energy", "kws01", figures=figures, score_field=SCORE)
    return replace(session, **fields)  # type: ignore[arg-type]


def result(score_uj: float | None, **fields: object) -> Result:
    score = None if score_uj is None else Score(median=score_uj * 1e-6, u=1e-9, U=2e-9, k=2.0)
    return Result(
        benchmark="kws01",
        mode="energy",
        virtual=False,
        outcome="completed",
        valid=True,
        energy_per_inference_j=score,
        **fields,  # type: ignore[arg-type]
    )


def corrected(session: PublishedSession) -> Correction:
    return Correction(session, (Change("told-by-log"),))


def test_a_corrected_figure_counts_only_where_the_recorded_edges_give_none() -> None:
    session = published_session([])
    both = Measured([result(100.0, throughput_per_s=10.0), result(200.0, throughput_per_s=20.0)])
    recorded = compare(session, [], both, corrected(session), LIMITS)
    assert (recorded.ours.value, recorded.ours.basis) == (pytest.approx(100.0), "measured")
    assert recorded.ours.throughput_per_s == 10.0
    assert recorded.correction is None
    one = Measured([result(None), result(200.0, throughput_per_s=20.0)])
    comparison = compare(session, [], one, corrected(session), LIMITS)
    assert (comparison.ours.value, comparison.ours.basis) == (pytest.approx(200.0), "corrected")
    assert comparison.ours.expanded_u == pytest.approx(2e-3)
    assert comparison.correction is not None


def test_a_failure_counts_only_where_it_left_no_figure() -> None:
    session, error = published_session([]), ValueError("oh")
    assert compare(session, [], Measured([result(100.0)], error), corrected(session), LIMITS).error is None
    assert compare(session, [], Measured([result(None)], error), corrected(session), LIMITS).error is error


def test_our_figure_is_held_against_a_published_one_that_comes_out_again() -> None:
    for ours_uj, exact, off in (
        (102.0, True, True),
        (98.0, True, True),
        (100.5, True, False),
        (99.5, True, False),
        (102.0, False, False),
        (98.0, False, False),
    ):
        figures = [Figure(SCORE, None, "100.0")]
        again = figures if exact else [Figure(SCORE, None, "101.0")]
        assert compare(published_session(figures), again, Measured([result(ours_uj)]), None, LIMITS).off is off


def test_without_a_measurement_the_printed_figures_are_held_against_the_rules() -> None:
    figures = [Figure("Runtime", 2, "5.245"), Figure("# Inferences", 2, "9"), Figure("Runtime", 4, "11.0")]
    comparison = compare(published_session(figures), [], Measured(), None, LIMITS)
    assert comparison.printed == [
        Beyond("windows", 2, 5),
        Beyond("Runtime", 5.245, 10.0),
        Beyond("# Inferences", 9.0, 10),
    ]
    assert compare(published_session(figures), [], Measured([result(1.0)]), None, LIMITS).printed == []


def test_windows_that_are_not_equally_fast_are_told() -> None:
    figures = [Figure("Throughput", 2, "10.0"), Figure("Throughput", 4, "10.3")]
    assert compare(published_session(figures), [], Measured(), None, LIMITS).rates == (10.0, 10.3)
    even = [Figure("Throughput", 2, "10.0"), Figure("Throughput", 4, "10.1"), Figure("Throughput", 6, "nan")]
    assert compare(published_session(even), [], Measured(), None, LIMITS).rates is None


def test_the_throughput_published_for_performance_mode_stands_beside() -> None:
    for text, told in (("10.3", 10.3), ("0", None), ("nan", None)):
        session = published_session([], beside=[[], [Figure("Median throughput", None, text)]])
        assert compare(session, [], Measured(), None, LIMITS).beside == told


@pytest.mark.parametrize(("expanded_uj", "value"), [(9.0, 10.0), (10.0, 10.0), (10.1, None), (float("nan"), None)])
def test_a_figure_less_than_its_uncertainty_is_none(expanded_uj: float, value: float | None) -> None:
    session = published_session([Figure(SCORE, None, "10.000")], unit="uJ/inf.")
    vague = result(10.0)
    score = replace_score(vague, expanded_uj * 1e-6)
    ours = compare(session, [], Measured([score]), None, LIMITS).ours
    assert ours.value == (None if value is None else pytest.approx(value))
    assert (ours.expanded_u is None) == (value is None)
    assert ours.vague == ("" if value else f"10 ± {expanded_uj:.2g} uJ/inf.")


def replace_score(of: Result, expanded_j: float) -> Result:
    assert of.energy_per_inference_j is not None
    score = of.energy_per_inference_j.model_copy(update={"U": expanded_j})
    return of.model_copy(update={"energy_per_inference_j": score})
