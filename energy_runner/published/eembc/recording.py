# SPDX-License-Identifier: Apache-2.0
"""The recording of an EEMBC session: its samples, and where the edges lie among them."""

import math

import numpy as np

from energy_runner.published.eembc.log import EembcLog
from energy_runner.published.eembc.trace import Samples
from energy_runner.published.model import MonitorEdge, Recording

# Where an edge lies, in samples, relative to its timestamp, and by how much it may be off. The LPM01A reports an
# edge after the sample in which it fell, and the change of power is seen in that sample; the JS110 dates it at any
# time and the runner rounds to 1 ms, which is one sample.
_EDGE_OFFSET = {"lpm01a": (-0.5, 0.5), "js110": (0.0, 0.5)}
_EDGE_UNKNOWN = (-0.25, 0.75)
LAP_AGREES_S = 0.0015  # between a lap that the monitor reported and the timestamp of the same edge


def make_recording(log: EembcLog, samples: Samples | None, timestamps_s: list[float]) -> Recording | None:
    """Return what the monitor recorded; None without samples, or where the log does not say when."""
    if samples is None or log.trace_on_ms is None:
        return None
    rate_hz = samples.rate_hz
    offset, half_width = _EDGE_OFFSET.get(log.instrument, _EDGE_UNKNOWN)
    scale = rate_hz / 1000  # half widths are those at 1 kHz, and timestamps have 1 ms everywhere
    half_width = max(half_width, half_width * scale)
    edges = [
        MonitorEdge(max(0.0, time_s * rate_hz + offset), half_width)
        for time_s in timestamps_s
        if math.isfinite(time_s) and -1 < time_s * rate_hz <= 2 * len(samples.samples_uj) + 1
    ]
    known = np.array(timestamps_s, dtype=np.float64)
    late = [
        MonitorEdge(lap_us * 1e-6 * rate_hz + offset, half_width)
        for _, lap_us in log.monitor_laps
        if not np.any(np.abs(known - lap_us * 1e-6) < LAP_AGREES_S)
    ]
    samples_j = samples.samples_uj * np.float32(1e-6)
    samples_j[~np.isfinite(samples.samples_uj)] = np.nan
    seconds = len(samples_j) / rate_hz
    return Recording(
        instrument=log.instrument,
        rate_hz=rate_hz,
        samples_j=samples_j,
        edges=edges,
        started_ms=log.trace_on_ms,
        stopped_ms=log.trace_off_ms or log.last_ms or log.trace_on_ms + round(seconds * 1000),
        voltage_v=None if log.voltage_mv is None else log.voltage_mv / 1000,
        late_edges=late,
    )
