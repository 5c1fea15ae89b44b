# SPDX-License-Identifier: Apache-2.0
"""The monitor's own summary of an acquisition against the same figures of the samples that were recorded.

Both come from the same readings by two ways: inside the instrument, and through its stream, our decoder and the
trace. They differ by the digits in which either came, and by samples that are not in the trace. What differs by
more was misread, or lost unnoticed.

The allowance follows from the formats alone:

* a figure of the summary: one step of its last digit, as the driver states it;
* a sample: one step of a 32-bit float in the trace; in a sum also the `quantisation` of the monitor's
  specification, for each sample and as if all were rounded alike;
* samples that are lost or over range are in the monitor's figures, and not in ours. Its least reading is then at
  most ours and its largest at least ours, and a sum may differ by so many times any reading between these two,
  each by its last digit farther.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from energy_runner.analysis.contradictions import SUMMARY
from energy_runner.analysis.energy.sums import blocks
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.uncertainty.combine import canonical
from energy_runner.analysis.uncertainty.inputs import Limits, Term
from energy_runner.errors import SessionError
from energy_runner.session.events import MonitorSummary
from energy_runner.session.folder import Session
from energy_runner.session.result import Finding, SummaryCheck, SummedFigure
from energy_runner.session.trace import TraceReader

FLOAT32 = float(np.finfo(np.float32).eps)
# The recorded signals from which an integral can be made, the best first.
_CHARGE, _ENERGY = ("current",), ("energy", "power")
_SAME_VOLTAGE = 0.05  # of a supply that droops under its load
_AS_CURRENT = {
    "agrees": None,
    "unit": "A",
    "recorded": None,
    "note": "a current, by its size; energies are recorded",
}


@dataclass(frozen=True)
class _Recorded:
    """The samples of one signal that are neither missing nor over range; `others` is how many more there were."""

    count: int
    others: int
    least: float
    largest: float
    total: float
    magnitude: float


@dataclass(frozen=True)
class _Stated:
    """An integral of `signal` as the monitor states it."""

    value: float
    step: float
    signal: str


def check_summary(session: Session, facts: Facts) -> tuple[SummaryCheck | None, list[Finding]]:
    """Return how the monitor's summary compares with the trace, and a finding if they contradict each other.

    None without a summary, and for a session whose trace cannot be read.
    """
    if facts.summary is None or facts.monitor is None or not session.has_trace():
        return None, []
    try:
        with session.trace(facts.rail) as trace:
            recorded = {name: _read(trace, facts, name) for name, _ in trace.signals}
            figures = list(_figures(trace, facts, facts.summary, recorded))
    except SessionError:
        return None, []  # the finding `no-trace` says so
    known = [figure.agrees for figure in figures if figure.agrees is not None]
    wrong = [_in_words(figure) for figure in figures if figure.agrees is False]
    findings = [Finding(id=SUMMARY, detail="; ".join(wrong))] if wrong else []
    check = SummaryCheck(
        figures=figures,
        not_recorded=max(one.others for one in recorded.values()),
        agrees=all(known) if known else None,
    )
    return check, findings


def _in_words(figure: SummedFigure) -> str:
    unit = "" if figure.unit == "1" else f" {figure.unit}"
    what = {"samples": "number of samples", "least": "least sample", "largest": "largest sample"}
    numbers = [one for one in (figure.monitor, figure.recorded) if one is not None]
    digits = 7 if len({f"{one:.7g}" for one in numbers}) == len(numbers) else 12  # those of a 32-bit float, or all
    stated, ours = (
        "no number" if one is None else f"{one:.{digits}g}{unit}" for one in (figure.monitor, figure.recorded)
    )
    return f"the {what.get(figure.name, figure.name)} is {stated} by the monitor's summary, {ours} as recorded"


def _figures(
    trace: TraceReader, facts: Facts, summary: MonitorSummary, recorded: Mapping[str, _Recorded]
) -> Iterator[SummedFigure]:
    if summary.samples is not None:
        yield _count(trace, facts, summary.samples)
    extremes, unit = recorded.get(summary.signal), dict(trace.signals).get(summary.signal, "")
    both = []
    if summary.least is not None:
        both.append(_extreme("least", unit, summary.least, summary.least_step, extremes))
    if summary.largest is not None:
        both.append(_extreme("largest", unit, summary.largest, summary.largest_step, extremes))
    as_current = _are_currents(both, trace.period_s, facts)
    yield from (figure.model_copy(update=_AS_CURRENT) if as_current else figure for figure in both)
    for name, unit, value, step, signals in (
        ("charge", "C", summary.charge_coulomb, summary.charge_step_coulomb, _CHARGE),
        ("energy", "J", summary.energy_j, summary.energy_step_j, _ENERGY),
    ):
        signal = next((one for one in signals if one in recorded), None)
        if value is None:
            continue
        figure = SummedFigure(name=name, unit=unit, monitor=_finite(value), recorded=None, agrees=None)
        if signal is None:
            yield figure.model_copy(update={"note": f"no {' or '.join(signals)} is recorded"})
        elif facts.kinds().get(signal) == "instant":
            yield figure.model_copy(update={"note": "readings at an instant are no integral"})
        else:
            update = _integral(_Stated(value, step, signal), trace.period_s, facts, summary, recorded[signal])
            yield figure.model_copy(update=update)


def _count(trace: TraceReader, facts: Facts, stated: int) -> SummedFigure:
    """Compare the number of samples; those lost behind the last one that arrived may count or not."""
    ours = facts.stopped.samples if facts.stopped is not None else trace.length
    behind = sum(lost.missing for lost in facts.lost if lost.before > ours)
    return SummedFigure(
        name="samples",
        unit="1",
        monitor=stated,
        recorded=ours,
        allowance=behind,
        agrees=ours <= stated <= ours + behind,
    )


def _extreme(name: str, unit: str, stated: float, step: float, ours: _Recorded | None) -> SummedFigure:
    figure = SummedFigure(name=name, unit=unit, monitor=_finite(stated), recorded=None, agrees=None)
    if ours is None or not ours.count:
        return figure.model_copy(update={"note": "no sample of that signal is recorded"})
    recorded = ours.least if name == "least" else ours.largest
    allowance = step + FLOAT32 * abs(recorded)
    beyond = recorded - stated if name == "least" else stated - recorded  # what samples not recorded may explain
    agrees = math.isfinite(stated) and -allowance <= beyond <= (math.inf if ours.others else allowance)
    note = f"{ours.others} samples are not recorded, one of which may be it" if ours.others else ""
    return figure.model_copy(
        update={"recorded": _finite(recorded), "allowance": _finite(allowance), "agrees": agrees, "note": note}
    )


def _are_currents(figures: Sequence[SummedFigure], period_s: float, facts: Facts) -> bool:
    """Return whether extremes of energy are those of the current from which the monitor made it.

    The LPM01A's manual does not say in which unit its summary is; both figures are then off by one known factor.
    """
    joule = facts.monitor.voltage_set_v * period_s if facts.monitor is not None else 0.0
    pairs = [(one.monitor, one.recorded) for one in figures if one.unit == "J" and one.agrees is False]
    return len(pairs) == 2 and all(
        stated is not None and ours is not None and math.isclose(stated * joule, ours, rel_tol=_SAME_VOLTAGE)
        for stated, ours in pairs
    )


def _integral(
    stated: _Stated, period_s: float, facts: Facts, summary: MonitorSummary, ours: _Recorded
) -> dict[str, Any]:
    """Return what is to be said of an integral that the samples give, too."""
    quantised = _quantised(facts, stated.signal, period_s, ours)
    if quantised is None:
        return {"note": f"the quantisation is not stated in the unit of the {stated.signal}"}
    factor = 1.0 if stated.signal == "energy" else period_s
    recorded = ours.total * factor
    allowance = stated.step + (FLOAT32 * ours.magnitude + quantised) * factor
    low, high, note = 0.0, 0.0, ""
    if ours.others:
        # As many as the monitor counts, where it does: a loss may have been larger than was noticed.
        more = max(0, summary.samples - ours.count) if summary.samples is not None else ours.others
        if summary.signal != stated.signal or summary.least is None or summary.largest is None:
            note = f"{more} samples are not recorded, and nothing bounds them"
            return {"recorded": _finite(recorded), "note": note}
        low = more * (summary.least - summary.least_step) * factor
        high = more * (summary.largest + summary.largest_step) * factor
        note = f"{more} samples are not recorded, each between the least and the largest"
    return {
        "recorded": _finite(recorded),
        "allowance": _finite(max(abs(low), abs(high)) + allowance),
        "agrees": low - allowance <= stated.value - recorded <= high + allowance,
        "note": note,
    }


def _quantised(facts: Facts, signal: str, period_s: float, ours: _Recorded) -> float | None:
    """Return by how much the quantisation of all samples may move their sum; None if that is not known."""
    assert facts.monitor is not None  # noqa: S101
    terms = [term for term in Limits.of(facts.monitor.accuracy).terms if term.name == "quantisation"]
    absolute = [_in_unit(term, signal, period_s) for term in terms if term.absolute]
    if any(one is None for one in absolute):
        return None
    relative = sum(term.relative for term in terms)
    return relative * ours.magnitude + sum(one for one in absolute if one is not None) * ours.count


def _in_unit(term: Term, signal: str, period_s: float) -> float | None:
    factors = {("energy", "J"): 1.0, ("energy", "W"): period_s, ("power", "W"): 1.0, ("current", "A"): 1.0}
    factor = factors.get((signal, term.unit))
    return None if factor is None else term.absolute * factor


def _read(trace: TraceReader, facts: Facts, signal: str) -> _Recorded:
    """Return the extremes and sums of a signal over the whole trace, without samples over range."""
    count, least, largest, total, magnitude, start = 0, math.inf, -math.inf, 0.0, 0.0, 0
    over = np.array([(event.at, event.at + event.count) for event in facts.over_range], dtype=np.int64)
    over = over.reshape(-1, 2)
    for samples in blocks(lambda begin, end: trace.read(signal, begin, end), 0, trace.length):
        there = np.isfinite(samples)
        for begin, end in over[(over[:, 0] < start + len(samples)) & (over[:, 1] > start)]:
            there[max(0, begin - start) : end - start] = False
        start += len(samples)
        kept = samples[there].astype(np.float64)
        if len(kept):
            count += len(kept)
            least, largest = min(least, float(kept.min())), max(largest, float(kept.max()))
            total, magnitude = total + float(kept.sum()), magnitude + float(np.abs(kept).sum())
    return _Recorded(count, trace.length - count, least, largest, total, magnitude)


def _finite(value: float) -> float | None:
    return canonical(value) if math.isfinite(value) else None
