# SPDX-License-Identifier: Apache-2.0
"""Printed figures are read whatever stands around them, and never guessed."""

import re

from energy_runner.published.eembc.results import PATTERNS
from energy_runner.published.figures import Pattern, read_figures
from energy_runner.published.model import Figure


def test_results_are_read_whatever_stands_around_them() -> None:
    lines = [
        "junk 00098.529 ulp-ml: Energy data for window 2 at time 2.88 for 11.65 sec.:\r",
        "  Energy       :   556281.710 uJ",
        "  Energy/Inf.  :     4635.681 uJ/inf.",
        "Median energy cost is 1.000 uJ/inf.",
        "Median energy cost is 4635.681 uJ/inf.",
        "ulp-ml: Enrgy/Inf : 12 uJ",
    ]
    read = read_figures(lines, PATTERNS)
    assert read.figures[:3] == [
        Figure("at time", 2, "2.88"),
        Figure("for", 2, "11.65"),
        Figure("Energy", 2, "556281.710"),
    ]
    assert read.figures[-1] == Figure("Median energy cost", None, "4635.681")
    assert read.unknown == ["ulp-ml: Enrgy/Inf : 12 uJ"]


def test_a_figure_is_of_the_window_above_it_unless_it_is_of_the_whole_session() -> None:
    patterns = [
        Pattern(re.compile(r"window (\d+)"), section=True),
        Pattern(re.compile(r"cost (\d+)"), ("cost",)),
        Pattern(re.compile(r"median (\d+)"), ("median",), whole=True),
    ]
    read = read_figures(["cost 1", "window 2", "cost 3", "median 4", "cost 5"], patterns)
    assert read.figures == [
        Figure("cost", None, "1"),
        Figure("cost", 2, "3"),
        Figure("median", None, "4"),
        Figure("cost", 2, "5"),
    ]
