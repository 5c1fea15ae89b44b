# SPDX-License-Identifier: Apache-2.0
"""The figure of the clocks: laps and samples against the host's clock, less the line through the least delayed."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.alignment import LAP_STEP_S, lap_witnesses, recorded_laps
from energy_runner.analysis.placing.line import lower_line
from energy_runner.report.charts.decimate import FloatArray
from energy_runner.report.figures.style import INK, LINE
from energy_runner.report.figures.subject import Drawing, Subject
from energy_runner.report.story import Story
from energy_runner.report.units import value_and_expanded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_DOTS = 2000
Residuals = tuple[str, str, FloatArray, FloatArray]  # what, marker, s since the first, ms later than the line


def clocks(subject: Subject) -> list[Drawing]:
    """Return by how much laps and samples reached the host later than the rate of their clock says."""
    found = [each for each in (_laps(subject.story.facts), _samples(subject.story)) if each is not None]
    if not found:
        return []
    title = "Clocks against the host's clock"
    return [Drawing("clocks", title, 1.1 + 1.7 * len(found), partial(_draw, found=found))]


def _laps(facts: Facts) -> Residuals | None:
    lap_s, host_s = lap_witnesses(facts)
    if len(lap_s) and np.any(np.diff(lap_s) < 0):
        return None
    what = "lines of the DUT about laps" if recorded_laps(facts) else "laps of the IO manager"
    return _residuals(what, "o", lap_s, host_s, LAP_STEP_S)


def _samples(story: Story) -> Residuals | None:
    facts = story.facts
    if facts.monitor is None:
        return None
    ends, times_ns = facts.arrival_line()
    period_s = facts.monitor.period_s
    clock = story.result.sample_clock
    return _residuals(
        "samples of the power monitor",
        "^",
        ends * period_s,
        times_ns * 1e-9,
        period_s,
        u=clock.u if clock is not None else None,
    )


def _residuals(
    what: str, marker: str, own_s: FloatArray, host_s: FloatArray, step_s: float, *, u: float | None = None
) -> Residuals | None:
    """Return how far messages lie above their line; `u` is that of its slope, if it is known better."""
    line = lower_line(own_s, host_s, step_s)
    if line is None:
        return None
    late_ms = (host_s - (line.y0 + line.slope * (own_s - line.x0))) * 1e3
    ppm = (line.slope - 1) * 1e6
    rate, uncertain = value_and_expanded(ppm, 1e6 * (line.slope_u if u is None else u))
    sign = "+" if ppm > 0 else ""
    words = f"{what}: rate {sign}{rate} ± {uncertain} ppm (standard uncertainty) against the host"
    return words, marker, host_s - host_s[0], late_ms


def _draw(figure: "Figure", found: list[Residuals]) -> None:
    panels = figure.subplots(len(found), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (words, marker, at_s, late_ms) in zip(panels, found, strict=True):
        step = max(1, -(-len(at_s) // MOST_DOTS))
        axes.plot(at_s[::step], late_ms[::step], marker, markersize=2.6, color=LINE, linestyle="none")
        axes.axhline(0.0, color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
        axes.set_title(words)
        axes.set_ylabel("later than the line (ms)")
    panels[-1].set_xlabel("time by the host's clock (s)")
