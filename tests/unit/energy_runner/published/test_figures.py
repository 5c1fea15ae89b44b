# SPDX-License-Identifier: Apache-2.0
"""Printed figures are read whatever stands around them, and never guessed."""

from energy_runner.published.eembc.results import PATTERNS
from energy_runner.published.figures import read_figures
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
