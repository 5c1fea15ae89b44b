# SPDX-License-Identifier: Apache-2.0
"""The section about the supply rails of a DUT that has several: each by itself, and their sum."""

from energy_runner.report.markup import Html, section, table, tag
from energy_runner.report.story import Story
from energy_runner.report.units import number, percent, value_and_expanded
from energy_runner.session.result import Score

_COLUMNS = ("Rail", "Voltage (V)", "Energy per inference (µJ)", "U (µJ)", "Share")


def rails(story: Story) -> Html:
    """Return the table of the rails; empty for a DUT with one only."""
    result = story.result
    if not result.rails:
        return Html("")
    rows = [
        (rail.name, number(rail.voltage_v), *_figures(rail.energy_per_inference_j), percent(rail.share))
        for rail in result.rails
    ]
    rows.append(("sum", "", *_figures(result.energy_per_inference_j), ""))
    shown = table("Each supply rail of the device, and their sum", _COLUMNS, rows, numeric=(1, 2, 3, 4))
    first = result.rails[0].name
    said = tag("p", f"The plots of the power, and what is said of single inferences, are of the rail {first}.")
    return section("rails", "Rails", shown, said)


def _figures(score: Score | None) -> tuple[str, str]:
    return value_and_expanded(score.median * 1e6, score.U * 1e6) if score is not None else ("withheld", "")
