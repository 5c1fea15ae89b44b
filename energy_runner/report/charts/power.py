# SPDX-License-Identifier: Apache-2.0
"""The power over time in a report: from the trace to mW, thinned out if it is long."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from energy_runner.analysis.energy.recorded import recorded_source
from energy_runner.analysis.energy.source import energy_source
from energy_runner.analysis.facts import Facts
from energy_runner.report.charts.decimate import BUCKETS, Decimator, Envelope, FloatArray, decimate
from energy_runner.session.trace import TraceReader

CHUNK = 1 << 18
# Up to FINE_SAMPLES a report holds every sample, beyond it an envelope of FINE_BUCKETS: about 2 MB either way.
FINE_SAMPLES = 400_000
FINE_BUCKETS = 130_000


class PowerTrace:
    """A trace read as power in mW, corrected as its facts say.

    `derivation` says in words how the power follows from what was recorded. A sample lasts `period_s` by the
    monitor, which the result's places of windows count in, and `step_s` as the run found its clock, which single
    inferences are placed by. Raises `SessionError` for a trace without power, energy or current.
    """

    def __init__(self, reader: TraceReader, facts: Facts) -> None:
        supply_v = facts.monitor.voltage_set_v if facts.monitor else 0.0
        self._source = recorded_source(reader, facts) if facts.monitor else energy_source(reader, supply_v)
        self.period_s = reader.period_s
        self.step_s = self._source.step_s  # what a sample lasts by the clock that the run found
        self.samples = reader.length
        names = {name for name, _ in reader.signals}
        derivations = [
            ({"energy"}, "the energy of each sample divided by the sample period"),
            ({"power"}, "as the monitor states it"),
            ({"current", "voltage"}, "current times voltage of each sample"),
            ({"current"}, f"current times the supply voltage of {supply_v:g} V"),
        ]
        self.derivation = next((words for needed, words in derivations if needed <= names), "")

    def read(self, start: int, stop: int) -> FloatArray:
        """Return the mean power of each sample in [start, stop), in mW; NaN where a sample is missing."""
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(self._source.power_w(start, stop), dtype=np.float64) * 1e3

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, FloatArray]]:
        """Yield (index, power in mW) in pieces, so that memory does not grow with the trace."""
        end = self.samples if stop is None else stop
        for first in range(start, end, CHUNK):
            yield first, self.read(first, min(first + CHUNK, end))


@dataclass(frozen=True)
class Picture:
    """A power trace ready to be drawn.

    `overview` has few buckets; `fine` has one sample a bucket where the trace is short enough.
    """

    period_s: float
    samples: int
    derivation: str
    overview: Envelope
    fine: Envelope

    @property
    def complete(self) -> bool:
        """Return whether `fine` holds every sample on its own."""
        return self.fine.width == 1


def picture(trace: PowerTrace) -> Picture:
    """Return the picture of a whole trace (of at least one sample), read once."""
    if trace.samples <= FINE_SAMPLES:
        fine = every_sample(trace, 0, trace.samples)
        overview = decimate([(0, fine.mean)], trace.samples)
    else:
        collector, thin = Decimator(trace.samples, FINE_BUCKETS), Decimator(trace.samples, BUCKETS)
        for first, values in trace.chunks():
            collector.add(first, values)
            thin.add(first, values)
        fine, overview = collector.envelope(), thin.envelope()
    return Picture(trace.period_s, trace.samples, trace.derivation, overview, fine)


def every_sample(trace: PowerTrace, start: int, stop: int) -> Envelope:
    """Return samples [start, stop) one by one, as an envelope whose buckets hold one sample each."""
    values = np.concatenate([part for _, part in trace.chunks(start, stop)])
    values[~np.isfinite(values)] = np.nan
    missing = np.isnan(values).astype(np.int64)
    return Envelope(start, 1, stop - start, values, values, values, missing)
