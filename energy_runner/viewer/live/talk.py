# SPDX-License-Identifier: Apache-2.0
"""The last lines of a run: what the DUT was told and said, and what was remarked."""

import re
from collections import deque
from typing import Any, Literal

from energy_runner.viewer.live.words import LONGEST, Roles, words

Way = Literal["to", "from", "note"]
KEPT = 200  # lines
_LONGEST_OPEN = 4096  # characters of a line without an end
_MOST_LINKS = 64
_ENDS = {"tx": re.compile(r"[%\r\n]"), "rx": re.compile(r"[\r\n]")}


class Talk:
    """Lines by whole lines, whatever the portions in which their bytes came."""

    def __init__(self, roles: Roles) -> None:
        self.dut = roles.dut
        self.kept: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._not_dut: set[str] = set()
        self._open: dict[tuple[str, str], str] = {}

    def is_not_dut(self, *boxes: str) -> None:
        """Take note of boxes that talk to the host about other things than the DUT."""
        self._not_dut.update(box for box in boxes if box != self.dut)

    def passed(self, at_s: float, box: str, direction: str, text: str) -> list[dict[str, Any]]:
        """Take text of a link; return the lines that are complete with it."""
        if (self.dut and box != self.dut) or box in self._not_dut:
            return []
        key = (box, direction)
        if key not in self._open and len(self._open) >= _MOST_LINKS:
            return []
        *whole, rest = _ENDS[direction].split(self._open.get(key, "") + text)
        if len(rest) > _LONGEST_OPEN:
            whole, rest = [*whole, rest], ""
        self._open[key] = rest
        way: Way = "to" if direction == "tx" else "from"
        lines = [self._line(at_s, way, box, line) for line in whole[-KEPT:] if line.strip()]
        self.kept.extend(lines)
        return lines

    def note(self, at_s: float, box: str, text: str) -> list[dict[str, Any]]:
        """Take a remark or a problem."""
        line = self._line(at_s, "note", box, text)
        self.kept.append(line)
        return [line]

    def _line(self, at_s: float, way: Way, box: str, text: str) -> dict[str, Any]:
        return {"at_s": round(at_s, 6), "way": way, "box": words(box[:LONGEST]), "text": words(text)}
