# SPDX-License-Identifier: Apache-2.0
"""`results.txt` of the EEMBC runner, line by line: which figure stands in each, and whose it is."""

from pathlib import Path

import pytest

from energy_runner.published.contents import Contents
from energy_runner.published.discover import Found
from energy_runner.published.eembc.results import EembcResults, read_results
from energy_runner.published.model import Figure

WINDOW = "00098.529 ulp-ml: Energy data for window 4 at time 2.88 for 11.65 sec.:"


def read(*lines: str, in_log: tuple[str, ...] = ()) -> EembcResults:
    found = Found(Path("x"), Path("x"), "x")
    return read_results(Contents(found, of_mlcommons=False, results=list(lines) or None), list(in_log))


@pytest.mark.parametrize(
    ("line", "figures"),
    [
        ("ulp-ml:   Energy       :   556281.710 uJ", [("Energy", 4, "556281.710")]),
        ("ulp-ml:   Power        :    47749.000 uW", [("Power", 4, "47749.000")]),
        ("ulp-ml:   Energy/Inf.  :     4635.681 uJ/inf.", [("Energy/Inf.", 4, "4635.681")]),
        ("ulp-ml:   # Inferences :          120", [("# Inferences", 4, "120")]),
        ("ulp-ml:   Runtime      :       11.650 sec.", [("Runtime", 4, "11.650")]),
        ("ulp-ml:   Throughput   :       10.300 inf./sec.", [("Throughput", 4, "10.300")]),
        (
            "ulp-ml: Runtime requirements have been met.",
            [("requirement", 4, "Runtime requirements have been met.")],
        ),
        ("ulp-ml: e-[too short]", [("requirement", 4, "e-[too short]")]),
        ("ulp-ml: Median energy cost is 4635.681 uJ/inf.", [("Median energy cost", None, "4635.681")]),
        ("ulp-ml: Median throughput is 10.256 inf./sec.", [("Median throughput", None, "10.256")]),
        ("ulp-mlperf: Top-1: 85.0%", [("Top-1", None, "85.0")]),
        ("ulp-mlperf: AUC: 0.98", [("AUC", None, "0.98")]),
        ("ulp-ml: Cannot compute accuracy metrics in single-run mode.", []),
        ("ulp-ml: ------------------------", []),
    ],
)
def test_a_figure_is_of_the_window_above_it_or_of_the_session(
    line: str, figures: list[tuple[str, int | None, str]]
) -> None:
    results = read(WINDOW, line)
    of_window = [Figure("at time", 4, "2.88"), Figure("for", 4, "11.65")]
    assert results.figures == [*of_window, *(Figure(*one) for one in figures)]
    assert results.unknown == []


def test_performance_results_begin_a_window_of_their_own() -> None:
    results = read(WINDOW, "ulp-ml: Performance results for window 6:", "ulp-ml:   # Inferences : 120")
    assert results.figures[2:] == [Figure("# Inferences", 6, "120")]
    assert results.unknown == []


def test_results_are_dated_by_the_first_line_of_the_plug_in() -> None:
    assert read(WINDOW, "00099.001 ulp-ml: Energy : 1 uJ").printed_ms == 98_529
    assert read("00097.000 session: x", WINDOW).printed_ms == 98_529
    assert read("ulp-ml: Energy : 1 uJ").printed_ms is None


def test_without_the_file_its_lines_in_the_log_are_read() -> None:
    assert read(in_log=("ulp-ml: AUC: 0.98",)).figures == [Figure("AUC", None, "0.98")]
    assert read("ulp-ml: AUC: 0.97", in_log=("ulp-ml: AUC: 0.98",)).figures == [Figure("AUC", None, "0.97")]
