# SPDX-License-Identifier: Apache-2.0
"""Derive the causes of a budget, and what it lacks, from the specification and from the windows.

Limits of a specification are taken as rectangular distributions, u = limit / √3 (JCGM 100:2008, 4.3.7), because a
data sheet says no more. Noise is given as a standard deviation of one sample and taken as normal. Where an error
shifts edges, its effect is read off the trace itself, by moving them (5.1.4, note 2).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from energy_runner.analysis.uncertainty.combine import ROOT3, Cause, canonical
from energy_runner.analysis.uncertainty.edges import WHOLE
from energy_runner.analysis.uncertainty.inputs import BEYOND, SHIFT_UNITS, Conditions, Delay, Measured, Term
from energy_runner.analysis.uncertainty.sampling import (
    doubts_of_sampling,
    of_doubts,
    of_integration,
    of_loss,
    of_sampling,
)

# Joule in one window for an error of one unit in every reading of it.
_EFFECTS: dict[str, Callable[[Measured, Conditions], float]] = {
    "": lambda window, _: window.energy_j,
    "W": lambda window, _: window.duration_s,
    "A": lambda window, given: window.duration_s * given.voltage_v,
    "V": lambda window, given: window.energy_j / given.voltage_v if given.voltage_v > 0 else 0.0,
    "J": lambda window, _: float(window.samples),
    # A resistance in the supply line takes R i², which is counted as the DUT's.
    "Ohm": lambda window, given: window.mean_square_w2 * window.duration_s / max(given.voltage_v, 1e-9) ** 2,
}

_NAMES = {
    "gain": "gain of the {quantity} measurement",
    "offset": "offset of the {quantity} measurement \u00d7 time",
    "noise": "noise of the samples",
    "quantisation": "quantisation of the samples",
    "supply_voltage": "supply voltage (as set, not measured)",
    "voltage_gain": "gain of the voltage measurement",
    "voltage_offset": "offset of the voltage measurement",
    "burden_voltage": "voltage across the meter, counted as the DUT's",
    "clock": "clock of the monitor",
    "range_changes": "range changes",
    "temperature": "temperature since self-calibration",
    "edge_latency": "latency of the edge capture",
    "trigger_latency": "latency of the trigger",
}
# A table that leaves one of these out says nothing about it, which is not the same as zero.
_EXPECTED = ("gain", "offset", "noise", "clock")
HOST_CLOCK = "host clock, which that rate is measured by"  # a cause that no calibration of an instrument covers
# What all laps have in common, by whether the host's clock ties them to the samples.
_TIES = {
    False: (
        "start of the log: lap of its first edge",
        "limit of the first lap, from which all others are counted",
    ),
    True: ("latency of laps against samples", "limit of what the links to the host may differ by"),
}
_LATE = (
    "latency of the captured edges",
    "how much later than the DUT's lines about them the host dates the edges",
)
_VOLTAGE = ("supply_voltage", "voltage_gain", "voltage_offset")
_AT_THE_DUT = (*_VOLTAGE, "burden_voltage")


@dataclass(frozen=True)
class Causes:
    """All causes that can be counted; `doubts` names what is missing, `notes` what was assumed."""

    counted: list[Cause]
    doubts: list[str]
    notes: list[str]


def find_causes(windows: Sequence[Measured], given: Conditions) -> Causes:
    """Return what makes the energies of `windows` uncertain under the conditions `given`."""
    causes: list[Cause] = []
    doubts: list[str] = []
    spared: list[str] = []
    for term in given.limits.terms:
        if term.name == BEYOND:  # counted with the points, for the readings that it is about
            continue
        name = _readable(term, given)
        cause = _of_term(term, name, windows, given)
        if cause is not None:
            causes.append(cause)
        elif term.name == "clock" and given.clock_u is not None:
            continue
        elif term.known:
            doubts.append(f"{name} of {term.absolute:g} {term.unit or 'without unit'} cannot be counted")
        elif given.virtual:
            spared.append(name)
        else:
            doubts.append(f"{name} unknown")
    if given.clock_u is not None:
        causes.append(_clock_measured(windows, given))
    if given.limits.delay is not None:
        causes.append(_delay_measured(windows, given.limits.delay))
    causes += _of_edges(windows, given)
    if given.rate_u is not None:
        causes += _of_laps(windows, given)
    causes += of_sampling(windows)
    causes.append(of_loss(windows))
    causes += of_doubts(windows)
    causes += given.further
    causes += of_integration(windows, causes)
    notes = [*given.limits.assumptions, *given.further_notes]
    if given.virtual:
        none = f"; it has no error of these kinds: {', '.join(spared)}" if spared else ""
        notes.append(f"the monitor is a twin, whose errors are those of its table{none}")
    doubts += _left_out(given)
    doubts += _of_any_bench(given)
    doubts += doubts_of_sampling(windows)
    doubts += given.further_doubts
    return Causes(causes, doubts, notes)


# --- terms of the monitor's table -----------------------------------------------------------------------


def _readable(term: Term, given: Conditions) -> str:
    recorded = next((name for name in ("current", "power", "energy") if name in given.signals), "energy")
    quantity = {"A": "current", "W": "power", "J": "energy", "V": "voltage"}.get(term.unit, recorded)
    known = _NAMES.get(term.name, term.name.replace("_", " "))
    return known.format(quantity=quantity) if term.name in _NAMES else known


def _of_term(term: Term, name: str, windows: Sequence[Measured], given: Conditions) -> Cause | None:
    """Return the cause that one term of the table is; None if it has no size or cannot be counted."""
    if not term.known:
        return None
    source = term.source or given.limits.document
    if term.unit in SHIFT_UNITS and term.absolute:
        return _latency(term, name, source, windows)
    if term.name == "clock":
        if given.clock_u is not None:
            return None  # the run has measured it; see `_clock_measured`
        if term.relative and given.rate_u is not None:
            return _clock_beside_laps(name, source, term.relative / ROOT3, windows)
    effects = [_effect_j(term, window, given) for window in windows]
    if not all(effect is not None for effect in effects):
        return None
    limit, unit = (term.absolute, term.unit) if term.absolute else (term.relative, "")
    seen = max(1.0, given.clock_off / limit) if term.name == "clock" and not unit else 1.0
    noise = term.name == "noise"
    return Cause(
        name=name,
        source=source,
        u=(limit if noise else limit / ROOT3,) * len(windows),
        sensitivity=tuple(
            seen * (effect or 0.0) / limit / window.inferences / (math.sqrt(window.samples) if noise else 1.0)
            for effect, window in zip(effects, windows, strict=True)
        ),
        unit=unit,
        distribution="normal" if noise else "rectangular",
        divisor=1.0 if noise else ROOT3,
        shared=not noise,
        voltage=term.name in _AT_THE_DUT,
    )


def _effect_j(term: Term, window: Measured, given: Conditions) -> float | None:
    """Return what an error as large as the limit does to a window's energy; None if that is unknown."""
    share = WHOLE
    if term.above:
        threshold_w = given.threshold_w(term)
        share = window.shares_above.get(threshold_w, WHOLE) if threshold_w is not None else WHOLE
    # A relative limit counts for the share of the energy read above, an absolute one for the share of the time.
    effect_j = term.relative * window.energy_j * share.energy
    if term.absolute:
        effect = _EFFECTS.get(term.unit) if term.unit else None
        absolute_j = term.absolute * effect(window, given) if effect else 0.0
        if not absolute_j > 0:
            return None
        effect_j += absolute_j * (share.energy if term.unit == "V" else share.time)
    return effect_j


def _latency(term: Term, name: str, source: str, windows: Sequence[Measured]) -> Cause:
    """Return the effect of a delay that all edges have in common."""
    period_s = windows[0].start.period_s if term.unit == "sample" else 1.0
    u = term.absolute / ROOT3
    return Cause(
        name=name,
        source=source,
        u=(u,) * len(windows),
        sensitivity=tuple(_moved_j(window, lambda _: u * period_s) / u / window.inferences for window in windows),
        unit=term.unit,
    )


def _delay_measured(windows: Sequence[Measured], delay: Delay) -> Cause:
    """Return the effect of the delay of all edges that `bench doctor` measured on this bench.

    It is counted, not corrected: windows stay where the edges are, because the delay includes the DUT's own part,
    such as sending a last character, and nobody knows whether that belongs inside. The root of the sum of squares
    of the delay and its u counts as its standard uncertainty. That is never too small: with any coverage factor
    above 1, U covers the whole delay.
    """
    u = delay.counted_s
    return Cause(
        name="edge-to-sample delay",
        source=f"measured by bench doctor on {delay.date or 'an unknown day'} at {delay.count} edges: "
        f"{canonical(delay.delay_s * 1e6):.3g} µs, u = {canonical(delay.u_s * 1e6):.2g} µs; not corrected",
        u=(u,) * len(windows),
        sensitivity=tuple(_moved_j(window, lambda _: u) / u / window.inferences for window in windows),
        unit="s",
        distribution="normal",
        divisor=None,
    )


def _clock_measured(windows: Sequence[Measured], given: Conditions) -> Cause:
    """Return the effect of the monitor's clock where the run found it off, and corrected it."""
    u = given.clock_u or 0.0
    name, source = "clock of the monitor, as corrected", "the samples' period by the host's clock"
    if given.rate_u is not None:
        return replace(_clock_beside_laps(name, source, u, windows), distribution="normal", divisor=None)
    # Samples of energy are not corrected: it is not known whether the monitor computed them with its clock.
    if "energy" in given.signals:
        u = math.hypot(u, given.clock_off / ROOT3)
    return Cause(
        name=name,
        source=source,
        u=(u,) * len(windows),
        sensitivity=tuple(window.per_inference_j for window in windows),
        distribution="normal",
        divisor=None,
    )


def _clock_beside_laps(name: str, source: str, u: float, windows: Sequence[Measured]) -> Cause:
    """Return the effect of the monitor's clock where laps measure how long a window is.

    A slow clock then makes no window longer; it only puts each of them later in time, and stretches it, while
    its mean power still counts for the duration by the laps.
    """
    return Cause(
        name=f"{name}: place of the windows",
        source=source,
        u=(u,) * len(windows),
        sensitivity=tuple(
            _moved_j(window, lambda at_s: u * at_s, u * window.energy_j) / u / window.inferences
            for window in windows
        ),
    )


# --- edges, laps, samples -------------------------------------------------------------------------------


def _of_edges(windows: Sequence[Measured], given: Conditions) -> Iterator[Cause]:
    """Yield what the places of the edges leave open: each edge on its own, then what they have in common."""
    captured = "capture resolution" if given.rate_u is None else "resolution of the laps"
    phase = {"start": "sampling phase", "stop": "sampling phase and pulse hold"}
    for end in ("start", "stop"):
        edges = [window.start if end == "start" else window.stop for window in windows]
        counts = [window.inferences for window in windows]
        yield Cause(
            name=f"{end} edge: {captured}",
            source="limit of the edge's position \u00d7 power outside it, which is charged for that time",
            u=tuple(edge.half_width_s / ROOT3 for edge in edges),
            sensitivity=tuple(
                (edge.outside_w if edge.half_width_s <= edge.period_s else edge.largest_w) / count
                for edge, count in zip(edges, counts, strict=True)
            ),
            unit="s",
            shared=False,
        )
        yield Cause(
            name=f"{end} edge: {phase[end]}",
            source="the sample that holds the edge is divided by the level of the sample outside, which may "
            "change within a sample, as at the end of the pulse",
            u=(edges[0].period_s / ROOT3,) * len(windows),
            sensitivity=tuple(edge.outside_step_w / count for edge, count in zip(edges, counts, strict=True)),
            unit="s",
        )
        alone_u = edges[0].alone_s / ROOT3
        if alone_u:
            yield Cause(
                name=f"{end} edge: late or early in all windows alike",
                source="by how much more or less than the other edge it contradicts a witness \u00d7 power there",
                u=(alone_u,) * len(windows),
                sensitivity=tuple(
                    max(abs(edge.moved_j(sign * alone_u)) for sign in (1, -1)) / alone_u / count
                    for edge, count in zip(edges, counts, strict=True)
                ),
                unit="s",
            )
    if given.rate_u is not None or windows[0].start.shared_s:
        u = windows[0].start.shared_s / ROOT3
        name, source = _TIES[given.tied_by_host] if given.rate_u is not None else _LATE
        yield Cause(
            name=name,
            source=f"{source} \u00d7 change of power at the edges",
            u=(u,) * len(windows),
            sensitivity=tuple(
                _moved_j(window, lambda _: u) / u / window.inferences if u else 0.0 for window in windows
            ),
            unit="s",
        )


def _of_laps(windows: Sequence[Measured], given: Conditions) -> Iterator[Cause]:
    """Yield what the IO manager's clock leaves open after its rate was measured by the host's."""
    host_u = given.host_limit / ROOT3
    scatter_u = math.sqrt(max(0.0, (given.rate_u or 0.0) ** 2 - host_u**2))

    def effects(u: float) -> tuple[float, ...]:
        if not u:
            return (0.0,) * len(windows)
        moved = (_moved_j(window, lambda at_s: u * at_s) / u for window in windows)
        return tuple(effect / window.inferences for effect, window in zip(moved, windows, strict=True))

    what = "lines of the DUT about its laps" if given.recorded_laps else "laps"
    yield Cause(
        name="rate of the IO manager's clock",
        source=f"arrival of {given.laps} {what} by the host's clock, and the difference between the run's halves; "
        "duration, and place of the windows",
        u=(scatter_u,) * len(windows),
        sensitivity=effects(scatter_u),
        distribution="t",
        divisor=None,
        dof=float(max(1, given.laps - 3)),
        kind="A",
    )
    yield Cause(
        name=HOST_CLOCK,
        source="a computer's crystal; duration, and place of the windows",
        u=(host_u,) * len(windows),
        sensitivity=effects(host_u),
    )


def _moved_j(window: Measured, by_s: Callable[[float], float], instead_j: float = 0.0) -> float:
    """Return what a window's energy changes by if an edge at time t moves by `by_s(t)`, either way.

    `instead_j` is subtracted for a move to later and added for one to earlier. The larger change counts.
    """
    changes = []
    for sign in (1, -1):
        stop_j, start_j = (edge.moved_j(sign * by_s(edge.at_s)) for edge in (window.stop, window.start))
        changes.append(abs(stop_j - start_j - sign * instead_j))
    return max(changes)


# --- what is missing ------------------------------------------------------------------------------------


def _left_out(given: Conditions) -> Iterator[str]:
    """Yield what the monitor's specification leaves out; only a twin may state that it has no error at all."""
    names = {term.name for term in given.limits.terms} | set(given.limits.replaced)
    if given.limits.unread:
        listed = ", ".join(key[:40] for key in given.limits.unread[:3])
        yield f"the specification holds what this version cannot read: {listed}"
    if given.virtual and given.limits.without_error:
        return
    if not names:
        yield "specification of the monitor unknown"
        return
    if not given.virtual:
        yield from _assumed(given)
    # Twins that did not say what they are, in sessions of 0.1.0, had tables without the clock and the voltage.
    bare = given.virtual and not given.identified
    for name in _EXPECTED:
        if name == "clock" and (bare or given.clock_u is not None):
            continue
        if name not in names:
            yield f"{_NAMES[name].format(quantity='energy')} unknown"
    if bare:
        return
    if "current" in given.signals and not {"energy", "power"} & set(given.signals) and not names & set(_VOLTAGE):
        yield "supply voltage unknown: neither measured nor its limit stated"


def _assumed(given: Conditions) -> Iterator[str]:
    """Yield which limits no document of the maker states."""
    if given.limits.assumed:
        yield "the specification was assumed, not read from a document of the maker"
        return
    assumed = [_readable(term, given) for term in given.limits.terms if term.assumed]
    if assumed:
        yield f"assumed without a document: {', '.join(assumed)}"


def _of_any_bench(given: Conditions) -> Iterator[str]:
    """Yield what no table of the sampler speaks of, be it a twin or not."""
    if "instant" in given.kinds:
        yield "samples are instants: a load in time with them cannot be seen"
    # A table without the voltage, or one that states it, has its say in `_left_out`.
    if given.virtual and given.voltage_of_another and given.signals == ("current",) and not given.limits.terms:
        yield "supply voltage unknown: it is that of another instrument, and was not measured"
    if given.tied_by_host:
        yield "assumed without a document: latency of laps against samples"
    if given.unwitnessed:
        yield "edges without a witness: no lines of the DUT, no laps, no step in the trace"
