# SPDX-License-Identifier: Apache-2.0
"""The samples of a run for a live picture, at constant memory: the last ten minutes finely, all of it coarsely.

Samples are gathered in cells of `CELL_S` (or one sample, where those are longer), aligned to sample 0. Mean, least
and largest of each are kept, the mean weighted by the samples that exist. The whole acquisition is held in at
most `COARSE` columns; when they are full, each two become one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from energy_runner.director.live import BLOCK_S, block_samples
from energy_runner.viewer.live.words import figure, figures

Array = npt.NDArray[np.float64]
Done = tuple[int, list[list[float]]]  # number and content of a complete cell
CELL_S = BLOCK_S
FINE = 6000  # cells: ten minutes
COARSE = 2048  # columns of the whole acquisition
# What a cell holds of each signal, in this order.
SUM, LEAST, LARGEST, COUNT = range(4)
_JOINS = ((SUM, np.add), (COUNT, np.add), (LEAST, np.minimum), (LARGEST, np.maximum))
_EMPTY = (0.0, math.inf, -math.inf, 0.0)


@dataclass(frozen=True)
class Picture:
    """A copy of what a ring holds, so that it can be put into words while the run goes on."""

    signals: list[tuple[str, str]]
    step_s: float
    first: int
    fine: Array
    older_first: int
    older_width: int
    older: Array

    def document(self) -> dict[str, Any]:
        """Return `signals`, `blocks` (the last ten minutes) and `older` (all of it) for a snapshot."""
        return {
            "signals": [{"name": name, "unit": unit} for name, unit in self.signals],
            "blocks": self._columns(self.first, 1, self.fine),
            "older": self._columns(self.older_first, self.older_width, self.older),
        }

    def _columns(self, first: int, width: int, held: Array) -> dict[str, Any]:
        table = {}
        for number, (name, _) in enumerate(self.signals):
            low, mean, high = drawn(held[:, number])
            table[name] = {
                "mean": figures(mean.tolist()),
                "min": figures(low.tolist()),
                "max": figures(high.tolist()),
            }
        return {"first_s": first * self.step_s, "step_s": width * self.step_s, "signals": table}


def drawn(held: Array) -> tuple[Array, Array, Array]:
    """Return least, mean and largest of cells of one signal; NaN where all samples are missing."""
    there = held[:, COUNT] > 0
    mean = np.divide(held[:, SUM], held[:, COUNT], out=np.full(len(held), np.nan), where=there)
    return np.where(there, held[:, LEAST], np.nan), mean, np.where(there, held[:, LARGEST], np.nan)


class Ring:
    """Cells of one acquisition after another; a new one begins where samples come from the beginning again."""

    def __init__(self) -> None:
        self.begin([], CELL_S)

    def begin(self, signals: Sequence[tuple[str, str]], period_s: float) -> None:
        """Begin an acquisition of these signals (name, unit), with samples of `period_s` seconds."""
        self.signals = list(signals)
        self.cell = block_samples(period_s)
        self.step_s = self.cell * period_s
        self.period_s = period_s
        self._fine = np.empty((FINE, len(self.signals), 4))
        self._older = np.empty((COARSE, len(self.signals), 4))
        self._open: list[list[float]] = []
        self._clear(None)

    def _clear(self, at: int | None) -> None:
        """Hold no cell; the next one is `at`."""
        self.next = at
        self._count = 0
        self._origin = at
        self._width = 1
        self._older[:] = _EMPTY
        self._open_at: int | None = None

    def add(self, first: int, count: int, parts: Sequence[Sequence[float]]) -> Done | None:
        """Take a short block: for each signal sum, least, largest and count of its samples.

        A block lies within one cell. Returns number and content of a cell that is complete with it.
        """
        at, end = first // self.cell, first + count
        done = None
        if self._open_at is None or at > self._open_at:
            done = self.flush()
            self._open_at, self._open = at, [list(part) for part in parts]
        elif at == self._open_at:
            for held, part in zip(self._open, parts, strict=True):
                held[SUM] += part[SUM]
                held[LEAST] = min(held[LEAST], part[LEAST])
                held[LARGEST] = max(held[LARGEST], part[LARGEST])
                held[COUNT] += part[COUNT]
        return self.flush() if done is None and end % self.cell == 0 else done

    def flush(self) -> Done | None:
        """Complete the cell that is open; return its number and content."""
        at, self._open_at = self._open_at, None
        if at is None:
            return None
        self.put(at, np.array([self._open]))
        return at, self._open

    def put(self, at: int, cells: Array) -> None:
        """Take complete cells from number `at` on, of shape (cells, signals, 4), but for those held already."""
        if self.next is None:
            self._clear(at)
        elif at < self.next:
            cells, at = cells[self.next - at :], self.next
        if not len(cells):
            return
        self._put_fine(at, cells)
        self._put_older(at, cells)
        self.next = at + len(cells)

    def picture(self) -> Picture:
        """Return a copy of what is held."""
        end = self.next or 0
        first = end - self._count
        places = np.arange(first, end) % FINE
        used = -(-(end - (self._origin or 0)) // self._width)
        return Picture(
            signals=list(self.signals),
            step_s=self.step_s,
            first=first,
            fine=self._fine[places],
            older_first=self._origin or 0,
            older_width=self._width,
            older=self._older[:used].copy(),
        )

    # --- inside -------------------------------------------------------------------------------------------

    def _put_fine(self, at: int, cells: Array) -> None:
        gap = min(at - (self.next or 0), FINE) if self._count else 0
        if gap:
            self._fine[np.arange(at - gap, at) % FINE] = _EMPTY
        kept = cells[-FINE:]
        end = at + len(cells)
        self._fine[np.arange(end - len(kept), end) % FINE] = kept
        self._count = min(FINE, self._count + gap + len(cells))

    def _put_older(self, at: int, cells: Array) -> None:
        places = np.arange(at, at + len(cells)) - (self._origin or 0)
        while int(places[-1]) // self._width >= COARSE:
            pairs = self._older.reshape(COARSE // 2, 2, len(self.signals), 4)
            half = np.empty_like(self._older[: COARSE // 2])
            half[..., SUM] = pairs[..., SUM].sum(axis=1)
            half[..., COUNT] = pairs[..., COUNT].sum(axis=1)
            half[..., LEAST] = pairs[..., LEAST].min(axis=1)
            half[..., LARGEST] = pairs[..., LARGEST].max(axis=1)
            self._older[: COARSE // 2], self._older[COARSE // 2 :] = half, _EMPTY
            self._width *= 2
        slots = places // self._width
        if len(slots) == 1:  # as they come from a run
            column = self._older[slots[0]]
            for which, join in _JOINS:
                join(column[:, which], cells[0, :, which], out=column[:, which])
            return
        for which, join in _JOINS:
            join.at(self._older[..., which], slots, cells[..., which])


def wire(ring: Ring, at: int, cells: Sequence[Sequence[Sequence[float]]]) -> dict[str, Any]:
    """Return consecutive cells from number `at` on as the event "blocks" has them."""
    signals: dict[str, dict[str, list[float | None]]] = {}
    for number, (name, _) in enumerate(ring.signals):
        each = [cell[number] for cell in cells]
        signals[name] = {
            "mean": [figure(one[SUM] / one[COUNT]) if one[COUNT] else None for one in each],
            "min": [figure(one[LEAST]) for one in each],
            "max": [figure(one[LARGEST]) for one in each],
        }
    return {
        "at_s": [(at + k) * ring.step_s for k in range(len(cells))],
        "step_s": ring.step_s,
        "signals": signals,
    }
