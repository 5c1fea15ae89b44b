# SPDX-License-Identifier: Apache-2.0
"""Inject a fault into one chosen call on any link of a bench.

Tests count the calls of a run, then repeat the run with each kind of fault at each call. A disconnected link stays
dead until it is opened again, like a USB device that has dropped off the bus and come back.
"""

from dataclasses import dataclass, field
from typing import Literal

from instruments.clock import Deadline
from instruments.errors import TimedOut, Unavailable
from instruments.links.base import Link

Kind = Literal["time-out", "garbage", "disconnect", "refusal"]
KINDS: tuple[Kind, ...] = ("time-out", "garbage", "disconnect", "refusal")

# Sent instead of a command, with the end of that command, so that the instrument refuses in its own words.
NONSENSE = b"nonsense"
GARBAGE = bytes(range(0x80, 0xA0)) + b"\xff\x00m-\r\n"


@dataclass
class CallFaults:
    """Counts the calls of one run; call number `at` (from 0) suffers the fault `kind`."""

    kind: Kind | None = None
    at: int = -1
    log: list[str] = field(default_factory=list)

    def wrap(self, device: str, link: Link) -> Link:
        """Put the fault between a driver and its link; fits `build_bench(wrap=…)`."""
        return FaultyLink(device, link, self)

    def count(self, call: str) -> Kind | None:
        """Count a call and return the fault that it suffers, or None."""
        self.log.append(call)
        return self.kind if len(self.log) - 1 == self.at else None


class FaultyLink:
    """A `Link` whose calls are counted and may suffer a fault."""

    def __init__(self, device: str, inner: Link, faults: CallFaults) -> None:
        self.name = inner.name
        self._device = device
        self._inner = inner
        self._faults = faults
        self._gone = False

    def open(self, deadline: Deadline) -> None:
        """Open the link."""
        kind = self._faults.count(f"{self._device} open")
        self._gone = False
        if kind == "time-out":
            self._time_out("open", deadline)
        if kind in ("disconnect", "refusal"):
            raise Unavailable(f"open {self.name}", "no such port (injected)")
        self._inner.open(deadline)

    def close(self) -> None:
        """Release the link; a fault here must have no consequence."""
        kind = self._faults.count(f"{self._device} close")
        self._inner.close()
        if kind is not None:
            raise Unavailable(f"close {self.name}", "the device is gone (injected)")

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send `data`, or what the fault makes of it."""
        kind = self._faults.count(f"{self._device} write {data[:24]!r}")
        self._check(kind, "write to")
        if kind == "time-out":
            self._time_out("write to", deadline)
        changed = {"garbage": GARBAGE[: len(data)], "refusal": NONSENSE + data[-1:]}.get(kind or "", data)
        self._inner.write(changed, deadline)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return what has arrived, or what the fault makes of it."""
        kind = self._faults.count(f"{self._device} read")
        self._check(kind, "read from")
        if kind == "time-out":
            deadline.clock.sleep(deadline.remaining_s())
            return b""
        data = self._inner.read(deadline, max_bytes)
        return GARBAGE if kind == "garbage" else data

    def _check(self, kind: Kind | None, action: str) -> None:
        if kind == "disconnect":
            self._gone = True
            self._inner.close()
        if self._gone:
            raise Unavailable(f"{action} {self.name}", "the device is gone (injected)", "check the cable")

    def _time_out(self, action: str, deadline: Deadline) -> None:
        deadline.clock.sleep(deadline.remaining_s())
        raise TimedOut(f"{action} {self.name}", "nothing happened (injected)")
