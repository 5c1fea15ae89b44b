# SPDX-License-Identifier: Apache-2.0
"""One place in the template at which an inference begins, for all windows of a run."""

import math
from collections.abc import Sequence

import numpy as np

from energy_runner.analysis.inferences.anchor import Anchor
from energy_runner.analysis.inferences.count import ROUNDING
from energy_runner.analysis.inferences.template import Aligned
from energy_runner.analysis.inferences.train import Train

_ALIKE = 0.95  # correlation of two windows' templates that show the same program
_GRID = 2048  # phases at which templates are compared


def share_anchor(trains: Sequence[Train]) -> list[Train]:
    """Return the trains with one common place in the template at which an inference begins.

    All windows of a run execute the same program, while the quantisation of the capture differs from edge to edge.
    So together the windows locate the beginning of an inference better than each alone: by the weighted mean of
    what their ends show, within the limits that the edges of every window set. The uncertainty is that of
    the mean, widened where the windows differ by more than theirs (Birge ratio).
    """
    seen = [train for train in trains if train.anchor.seen]
    if len(seen) < 2:
        return list(trains)
    leader = min(seen, key=lambda train: train.anchor.u / train.aligned.period)
    lags = {id(train): _lag(leader, train) for train in trains}
    alike = [train for train in seen if lags[id(train)] is not None]
    lag = np.array([lags[id(train)] for train in alike], dtype=np.float64)
    period = np.array([train.aligned.period for train in alike])
    # In periods after the leader's own anchor, as each window sees it.
    where = np.array([train.anchor.shift for train in alike]) / period - lag
    weight = (period / np.array([train.anchor.u for train in alike])) ** 2
    middle = float(np.sum(weight * where) / np.sum(weight))
    birge = math.sqrt(float(np.sum(weight * (where - middle) ** 2)) / max(1, len(alike) - 1))
    u = max(1.0, birge) / math.sqrt(float(np.sum(weight)))
    low = float(np.max(np.array([train.low for train in alike]) / period - lag))
    high = float(np.min(np.array([train.high for train in alike]) / period - lag))
    if low < high:
        middle = min(max(middle, low), high)
    return [_with_common(train, lags[id(train)], middle, u) for train in trains]


def _with_common(train: Train, lag: float | None, middle: float, u: float) -> Train:
    """Return a train anchored where all are, unless it shows something else or its edges forbid it."""
    if lag is None:
        return train
    shift = (middle + lag) * train.aligned.period
    if not train.low - ROUNDING <= shift <= train.high + ROUNDING:
        return train
    return train.moved(Anchor(shift, u * train.aligned.period, seen=True))


def _lag(leader: Train, train: Train) -> float | None:
    """Return how much later than the leader's anchor, in periods, the same place lies in another's template.

    Of all equal places, one a period, it is the nearest to the other's own anchor. None if they are not alike.
    """
    offset = _offset(leader.aligned, train.aligned)
    if offset is None:
        return None
    lag = leader.anchor.shift / leader.aligned.period - offset
    return lag + round(train.anchor.shift / train.aligned.period - lag)


def _offset(leader: Aligned, other: Aligned) -> float | None:
    """Return by how much of a period `leader`'s template lies behind `other`'s; None if they are not alike."""
    grid = np.arange(_GRID) / _GRID
    first, second = leader.template.at(grid), other.template.at(grid)
    first, second = first - np.mean(first), second - np.mean(second)
    size = float(np.sqrt(np.sum(first**2) * np.sum(second**2)))
    if not size > 0:
        return None
    # Templates are periodic: `scipy.signal.correlate` would take zeros beyond their ends.
    alike = np.fft.irfft(np.fft.rfft(first) * np.conj(np.fft.rfft(second)), _GRID) / size
    top = int(np.argmax(alike))
    if alike[top] < _ALIKE:
        return None
    left, right = float(alike[top - 1]), float(alike[(top + 1) % _GRID])
    bend = left - 2 * float(alike[top]) + right
    return (top + (0.5 * (left - right) / bend if bend < 0 else 0.0)) / _GRID
