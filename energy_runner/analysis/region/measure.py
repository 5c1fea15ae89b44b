# SPDX-License-Identifier: Apache-2.0
"""Measure a region of a session's trace: energy with its uncertainty, its samples, and the inferences in it."""

import math
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from threading import RLock

from energy_runner.analysis.conditions import conditions_of
from energy_runner.analysis.energy.calibration import CalibratedSource
from energy_runner.analysis.energy.droop import Droop, find_droop
from energy_runner.analysis.energy.recorded import recorded_clock, recorded_source
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.sums import Read
from energy_runner.analysis.facts import Facts, gather
from energy_runner.analysis.inferences.segment import Segmentation, segment_windows
from energy_runner.analysis.placing.alignment import NONE, Alignment, Placed
from energy_runner.analysis.placing.clock import clock_findings
from energy_runner.analysis.recording.figures import current_source, of_parts
from energy_runner.analysis.region.budget import (
    ALONE_AMONG,
    DROOP_OF_STRETCHES,
    MOST_OF_DROOP,
    SEARCHED,
    Known,
    doubts_of_region,
    find_losses,
    in_stretches,
    region_causes,
)
from energy_runner.analysis.region.inferences import Figure, Inside, expected_inside, find_inside
from energy_runner.analysis.region.integral import between, integrate_chosen
from energy_runner.analysis.region.places import Place, find_place, windows_of
from energy_runner.analysis.region.region import Histogram, Region
from energy_runner.analysis.region.spread import find_spread
from energy_runner.analysis.uncertainty.causes import Causes
from energy_runner.analysis.uncertainty.coverage import Part
from energy_runner.errors import Argument, ConfigurationError, SessionError
from energy_runner.session.events import MonitorConfigured
from energy_runner.session.folder import Session
from energy_runner.wording import shown

MOST_BINS = 4096
_IN_U = (
    "U is that of the monitor's readings over the region, by its specification and calibration; the markers are "
    "chosen places, so nothing is in it of the edges of windows, nor of what repeated runs would scatter"
)
_AT_MARKERS = {
    "mean": "a sample that a marker cuts is shared out linearly; the spread is that of the whole samples inside",
    "instant": "power is a straight line between two readings; the spread is that of the readings inside",
}
_AT_EDGES = "the region begins and ends at edges of windows: samples there are cut as they are for the result"


def facts_of(session: Session, rail: str | None) -> tuple[Facts, MonitorConfigured]:
    """Return the facts of a session with a power trace, or of one of its rails, and how it was recorded.

    Raises `SessionError` for a session without such a trace, `ConfigurationError` for a rail that is not in it.
    """
    facts = gather(session.journal(exchanges=False), rail)
    if rail is not None and rail not in facts.rails:
        has = f"only {', '.join(facts.rails)}" if facts.rails else "its DUT has one supply"
        raise ConfigurationError(
            f"{session.path}: has no rail {shown(rail)!r}, {has}. Try: another ", Argument("rail")
        )
    if facts.monitor is None or not session.has_trace():
        raise SessionError(f"{session.path}: holds no power trace, so there is no region to measure")
    return facts, facts.monitor


class RegionMeter:
    """Measures regions of one session, or of one of its rails; safe to use from several threads.

    What all regions need is derived once, when it is first asked for. Raises as `facts_of` does.
    """

    def __init__(self, session: Session, rail: str | None = None) -> None:
        self.session = session
        self._lock = RLock()
        facts, self._monitor = facts_of(session, rail)
        self._facts = facts
        found, clock = recorded_clock(facts)
        given = conditions_of(session, facts, Alignment(NONE, []), clock, found)
        assert given is not None  # noqa: S101 - there is a monitor
        self._given = given.at_chosen_places()
        self._clock_doubts = [
            f"the clock of the monitor is in doubt: {one.detail}"
            for one in clock_findings(found)
            if one.id != "sample-clock-corrected"
        ]
        self._windows, self._window_notes = windows_of(session, facts, clock, self._monitor.period_s)

    def region(self, start_s: float, stop_s: float, bins: int = 64) -> Region:
        """Return the region between two times, with a histogram of `bins` bins.

        Raises `ConfigurationError` for markers that are no region of this trace, `SessionError` for a trace that
        cannot be read.
        """
        if not 1 <= bins <= MOST_BINS:
            raise ConfigurationError(f"a histogram of {bins} bins was asked for. Try: 1 to {MOST_BINS}")
        with closing(self.session.trace(self._facts.rail)) as trace:
            source = recorded_source(trace, self._facts)
            place = find_place(start_s, stop_s, source, self._windows)
            return self._measured(source, place, bins)

    # --- what all regions need ---------------------------------------------------------------------------

    @cached_property
    def _droop(self) -> Droop | None:
        with closing(self.session.trace(self._facts.rail)) as trace:
            return find_droop(in_stretches(recorded_source(trace, self._facts)))

    @cached_property
    def _segmentation(self) -> Segmentation:
        placed: list[Placed | None] = [None] * len(self._facts.windows())
        for window in self._windows:
            if window.index < len(placed):
                placed[window.index] = Placed(window.start, window.stop, half_width=1.0)
        with closing(self.session.trace(self._facts.rail)) as trace:
            source = recorded_source(trace, self._facts)
            return segment_windows(source, self._facts, Alignment(NONE, placed), None, "")

    def _segmented(self) -> Segmentation:
        with self._lock:
            return self._segmentation

    def _known(self, source: EnergySource) -> Known:
        windows = [Placed(one.start, one.stop, half_width=0.0) for one in self._windows]
        with self._lock:
            droop = self._droop if source.current_a is not None else None
        return Known(self._facts, self.session.record, self._given, windows, droop)

    # --- one region ---------------------------------------------------------------------------------------

    def _measured(self, source: EnergySource, place: Place, bins: int) -> Region:
        known = self._known(source)
        energy, missing, over_range = self._energy(source, known, place)
        inside = find_inside(
            place,
            self._windows,
            source,
            self._segmented,
            lambda stretch: self._figure(source, known, stretch),
        )
        duration_s = (place.stop - place.start) * source.step_s
        charge_c = self._charge_c(source, place)
        spread = find_spread(source.power_w, *_inside(source, place), bins)
        return Region(
            session_id=self.session.record.session_id,
            virtual=self.session.record.virtual,
            rail=self._facts.rail,
            start_s=place.start * source.step_s,
            stop_s=place.stop * source.step_s,
            duration_s=duration_s,
            on_edges=place.on_edges,
            energy_j=energy.value_j,
            u_j=energy.u_j,
            U_j=energy.U_j,
            k=energy.k,
            complete=not energy.doubts,
            incomplete=energy.doubts,
            mean_power_w=None if energy.value_j is None else energy.value_j / duration_s,
            min_w=spread.least_w if spread else None,
            max_w=spread.largest_w if spread else None,
            median_w=spread.median_w if spread else None,
            std_w=spread.std_w if spread else None,
            samples=energy.expected,
            missing=missing,
            over_range=over_range,
            period_s=source.step_s,
            mean_current_a=None if charge_c is None else charge_c / duration_s,
            charge_c=charge_c,
            mean_voltage_v=_voltage_v(source, place),
            inferences=inside.count,
            windows=inside.windows,
            energy_per_inference_j=inside.each.energy_j if inside.each else None,
            U_per_inference_j=inside.each.U if inside.each else None,
            per_inference_incomplete=inside.each.incomplete if inside.each else (),
            histogram=Histogram(spread.edges_w, spread.counts) if spread else Histogram(),
            parts=energy.parts,
            notes=tuple(self._notes(source, place, energy, inside)),
        )

    def _energy(self, source: EnergySource, known: Known, place: Place) -> "tuple[_Energy, int, int]":
        """Return the energy of a stretch, and how many of its samples are missing and over range."""
        found = between(source, place.start, place.stop, on_edges=place.on_edges)
        value_j = found.total * source.joule
        losses = find_losses(source, known, place, found, expected_inside(place, self._windows))
        doubts = [*self._clock_doubts, *doubts_of_region(source, known, place, losses)]
        if not math.isfinite(value_j):
            doubts.insert(0, "every sample is missing, so nothing is known of the energy")
            return _Energy(found.expected, doubts=tuple(doubts)), losses.missing, losses.over_range
        causes = region_causes(source, known, place, found, losses)
        return _combined(value_j, found.expected, causes, doubts), losses.missing, losses.over_range

    def _figure(self, source: EnergySource, known: Known, stretch: Place) -> Figure | None:
        energy, _, _ = self._energy(source, known, stretch)
        return None if energy.value_j is None else Figure(energy.value_j, energy.U_j, energy.doubts)

    def _charge_c(self, source: EnergySource, place: Place) -> float | None:
        if "current" not in source.signals:
            return None
        current = current_source(source, self._monitor.voltage_set_v)
        total = between(current, place.start, place.stop, on_edges=place.on_edges).total * current.joule
        return total if math.isfinite(total) else None

    def _notes(self, source: EnergySource, place: Place, energy: "_Energy", inside: Inside) -> list[str]:
        notes = [*place.notes, _IN_U, _AT_EDGES if place.on_edges else _AT_MARKERS[source.kind]]
        if source.length > SEARCHED:
            notes.append(ALONE_AMONG)
        if source.current_a is not None and source.length > MOST_OF_DROOP:
            notes.append(DROOP_OF_STRETCHES)
        if len(self._facts.rails) > 1:
            notes.append(f"of the rails {', '.join(self._facts.rails)} this is {self._facts.rail} alone")
        if self._facts.ended is None:
            notes.append("the run has not ended, or it was killed: the trace is what it holds so far")
        return [*notes, *self._window_notes, *inside.notes, *energy.notes]


@dataclass(frozen=True)
class _Energy:
    expected: int
    value_j: float | None = None
    u_j: float | None = None
    U_j: float | None = None
    k: float | None = None
    parts: tuple[tuple[str, float], ...] = ()
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def _combined(value_j: float, expected: int, causes: Causes, doubts: list[str]) -> _Energy:
    """Return an energy with its uncertainty: the causes are independent, and linear in the energy."""
    rows = [(cause.name, cause.contribution_j(0)) for cause in causes.counted]
    given = [Part(cause.distribution, u, cause.dof) for cause, (_, u) in zip(causes.counted, rows, strict=True)]
    found = of_parts(value_j, "J", given, rows)
    every = tuple(dict.fromkeys([*doubts, *causes.doubts]))
    return _Energy(expected, value_j, found.u, found.U, found.k, found.parts, every, tuple(causes.notes))


def _voltage_v(source: EnergySource, place: Place) -> float | None:
    """Return the mean of the recorded voltage over time; None where none was recorded."""
    read: Read | None = source.signals.get("voltage")
    if read is None:
        return None
    if isinstance(source, CalibratedSource) and "current" in source.signals and len(source.signals) == 2:
        read = source.corrections.voltage_v
    found = integrate_chosen(read, source.length, place.start, place.stop, source.kind)
    mean = found.total / (place.stop - place.start)
    return mean if math.isfinite(mean) else None


def _inside(source: EnergySource, place: Place) -> tuple[int, int]:
    """Return the samples that lie wholly inside; those that the region touches, where none does."""
    if source.kind == "instant":
        first, stop = math.ceil(place.start), min(math.floor(place.stop) + 1, source.length)
    else:
        first, stop = math.ceil(place.start), math.floor(place.stop)
    return (first, stop) if first < stop else (place.first, min(place.last, source.length))
