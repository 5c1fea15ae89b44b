# SPDX-License-Identifier: Apache-2.0
"""What a power monitor can and cannot have written; pure functions on samples.

The LPM01A writes energies of four significant digits (`5834-08` is 58.34 µJ), and the EEMBC runner keeps its
samples in blocks of 1024. A trace that was computed, scaled or copied together has other digits or another length.

What was measured never repeats to the last digit. So pieces of a trace are told by their content alone: they begin
where three samples have a certain hash, wherever in the trace that is, and however it was cut or shifted.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LPM01A = "lpm01a"
BLOCK = 1024

_PIECE = 64  # samples
_ONE_IN = 256  # places of a trace where a piece begins
_LEAST_VALUES = 16  # of a piece: fewer are an idle board's, and come again by chance
_MOST_PLACES = 4096  # that are looked at; a longer trace is looked at in its first part
_KEPT = 256  # pieces that stand for a trace: those whose hashes are smallest, so that copies keep the same
_POWERS = np.array([float(f"1e{exponent}") for exponent in range(23)])
_MIX = np.array([2654435761, 2246822519, 3266489917], dtype=np.uint32)  # odd, from two well known hashes
_FACTORS = np.random.default_rng(1).integers(1, 2**63, _PIECE, dtype=np.uint64) | np.uint64(1)
LEAST_PIECES = 8  # in common, where one would be no chance either


def odd_digits(samples: npt.NDArray[np.float32] | npt.NDArray[np.float64]) -> int:
    """Return how many samples have more than four significant digits; those that are not finite do not count.

    A sample counts as four digits if the nearest number of four digits, in its own precision, is the sample.
    """
    values = samples[np.isfinite(samples) & (samples != 0)]
    if not len(values):
        return 0
    exact = values.astype(np.float64)
    digits = (3.0 - np.floor(np.log10(np.abs(exact)))).astype(np.int64)
    # Powers of ten are exact only up to 1e22, so each sample is scaled by one division or one multiplication.
    up, down = _POWERS[np.clip(digits, 0, 22)], _POWERS[np.clip(-digits, 0, 22)]
    nearest = np.rint(exact * up / down) * down / up
    if samples.dtype == np.float32:
        return int(np.count_nonzero(nearest.astype(np.float32) != values))
    return int(np.count_nonzero(np.abs(nearest - exact) > 1e-12 * np.abs(exact)))


@dataclass(frozen=True)
class Pieces:
    """Hashes of pieces of a trace, and at which sample each begins."""

    hashes: npt.NDArray[np.uint64]
    places: npt.NDArray[np.int_]

    def standing_for_all(self) -> frozenset[int]:
        """Return the hashes by which traces are compared."""
        return frozenset(np.unique(self.hashes)[:_KEPT].tolist())

    def far_repeats(self, least: int) -> list[tuple[int, int]]:
        """Return where pieces come again, at least so many samples later, but never sooner.

        A trace that was computed repeats in every inference; one window that was copied over another does not.
        """
        order = np.lexsort((self.places, self.hashes))
        hashes, places = self.hashes[order], self.places[order]
        again = hashes[1:] == hashes[:-1]
        near = set(hashes[1:][again & (np.diff(places) < least)].tolist())
        pairs = zip(
            hashes[1:][again].tolist(), places[:-1][again].tolist(), places[1:][again].tolist(), strict=True
        )
        return [(first, second) for name, first, second in pairs if name not in near]


def pieces_of(samples: npt.NDArray[np.float32]) -> Pieces:
    """Return the pieces of a trace that hold enough different values to be told from others."""
    bits = np.ascontiguousarray(samples, dtype=np.float32).view(np.uint32)
    if len(bits) <= _PIECE:
        return Pieces(np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int_))
    # Three samples each, mixed in 32 bits that overflow: a hash, at the speed of one addition.
    starts = len(bits) - _PIECE
    mixed = bits[:starts] * _MIX[0]
    for k, factor in enumerate(_MIX[1:], start=1):
        mixed += bits[k : k + starts] * factor
    places = np.flatnonzero(mixed < np.uint32(2**32 // _ONE_IN))[:_MOST_PLACES]
    rows = bits[places[:, np.newaxis] + np.arange(_PIECE)]
    ordered = np.sort(rows, axis=1)
    telling = 1 + np.count_nonzero(np.diff(ordered, axis=1), axis=1) >= _LEAST_VALUES
    hashes = (rows[telling].astype(np.uint64) * _FACTORS).sum(axis=1, dtype=np.uint64)
    return Pieces(hashes, places[telling])
