# SPDX-License-Identifier: Apache-2.0
"""Thin out an envelope to the columns that a figure can show; every extreme stays."""

import numpy as np

from energy_runner.report.charts.decimate import Envelope


def thinned(envelope: Envelope, start: float, stop: float, columns: int) -> Envelope | None:
    """Return the buckets that overlap samples [start, stop), merged into at most `columns`; None for no bucket."""
    begin = max(0, int((start - envelope.first) // envelope.width))
    end = min(len(envelope), int(-((envelope.first - stop) // envelope.width)))
    if end <= begin:
        return None
    step = -(-(end - begin) // columns)
    places = np.arange(begin, end, step) - begin
    part = slice(begin, end)
    held = np.full(end - begin, envelope.width, dtype=np.int64)
    if end == len(envelope):
        held[-1] = envelope.samples - envelope.width * (len(envelope) - 1)
    received = held - envelope.missing[part]
    total = np.add.reduceat(np.where(received > 0, envelope.mean[part], 0.0) * received, places)
    counted = np.add.reduceat(received, places)
    mean = np.full(len(places), np.nan)
    np.divide(total, counted, out=mean, where=counted > 0)
    return Envelope(
        first=envelope.first + begin * envelope.width,
        width=step * envelope.width,
        samples=int(held.sum()),
        low=np.fmin.reduceat(envelope.low[part], places),
        high=np.fmax.reduceat(envelope.high[part], places),
        mean=mean,
        missing=np.add.reduceat(envelope.missing[part], places),
    )
