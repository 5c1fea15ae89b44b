"""`journal.jsonl`: one event a line, on disk as soon as it happened.

A killed process loses at most the line that it was writing: such a torn last line is left out on reading and
said so. Anything else that is not an event is hostile or damaged, and refused by line number.
"""

import base64
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from energy_runner.errors import BenchFault, SessionError
from energy_runner.session.events import EVENT, AnyEvent, Event, Exchange
from energy_runner.session.unknown import unknown_event

_PLAIN = frozenset(b"\t\r\n" + bytes(range(0x20, 0x7F)))
_LATEST_NS = 2**63 - 1
_EXCHANGE = re.compile(rb'\{"t_ns":[0-9]+,"kind":"exchange",')  # as `JournalWriter` begins such a line


class JournalWriter:
    """Append events to a journal; nothing is kept back in this process.

    Raises `BenchFault` when a line cannot be written, for a run without its journal proves nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise self._fault(error) from None

    def write(self, event: Event) -> None:
        """Append one event as a line of compact JSON."""
        line = event.model_dump_json().encode() + b"\n"
        try:
            # An unbuffered write may end early, at a full disk for example; the next one then tells why.
            while line:
                line = line[self._file.write(line) or 0 :]
        except (OSError, ValueError) as error:
            raise self._fault(error) from None

    def sync(self) -> None:
        """Wait until everything written is on the storage device, where a power cut cannot reach it."""
        try:
            os.fsync(self._file.fileno())
        except (OSError, ValueError) as error:
            raise self._fault(error) from None

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()

    def _fault(self, error: Exception) -> BenchFault:
        return BenchFault(f"{self._path}: cannot write the journal ({error}). Try: free disk space, run again")


@dataclass(frozen=True)
class Journal:
    """The events of a run, in order; `torn` tells that the last line was cut off and left out."""

    events: tuple[AnyEvent, ...]
    torn: bool = False

    def __iter__(self) -> Iterator[AnyEvent]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)


def read_journal(path: Path, *, exchanges: bool = True) -> Journal:
    """Return the events in the journal `path`.

    Without `exchanges` the bytes that passed the ports are skipped unread: no figure depends on them, and
    they are most of a long run. An event of a kind that only a later version knows is kept as an `UnknownEvent`.
    Raises `SessionError`, which names the line, for anything that is not an event.
    """
    events: list[AnyEvent] = []
    torn = False
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    torn = True
                elif exchanges or not _EXCHANGE.match(line):
                    events.append(_event(path, number, line))
    except OSError as error:
        raise SessionError(f"{path}: cannot be read ({error.strerror or error})") from None
    return Journal(tuple(events), torn)


def _event(path: Path, number: int, line: bytes) -> AnyEvent:
    try:
        event: AnyEvent = EVENT.validate_json(line)
    except ValidationError as error:
        later = unknown_event(line, number)
        if later is None:
            raise SessionError(f"{path}, line {number}: not an event ({_first_line(error)})") from None
        event = later
    if not 0 <= event.t_ns <= _LATEST_NS:
        raise SessionError(f"{path}, line {number}: t_ns is outside 0..{_LATEST_NS}")
    return event


def exchange(t_ns: int, box: str, direction: Literal["tx", "rx"], data: bytes) -> Exchange:
    """Return the event for `data` on a port: as text if it is printable ASCII with line ends, else as base64."""
    if _PLAIN.issuperset(data):
        return Exchange(t_ns=t_ns, box=box, direction=direction, text=data.decode("ascii"))
    return Exchange(t_ns=t_ns, box=box, direction=direction, base64=base64.b64encode(data).decode("ascii"))


def exchanged_bytes(event: Exchange) -> bytes:
    """Return the bytes of an exchange, the inverse of `exchange`; raises `SessionError` for bad base64."""
    if event.text is not None:
        return event.text.encode()
    try:
        return base64.b64decode(event.base64 or "", validate=True)
    except ValueError as error:
        raise SessionError(f"an exchange with {event.box!r} holds no base64 ({error})") from None


def _first_line(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    text = f"{place}: {first['msg']}" if place else first["msg"]
    return text if len(text) <= 160 else text[:157] + "..."
