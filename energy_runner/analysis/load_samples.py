# SPDX-License-Identifier: Apache-2.0
"""What the samples of a known load cannot be: a comparison or a calibration rests on measurements alone."""

import math

from energy_runner.analysis.energy.bounds import signal_bounds, usual_reading
from energy_runner.analysis.energy.impossible import Impossible, Span, find_impossible
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.messages import within
from energy_runner.analysis.placing.alignment import Placed
from energy_runner.errors import SessionError

AGAIN = ". Try: again, and the wires of the load"


def checked_samples(source: EnergySource, facts: Facts, start: float, stop: float, pulses: int = 1) -> Impossible:
    """Return what is doubtful about the samples from `start` to `stop`, in which a load draws so many `pulses`.

    Raises `SessionError` for samples that cannot be or are over range, and for an error that the instrument
    reports between them.
    """
    span = Span(int(start), math.ceil(stop), pulses)
    window = [Placed(start, stop, half_width=0.0)]
    signals = {
        name: (read, signal_bounds(facts, None, name, usual_reading(read, window, source.length)))
        for name, read in source.signals.items()
    }
    (found,) = find_impossible(signals, source.length, source.period_s, [span], facts)
    if found.count:
        raise SessionError(f"{found.count} samples cannot be, the first at {found.index}: {found.why}{AGAIN}")
    over = [one for one in facts.over_range if one.at < span.stop and one.at + one.count > span.first]
    if over:
        count = sum(one.count for one in over)
        raise SessionError(f"{count} samples are beyond the monitor's range, the first at {over[0].at}{AGAIN}")
    said = within(facts.messages.found, start, stop)
    if said:
        raise SessionError(f"{said[0].text[:80]}: {said[0].why}{AGAIN}")
    return found
