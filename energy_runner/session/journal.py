# SPDX-License-Identifier: Apache-2.0
"""`journal.jsonl`: one event a line, handed to the operating system as it happens.

A killed process loses at most the line that it was writing: such a torn last line is skipped on reading and
reported. Anything else that is not an event is hostile or damaged, and refused by line number.

A long run has more events than fit into memory, so a journal is read line by line, on each iteration.
"""

import base64
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from energy_runner.errors import BenchFault, SessionError, in_words, remedy
from energy_runner.session import disk
from energy_runner.session.escaped import escaped
from energy_runner.session.events import EVENT, AnyEvent, Event, Exchange
from energy_runner.session.unknown import unknown_event

_PLAIN = frozenset(b"\t\r\n" + bytes(range(0x20, 0x7F)))
LATEST_NS = 2**63 - 1
_BEGINNING = re.compile(rb'\{"t_ns":[0-9]+,"kind":"([a-z-]+)"[,}]')  # as `JournalWriter` begins a line
_EXCHANGE = frozenset({b"exchange"})
# The events of a run of a few minutes are kept; those of a long one are read again instead.
_KEPT = 10_000
LONGEST_LINE = 1 << 24  # bytes; a line without an end would fill the memory


class JournalWriter:
    """Append events to a journal; nothing is buffered in this process.

    `lines` counts what was written, and `sha256` is the digest of all of it. Raises `BenchFault` when a line
    cannot be written, because a run without its journal proves nothing; what was written of it is taken back.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lines = 0
        self._length = 0
        self._digest = hashlib.sha256()
        try:
            self._file = disk.append_to(path)
        except OSError as error:
            raise self._fault(error) from error

    def write(self, event: Event) -> None:
        """Append one event as a line of compact JSON."""
        line = _encoded(event) + b"\n"
        try:
            disk.write_all(self._file, line)
        except (OSError, ValueError) as error:
            self._take_back()
            raise self._fault(error) from error
        self.lines += 1
        self._length += len(line)
        self._digest.update(line)

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of all lines that were written."""
        return self._digest.hexdigest()

    def sync(self) -> None:
        """Wait until everything written is on the storage device, safe from a power cut."""
        try:
            disk.sync(self._file)
        except (OSError, ValueError) as error:
            raise self._fault(error) from error

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()

    def _take_back(self) -> None:
        """Remove the part of a line that was written, so that later lines are whole."""
        with suppress(OSError, ValueError):
            self._file.truncate(self._length)

    def _fault(self, error: Exception) -> BenchFault:
        return BenchFault(f"{self._path}: cannot write the journal ({in_words(error)}){remedy(error)}")


class Journal:
    """The events of a run, in order, read from the file `path` on each iteration.

    Without `exchanges` the bytes that passed the links are skipped unread: no figure depends on them. With `keep`
    a short journal is read once and kept. `until` ends the journal after that many bytes, while it still grows.

    Iterating raises `SessionError`, which names the line, for anything that is not an event. An event of an
    unknown kind becomes an `UnknownEvent`.
    """

    def __init__(
        self, path: Path, *, exchanges: bool = True, keep: bool = False, until: int | None = None
    ) -> None:
        self._path = path
        self._skipped = frozenset[bytes]() if exchanges else _EXCHANGE
        self._keep = keep
        self._until = until
        self._kept: tuple[AnyEvent, ...] | None = None

    @property
    def torn(self) -> bool:
        """Return whether the last line was cut off and is skipped."""
        try:
            with disk.open_file(self._path) as file:
                end = file.seek(0, os.SEEK_END)
                end = end if self._until is None else min(end, self._until)
                if not end:
                    return False
                file.seek(end - 1)
                return file.read(1) != b"\n"
        except OSError as error:
            raise self._unreadable(error) from None

    def __iter__(self) -> Iterator[AnyEvent]:
        if self._kept is not None:
            return iter(self._kept)
        events = (_event(self._path, number, line) for number, line in self._lines(lambda kind: True))
        return self._keeping(events) if self._keep else events

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def of[E: Event](self, *kinds: type[E]) -> Iterator[E]:
        """Yield the events of the given kinds, in order; lines of other kinds are skipped unread."""
        if self._kept is not None:
            return (event for event in self._kept if isinstance(event, kinds))
        names = {str(kind.model_fields["kind"].default).encode() for kind in kinds}
        lines = self._lines(names.__contains__)
        return (event for number, line in lines if isinstance(event := _event(self._path, number, line), kinds))

    def _lines(self, wanted: Callable[[bytes], bool]) -> Iterator[tuple[int, bytes]]:
        """Yield number and bytes of each whole line, except lines whose kind is visible and not wanted."""
        at = 0
        try:
            with disk.open_file(self._path) as file:
                for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), start=1):
                    at += len(line)
                    if len(line) == LONGEST_LINE:
                        raise SessionError(f"{self._path}, line {number}: not an event (longer than any is)")
                    if not line.endswith(b"\n") or (self._until is not None and at > self._until):
                        return
                    shown = _BEGINNING.match(line)
                    if shown is None or (shown[1] not in self._skipped and wanted(shown[1])):
                        yield number, line
        except OSError as error:
            raise self._unreadable(error) from None

    def _keeping(self, events: Iterator[AnyEvent]) -> Iterator[AnyEvent]:
        """Yield the events and keep them for the next time, if they are not too many."""
        kept: list[AnyEvent] = []
        for event in events:
            if len(kept) <= _KEPT:
                kept.append(event)
            yield event
        if len(kept) <= _KEPT:
            self._kept = tuple(kept)

    def _unreadable(self, error: OSError) -> SessionError:
        return SessionError(f"{self._path}: cannot be read ({error.strerror or error})")


def line_kind(line: bytes) -> bytes:
    """Return the kind of the event in a line, where it stands as `JournalWriter` puts it; else nothing."""
    shown = _BEGINNING.match(line)
    return shown[1] if shown is not None else b""


def read_journal(path: Path, *, exchanges: bool = True) -> Journal:
    """Return the journal in the file `path`; nothing is read before its events are iterated."""
    return Journal(path, exchanges=exchanges)


def _encoded(event: Event) -> bytes:
    try:
        return event.model_dump_json().encode()
    except ValueError:
        return type(event).model_validate(escaped(event.model_dump())).model_dump_json().encode()


def _event(path: Path, number: int, line: bytes) -> AnyEvent:
    try:
        event: AnyEvent = EVENT.validate_json(line)
    except ValidationError as error:
        later = unknown_event(line, number)
        if later is None:
            raise SessionError(f"{path}, line {number}: not an event ({_first_line(error)})") from None
        event = later
    if not 0 <= event.t_ns <= LATEST_NS:
        raise SessionError(f"{path}, line {number}: t_ns is outside 0..{LATEST_NS}")
    return event


def exchange(t_ns: int, device: str, direction: Literal["tx", "rx"], data: bytes) -> Exchange:
    """Return the event for `data` on a port: as text if it is printable ASCII with line ends, else as base64."""
    if _PLAIN.issuperset(data):
        return Exchange(t_ns=t_ns, box=device, direction=direction, text=data.decode("ascii"))
    return Exchange(t_ns=t_ns, box=device, direction=direction, base64=base64.b64encode(data).decode("ascii"))


def exchanged_bytes(event: Exchange) -> bytes:
    """Return the bytes of an exchange, the inverse of `exchange`; raises `SessionError` for bad base64."""
    if event.text is not None:
        return event.text.encode()
    try:
        return base64.b64decode(event.base64 or "", validate=True)
    except ValueError as error:
        raise SessionError(f"an exchange with {event.box!r} is not base64 ({error})") from None


def _first_line(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    text = f"{place}: {first['msg']}" if place else first["msg"]
    return text if len(text) <= 160 else text[:157] + "..."
