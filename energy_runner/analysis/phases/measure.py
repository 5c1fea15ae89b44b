# SPDX-License-Identifier: Apache-2.0
"""Energy and duration of named phases, such as pre-processing, inference and post-processing.

A DUT marks its phases on pins: one pin for each phase, active while it lasts, or one pin that pulses whenever
the next phase begins. All phases and the pauses between them are fitted to the samples at once
(`energy.partition`): a sample that straddles a boundary is a mixture of the powers on either side, so a short
phase beside a loud one is not charged for its neighbour. Without edges, phases can only be guessed from changes of
the level; they are then labelled as estimated.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.partition import partition
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.inferences.distribution import Distribution, describe
from energy_runner.analysis.levels.changepoints import find_levels
from energy_runner.errors import ConfigurationError
from energy_runner.session.result import Finding

FloatArray = npt.NDArray[np.float64]

_OVERLAP = 1e-9  # samples by which two phases may seem to overlap through rounding
LEAST_SAMPLES = 3  # of an estimated level; a shorter one is an edge, or rests on a fit alone
LEAST_STEP = 0.01  # of the mean power, between estimated levels
SHORT = 2.0  # samples: a shorter phase may have no sample of its own


@dataclass(frozen=True)
class PinEdge:
    """An edge of a pin at `place` samples; `rising` is its direction."""

    place: float
    rising: bool


@dataclass(frozen=True)
class Span:
    """A stretch of the trace from `start` to `stop`, in samples."""

    start: float
    stop: float


@dataclass(frozen=True)
class PhaseTime:
    """One phase in one repetition (from 0). What is unknown for missing samples is None.

    `u_j` is the standard uncertainty by noise and by sharing out samples that straddle a boundary, `repeated_u_j`
    the part of it that no repetition makes smaller; the monitor's own errors and those of the edges are not in it.
    Both are None for phases that overlap.
    """

    name: str
    repetition: int
    start_s: float
    duration_s: float
    energy_j: float | None
    mean_power_w: float | None
    u_j: float | None = None
    repeated_u_j: float | None = None


@dataclass(frozen=True)
class PhaseSummary:
    """What one phase comes to over all repetitions: totals, shares of the whole, and its distributions.

    The shares are those of all phases together. `u_j` is the standard uncertainty of `energy_j`, None where one of
    a repetition is unknown. The distributions are None for fewer than eight repetitions.
    """

    name: str
    count: int
    energy_j: float
    duration_s: float
    mean_power_w: float
    energy_share: float
    duration_share: float
    energy: Distribution | None
    duration: Distribution | None
    u_j: float | None = None


@dataclass(frozen=True)
class PhaseResult:
    """All phases, in the order given; `estimated` unless edges marked them."""

    phases: tuple[PhaseTime, ...]
    summaries: tuple[PhaseSummary, ...]
    estimated: bool
    findings: tuple[Finding, ...] = ()


def spans_of_pin(name: str, edges: Sequence[PinEdge], *, active_high: bool) -> tuple[list[Span], list[Finding]]:
    """Return the stretches during which a pin was active, and what is odd about its edges.

    Edges must alternate. Between two equal ones in a row an edge is missing, and its place cannot be known, so
    a phase counts only between an edge that begins it and the very next edge, if that ends it.
    """
    spans: list[Span] = []
    findings: list[Finding] = []
    begun: float | None = None
    last = -math.inf
    for number, edge in enumerate(edges):
        if not (math.isfinite(edge.place) and edge.place >= last):
            detail = f"{name}: edge {number + 1} does not come after the one before it"
            findings.append(Finding(id="phase-edge-order", detail=detail))
            begun = None
            continue
        last = edge.place
        if edge.rising == active_high:
            if begun is not None:
                detail = f"{name}: began at sample {begun:.2f} and again at {edge.place:.2f} without an end"
                findings.append(Finding(id="phase-edge-missing", detail=detail))
            begun = edge.place
        elif begun is None:
            detail = f"{name}: ended at sample {edge.place:.2f} without a beginning"
            findings.append(Finding(id="phase-edge-missing", detail=detail))
        else:
            spans.append(Span(begun, edge.place))
            begun = None
    if begun is not None:
        findings.append(Finding(id="phase-edge-missing", detail=f"{name}: began at sample {begun:.2f}, no end"))
    return spans, findings


def spans_of_marks(names: Sequence[str], places: Sequence[float]) -> tuple[dict[str, list[Span]], list[Finding]]:
    """Return the stretches of phases that follow each other, each begun by one mark on a common pin.

    The marks of one repetition are as many as there are names, and one more mark ends the last repetition.
    Raises `ConfigurationError` for no names or for the same name twice.
    """
    if not names or len(set(names)) != len(names):
        raise ConfigurationError(f"phases need different names, not {', '.join(names) or 'none'}")
    spans: dict[str, list[Span]] = {name: [] for name in names}
    if any(not after > before for before, after in pairwise(places)):
        return spans, [Finding(id="phase-edge-order", detail="the marks do not come one after the other")]
    if len(places) % len(names) != 1 % len(names):
        whole = f"{len(names)} for each repetition and one more"
        detail = f"{len(places)} marks, which is not {whole}: which is missing cannot be known"
        return spans, [Finding(id="phase-edge-missing", detail=detail)]
    for number, (start, stop) in enumerate(pairwise(places)):
        spans[names[number % len(names)]].append(Span(start, stop))
    return spans, []


def measure_phases(
    source: EnergySource, spans: Mapping[str, Sequence[Span]], *, estimated: bool = False
) -> PhaseResult:
    """Return energy and duration of each phase in each repetition.

    The first-named phase begins a repetition; the others must lie between its beginnings, each as often as it.
    What overlaps, is missing or lies outside the trace is a finding, and only what is beyond doubt is measured.
    """
    findings = [*_uneven(spans), *_overlapping(spans)]
    begins = np.array([span.start for span in next(iter(spans.values()), ())])
    recorded = [
        (name, span) for name, of_name in spans.items() for span in of_name if _recorded(span, source.length)
    ]
    energies = _shared_out(source, [span for _, span in recorded])
    phases: list[PhaseTime] = []
    for name, of_name in spans.items():
        for span in of_name:
            if not _recorded(span, source.length):
                detail = f"{name}: samples {span.start:.2f} to {span.stop:.2f} of {source.length} are not recorded"
                findings.append(Finding(id="phase-not-recorded", detail=detail))
                continue
            found = energies[span]
            if found.missing:
                expected = math.ceil(span.stop) - math.floor(span.start)
                detail = f"{name}: {found.missing} of {expected} samples at {span.start:.2f}"
                findings.append(Finding(id="phase-samples-missing", detail=detail))
            duration_s = (span.stop - span.start) * source.step_s
            repetition = int(np.searchsorted(begins, span.start + _OVERLAP, side="right")) - 1
            phases.append(
                PhaseTime(
                    name=name,
                    repetition=repetition,
                    start_s=span.start * source.step_s,
                    duration_s=duration_s,
                    energy_j=found.energy_j,
                    mean_power_w=None if found.energy_j is None else found.energy_j / duration_s,
                    u_j=found.u_j,
                    repeated_u_j=found.repeated_u_j,
                )
            )
    findings += [*_short(recorded, energies), *_clipped(recorded, energies)]
    return PhaseResult(tuple(phases), _summaries(list(spans), phases), estimated, tuple(findings))


@dataclass(frozen=True)
class _Energy:
    energy_j: float | None
    u_j: float | None
    missing: int
    clipped: bool = False
    repeated_u_j: float | None = None


def _recorded(span: Span, length: int) -> bool:
    return 0 <= span.start < span.stop <= length


def _shared_out(source: EnergySource, spans: Sequence[Span]) -> dict[Span, _Energy]:
    """Return the energy of each span: of those that do not overlap by one fit, of the others each by itself."""
    found: dict[Span, _Energy] = {}
    apart: list[Span] = []
    reach = -math.inf
    ordered = sorted(spans, key=lambda span: (span.start, span.stop))
    for k, span in enumerate(ordered):
        after = ordered[k + 1].start if k + 1 < len(ordered) else math.inf
        if span.start < reach - _OVERLAP or after < span.stop - _OVERLAP:
            total = source.window(span.start, span.stop)
            whole = not total.missing and math.isfinite(total.total)
            found[span] = _Energy(total.total * source.joule if whole else None, None, total.missing)
        elif span.stop - span.start <= _OVERLAP:
            found[span] = _Energy(0.0, 0.0, 0, repeated_u_j=0.0)
        else:
            apart.append(span)
        reach = max(reach, span.stop)
    if not apart:
        return found
    places = np.array([place for span in apart for place in (span.start, span.stop)])
    distinct = places[np.append(True, np.diff(places) > _OVERLAP)]
    parts = partition(source.read, source.length, distinct.tolist())
    for span in apart:
        k = int(np.searchsorted(distinct, span.start + _OVERLAP, side="right")) - 1
        total_j = float(parts.total[k]) * source.joule
        known = math.isfinite(total_j)
        found[span] = _Energy(
            total_j if known else None,
            float(parts.u[k]) * source.joule if known else None,
            int(parts.missing[k]),
            bool(parts.clipped[k]),
            float(parts.repeated[k]) * source.joule if known else None,
        )
    return found


def _short(recorded: Sequence[tuple[str, Span]], energies: Mapping[Span, _Energy]) -> list[Finding]:
    """Return a finding for each phase that is shorter than two samples: its power rests on a fit."""
    findings = []
    for name in dict.fromkeys(name for name, _ in recorded):
        mine = [span for other, span in recorded if other == name and span.stop - span.start < SHORT]
        if mine:
            least = min(span.stop - span.start for span in mine)
            worst = max((_relative(energies[span]) for span in mine), default=0.0)
            known = f"± {worst:.1%} (standard uncertainty) at worst" if worst < 1 else "at worst not known at all"
            detail = (
                f"{name}: {len(mine)} times shorter than two samples (least {least:.2f}); its energy is what a "
                f"fit leaves it of samples that it shares with its neighbours, {known}"
            )
            findings.append(Finding(id="phase-short", detail=detail))
    return findings


def _clipped(recorded: Sequence[tuple[str, Span]], energies: Mapping[Span, _Energy]) -> list[Finding]:
    mine = [(name, span) for name, span in recorded if energies[span].clipped]
    if not mine:
        return []
    name, span = mine[0]
    detail = (
        f"{len(mine)} times, first {name} at sample {span.start:.2f}: its neighbours' levels leave it less than "
        "nothing, so zero was taken; the boundary may be misplaced, or a neighbour's level not constant"
    )
    return [Finding(id="phase-clipped", detail=detail)]


def _relative(found: _Energy) -> float:
    if found.u_j is None or found.energy_j is None:  # missing samples, or phases that overlap
        return math.inf
    return found.u_j / found.energy_j if found.energy_j > 0 else math.inf


def estimated_phases(
    source: EnergySource,
    start: float,
    stop: float,
    *,
    least_step_w: float | None = None,
    least_samples: int = LEAST_SAMPLES,
    most_samples: int = 1 << 22,
) -> tuple[list[Span], list[float]]:
    """Return the constant levels between two places and their mean powers in W: phases that nothing announced.

    Steps below `least_step_w`, by default 1 % of the mean power, and levels shorter than `least_samples` are none.

    Raises `ConfigurationError` for a stretch outside the trace or one too long for memory.
    """
    if not 0 <= start < stop <= source.length:
        raise ConfigurationError(f"samples {start:.2f} to {stop:.2f} are not in the trace of {source.length}")
    first, last = math.ceil(start), math.floor(stop)
    if last - first > most_samples:
        raise ConfigurationError(f"{last - first} samples are too many to search, at most {most_samples}")
    if last <= first:  # not one whole sample: no change can be seen
        whole = source.window(start, stop).total * source.watt / (stop - start)
        return [Span(start, stop)], [float(whole)]
    power_w = np.asarray(source.power_w(first, last), dtype=np.float64)
    known = power_w[np.isfinite(power_w)]
    least_w = LEAST_STEP * float(np.mean(np.abs(known))) if least_step_w is None and len(known) else least_step_w
    levels = find_levels(power_w, least_step=least_w or 0.0, least_samples=least_samples)
    edges = levels.edges + first
    edges[0], edges[-1] = start, stop
    spans = [Span(begin, end) for begin, end in pairwise(edges.tolist())]
    return spans, [float(mean) for mean in levels.mean]


def _uneven(spans: Mapping[str, Sequence[Span]]) -> list[Finding]:
    counts = {name: len(of_name) for name, of_name in spans.items()}
    if len(set(counts.values())) <= 1:
        return []
    listed = ", ".join(f"{name} {count}" for name, count in counts.items())
    return [Finding(id="phase-counts-differ", detail=f"not every phase is there equally often: {listed}")]


def _overlapping(spans: Mapping[str, Sequence[Span]]) -> list[Finding]:
    ordered = sorted(
        ((span, name) for name, of_name in spans.items() for span in of_name),
        key=lambda item: (item[0].start, item[0].stop),
    )
    pairs = [pair for pair in pairwise(ordered) if pair[1][0].start < pair[0][0].stop - _OVERLAP]
    if not pairs:
        return []
    (span, name), (_, other) = pairs[0]
    detail = f"{len(pairs)} times; first {name} and {other} at sample {span.stop:.2f}: shared energy counts twice"
    return [Finding(id="phases-overlap", detail=detail)]


def _summaries(names: Sequence[str], phases: Sequence[PhaseTime]) -> tuple[PhaseSummary, ...]:
    whole_j = sum(phase.energy_j or 0.0 for phase in phases)
    whole_s = sum(phase.duration_s for phase in phases if phase.energy_j is not None)
    found = []
    for name in names:
        mine = [phase for phase in phases if phase.name == name and phase.energy_j is not None]
        energy = np.array([phase.energy_j for phase in mine], dtype=np.float64)
        duration = np.array([phase.duration_s for phase in mine])
        start = np.array([phase.start_s for phase in mine])
        total_j, total_s = float(np.sum(energy)), float(np.sum(duration))
        found.append(
            PhaseSummary(
                name=name,
                count=len(mine),
                energy_j=total_j,
                duration_s=total_s,
                mean_power_w=total_j / total_s if total_s > 0 else math.nan,
                energy_share=total_j / whole_j if whole_j > 0 else math.nan,
                duration_share=total_s / whole_s if whole_s > 0 else math.nan,
                u_j=_sum_u(mine),
                energy=describe(energy, start),
                duration=describe(duration, start),
            )
        )
    return tuple(found)


def _sum_u(phases: Sequence[PhaseTime]) -> float | None:
    """Return the standard uncertainty of the sum: noise differs in each repetition, what is assumed does not."""
    known = [(one.u_j, one.repeated_u_j) for one in phases if one.u_j is not None and one.repeated_u_j is not None]
    if not known or len(known) < len(phases):
        return None
    noise = sum(max(0.0, u_j**2 - repeated_u_j**2) for u_j, repeated_u_j in known)
    return math.hypot(math.sqrt(noise), sum(repeated_u_j for _, repeated_u_j in known))
