# SPDX-License-Identifier: Apache-2.0
"""The last exchange with each instrument: it shows a wrong wire or a wrong speed."""

from energy_runner.bench import Bench
from energy_runner.bench.wiring import instruments_of
from instruments.errors import shown
from instruments.links.tap import Direction
from instruments.registry import drivers

KEPT_BYTES = 60  # of each direction, since the last change of it


class Talk:
    """The last that was sent to each instrument and what came after it; it listens to a bench from now on."""

    def __init__(self, bench: Bench) -> None:
        self._sent: dict[str, bytes] = {}
        self._came: dict[str, bytes] = {}
        self._bauds = {name: _baud(bench, name) for name in bench.instruments}
        bench.listen(self.bytes_passed)

    def bytes_passed(self, name: str, direction: Direction, data: bytes) -> None:
        """Keep what passes."""
        if direction == "tx":
            self._sent[name], self._came[name] = data[:KEPT_BYTES], b""
        elif len(self._came.get(name, b"")) < KEPT_BYTES:
            self._came[name] = (self._came.get(name, b"") + data)[:KEPT_BYTES]

    def last(self, name: str) -> str:
        """Return in words, for the end of a message, what was sent last, at which speed, and what came; or ""."""
        if name not in self._sent and name not in self._came:
            return ""
        at = f" at {self._bauds[name]} baud" if self._bauds.get(name) else ""
        sent = f"sent last{at}: {shown(self._sent[name])}" if name in self._sent else f"nothing was sent{at}"
        came = self._came.get(name)
        return f" [{sent}; came: {shown(came) if came else 'nothing'}]"


def _baud(bench: Bench, name: str) -> int:
    """Return the speed of an instrument's serial port; 0 where it has none that matters."""
    present = instruments_of(bench.spec).get(name)
    driver = drivers().get(present.driver) if present is not None else None
    if present is None or driver is None or driver.link != "stream":
        return 0
    return present.baud or driver.baud
