# SPDX-License-Identifier: Apache-2.0
"""Read a JLS file that was closed, through pyjls; the same interface as that of `trace_blocks.py`."""

import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyjls

# pyjls logs what it finds wrong, and Python writes that on stderr where no handler is set up. What it means
# reaches the user as an error of ours; a program that sets up logging gets the lines too.
logging.getLogger("pyjls").addHandler(logging.NullHandler())

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]


class ClosedTrace:
    """The signals of a closed file. Raises `RuntimeError` or `ValueError` for what pyjls cannot read."""

    def __init__(self, path: Path) -> None:
        self._file = pyjls.Reader(str(path))

    @property
    def signals(self) -> list[tuple[int, str, str]]:
        """Return number, name and unit of each signal; number 0 is for annotations that belong to none."""
        return [
            (number, signal.name, signal.units) for number, signal in sorted(self._file.signals.items()) if number
        ]

    @property
    def lengths(self) -> dict[int, int]:
        """Return how many samples each signal holds, by its number."""
        return {number: int(signal.length) for number, signal in self._file.signals.items() if number}

    @property
    def user_data(self) -> list[tuple[int, str | bytes]]:
        """Return number and content of the user data that a program kept with the samples."""
        found: list[tuple[int, str | bytes]] = []

        def note(number: int, data: str | bytes) -> bool:
            found.append((number, data))
            return False

        self._file.user_data(note)
        return found

    @property
    def texts(self) -> list[tuple[int, str]]:
        """Return the texts at samples of the first signal."""
        found: list[tuple[int, str]] = []

        def note(sample: int, _y: float, kind: int, _group: int, data: str) -> bool:
            if kind == pyjls.AnnotationType.TEXT:
                found.append((sample, data))
            return False

        self._file.annotations(1, 0, note)
        return found

    def refresh(self) -> None:
        """Do nothing: a closed file does not grow."""

    def read(self, number: int, start: int, stop: int) -> Float32Array:
        """Return samples [start, stop) of signal `number`."""
        samples: Float32Array = self._file.fsr(number, start, stop - start)
        return samples

    def envelope(self, number: int, start: int, step: int, columns: int) -> Float64Array:
        """Return mean, least and largest of each `step` samples from `start` on."""
        table: Float64Array = self._file.fsr_statistics(number, start, step, columns)
        return table[:, [pyjls.SummaryFSR.MEAN, pyjls.SummaryFSR.MIN, pyjls.SummaryFSR.MAX]]

    def close(self) -> None:
        """Release the file; safe to call twice."""
        self._file.close()
