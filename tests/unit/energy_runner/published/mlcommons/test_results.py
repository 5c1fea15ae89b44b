# SPDX-License-Identifier: Apache-2.0
"""`results.txt` of the MLCommons runner, line by line: which figure stands in each, and whose it is."""

from pathlib import Path

import pytest

from energy_runner.published.contents import Contents
from energy_runner.published.discover import Found
from energy_runner.published.mlcommons.results import MlcommonsResults, read_results
from energy_runner.published.model import Figure

FOUND = Found(Path("x"), Path("x"), "x")


def read(*lines: str) -> MlcommonsResults:
    return read_results(Contents(FOUND, of_mlcommons=True, results=list(lines)), [])


@pytest.mark.parametrize(
    ("line", "figures"),
    [
        ("  Elapsed time  : 12.05", [("Elapsed time", 4, "12.05")]),
        ("  Total Energy  : 60246.000 uJ", [("Total Energy", 4, "60246.000")]),
        ("  Energy/Inf    : 240.984 uJ/inf", [("Energy/Inf", 4, "240.984")]),
        ("  Power         : 4.9997 mW.", [("Power", 4, "4.9997")]),
        ("  Inferences    : 250", [("Inferences", 4, "250")]),
        ("    # Inferences : 250", [("# Inferences", 4, "250")]),
        ("    Runtime      : 12.05 sec.", [("Runtime", 4, "12.05")]),
        ("    Throughput   : 20.7 inf./sec.", [("Throughput", 4, "20.7")]),
        ("Runtime requirements have been met.", [("requirement", 4, "Runtime requirements have been met.")]),
        ("Median energy cost is 240.9840 uJ/inf.", [("Median energy cost", None, "240.9840")]),
        ("Median throughput is  20.747 inf./sec.", [("Median throughput", None, "20.747")]),
        ("Top 1% = 91.7", [("Top 1%", None, "91.7")]),
        ("AUC = nan", [("AUC", None, "nan")]),
        (
            "Accuracy: 41 True positives, 9 False negatives, 1 False positives",
            [("True positives", None, "41"), ("False negatives", None, "9"), ("False positives", None, "1")],
        ),
        ("Average duty cycle: 0.5", [("duty cycle", None, "0.5")]),
        ("Average period: 0.032 s", [("period", None, "0.032")]),
        ("Estimated throughput: 62.5 inf./sec.", [("Estimated throughput", None, "62.5")]),
        ("Power Edition Output", []),
        ("-" * 57, []),
        ("True positives: [1, 2]", []),
        ("== File long_wav.wav (1200.0 s) ==", []),
    ],
)
def test_a_figure_is_of_the_window_above_it_or_of_the_session(
    line: str, figures: list[tuple[str, int | None, str]]
) -> None:
    for section in ("Energy data for trial 4", "Performance results for window 4:"):
        results = read(section, line)
        assert results.figures == [Figure(*one) for one in figures]
        assert (results.errors, results.unknown) == ([], [])


def test_an_error_in_place_of_a_figure_is_no_figure_and_no_unknown_line() -> None:
    results = read("Energy data for trial 4", "ERROR: no edges", "an odd line")
    assert (results.figures, results.errors, results.unknown) == ([], ["ERROR: no edges"], ["an odd line"])


def test_figures_of_the_log_and_of_sessions_beside_are_kept_apart() -> None:
    contents = Contents(FOUND, of_mlcommons=True, results=None, beside=[["AUC = 0.97"], []])
    results = read_results(contents, ["AUC = 0.98"])
    assert results.figures == []
    assert results.in_log == [Figure("AUC", None, "0.98")]
    assert results.beside == [[Figure("AUC", None, "0.97")], []]
