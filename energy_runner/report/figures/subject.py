# SPDX-License-Identifier: Apache-2.0
"""What figures are drawn from, and what a figure is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from energy_runner.report.figures.fold import MeanInference
from energy_runner.report.story import Story

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Subject:
    """A session to draw: its story, and one mean inference if the trace shows single inferences."""

    story: Story
    mean: MeanInference | None = None

    @property
    def virtual(self) -> bool:
        """Return whether anything was simulated; then each figure says so."""
        return self.story.result.virtual or self.story.record.virtual


@dataclass(frozen=True)
class Drawing:
    """One figure: the stem of its file name, its title, its height in inches, and what draws it."""

    name: str
    title: str
    height_in: float
    draw: "Callable[[Figure], None]"
