# SPDX-License-Identifier: Apache-2.0
"""Follow a journal that somebody else writes: from a kept place on, and whole lines only.

What is wrong is told in `problems`: a line that is no event is left out, and one that is cut off is read when it
is whole.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from energy_runner.errors import in_words
from energy_runner.session import disk
from energy_runner.session.events import EVENT, KINDS, AnyEvent

_AT_ONCE = 1 << 21  # bytes of one look
_LONGEST_LINE = 1 << 24
_LATEST_NS = 2**63 - 1
_BEGINNING = re.compile(rb'\{"t_ns":([0-9]{1,19}),"kind":"([a-z-]+)"[,}]')  # as the writer begins a line
# Many, and nothing that is shown is in them but the time.
_TIMES_ONLY = frozenset({b"samples-arrived", b"stream-chunk", b"monitor-time", b"journal-sealed", b"lap-captured"})


class JournalTail:
    """The journal in the file `path`, which may not be there yet, grow, be replaced, or vanish.

    `at` is up to where it was read, `latest_ns` the latest host time in it, and `more` whether there is more to be
    read at once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.at = 0
        self.latest_ns: int | None = None
        self.more = False
        self.problems: list[str] = []
        self._file: tuple[int, int] | None = None
        self._line = 0
        self._skipping = False

    def replaced(self) -> bool:
        """Return whether another file stands in the place of the one that was read, or less of it; `OSError`."""
        found = self._path.stat()
        return self._file is not None and ((found.st_dev, found.st_ino) != self._file or found.st_size < self.at)

    def poll(self) -> Iterator[AnyEvent]:
        """Yield the events that are new, of about `_AT_ONCE` bytes; raises `OSError` for a file not to be read."""
        with disk.open_file(self._path) as file:
            found = os.fstat(file.fileno())
            self._file = (found.st_dev, found.st_ino)
            file.seek(self.at)
            data = file.read(_AT_ONCE)
            end = data.rfind(b"\n") + 1
            if not end and len(data) == _AT_ONCE:
                data += file.read(_LONGEST_LINE - _AT_ONCE)
                end = data.rfind(b"\n") + 1
        self.more = self.at + len(data) < found.st_size
        if not end and len(data) >= _LONGEST_LINE:
            if not self._skipping:
                self._said("longer than any event is")
            self._skipping, end = True, len(data)
            self.at += end
            return
        self.at += end
        for line in data[:end].split(b"\n")[:-1]:
            self._line += 1
            if self._skipping:
                self._skipping = False
                continue
            event = self._event(line)
            if event is not None:
                yield event

    def _event(self, line: bytes) -> AnyEvent | None:
        shown = _BEGINNING.match(line)
        if shown is not None and shown[2] in _TIMES_ONLY:
            self._reached(int(shown[1]))
            return None
        try:
            event: AnyEvent = EVENT.validate_json(line)
        except (ValidationError, ValueError, RecursionError) as error:
            if shown is None or shown[2].decode() in KINDS:  # another kind is one of a later version
                self._said(f"not an event ({(in_words(error).splitlines() or [''])[0]})")
            return None
        return event if self._reached(event.t_ns) else None

    def _reached(self, t_ns: int) -> bool:
        if not 0 <= t_ns <= _LATEST_NS:
            self._said("a time that there is not")
            return False
        self.latest_ns = max(t_ns, self.latest_ns or 0)
        return True

    def _said(self, what: str) -> None:
        """Tell of the first such line only: a file of something else has a million of them."""
        if not self.problems:
            self.problems.append(f"{self._path.name}, line {self._line}: {what}; such lines are left out")
