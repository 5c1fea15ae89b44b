# SPDX-License-Identifier: Apache-2.0
"""A stretch of a session's trace between two times: its energy with uncertainty, its samples, its inferences."""

from energy_runner.analysis.region.measure import RegionMeter
from energy_runner.analysis.region.region import Histogram, Region
from energy_runner.api.sessions import AnySession, load_session
from energy_runner.api.unreadable import named

__all__ = ["Histogram", "Region", "measure_region"]


def measure_region(
    session: AnySession, start_s: float, stop_s: float, *, bins: int = 64, rail: str | None = None
) -> Region:
    """Return what the DUT drew between two times, in seconds since the first sample of the trace.

    It is computed from the samples, as windows are: energy with its uncertainty, mean, bounds, median and a
    histogram of `bins` bins, charge where the current was recorded, and the whole inferences inside. Times that
    lie within a sample of a window's two edges give that window's figures. A sample lasts what the run found of
    the monitor's clock: where the result's `sample_clock` is corrected, the places of windows in the result are to
    be multiplied by its `ratio`. Of several rails it measures `rail`, or the first. A region of 10^8 samples takes
    seconds and little memory.

    Raises `ConfigurationError` for times that are no region of the trace, `SessionError` for a session without a
    power trace.
    """
    loaded = load_session(session)
    with named(loaded):
        return RegionMeter(loaded, rail).region(start_s, stop_s, bins)
