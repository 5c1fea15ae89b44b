# SPDX-License-Identifier: Apache-2.0
"""The pieces of one signal in order, with the gaps between them, until samples are made of them."""

from collections import deque

import numpy as np

from instruments.errors import ProtocolViolation
from instruments.joulescope.messages import Piece
from instruments.stream_items import Float32Array


class Track:
    """What has arrived of one signal and was not used yet; positions are counts of `sample_id`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pieces: deque[Piece] = deque()
        self._end: int | None = None

    @property
    def first(self) -> int | None:
        """Return where it begins; None before anything has arrived."""
        return self._pieces[0].first if self._pieces else None

    def add(self, piece: Piece) -> None:
        """Append a piece; raise `ProtocolViolation` for one that lies before what has arrived."""
        _check_order(self._name, piece, self._end)
        if len(piece.values):
            self._pieces.append(piece)
            self._end = piece.end

    def forget(self, before: int) -> None:
        """Drop what lies before the count `before`."""
        while self._pieces and self._pieces[0].end <= before:
            self._pieces.popleft()
        if self._pieces and self._pieces[0].first < before:
            piece = self._pieces[0]
            used = -(-(before - piece.first) // piece.step)
            self._pieces[0] = Piece(piece.first + used * piece.step, piece.step, piece.values[used:])

    def whole_until(self, at: int) -> int:
        """Return up to where it has everything from `at` on; `at` itself where a gap begins there."""
        end = at
        for piece in self._pieces:
            if piece.first > end:
                break
            end = max(end, piece.end)
        return end

    def resumes_after(self, at: int) -> int | None:
        """Return where the first gap at or after `at` ends; None if none has been seen."""
        end = self.whole_until(at)
        return next((piece.first for piece in self._pieces if piece.first > end), None)

    def read(self, start: int, stop: int) -> Float32Array:
        """Return the elements of [start, stop), all of which have arrived."""
        parts = []
        for piece in self._pieces:
            begin, end = max(0, (start - piece.first) // piece.step), (stop - piece.first) // piece.step
            if end <= 0:
                break
            parts.append(piece.values[begin:end])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


class PinTrack:
    """One input: where its level falls. A fall inside a gap lies somewhere in the gap."""

    def __init__(self) -> None:
        self._end: int | None = None
        self._level = 0

    def falls(self, piece: Piece) -> list[tuple[float, float]]:
        """Return the falls that `piece` shows: the count in the middle of where each may be, and ± how many.

        Raises `ProtocolViolation` for a piece that lies before what has arrived.
        """
        _check_order("input", piece, self._end)
        if not len(piece.values):
            return []
        bits = piece.values.astype(np.int8)
        at = np.flatnonzero((bits[:-1] == 1) & (bits[1:] == 0)) + 1
        found = [(piece.first + (int(k) - 0.5) * piece.step, 0.5 * piece.step) for k in at]
        if self._end is not None and self._level == 1 and bits[0] == 0:
            before = self._end - piece.step
            found.insert(0, ((before + piece.first) / 2, (piece.first - before) / 2))
        self._end, self._level = piece.end, int(bits[-1])
        return found


def _check_order(name: str, piece: Piece, end: int | None) -> None:
    """Raise `ProtocolViolation` for a piece before `end`, up to where the signal has arrived."""
    if end is not None and piece.first < end:
        came = f"sample_id {piece.first} after {end}"
        raise ProtocolViolation(f"read the {name} of a Joulescope", came, "update pyjoulescope-driver")
