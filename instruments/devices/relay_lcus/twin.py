# SPDX-License-Identifier: Apache-2.0
"""The twin of an LCUS-2 relay board: answers no frame, FF with words, and the operation 05 with a frame.

Its relay 1 carries the debug probe's supply, and is closed when the world begins.
"""

from instruments.devices.relay_lcus.protocol import INQUIRE, QUERY, START, frame
from instruments.world.cable import HostPort
from instruments.world.world import World

RELAYS = 2
_FRAME_BYTES = 4


class VirtualLcusRelay:
    """The board; `port` is its end of the cable to the host, `closed` the relays."""

    def __init__(self, world: World, name: str = "relay") -> None:
        self.world = world
        self.port = HostPort(world, name, self._receive, on_open=self._opened)
        self.closed = dict.fromkeys(range(1, RELAYS + 1), True)
        self._untouched = True
        self._input = b""

    def _opened(self) -> None:
        """Be found as others left us, if a fault says so."""
        if self._untouched and self.world.faults.left_over.get("switch") == "off":
            self.closed = dict.fromkeys(self.closed, False)
        self._untouched = False

    def _receive(self, data: bytes) -> None:
        self._input += data
        while self._input:
            if self._input[:1] == QUERY:
                self._input = self._input[1:]
                words = (f"CH{one}: {'ON' if closed else 'OFF'}\r\n" for one, closed in self.closed.items())
                self.port.emit("".join(words).encode())
            elif self._input[0] != START:
                self._input = self._input[1:]
            elif len(self._input) < _FRAME_BYTES:
                return
            else:
                self._obey(self._input[:_FRAME_BYTES])
                self._input = self._input[_FRAME_BYTES:]

    def _obey(self, said: bytes) -> None:
        channel, operation = said[1:3]
        if said != frame(channel, operation) or channel not in self.closed:
            return
        if operation == INQUIRE:
            self.port.emit(frame(channel, int(self.closed[channel])))
        elif operation in (0, 1) and not self.world.faults.refuses(f"relay {operation}"):
            before, self.closed[channel] = (
                self.closed[channel],
                bool(operation) or self.world.faults.switch_stays_on,
            )
            if self.closed[channel] and not before:
                self.world.faults.replugged()
