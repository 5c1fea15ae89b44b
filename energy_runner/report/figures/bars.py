# SPDX-License-Identifier: Apache-2.0
"""The figures made of bars: the energy of each layer, and the uncertainty budget."""

import textwrap
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from energy_runner.report.figures.style import BARS, EDGE, INK, label
from energy_runner.report.figures.subject import Drawing, Subject
from energy_runner.report.units import number
from energy_runner.session.result import Component, LayerResult, Score

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROW_IN, FRAME_IN = 0.24, 1.35
LONGEST_LINE = 44  # signs beside a bar


def layers(subject: Subject) -> list[Drawing]:
    """Return the energy of each layer with twice its standard uncertainty; nothing without marked layers."""
    found = subject.story.result.layers
    if found is None or not found.layers:
        return []
    height_in = FRAME_IN + ROW_IN * len(found.layers)
    return [
        Drawing("layers", "Energy of each layer per inference", height_in, partial(_layers, rows=found.layers))
    ]


def budget(subject: Subject) -> list[Drawing]:
    """Return the causes of the score's uncertainty by size; a cause of 0 has no bar and is left out."""
    found, score = subject.story.result.uncertainty, subject.story.result.energy_per_inference_j
    causes = sorted_causes(found.components) if found is not None else []
    if not causes:
        return []
    height_in = FRAME_IN + ROW_IN * (len(causes) + (score is not None))
    return [Drawing("budget", "Uncertainty budget", height_in, partial(_budget, causes=causes, score=score))]


def sorted_causes(components: list[Component]) -> list[Component]:
    """Return the causes that contribute anything, largest first."""
    return sorted((part for part in components if part.value_j), key=lambda part: -abs(part.value_j))


def _layers(figure: "Figure", rows: list[LayerResult]) -> None:
    axes = figure.subplots()
    places = range(len(rows))
    sizes, errors = [1e6 * row.energy_j for row in rows], [2e6 * row.u_j for row in rows]
    _bars(axes, places, sizes, BARS[0], "")
    style: dict[str, Any] = {"fmt": "none", "ecolor": INK, "elinewidth": 0.9, "capsize": 2.5}
    axes.errorbar(sizes, places, xerr=errors, **style)
    axes.set_yticks(places, [label(row.name.replace("_", " "), 34) for row in rows])
    axes.set_ylabel("layer")
    axes.set_xlabel("energy per inference (µJ); the lines are ± 2 standard uncertainties")
    _upside_down(axes, len(rows))


def _budget(figure: "Figure", causes: list[Component], score: Score | None) -> None:
    axes = figure.subplots()
    names = [_wrapped(label(part.name)) for part in causes]
    sizes = [1e6 * abs(part.value_j) for part in causes]
    kinds = {"A": (BARS[1], "type A: from scatter"), "B": (BARS[0], "type B: specifications and other knowledge")}
    for kind, (look, words) in kinds.items():
        at = [place for place, part in enumerate(causes) if part.kind == kind]
        if at:
            _bars(axes, at, [sizes[place] for place in at], look, words)
    if score is not None:
        names.append("combined")
        sizes.append(1e6 * score.u)
        _bars(axes, [len(causes)], [sizes[-1]], BARS[2], "combined")
        axes.axhline(len(causes) - 0.5, color=EDGE, linewidth=0.8)
    for place, size in enumerate(sizes):
        axes.annotate(number(size, 3), (size, place), xytext=(3, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylabel("cause")
    axes.set_xlabel("standard uncertainty of the energy per inference (µJ)")
    axes.margins(x=0.12)
    _upside_down(axes, len(names))
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, fontsize=7.5, borderaxespad=0.2)


def _bars(axes: Any, at: Sequence[int], sizes: Sequence[float], look: tuple[str, str], words: str) -> None:
    """Draw bars with one colour and hatching; `words` names them in the legend."""
    colour, hatch = look
    axes.barh(at, sizes, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.6, label=words or None)


def _wrapped(name: str) -> str:
    """Return a name in lines that leave room for the bars; nothing of it is lost."""
    return "\n".join(textwrap.wrap(name, LONGEST_LINE))


def _upside_down(axes: Any, rows: int) -> None:
    """Put the first row on top, and no lines between rows."""
    axes.set_ylim(rows - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
