# SPDX-License-Identifier: Apache-2.0
"""Printed figures that contradict each other, without any data; what was only rounded does not."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.published.model import Figure
from energy_runner.published.reproduce.contradictions import contradictions
from energy_runner.published.reproduce.eembc_printed import energy_figures, throughput_figures
from energy_runner.published.reproduce.eembc_windows import EembcWindow

RUNTIMES_S = st.lists(st.floats(10.0, 60.0), min_size=5, max_size=5)


def printed(runtimes_s: list[float], inferences: int = 400) -> list[Figure]:
    return throughput_figures([(2 * k + 2, inferences, s) for k, s in enumerate(runtimes_s)])


@given(RUNTIMES_S, st.integers(10, 100_000))
def test_what_the_runner_prints_does_not_contradict_itself(runtimes_s: list[float], inferences: int) -> None:
    assert not list(contradictions(printed(runtimes_s, inferences), 5))


@given(st.lists(st.floats(0.01, 1e7), min_size=5, max_size=5), st.integers(10, 100_000))
def test_energies_that_the_runner_prints_do_not(energies_uj: list[float], inferences: int) -> None:
    windows = [
        EembcWindow(
            number=2 * k + 2,
            at_s=13.0 * k,
            for_s=11.0,
            energy_uj=energy,
            power_uw=energy / 11.0,
            per_inference_uj=energy / inferences,
            inferences=inferences,
            runtime_s=11.0,
        )
        for k, energy in enumerate(energies_uj)
    ]
    assert not list(contradictions(energy_figures(windows), 5))


def test_digits_of_the_other_runner_are_its_own() -> None:
    figures = [Figure("Energy/Inf", k, f"{245.3412 + k / 1000:.3f}") for k in range(5)]
    assert not list(contradictions([*figures, Figure("Median energy cost", None, "245.3432")], 5))
    (found,) = contradictions([*figures, Figure("Median energy cost", None, "245.3452")], 5)
    assert found.value == pytest.approx(245.343)


@pytest.mark.parametrize(
    ("field", "text", "how"),
    [
        ("Median throughput", "51.6", "the median of the printed windows is"),
        ("Throughput", "40.001", "# Inferences / Runtime of the same window is"),
    ],
)
def test_a_forged_figure_contradicts_the_others(field: str, text: str, how: str) -> None:
    figures = printed([11.0, 11.1, 11.2, 11.3, 11.4])
    at = next(k for k, figure in enumerate(figures) if figure.field == field)
    figures[at] = Figure(field, figures[at].window, text)
    found = {it.how: it for it in contradictions(figures, 5)}
    assert found[how].figure.text == text
    true = statistics.median([400 / 11.0, 400 / 11.1, 400 / 11.2, 400 / 11.3, 400 / 11.4])
    assert found[how].value == pytest.approx(true if "Median" in field else 400 / 11.0, rel=1e-4)


def test_medians_of_windows_that_are_not_all_there_are_not_judged() -> None:
    figures = [figure for figure in printed([11.0, 12.0, 13.0, 14.0, 15.0]) if figure.window not in (2, 4)]
    assert not list(contradictions(figures, 5))


@pytest.mark.parametrize("text", ["NaN", "", "Infinity", "many"])
def test_what_is_no_number_contradicts_nothing(text: str) -> None:
    figures = [Figure(figure.field, figure.window, text) for figure in printed([11.0] * 5)]
    assert not list(contradictions(figures, 5))
