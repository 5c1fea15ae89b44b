# SPDX-License-Identifier: Apache-2.0
"""The trace of a session, thinned out for drawing: least and largest power of each column."""

import numpy as np
import numpy.typing as npt

from energy_runner.published.model import PublishedSession
from energy_runner.published.row import Curve

_COLUMNS = 400
_DIGITS = 4


def curve_of(session: PublishedSession) -> Curve | None:
    """Return the curve of an energy session, at most 400 columns; None without samples."""
    recording = session.recording
    if recording is None or not len(recording.samples_j) or session.mode != "energy":
        return None
    count = len(recording.samples_j)
    each = -(-count // _COLUMNS)
    # Filled up with NaN to whole columns, and NaN left out of every minimum and maximum.
    filled = np.full(-(-count // each) * each, np.nan, dtype=np.float32)
    filled[:count] = recording.samples_j
    columns = filled.reshape(-1, each)
    low = np.fmin.reduce(columns, axis=1) * recording.rate_hz
    high = np.fmax.reduce(columns, axis=1) * recording.rate_hz
    return Curve(step_s=each / recording.rate_hz, low_w=_rounded(low), high_w=_rounded(high))


def _rounded(powers_w: npt.NDArray[np.floating]) -> list[float | None]:
    return [float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None for value in powers_w.tolist()]
