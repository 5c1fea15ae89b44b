# SPDX-License-Identifier: Apache-2.0
"""Where a bench was read from, so that a mistake found later can be named with its line, too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from energy_runner.bench.words import line_of


@dataclass(frozen=True, eq=False)
class Origin:
    """The texts of a bench: its own, and those of the files that it includes, by the key that names them.

    `where` is the file's name in a message. Two benches with the same keys are the same, wherever they came from,
    so all origins are equal.
    """

    where: str = ""
    text: str = ""
    included: Mapping[tuple[str, ...], tuple[str, str]] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    remark: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origin)

    def __hash__(self) -> int:
        return 0

    def at(self, place: Sequence[str], also: Sequence[str] = ()) -> str:
        """Return `file, line N` for the key at `place`, and the line of `also` if it is another key's.

        Only the file is named where the key has no line, as for one that `--set` changed.
        """
        where, text, inner = self._file_of(place)
        line = None if ".".join(place) in self.changed else line_of(text, inner)
        at = where + (self.remark if where == self.where else "")
        at += f", line {line}" if line is not None else ""
        if not also:
            return at
        other, other_text, other_inner = self._file_of(also)
        number = None if ".".join(also) in self.changed else line_of(other_text, other_inner)
        if number is None:
            return at
        return f"{at} (and line {number}{f' of {other}' if other != where else ''})"

    def _file_of(self, place: Sequence[str]) -> tuple[str, str, Sequence[str]]:
        for prefix, (where, text) in self.included.items():
            if tuple(place[: len(prefix)]) == prefix and len(place) > len(prefix):
                return where, text, (prefix[-1], *place[len(prefix) :])
        return self.where, self.text, place
