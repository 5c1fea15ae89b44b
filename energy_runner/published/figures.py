"""Printed figures: what a runner published, field by field, and whether the same digits come out again."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

# A number as printf or toFixed writes it, and what they write where there is none.
NUMBER = r"([-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|nan|inf|NaN|Infinity))"
_LONGEST_LINE = 400
_SHOWN = 3


@dataclass(frozen=True)
class Figure:
    """One printed figure: `field` of `window` (None for the whole session), digit by digit in `text`."""

    field: str
    window: int | None
    text: str

    @property
    def value(self) -> float | None:
        """Return the number that the text stands for; None for text that is none, NaN and infinity."""
        try:
            number = float(self.text)
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    @property
    def place(self) -> str:
        """Return what the figure is, for a person."""
        return self.field if self.window is None else f"{self.field} of window {self.window}"


@dataclass(frozen=True)
class Pattern:
    """A line of a results file: `regex` finds it, and its groups are the figures called `fields`.

    A line of a section (`section` is True) begins a window; its first group is the window's number.
    """

    regex: re.Pattern[str]
    fields: tuple[str, ...] = ()
    section: bool = False
    whole: bool = False  # the figure belongs to the session, not to the window above it


@dataclass
class ReadFigures:
    """The figures of a results file in order, and the lines that nothing is known about."""

    figures: list[Figure] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def read_figures(lines: Iterable[str], patterns: Sequence[Pattern]) -> ReadFigures:
    """Return the figures that `patterns` find in `lines`; lines that no pattern knows are kept as unknown."""
    found = ReadFigures()
    window: int | None = None
    for line in lines:
        text = line.strip()[:_LONGEST_LINE]
        if not text:
            continue
        for pattern in patterns:
            match = pattern.regex.search(text)
            if match is None:
                continue
            groups = list(match.groups())
            if pattern.section:
                window = int(groups.pop(0))
            place = None if pattern.whole else window
            found.figures += [
                Figure(name, place, value) for name, value in zip(pattern.fields, groups, strict=True)
            ]
            break
        else:
            found.unknown.append(text)
    return found


def last(figures: Iterable[Figure], name: str) -> Figure | None:
    """Return the last figure called `name`, as a reader of the file takes it; None if there is none."""
    found = [figure for figure in figures if figure.field == name]
    return found[-1] if found else None


@dataclass(frozen=True)
class Comparison:
    """Published against reproduced figures: how many were compared, and which do not agree."""

    compared: int
    equal: int
    differing: tuple[tuple[Figure, str], ...] = ()
    only_published: tuple[Figure, ...] = ()
    only_reproduced: tuple[Figure, ...] = ()

    @property
    def exact(self) -> bool:
        """Return whether every published figure came out again, digit for digit."""
        return self.compared > 0 and not (self.differing or self.only_published or self.only_reproduced)

    def phrases(self, source: str) -> list[str]:
        """Return in a phrase each what does not agree; `source` names what the reproduction was made from."""
        said: list[str] = []
        if self.differing:
            figure, mine = self.differing[0]
            more = f", and {len(self.differing) - 1} more" if len(self.differing) > 1 else ""
            said.append(
                f"results differ from {source}: {figure.place} is published as {figure.text}, "
                f"reproduced as {mine}{more}"
            )
        if self.only_published:
            said.append(f"not in {source}: {_listed(self.only_published)}")
        if self.only_reproduced:
            said.append(f"missing in the results: {_listed(self.only_reproduced)}")
        return said


def compare(published: Sequence[Figure], reproduced: Sequence[Figure]) -> Comparison:
    """Compare figures by field and window; where a field was printed twice the last one counts."""
    theirs = {(figure.field, figure.window): figure for figure in published}
    mine = {(figure.field, figure.window): figure for figure in reproduced}
    both = [key for key in theirs if key in mine]
    differing = tuple((theirs[key], mine[key].text) for key in both if theirs[key].text != mine[key].text)
    return Comparison(
        compared=len(theirs),
        equal=len(both) - len(differing),
        differing=differing,
        only_published=tuple(theirs[key] for key in theirs if key not in mine),
        only_reproduced=tuple(mine[key] for key in mine if key not in theirs),
    )


def _listed(figures: Sequence[Figure]) -> str:
    shown = ", ".join(figure.place for figure in figures[:_SHOWN])
    return shown + (f" and {len(figures) - _SHOWN} more" if len(figures) > _SHOWN else "")
