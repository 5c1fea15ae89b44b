# SPDX-License-Identifier: Apache-2.0
"""What makes the energy of a region uncertain: the causes that windows have, but for those of their edges."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from energy_runner.analysis.energy.bounds import signal_bounds, usual_reading
from energy_runner.analysis.energy.doubts import doubtful_j
from energy_runner.analysis.energy.droop import Droop
from energy_runner.analysis.energy.impossible import Impossible, Span, find_impossible
from energy_runner.analysis.energy.integrate import Integral
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.spectrum import too_coarse
from energy_runner.analysis.energy.sums import BLOCK, Read, Samples, mean_present, range_present
from energy_runner.analysis.energy.windows import MOST_MISSING, EnergyWindow, samples_over_range
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.messages import within
from energy_runner.analysis.placing.alignment import Placed
from energy_runner.analysis.region.places import Place
from energy_runner.analysis.uncertainty.calibration import with_calibration
from energy_runner.analysis.uncertainty.causes import Causes, find_causes
from energy_runner.analysis.uncertainty.edges import EdgeView, mean_square_w2, share_above, view_edge
from energy_runner.analysis.uncertainty.inputs import Conditions, Measured
from energy_runner.session.record import Record
from energy_runner.session.result import WindowResult

# Up to so many samples a whole trace is searched for samples that cannot be, as it is for windows; of a longer one
# the region alone, because a person waits.
SEARCHED = 1 << 24
_LEAST_J = 1e-30  # in place of an energy of zero, which nothing can be relative to
_BESIDE = 2  # samples beside a region that say whether its first or its last stands alone
# The supply's resistance is found from a whole trace of so many samples, and from stretches of a longer one.
MOST_OF_DROOP = 1 << 26
_STRETCHES = 64
DROOP_OF_STRETCHES = "the resistance of the supply was found from stretches of the trace, because it is long"
ALONE_AMONG = "samples that stand alone were compared with the region's others only: the trace is long"


@dataclass(frozen=True)
class Known:
    """What holds for all regions of a session. `droop` is None where no voltage was recorded with the current."""

    facts: Facts
    record: Record
    given: Conditions
    windows: list[Placed]
    droop: Droop | None = None


@dataclass(frozen=True)
class Losses:
    """The samples that a region touches, and how many of them are missing or over range."""

    expected: int
    missing: int
    share: float
    over_range: int
    impossible: Impossible = field(default_factory=Impossible)


def find_losses(source: EnergySource, known: Known, place: Place, found: Integral, inferences: int) -> Losses:
    """Return what of a region's samples is missing or cannot be; about so many `inferences` are in it."""
    # Lost samples may have been anywhere in the stretch that reports them, so those outside the NaN count as well.
    lost = [one for one in known.facts.lost if one.after < place.stop and one.before > place.start]
    missing = min(found.expected, max(found.missing, sum(one.missing for one in lost)))
    impossible = _impossible(source, known, place, inferences)
    told = samples_over_range(known.facts, Placed(place.start, place.stop, half_width=0.0))
    share = max(found.missing_share, missing / found.expected) if missing else 0.0
    return Losses(found.expected, missing, share, told + impossible.count, impossible)


def region_causes(source: EnergySource, known: Known, place: Place, found: Integral, losses: Losses) -> Causes:
    """Return the causes of the uncertainty of a region's energy, in J.

    A region that begins and ends on edges has the causes of that window, but for the places of its edges.
    """
    energy_j = found.total * source.joule
    # Errors that are relative to the reading are so to its size: a region may hold nothing, or less than that.
    size_j = max(abs(energy_j), _LEAST_J)
    start, stop, given = place.start, place.stop, known.given
    measured = Measured(
        energy_j=size_j,
        inferences=1,
        duration_s=(stop - start) * source.step_s,
        samples=max(1, found.expected),
        start=_end(source, start, starts=True),
        stop=_end(source, stop, starts=False),
        missing_share=losses.share,
        spread_w=range_present(source.read, place.first, place.last) * source.watt if losses.missing else 0.0,
        shares_above=share_above(source, start, stop, given.thresholds_w()),
        second_j=size_j + (found.second - found.total) * source.joule,
        unexplained_j=(found.unexplained[0] * source.joule, found.unexplained[1] * source.joule),
        droop_w=_droop_w(source, known.droop, place),
        change_w=math.sqrt(found.change) * source.watt,
        coarse=too_coarse(source, start, stop),
        doubtful_j=doubtful_j(source, losses.impossible, place.first, place.last),
        mean_square_w2=mean_square_w2(source, start, stop) if given.resistive else 0.0,
    )
    frame = WindowResult(index=0, stimulus=0, file="", inferences=1)
    window = EnergyWindow(frame, measured, Placed(start, stop, half_width=0.0))
    return find_causes([measured], with_calibration(given, source, [window]) or given)


def doubts_of_region(source: EnergySource, known: Known, place: Place, losses: Losses) -> Iterator[str]:
    """Yield for which reasons a window like this would have no energy that could be defended."""
    facts, impossible = known.facts, losses.impossible
    if losses.expected < 2:
        yield "the region lies within one sample, which shows nothing of what is in it"
    if losses.share > MOST_MISSING:
        yield (
            f"{losses.missing} of {losses.expected} samples are missing: the mean of the others, in their place, "
            "is no measurement of them"
        )
    if any(one.modulo and one.after < place.stop and one.before > place.start for one in facts.lost):
        yield "how many samples are missing cannot be known, so neither can the duration"
    if impossible.count:
        yield f"{impossible.count} samples cannot be, the first at {impossible.index}: {impossible.why}"
    told = losses.over_range - impossible.count
    if told:
        yield f"{told} samples were beyond the monitor's range"
    for one in within(facts.messages.found, place.start, place.stop)[:1]:
        yield f"{one.text[:80]}: {one.why}"
    if facts.monitor is not None and facts.monitor.period_s != source.period_s:
        yield f"a sample lasts {source.period_s} s by the trace, {facts.monitor.period_s} s by the monitor"


def in_stretches(source: EnergySource) -> EnergySource:
    """Return current and voltage of a long trace in evenly spread stretches alone, of a shorter one in whole."""
    if source.length <= MOST_OF_DROOP or source.current_a is None or source.voltage_v is None:
        return source
    each = min(BLOCK, source.length // _STRETCHES)
    apart = (source.length - each) // (_STRETCHES - 1)

    def spread(read: Read) -> Read:
        # `find_droop` reads block by block; a block of its source is a stretch here.
        def stretch(start: int, stop: int) -> Samples:
            begin = start // each * apart + start % each
            return read(begin, begin + stop - start)

        return stretch

    return replace(
        source, length=_STRETCHES * each, current_a=spread(source.current_a), voltage_v=spread(source.voltage_v)
    )


def _end(source: EnergySource, position: float, *, starts: bool) -> EdgeView:
    """Return the surroundings of an end of the region, which is where it is."""
    return replace(view_edge(source, position, starts=starts, half_width=0.0), outside_step_w=0.0)


def _droop_w(source: EnergySource, droop: Droop | None, place: Place) -> float:
    if droop is None or source.current_a is None:
        return 0.0
    mean_a = mean_present(source.current_a, place.first, place.last)
    return droop.limit_w(mean_a) if math.isfinite(mean_a) else 0.0


def _impossible(source: EnergySource, known: Known, place: Place, inferences: int) -> Impossible:
    facts, record = known.facts, known.record
    windows = known.windows or [Placed(place.start, place.stop, half_width=0.0)]
    bounds = {
        name: signal_bounds(facts, record, name, usual_reading(read, windows, source.length))
        for name, read in source.signals.items()
    }
    if source.length <= SEARCHED:
        signals = {name: (read, bounds[name]) for name, read in source.signals.items()}
        span = Span(place.first, place.last, inferences)
        return find_impossible(signals, source.length, source.period_s, [span], facts)[0]
    begin, end = max(0, place.first - _BESIDE), min(source.length, place.last + _BESIDE)
    over = [
        one.model_copy(update={"at": one.at - begin})
        for one in facts.over_range
        if one.at < end and one.at + one.count > begin
    ]
    shifted = {name: (_from(read, begin), bounds[name]) for name, read in source.signals.items()}
    span = Span(place.first - begin, place.last - begin, inferences)
    found = find_impossible(shifted, end - begin, source.period_s, [span], replace(facts, over_range=over))[0]
    return replace(found, index=found.index + begin) if found.index >= 0 else found


def _from(read: Read, begin: int) -> Read:
    def shifted(start: int, stop: int) -> Samples:
        return read(start + begin, stop + begin)

    return shifted
