# SPDX-License-Identifier: Apache-2.0
"""Cut a stream of bytes into lines, and take the readings out of them."""

import re

from instruments.devices.serial_thermometer.protocol import Reading, reading_in
from instruments.links.lines import LineSplitter


class Readings:
    """Takes bytes and returns the readings in complete lines, however the bytes were divided in transit.

    Lines in which the pattern is not found are passed over: boards greet and comment. So is the first line after
    `clear(mid_line=True)`: its beginning may be missing, and the rest of `T=23.06` would be a wrong number.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)
        self._lines = LineSplitter()
        self._mid_line = True

    def clear(self, *, mid_line: bool) -> None:
        """Drop an incomplete line; `mid_line` says whether the next bytes may belong to one that has begun."""
        self._lines.clear()
        self._mid_line = mid_line

    def feed(self, data: bytes) -> list[Reading]:
        """Return the readings completed by `data`; raise `ProtocolViolation` for a line without an end."""
        lines = self._lines.feed(data)
        whole = lines[1:] if self._mid_line else lines
        self._mid_line = self._mid_line and not lines
        found = (reading_in(line, self._pattern) for line in whole)
        return [one for one in found if one is not None]
