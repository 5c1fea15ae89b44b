# SPDX-License-Identifier: Apache-2.0
"""Energy, mean power, mean and peak current of a recording, each with its expanded uncertainty; pure functions.

The body of the caller lies between two host times. Its duration is the host's; where it lies among the samples is
known within `HostPlaces`. An error of that place moves both ends alike, and its effect is read off the trace by
moving them (JCGM 100:2008, 5.1.4, note 2). The instrument's own errors are those of every budget.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from energy_runner.analysis.energy.calibration import CalibratedSource, FloatArray, configured_source
from energy_runner.analysis.energy.doubts import doubtful_j
from energy_runner.analysis.energy.integrate import integrate
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.windows import MOST_MISSING, EnergyWindow
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.load_samples import checked_samples
from energy_runner.analysis.placing.alignment import Placed
from energy_runner.analysis.placing.clock import HOST_CLOCK_LIMIT
from energy_runner.analysis.recording.place import host_places
from energy_runner.analysis.uncertainty.calibration import with_calibration
from energy_runner.analysis.uncertainty.causes import Causes, find_causes
from energy_runner.analysis.uncertainty.combine import ROOT3, Cause, canonical
from energy_runner.analysis.uncertainty.coverage import Part, coverage_factor
from energy_runner.analysis.uncertainty.edges import mean_square_w2, share_above, view_edge
from energy_runner.analysis.uncertainty.evaluate import Conditions, Limits, Measured
from energy_runner.errors import SessionError
from energy_runner.session.recording import Recording
from energy_runner.session.result import WindowResult
from energy_runner.session.trace import TraceReader

LEAST_SAMPLES = 3.0
_TRIED = 9  # places at which the effect of a shift is looked at
_INSIDE = 0.5  # of a sample: within one the power may change, and nothing tells where
_BLOCK = 1 << 19

Unit = Literal["J", "W", "A", "s"]


@dataclass(frozen=True)
class Figure:
    """A figure with its standard uncertainty `u` and its expanded one `U` for 95 %, in `unit`.

    `parts` says what each cause contributes to `u`, by its name.
    """

    value: float
    u: float
    U: float
    k: float
    unit: Unit
    parts: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Recorded:
    """What was drawn in one recording.

    `peak_a` is the largest sample: a shorter peak is averaged over the sample's period, `period_s`. `incomplete`
    says what the uncertainties lack, `virtual` that nothing was measured.
    """

    name: str
    virtual: bool
    energy_j: Figure
    mean_w: Figure
    mean_a: Figure
    peak_a: Figure
    duration_s: Figure
    period_s: float
    samples: int
    incomplete: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Span:
    """A stretch of samples, in samples, and by how much its ends may be off: alike, and each by itself."""

    start: float
    stop: float
    shared: float
    own: float


def measure_recording(recording: Recording, facts: Facts, trace: TraceReader) -> Recorded:
    """Return the figures of a recording.

    Raises `SessionError` for a body shorter than three samples, for samples that are missing or cannot be, and
    where nothing was drawn that can be told from zero.
    """
    if facts.monitor is None:
        raise SessionError("no sampler was configured, so there is nothing to measure")
    source = configured_source(trace, facts.monitor)
    span = body_span(recording, facts, source)
    duration_s = (recording.end_ns - recording.begin_ns) / 1e9
    energy_j = _drawn(source, span.start, span.stop) * source.joule
    if not energy_j > 0:
        raise SessionError(
            f"{recording.name}: {energy_j * 1e6:.3g} µJ were measured, which cannot be told from nothing. "
            "Try: a longer body, or a monitor for smaller currents"
        )
    budget = span_budget(source, facts, span, energy_j, virtual=recording.virtual)
    placed = _placement(lambda start, stop: _drawn(source, start, stop) * source.joule, span)
    energy = _figure(energy_j, "J", budget.counted, placed, 1.0)
    host = (("the host's clock", HOST_CLOCK_LIMIT / ROOT3 * duration_s),)
    duration = of_parts(duration_s, "s", [Part("rectangular", u) for _, u in host], host)
    power_w = energy_j / duration_s
    by_host = Cause("the host's clock", "a computer's crystal", (HOST_CLOCK_LIMIT / ROOT3,), (energy_j,))
    causes = [*budget.counted, by_host]
    current = current_source(source, facts.monitor.voltage_set_v)
    charge_c = _drawn(current, span.start, span.stop) * current.joule
    moved = _placement(lambda start, stop: _drawn(current, start, stop) * current.joule, span)
    mean_a = charge_c / duration_s
    own = [cause for cause in causes if not cause.voltage]
    doubts = list(budget.doubts)
    if "current" not in source.signals and len(own) == len(causes):
        doubts.append("the current is the power over the voltage set, of which no error is stated")
    return Recorded(
        name=recording.name,
        virtual=recording.virtual,
        energy_j=energy,
        mean_w=_figure(power_w, "W", causes, [(name, u / duration_s) for name, u in placed], power_w / energy_j),
        mean_a=_figure(mean_a, "A", own, [(name, u / duration_s) for name, u in moved], mean_a / energy_j),
        peak_a=_peak(source, current, facts, span, virtual=recording.virtual),
        duration_s=duration,
        period_s=source.step_s,
        samples=round(span.stop - span.start),
        incomplete=tuple(doubts),
        notes=tuple(budget.notes),
    )


# --- samples --------------------------------------------------------------------------------------------


def current_source(source: EnergySource, voltage_set_v: float) -> EnergySource:
    """Return the same samples as current: integrals of it, times `joule`, are coulombs.

    Energy and power without a recorded voltage are divided by the voltage set.
    """
    if isinstance(source, CalibratedSource):
        read: Callable[[int, int], FloatArray] = source.corrections.current_a
    elif source.current_a is not None:
        read = source.current_a  # type: ignore[assignment]
    elif "current" in source.signals and not {"energy", "power"} & set(source.signals):
        read = source.signals["current"]  # type: ignore[assignment]
    else:
        if not voltage_set_v > 0:
            raise SessionError("neither current nor voltage is known. Try: [supply] voltage_v in the bench file")

        def read(start: int, stop: int) -> FloatArray:
            return np.asarray(source.power_w(start, stop), dtype=np.float64) / voltage_set_v

    return EnergySource(
        read=read,
        length=source.length,
        period_s=source.period_s,
        joule=source.step_s,
        kind=source.kind,
        clock=source.clock,
    )


def body_span(recording: Recording, facts: Facts, source: EnergySource) -> Span:
    """Return where the body lies among the samples; raise `SessionError` if it is shorter than three of them."""
    places = host_places(facts, recording.start_ns)
    start, stop = places.at(recording.begin_ns), places.at(recording.end_ns)
    own = _INSIDE + max(places.drifted(recording.begin_ns), places.drifted(recording.end_ns))
    if stop - start < LEAST_SAMPLES:
        raise SessionError(
            f"{recording.name}: the body lasted {(stop - start) * source.step_s:.3g} s, less than three samples "
            f"of {source.step_s:g} s. Try: a longer body, or more samples a second"
        )
    return Span(max(0.0, start), min(float(source.length), stop), places.shared, own)


def _drawn(source: EnergySource, start: float, stop: float) -> float:
    """Return the integral between two places; beyond the trace the mean of the rest is taken."""
    inside = (min(max(start, 0.0), source.length), min(max(stop, 0.0), source.length))
    if inside[1] - inside[0] < 1.0:
        raise SessionError("the body lies outside the samples. Try: again")
    found = integrate(source.read, source.length, inside[0], inside[1], source.kind)
    if found.missing_share > MOST_MISSING or not math.isfinite(found.total):
        raise SessionError(f"{found.missing} of {found.expected} samples are missing. Try: again")
    beyond = (stop - start) - (inside[1] - inside[0])
    return found.total * (1.0 + beyond / (inside[1] - inside[0]))


def _peak(source: EnergySource, current: EnergySource, facts: Facts, span: Span, *, virtual: bool) -> Figure:
    """Return the largest sample of the body, with what the instrument's errors are at that reading."""
    first, last = math.floor(span.start), min(source.length, math.ceil(span.stop))
    best, at = -math.inf, first
    for begin in range(first, last, _BLOCK):
        part = np.asarray(current.read(begin, min(begin + _BLOCK, last)), dtype=np.float64)
        if np.isfinite(part).any():
            index = int(np.nanargmax(part))
            if part[index] > best:
                best, at = float(part[index]), begin + index
    one = Span(float(at), float(at + 1), 0.0, 0.0)
    energy_j = _drawn(source, one.start, one.stop) * source.joule
    if not (math.isfinite(best) and energy_j > 0):
        raise SessionError("there is no sample of the body whose current is positive. Try: again")
    own = [
        cause for cause in span_budget(source, facts, one, energy_j, virtual=virtual).counted if not cause.voltage
    ]
    noise = math.hypot(*(cause.contribution_j(0) for cause in own if cause.name == "noise of the samples"))
    # The largest of many samples is one that noise has made larger.
    lifted = noise * math.sqrt(2 * math.log(max(2, last - first))) * best / energy_j
    placed = [("noise, which the largest sample has most of", lifted / ROOT3)]
    return _figure(best, "A", own, placed, best / energy_j)


# --- uncertainty ----------------------------------------------------------------------------------------


def span_budget(source: EnergySource, facts: Facts, span: Span, energy_j: float, *, virtual: bool) -> Causes:
    """Return what the monitor leaves open about the energy of a span whose ends are where they are."""
    monitor = facts.monitor
    assert monitor is not None  # noqa: S101
    start, stop = span.start, span.stop
    found = checked_samples(source, facts, start, stop)
    given = Conditions(
        limits=Limits.of(monitor.accuracy),
        signals=tuple(signal.get("name", "") for signal in monitor.signals),
        voltage_v=monitor.voltage_set_v,
        virtual=virtual,
        kinds=tuple(signal.get("kind", "mean") for signal in monitor.signals),
        voltage_of_another=monitor.supply != monitor.sampler,
    )
    edges = [
        replace(view_edge(source, place, starts=starts, half_width=0.0), outside_step_w=0.0)
        for place, starts in ((start, True), (stop, False))
    ]
    measured = Measured(
        energy_j=energy_j,
        inferences=1,
        duration_s=(stop - start) * source.step_s,
        samples=max(1, int(stop - start)),
        start=edges[0],
        stop=edges[1],
        shares_above=share_above(source, start, stop, given.thresholds_w()),
        mean_square_w2=mean_square_w2(source, start, stop) if given.resistive else 0.0,
        doubtful_j=doubtful_j(source, found, int(start), math.ceil(stop)),
    )
    window = EnergyWindow(
        WindowResult(index=0, stimulus=0, file="", inferences=1), measured, Placed(start, stop, half_width=0.0)
    )
    return find_causes([measured], with_calibration(given, source, [window]) or given)


def _placement(drawn: Callable[[float, float], float], span: Span) -> list[tuple[str, float]]:
    """Return what an error of the place does to an integral, as standard uncertainties of limits."""
    here = drawn(span.start, span.stop)
    steps = np.linspace(-1.0, 1.0, _TRIED).tolist()

    def worst(start: float, stop: float) -> float:
        return max(abs(drawn(span.start + step * start, span.stop + step * stop) - here) for step in steps)

    return [
        ("place among the samples, both ends alike", worst(span.shared, span.shared) / ROOT3),
        ("place of the beginning", worst(span.own, 0.0) / ROOT3),
        ("place of the end", worst(0.0, span.own) / ROOT3),
    ]


def _figure(
    value: float, unit: Unit, causes: Sequence[Cause], placed: Sequence[tuple[str, float]], scale: float
) -> Figure:
    """Return a figure whose causes are in joule, times `scale` in its unit; `placed` is in its unit."""
    rows = [(cause.name, abs(scale) * cause.contribution_j(0)) for cause in causes]
    parts = [Part(cause.distribution, u, cause.dof) for cause, (_, u) in zip(causes, rows, strict=True)]
    parts += [Part("rectangular", u) for _, u in placed]
    return of_parts(value, unit, parts, [*rows, *placed])


def of_parts(value: float, unit: Unit, parts: Sequence[Part], rows: Sequence[tuple[str, float]]) -> Figure:
    """Return a figure whose independent contributions to its uncertainty are known."""
    u = math.sqrt(math.fsum(part.u**2 for part in parts))
    k = coverage_factor(parts)
    named = tuple((name, canonical(one)) for name, one in rows if one > 0)
    return Figure(canonical(value), canonical(u), canonical(k * u), k, unit, named)
