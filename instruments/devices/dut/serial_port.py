# SPDX-License-Identifier: Apache-2.0
"""The DUT on a serial port of its own."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from instruments.clock import Clock, Deadline
from instruments.devices.dut.protocol import encode_command
from instruments.links.base import Link
from instruments.links.lines import LineSplitter
from instruments.roles import DutLink, Identity, Instrument


class Options(BaseModel):
    """A serial port has no options other than its baud rate."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DutSerialPort(Instrument):
    """The DUT's UART on a serial port of the host: a `DutLink`."""

    chunk_bytes = 31  # as the field's runner sends; 38 would fit the 80 characters of a command

    def __init__(self, link: Link, clock: Clock, options: Options | None = None) -> None:
        self.name = link.name
        self._link = link
        self._lines = LineSplitter()

    @property
    def partial(self) -> str:
        """Return the line that has begun but not ended."""
        return self._lines.partial

    def dut_link(self, channel: str = "") -> DutLink:
        """Return this port."""
        return self

    def open(self, deadline: Deadline) -> Identity:
        """Open the port; the DUT itself is identified later, by its own commands."""
        self._lines.clear()
        self._link.open(deadline)
        return Identity(kind="serial-port")

    def close(self) -> None:
        """Release the port."""
        self._link.close()

    def send(self, command: str, deadline: Deadline) -> None:
        """Send one command."""
        self._link.write(encode_command(command), deadline)

    def receive(self, deadline: Deadline) -> Sequence[str]:
        """Return complete lines of the DUT, waiting until the deadline for the first bytes."""
        return self._lines.feed(self._link.read(deadline))

    def take_remarks(self) -> Sequence[str]:
        """Return nothing: everything on this port comes from the DUT."""
        return ()
