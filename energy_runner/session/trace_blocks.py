# SPDX-License-Identifier: Apache-2.0
"""Read a JLS file that is still being written, or that a killed process left behind, in place.

pyjls reads a file that was closed; any other file it repairs first, which changes it. So the blocks of samples are
found here by walking from one chunk to the next. Nothing is copied or written, and `refresh` continues where the
last walk ended. Source: the format's own header file, jls/format.h (JLS 2), and files that pyjls wrote.
"""

import math
import struct
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from energy_runner.errors import SessionError
from energy_runner.session.crc32c import crc32c

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]

IDENTIFICATION = b"jlsfmt\r\n \n \x1a  \xb2\x1c"
_FILE_HEAD = struct.Struct("<16sQII")  # identification, length (0 until it is closed), version, checksum
CHUNK_HEAD = struct.Struct("<QQBxHIII")  # next, previous, tag, meta, payload, previous payload, checksum
_DATA_HEAD = struct.Struct("<qIHxx")  # first sample, samples, bits of each
_ANNOTATION_HEAD = struct.Struct("<qIHxxBBxxfI")  # sample, 1, 0, type, storage, height, bytes
_SIGNAL_DEF, _DATA, _ANNOTATION, _USER_DATA, _END = 0x02, 0x22, 0x32, 0x40, 0xFF
_INVALID = 0x00
_FLOAT32 = 0x2004
_TEXT = 1
_SIGNAL_FIXED = 128  # bytes of a signal's definition before its name
_TERMINATOR = b"\0\x1f"
_LARGEST_PAYLOAD = 1 << 26
_TOGETHER = 64  # blocks that are read in one go
_DRAWN = 1 << 20  # samples of an envelope that are held at once


@dataclass
class _Track:
    """The blocks of one signal that follow each other without a gap: first sample of each, and where it lies."""

    name: str
    unit: str
    firsts: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    length: int = 0
    whole: set[int] = field(default_factory=set)  # blocks whose checksum was right

    def count(self, block: int) -> int:
        """Return how many samples a block holds."""
        following = self.firsts[block + 1] if block + 1 < len(self.firsts) else self.length
        return following - self.firsts[block]


class TraceBlocks:
    """The signals of an unclosed file; `refresh` takes in what was written since.

    Raises `OSError` for a file that cannot be read and `ValueError` for one that is not a JLS file of ours. An
    incomplete chunk ends the file; a damaged block is refused when it is read.

    With `most`, one look walks over so many chunks at most, and `behind` says that there are more.
    """

    def __init__(self, path: Path, most: int | None = None) -> None:
        self._path = path
        self._most = most
        self.behind = False
        self._file = path.open("rb", buffering=0)
        self._at = _FILE_HEAD.size
        self._over = False
        self._tracks: dict[int, _Track] = {}
        self.user_data: list[tuple[int, bytes]] = []
        self.texts: list[tuple[int, str]] = []
        self._small: dict[int, Callable[[int, bytes], None]] = {
            _SIGNAL_DEF: self._signal,
            _ANNOTATION: self._annotation,
            _USER_DATA: self._user_data,
        }
        try:
            if self._file.read(len(IDENTIFICATION)) != IDENTIFICATION:
                raise ValueError("it is not a JLS file")
            self.refresh()
            if not self._tracks:
                raise ValueError("it holds no signal yet")
        except BaseException:
            self.close()
            raise

    @property
    def signals(self) -> list[tuple[int, str, str]]:
        """Return number, name and unit of each signal."""
        return [(number, track.name, track.unit) for number, track in sorted(self._tracks.items())]

    @property
    def lengths(self) -> dict[int, int]:
        """Return how many samples each signal holds, by its number; one may be a block ahead of another."""
        return {number: track.length for number, track in self._tracks.items()}

    def refresh(self) -> None:
        """Walk over the chunks that were completed since the last time."""
        end, walked = self._file.seek(0, 2), 0
        self.behind = False
        while not self._over and self._at + CHUNK_HEAD.size <= end:
            if walked == self._most:
                self.behind = True
                return
            walked += 1
            begun = self._bytes(self._at, min(CHUNK_HEAD.size + _DATA_HEAD.size, end - self._at))
            _, _, tag, meta, size, _, _ = CHUNK_HEAD.unpack_from(begun)
            stop = self._at + CHUNK_HEAD.size + _padded(size)
            if tag in (_INVALID, _END) or size > _LARGEST_PAYLOAD:
                self._over = True
            elif stop > end:
                return
            elif tag == _DATA:
                self._block(meta & 0xFF, begun[CHUNK_HEAD.size :], size)
            elif tag in self._small and size:
                self._small[tag](meta, self._bytes(self._at + CHUNK_HEAD.size, size))
            self._at = stop if not self._over else self._at

    def forget(self, before: int) -> None:
        """Forget the places of whole blocks before sample `before`, which then cannot be read any more.

        Who follows a night of a million samples a second would otherwise hold gigabytes of places.
        """
        for track in self._tracks.values():
            gone = bisect_right(track.firsts, before) - 1
            if gone > 0:
                del track.firsts[:gone], track.places[:gone]
                track.whole = {block - gone for block in track.whole if block >= gone}
        self.texts.clear()

    def read(self, number: int, start: int, stop: int, *, check: bool = True) -> Float32Array:
        """Return samples [start, stop) of signal `number`, all of which must exist.

        Raises `SessionError` for a damaged block, unless `check` is off.
        """
        track = self._tracks[number]
        samples = np.empty(stop - start, dtype=np.float32)
        first, last = bisect_right(track.firsts, start) - 1, bisect_right(track.firsts, stop - 1)
        for begin in range(first, last, _TOGETHER):
            blocks = range(begin, min(begin + _TOGETHER, last))
            stored = [self._stored(track, block) for block in blocks]
            if check:
                self._check(track, blocks, stored)
            for block, data in zip(blocks, stored, strict=True):
                at, count = track.firsts[block], track.count(block)
                held = np.frombuffer(data, dtype="<f4", count=count, offset=_DATA_HEAD.size)
                low, high = max(start, at), min(stop, at + count)
                samples[low - start : high - start] = held[low - at : high - at]
        return samples

    def envelope(self, number: int, start: int, step: int, columns: int) -> Float64Array:
        """Return mean, least and largest of each `step` samples from `start` on; NaN where all are missing."""
        table = np.full((columns, 3), np.nan)
        together = max(1, _DRAWN // step)
        for first in range(0, columns, together):
            count = min(together, columns - first)
            begin = start + first * step
            if step > _DRAWN:
                table[first] = self._drawn(number, begin, step)
                continue
            values = self.read(number, begin, begin + count * step, check=False).reshape(count, step)
            seen = ~np.all(np.isnan(values), axis=1)
            part = values[seen].astype(np.float64)
            if len(part):
                table[first : first + count][seen] = np.stack(
                    [np.nanmean(part, axis=1), np.nanmin(part, axis=1), np.nanmax(part, axis=1)], axis=1
                )
        return table

    def close(self) -> None:
        """Release the file; safe to call twice."""
        self._file.close()

    # --- inside -------------------------------------------------------------------------------------------

    def _bytes(self, at: int, count: int) -> bytes:
        self._file.seek(at)
        data = self._file.read(count) or b""
        if len(data) != count:
            raise ValueError(f"it ends at byte {at + len(data)}, inside a chunk")
        return data

    def _block(self, number: int, head: bytes, size: int) -> None:
        """Register a block of samples; one that does not follow its signal's last block ends the file."""
        track = self._tracks.get(number)
        if track is None:
            return
        first, count, bits = _DATA_HEAD.unpack(head) if len(head) == _DATA_HEAD.size else (-1, 0, 0)
        if first != track.length or not count or bits != 32 or size != _DATA_HEAD.size + 4 * count:
            self._over = True
            return
        track.firsts.append(first)
        track.places.append(self._at + CHUNK_HEAD.size)
        track.length += count

    def _signal(self, meta: int, body: bytes) -> None:
        number = meta & 0xFF
        if number == 0:  # annotations that belong to no signal
            return
        if len(body) < _SIGNAL_FIXED or struct.unpack_from("<I", body, 4)[0] != _FLOAT32:
            raise ValueError(f"signal {number} does not hold 32-bit floats")
        name, unit, *_ = [*body[_SIGNAL_FIXED:].split(_TERMINATOR), b"", b""]
        self._tracks[number] = _Track(name.decode("utf-8", "replace"), unit.decode("utf-8", "replace"))

    def _annotation(self, meta: int, body: bytes) -> None:
        if len(body) < _ANNOTATION_HEAD.size or meta & 0xFF != 1:
            return
        sample, _, _, kind, _, _, _ = _ANNOTATION_HEAD.unpack_from(body)
        if kind == _TEXT:
            text = body[_ANNOTATION_HEAD.size :].partition(b"\0")[0]
            self.texts.append((sample, text.decode("utf-8", "replace")))

    def _user_data(self, meta: int, body: bytes) -> None:
        self.user_data.append((meta & 0xFFF, body.rstrip(b"\0")))

    def _stored(self, track: _Track, block: int) -> bytes:
        """Return the payload of a block, its padding and its checksum."""
        return self._bytes(track.places[block], _padded(_DATA_HEAD.size + 4 * track.count(block)))

    def _check(self, track: _Track, blocks: range, stored: list[bytes]) -> None:
        new = [(block, data) for block, data in zip(blocks, stored, strict=True) if block not in track.whole]
        payloads = [data[: _DATA_HEAD.size + 4 * track.count(block)] for block, data in new]
        for (block, data), found in zip(new, crc32c(payloads), strict=True):
            if found != int.from_bytes(data[-4:], "little"):
                first = track.firsts[block]
                raise SessionError(
                    f"{self._path}: samples {first}..{first + track.count(block)} are damaged (their checksum "
                    "is wrong). Try: read those before and after"
                )
            track.whole.add(block)

    def _drawn(self, number: int, start: int, count: int) -> tuple[float, float, float]:
        """Return mean, least and largest of many samples at constant memory."""
        total, seen, least, most = 0.0, 0, math.inf, -math.inf
        for begin in range(start, start + count, _DRAWN):
            values = self.read(number, begin, min(begin + _DRAWN, start + count), check=False)
            there = values[~np.isnan(values)]
            if len(there):
                total, seen = total + float(np.sum(there, dtype=np.float64)), seen + len(there)
                least, most = min(least, float(np.min(there))), max(most, float(np.max(there)))
        return (total / seen, least, most) if seen else (math.nan, math.nan, math.nan)


def is_end(chunk: bytes) -> bool:
    """Return whether the head of a chunk is that of the last one, and whole."""
    _, _, tag, _, size, _, checksum = CHUNK_HEAD.unpack(chunk)
    return tag == _END and not size and crc32c([chunk[:-4]]) == [checksum]


def _padded(size: int) -> int:
    """Return how many bytes a payload takes with its padding and its checksum."""
    return size + -(size + 4) % 8 + 4 if size else 0
