# SPDX-License-Identifier: Apache-2.0
"""How much longer the host takes than the UART and the inferences need, from the bytes and events of a run.

Compared are the phases in which the host waits for nothing but the DUT: identify, load, trial and measure. In them
the DUT needs, for each command,

* the time of its bytes on the UART at its baud rate, command and answer, ten bits a byte. Through an IO manager
  they pass two lines, that of the host and that of the DUT, one after the other; only the last line of an answer
  waits for both, because the board hands on a line while the DUT sends the next one;
* the time of its inferences, warm-ups and trials included: as many times the mean duration of one in the windows.

What the phases took beyond that is the host's: its turns, the operating system, USB. Opening instruments, booting
and stated waits are in other phases and count on neither side.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.session.record import Record
from energy_runner.session.result import Result
from energy_runner.session.stream import Passed

PHASES = frozenset({"identify", "load", "trial", "measure"})
_BITS = 10  # of a byte: 8N1
_USUAL_BAUD = 115_200
_TO_DUT, _OF_DUT = b"dut ", b"[dut]: "  # how a board that relays is told, and tells, what is the DUT's
_LINE_END = b"\r\n"
_READY = b"m-ready"
_LONGEST = 1 << 16  # bytes of a line; beyond it, something else passes this link
_OWN_PORT = "dut"


@dataclass(frozen=True)
class HostTime:
    """What the phases with the DUT took, and what UART and inferences need of it, in seconds."""

    taken_s: float
    uart_s: float
    inferring_s: float

    @property
    def needed_s(self) -> float:
        """Return what is needed whatever the host does, in seconds."""
        return self.uart_s + self.inferring_s

    @property
    def share(self) -> float:
        """Return what the host adds, as a share of what is needed."""
        return self.taken_s / self.needed_s - 1

    @property
    def words(self) -> str:
        """Return the share for a person."""
        added = f"{max(0.0, self.share) * 100:.2g} %"
        return f"{added} more than the {self.needed_s:.3g} s that UART, warm-up and windows need"


@dataclass
class _Link:
    """One link to the DUT, itself or through a board: what its bytes take, in seconds."""

    baud: float
    dut_baud: float
    uart_s: float = 0.0
    _sent: bytes = b""
    _heard: bytes = b""
    _relays: bool = False  # the last command was for the DUT behind it
    _answers: bool = False  # its own answer to the last command has not ended

    def passed(self, bytes_: Passed) -> None:
        """Take the next bytes of the link."""
        if bytes_.direction == "tx":
            *commands, self._sent = (self._sent + bytes_.data).split(b"%")
            for command in commands:
                self._command(command)
            self._sent = self._sent[-_LONGEST:]
        else:
            *lines, self._heard = (self._heard + bytes_.data).split(b"\n")
            for line in lines:
                self._line(line.rstrip(b"\r"))
            self._heard = self._heard[-_LONGEST:]

    def _command(self, command: bytes) -> None:
        self._relays, self._answers = command.startswith(_TO_DUT), True
        self.uart_s += (len(command) + 1) * _BITS / self.baud
        if self._relays:
            self.uart_s += (len(command) - len(_TO_DUT) + 1) * _BITS / self.dut_baud

    def _line(self, line: bytes) -> None:
        _, relayed, said = line.partition(_OF_DUT)
        own_s = len(line + _LINE_END) * _BITS / self.baud
        if relayed and self._relays:
            self.uart_s += len(said + _LINE_END) * _BITS / self.dut_baud + (own_s if said == _READY else 0.0)
        elif not relayed and not self._relays and self._answers:  # the echo of a relayed command comes meanwhile
            self.uart_s += own_s
            self._answers = line != _READY


def host_time(session: Session, result: Result) -> HostTime | None:
    """Return what the host adds to the time that a run needs; None where the session does not tell.

    It does not tell without exchanged bytes, as after thinning, and where no window has a duration. Raises
    `SessionError` for a journal or stream that cannot be read.
    """
    measured = [(one.duration_s, one.inferences) for one in result.windows if one.duration_s and one.inferences]
    if not measured or session.thinned is not None or session.record.origin is not None:
        return None
    each_s = sum(lasted_s for lasted_s, _ in measured) / sum(count for _, count in measured)
    boxes = {
        one.box for one in session.journal().of(ev.Exchange) if one.text is not None and "m-ready" in one.text
    }
    links = {box: _link(session.record, box) for box in boxes}
    taken_ns, begun_ns, inferences = 0, None, 0
    for item in session.in_order(ev.Phase, ev.InferenceDone, ev.TearDownStep, ev.RunStopped):
        if isinstance(item, ev.InferenceDone):
            inferences += item.inferences + item.warmups
        elif not isinstance(item, Passed):
            taken_ns += item.t_ns - begun_ns if begun_ns is not None else 0
            begun_ns = item.t_ns if isinstance(item, ev.Phase) and item.name in PHASES else None
        elif begun_ns is not None and item.device in links:
            links[item.device].passed(item)
    uart_s = sum(link.uart_s for link in links.values())
    return HostTime(taken_ns / 1e9, uart_s, inferences * each_s) if uart_s > 0 and taken_ns else None


def _link(record: Record, box: str) -> _Link:
    """Return the link of a box, with the baud rates that the bench states."""
    dut = _table(record.bench, "dut")
    dut_baud = dut.get("energy_baud" if record.run.mode == "energy" else "baud") or _USUAL_BAUD
    if box == _OWN_PORT:
        return _Link(dut_baud, dut_baud)
    stated = _table(record.bench, "instruments", box) or _table(record.bench, box.replace("-", "_"))
    return _Link(stated.get("baud") or _USUAL_BAUD, dut.get("energy_baud") or dut_baud)  # behind a board


def _table(bench: Mapping[str, Any], *path: str) -> dict[str, Any]:
    value: Any = bench
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return dict(value) if isinstance(value, Mapping) else {}
