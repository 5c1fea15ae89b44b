# SPDX-License-Identifier: Apache-2.0
"""The table of figures, in the order in which a reader wants them."""

from collections.abc import Callable

from energy_runner.report.figures.bars import budget, layers
from energy_runner.report.figures.clocks import clocks
from energy_runner.report.figures.drift import drift
from energy_runner.report.figures.inference import mean_inference, phases
from energy_runner.report.figures.run import each_window, whole_run
from energy_runner.report.figures.subject import Drawing, Subject

FIGURES: tuple[Callable[[Subject], list[Drawing]], ...] = (
    whole_run,
    each_window,
    mean_inference,
    layers,
    phases,
    budget,
    drift,
    clocks,
)


def drawings(subject: Subject) -> list[Drawing]:
    """Return all figures that a session has the data for."""
    return [drawing for figures in FIGURES for drawing in figures(subject)]
