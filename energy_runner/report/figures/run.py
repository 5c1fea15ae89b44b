# SPDX-License-Identifier: Apache-2.0
"""The figures of the power over time: the whole run, and each window."""

from functools import partial
from typing import TYPE_CHECKING

from energy_runner.report.figures.columns import thinned
from energy_runner.report.figures.power import COLUMNS, draw_power, legend_above, mark_windows, placed
from energy_runner.report.figures.subject import Drawing, Subject
from energy_runner.report.story import Story
from energy_runner.session.result import WindowResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARGIN = 0.04
TIME = "time since the first sample of the power monitor (s)"


def whole_run(subject: Subject) -> list[Drawing]:
    """Return the power over the whole run with the windows marked."""
    if subject.story.picture is None:
        return []
    return [Drawing("run", "Power over the whole run", 3.3, partial(_run, story=subject.story))]


def each_window(subject: Subject) -> list[Drawing]:
    """Return the power over each window."""
    if subject.story.picture is None:
        return []
    return [
        Drawing(
            f"window-{window.index + 1}",
            f"Power over window {window.index + 1}",
            3.3,
            partial(_window, story=subject.story, window=window),
        )
        for window in placed(subject.story.result.windows)
    ]


def _run(figure: "Figure", story: Story) -> None:
    picture = story.picture
    envelope = None if picture is None else thinned(picture.fine, 0, picture.samples, COLUMNS)
    if picture is None or envelope is None:
        return
    axes = figure.subplots()
    draw_power(axes, envelope, picture.period_s)
    mark_windows(axes, story.result.windows)
    axes.set_xlabel(TIME)
    legend_above(axes)


def _window(figure: "Figure", story: Story, window: WindowResult) -> None:
    picture = story.picture
    if picture is None or window.start_s is None or window.stop_s is None:
        return
    margin_s = MARGIN * (window.stop_s - window.start_s)
    start, stop = (window.start_s - margin_s) / picture.period_s, (window.stop_s + margin_s) / picture.period_s
    envelope = thinned(picture.fine, start, stop, COLUMNS)
    if envelope is None:
        return
    axes = figure.subplots()
    draw_power(axes, envelope, picture.period_s)
    mark_windows(axes, [window], numbered=False)
    axes.set_xlabel(TIME)
    legend_above(axes)
