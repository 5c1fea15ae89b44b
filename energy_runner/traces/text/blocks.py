# SPDX-License-Identifier: Apache-2.0
"""Blocks of whole lines of a text file, without comments, at constant memory."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from energy_runner.errors import in_words
from energy_runner.traces.model import TraceFileError
from energy_runner.traces.text.cells import shown
from energy_runner.traces.text.layout import LONGEST_LINE

BLOCK_BYTES = 1 << 23
_COMMENT = re.compile(rb"^[ \t]*[#%][^\r\n]*", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """Whole lines; they begin at the byte `begin` of the file, and end before `end`."""

    data: bytes
    begin: int
    end: int


class Lines:
    """The lines of a file from a byte on, in blocks.

    Lines are only counted where one has to be named: counting takes as long as hashing.

    `cut` is the last line where it has no end and is therefore left out, `comments` how many lines were comments.
    """

    def __init__(self, path: Path, offset: int, block_bytes: int = BLOCK_BYTES) -> None:
        self.cut = ""
        self.comments = 0
        self._path = path
        self._block_bytes = block_bytes
        try:
            self._file = path.open("rb")
            self._file.seek(offset)
        except OSError as error:
            raise self._unreadable(error) from None
        self._at = offset

    def __iter__(self) -> Iterator[Block]:
        rest = b""
        while True:
            try:
                read = self._file.read(self._block_bytes)
            except OSError as error:
                raise self._unreadable(error) from None
            data = rest + read
            end = self._end(data, last=not read)
            data, rest = data[:end], data[end:]
            if len(rest) > LONGEST_LINE:
                line = self.line_at(self._at + len(data))
                raise TraceFileError(
                    f"{self._path}: line {line} has no end within {LONGEST_LINE} bytes; "
                    f"it begins with {shown(rest[:60].decode('latin-1'))}"
                )
            if data:
                begin, self._at = self._at, self._at + len(data)
                yield Block(self._without_comments(data), begin, self._at)
            if not read:
                self.cut = rest.decode("latin-1")
                return

    @property
    def end(self) -> int:
        """Return the byte after the lines that were handed out."""
        return self._at

    def line_at(self, byte: int) -> int:
        """Return the number of the line, from 1, that begins at a byte of the file."""
        return line_at(self._path, byte)

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _end(self, data: bytes, *, last: bool) -> int:
        """Return where the last whole line ends; a carriage return alone ends one if no line feed can follow."""
        end = data.rfind(b"\n") + 1
        if not end and b"\r" in data:
            end = data.rfind(b"\r", 0, len(data) if last else len(data) - 1) + 1
        return end

    def _without_comments(self, data: bytes) -> bytes:
        if b"#" not in data and b"%" not in data:
            return data
        bare, count = _COMMENT.subn(b"", data)
        self.comments += count
        return bare

    def _unreadable(self, error: OSError) -> TraceFileError:
        return TraceFileError(f"{self._path}: cannot be read ({in_words(error)})")


def line_at(path: Path, byte: int) -> int:
    """Return the number of the line, from 1, that begins at a byte of a file."""
    feeds, returns = 0, 0
    with path.open("rb") as file:
        while byte > 0 and (data := file.read(min(byte, BLOCK_BYTES))):
            byte -= len(data)
            feeds += data.count(b"\n")
            returns += data.count(b"\r")
    return (feeds or returns) + 1
