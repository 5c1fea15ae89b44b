# SPDX-License-Identifier: Apache-2.0
"""`stream.bin`: bytes that passed links in bulk, frame after frame, as they passed; the journal indexes them.

A sampler's stream, or a stimulus on its way to the DUT, is too large for a journal that people read, and as JSON
it would be larger still. Each frame is one write or one read of a link: direction (`T` to the device, `R` from
it), length of the device's name, length of the data, host time in ns, then name and data (little endian). So the
file can also be read without its index, up to where a killed process stopped.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from energy_runner.errors import BenchFault, SessionError, in_words, remedy
from energy_runner.session import disk

Direction = Literal["tx", "rx"]
STREAM = "stream.bin"

_HEAD = struct.Struct("<cBIq")
_CODES: dict[Direction, bytes] = {"tx": b"T", "rx": b"R"}
_DIRECTIONS: dict[bytes, Direction] = {code: direction for direction, code in _CODES.items()}


@dataclass(frozen=True, slots=True)
class Passed:
    """Bytes that passed the link of `device` at host time `t_ns`: `tx` from the host, `rx` to it."""

    t_ns: int
    device: str
    direction: Direction
    data: bytes


@dataclass(frozen=True)
class Written:
    """The place of the frames that were written since the last call of `StreamWriter.take`."""

    offset: int
    length: int
    exchanges: int
    devices: list[str]


class StreamWriter:
    """Append frames to `stream.bin`, created with the first one; nothing is buffered in this process.

    Raises `BenchFault` when a frame cannot be written, because a run without its bytes proves nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._end = 0
        self._taken = 0
        self._exchanges = 0
        self._devices: set[str] = set()

    @property
    def begun(self) -> bool:
        """Return whether there is a file."""
        return self._file is not None

    def append(self, passed: Passed) -> None:
        """Write one frame, whole, to the operating system."""
        name = passed.device.encode()
        head = _HEAD.pack(_CODES[passed.direction], len(name), len(passed.data), passed.t_ns)
        try:
            if self._file is None:
                self._file = disk.append_to(self._path)
            frame = head + name + passed.data
            disk.write_all(self._file, frame)
        except (OSError, ValueError) as error:
            self._take_back()
            raise self._fault(error) from error
        self._end += len(frame)
        self._exchanges += 1
        self._devices.add(passed.device)

    def take(self) -> Written | None:
        """Return the place of the frames appended since the last call; None if there are none."""
        if not self._exchanges:
            return None
        written = Written(self._taken, self._end - self._taken, self._exchanges, sorted(self._devices))
        self._taken, self._exchanges = self._end, 0
        self._devices.clear()
        return written

    def sync(self) -> None:
        """Wait until everything written is on the storage device, safe from a power cut."""
        try:
            if self._file is not None:
                disk.sync(self._file)
        except (OSError, ValueError) as error:
            raise self._fault(error) from error

    def close(self) -> None:
        """Close the file; safe to call twice."""
        if self._file is not None:
            self._file.close()

    def _take_back(self) -> None:
        """Remove the part of a frame that was written: the journal then indexes all that the file holds."""
        with suppress(OSError, ValueError):
            if self._file is not None:
                self._file.truncate(self._end)

    def _fault(self, error: Exception) -> BenchFault:
        return BenchFault(f"{self._path}: cannot be written ({in_words(error)}){remedy(error)}")


def read_frames(path: Path, file: BinaryIO, start: int, stop: int) -> Iterator[Passed]:
    """Yield the frames in bytes [start, stop) of an open `stream.bin`.

    Raises `SessionError` at the first incomplete frame, or at bytes that are not a frame.
    """
    at = start
    file.seek(at)
    while at < stop:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise SessionError(f"{path}: ends inside a frame at byte {at}")
        code, name_length, length, t_ns = _HEAD.unpack(head)
        end = at + _HEAD.size + name_length + length
        if code not in _DIRECTIONS or t_ns < 0 or end > stop:
            raise SessionError(f"{path}: the bytes at {at} are not a frame")
        body = file.read(name_length + length)
        if len(body) < name_length + length:
            raise SessionError(f"{path}: ends inside a frame at byte {at}")
        name = body[:name_length].decode("utf-8", "replace")
        yield Passed(t_ns, name, _DIRECTIONS[code], body[name_length:])
        at = end
