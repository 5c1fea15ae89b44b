"""Ways to a DUT: its own serial port, or an IO manager that relays. The `Dut` driver does not care which."""

from typing import Protocol

from instruments.clock import Deadline
from instruments.devices.dut.protocol import DutEvent, encode_command, parse_line
from instruments.links.base import Link
from instruments.links.lines import LineSplitter


class DutPort(Protocol):
    """What the `Dut` driver needs: commands out, events in.

    `chunk_bytes` is how many bytes of a stimulus fit in one `db` command on this way.
    """

    name: str
    chunk_bytes: int

    @property
    def partial(self) -> str:
        """Return the line that has begun but not ended; bytes at a wrong speed often never end one."""

    def open(self, deadline: Deadline) -> None:
        """Make the way usable."""

    def close(self) -> None:
        """Release it; safe to call twice."""

    def send(self, command: str, deadline: Deadline) -> None:
        """Send one command (without its `%`)."""

    def receive(self, deadline: Deadline) -> list[DutEvent]:
        """Return events of the DUT, waiting for the first until the deadline; then return []."""


class DirectDutPort:
    """The DUT on its own serial port."""

    chunk_bytes = 31  # as the field's runner sends; 38 would fit the 80 characters of a command

    def __init__(self, link: Link) -> None:
        self.name = link.name
        self._link = link
        self._lines = LineSplitter()

    @property
    def partial(self) -> str:
        """Return the line that has begun but not ended."""
        return self._lines.partial

    def open(self, deadline: Deadline) -> None:
        """Open the port."""
        self._lines.clear()
        self._link.open(deadline)

    def close(self) -> None:
        """Release the port."""
        self._link.close()

    def send(self, command: str, deadline: Deadline) -> None:
        """Send one command."""
        self._link.write(encode_command(command), deadline)

    def receive(self, deadline: Deadline) -> list[DutEvent]:
        """Return the events of the lines that arrived."""
        data = self._link.read(deadline)
        return [event for line in self._lines.feed(data) for event in parse_line(line)]
