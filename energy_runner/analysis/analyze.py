# SPDX-License-Identifier: Apache-2.0
"""Derive a session's result, without verdicts, from its facts: a pure function, the same bytes on any machine."""

import statistics
from contextlib import ExitStack
from dataclasses import replace

from energy_runner.analysis.accuracy import measure_accuracy
from energy_runner.analysis.conditions import clock_of_windows, conditions_of, drift_limit
from energy_runner.analysis.contradictions import against_exchange, contradicted, contradictions
from energy_runner.analysis.derived import Timed, energy_delay_product, throughput
from energy_runner.analysis.energy.impossible import impossible_samples
from energy_runner.analysis.energy.integrate import METHODS
from energy_runner.analysis.energy.monitor_summary import check_summary
from energy_runner.analysis.energy.recorded import recorded_clock, recorded_source
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.windows import EnergyWindow, energy_windows, power_between, window_frame
from energy_runner.analysis.facts import Facts, gather
from energy_runner.analysis.inferences.repeated import count_in_trace
from energy_runner.analysis.inferences.window_length import Found, by_repetitions
from energy_runner.analysis.layers.measure import measure_layers
from energy_runner.analysis.levels.measure import find_levels_outside, net_energy
from energy_runner.analysis.official import standing
from energy_runner.analysis.performance import timed_by, window_durations
from energy_runner.analysis.placing.alignment import align, cross_check
from energy_runner.analysis.placing.clock import SAMPLE_CLOCK_LIMIT, clock_findings, is_wrong
from energy_runner.analysis.placing.edges import match_edges
from energy_runner.analysis.placing.plausible import checked, witnessed
from energy_runner.analysis.placing.steps import by_trace
from energy_runner.analysis.rails import RailPart, sum_of_rails
from energy_runner.analysis.uncertainty.calibration import with_calibration
from energy_runner.analysis.uncertainty.combine import canonical
from energy_runner.analysis.uncertainty.evaluate import Conditions, Evaluation, evaluate
from energy_runner.errors import SessionError
from energy_runner.session.events import RunStarted
from energy_runner.session.few import few_findings
from energy_runner.session.folder import Session
from energy_runner.session.result import (
    AlignmentResult,
    CrossCheck,
    Derived,
    EdgeCount,
    Finding,
    Integration,
    Result,
    WindowResult,
)

_MOST_KINDS = 3  # named in a finding
_THROUGHPUT_SPREAD = 0.01  # relative; more is reported as a finding, but nothing is withheld or judged by it


def analyze(session: Session, rail: str | None = None) -> Result:
    """Return the result derived from the facts in `session`, without verdicts and not yet valid.

    Of several rails, it is the result of their sum, or of `rail` alone.
    Unfinished and faulty runs are analysed as far as they go; a figure in doubt is None, and a finding says why.
    Raises `SessionError` for a session that cannot be read or contradicts itself.
    """
    facts = gather(session.journal(exchanges=False), rail)
    _check_same_run(session)
    run = session.record.run
    findings = contradictions(session, facts)
    exchange, found = against_exchange(session, findings)
    result = Result(
        benchmark=session.record.benchmark.id,
        mode=run.mode,
        virtual=session.record.virtual,
        outcome=_outcome(session, facts),
        findings=[*_general_findings(facts), *findings, *found],
        exchange=exchange,
        stimuli=standing(session.record),
    )
    energy = _rails if facts.rails and rail is None else _energy
    measure = {"energy": energy, "performance": _performance, "accuracy": _accuracy}[run.mode]
    made = measure(session, facts, result)
    return made.model_copy(update={"findings": few_findings(made.findings)})


def _outcome(session: Session, facts: Facts) -> str:
    """Return how the run ended: by its journal, unless the record, written later, says that it went wrong."""
    recorded = session.record.outcome
    if facts.outcome != "completed" or recorded == "completed":
        return facts.outcome
    return "killed" if recorded == "running" else recorded


def _check_same_run(session: Session) -> None:
    record = session.record
    for event in session.journal(exchanges=False).of(RunStarted):
        if (event.benchmark, event.mode) != (record.benchmark.id, record.run.mode):
            raise SessionError(
                f"{session.path}: the record is of {record.benchmark.id} in {record.run.mode} mode, "
                f"the journal of {event.benchmark} in {event.mode} mode"
            )


def _general_findings(facts: Facts) -> list[Finding]:
    findings = few_findings(Finding(id="problem", detail=f"{one.asked}: {one.came}") for one in facts.problems)
    if facts.torn:
        findings.append(Finding(id="journal-torn", detail="the last line of the journal was cut off"))
    if facts.unknown:
        findings.append(Finding(id="unknown-events", detail=_unknown_events(facts)))
    first, odd = None, 0
    for remark in facts.remarks:
        first = remark if first is None and remark.suspicious else first
        odd += remark.suspicious
    if first is not None:
        detail = f"{odd} odd messages, the first from {first.box}: {first.text[:80]}"
        findings.append(Finding(id="suspicious-messages", detail=detail))
    return findings


def _unknown_events(facts: Facts) -> str:
    kinds = [f"{kind} ({count})" for kind, count in facts.unknown.items()]
    more = f" and {len(kinds) - _MOST_KINDS} more" if len(kinds) > _MOST_KINDS else ""
    return (
        f"{sum(facts.unknown.values())} events are of kinds that this version does not know, the first in line "
        f"{facts.first_unknown_line} of the journal: {', '.join(kinds[:_MOST_KINDS])}{more}"
    )


# --- energy ---------------------------------------------------------------------------------------------


def _rails(session: Session, facts: Facts, result: Result) -> Result:
    """Return the result of several rails: each by itself, and their sum."""
    parts = []
    for name in facts.rails:
        own = gather(session.journal(exchanges=False), name)
        made, windows, given = _energy_parts(session, own, result)
        voltage_v = own.monitor.voltage_set_v if own.monitor is not None else 0.0
        parts.append(RailPart(name, voltage_v, made, [window.measured for window in windows], given))
    return sum_of_rails(parts)


def _energy(session: Session, facts: Facts, result: Result) -> Result:
    return _energy_parts(session, facts, result)[0]


def _energy_parts(
    session: Session, facts: Facts, result: Result
) -> tuple[Result, list[EnergyWindow], Conditions | None]:
    matching = match_edges(facts)
    found_clock, clock = recorded_clock(facts)
    placed = align(facts, matching, clock)
    lap_check = cross_check(facts, placed, clock)
    alignment = checked(facts, matching, placed, clock)
    findings = [*result.findings, *matching.findings]
    with ExitStack() as stack:
        source, found = _source(session, facts, stack)
        alignment, told = by_trace(source, matching, alignment) if source else (alignment, False)
        repeats = Found()
        repeated = count_in_trace(source, matching, alignment, repeats) if source else None
        alignment = by_repetitions(source, matching, alignment, repeats) if source else alignment
        findings += [*alignment.findings, *found]
        given = conditions_of(session, facts, alignment, clock, found_clock)
        if given is not None:
            given = replace(given, unwitnessed=not told and not witnessed(facts, matching, alignment))
        thresholds_w = given.thresholds_w() if given else {}
        windows, found = energy_windows(
            facts,
            session.record,
            matching,
            alignment,
            source,
            thresholds_w=thresholds_w,
            resistive=given is not None and given.resistive,
            clock=clock,
            impossible=impossible_samples(source, facts, session.record, matching, alignment) if source else (),
            delay_s=given.delay_s if given else 0.0,
        )
        findings += found
        given = with_calibration(given, source, windows)
        between_w = power_between(windows, source) if source else []
        layers, found = measure_layers(source, facts, alignment, drift_limit(given)) if source else (None, [])
        findings += found
        levels = find_levels_outside(session, source, facts, alignment) if source else None
        findings += levels.findings() if levels else []
    summed_up, found = check_summary(session, facts)
    findings += clock_findings(found_clock) + _lap_findings(lap_check) + found
    findings += _throughput_findings([window.result for window in windows])
    clock_wrong = found_clock is not None and (
        is_wrong(found_clock.ratio, found_clock.u) or not found_clock.steady
    )
    doubted = clock_wrong or contradicted(findings)
    sound = matching.exact and not doubted
    whole = sound and len(windows) == session.record.run.windows
    evaluation = _evaluation(windows, given)
    scored = evaluation if whole and all(window.measured for window in windows) else None
    rate = _rate(windows, facts, given) if whole else None
    made = result.model_copy(
        update={
            "energy_per_inference_j": scored.score if scored else None,
            "throughput_per_s": _median_throughput(windows) if whole else None,
            "throughput": rate,
            "energy_delay_product": energy_delay_product(scored.score, rate) if scored and rate else None,
            # What makes the score doubtful is in no budget: no window may state one that leaves it out.
            "windows": _with_uncertainty(windows, None if doubted else evaluation),
            "between_windows_w": between_w,
            "alignment": AlignmentResult(
                method=alignment.method, rate_correction=alignment.rate_correction, rate_u=alignment.rate_u
            ),
            "integration": _integration(source, windows),
            "edges": EdgeCount(seen=matching.seen, expected=matching.expected, exact=matching.exact),
            "edges_cross_check": lap_check,
            "sample_clock": found_clock,
            "monitor_summary": summed_up,
            "inferences_in_trace": repeated,
            "layers": layers,
            "levels": levels.result() if levels else None,
            "net_energy_per_inference_j": net_energy(
                [window.result for window in windows],
                scored.score if scored else None,
                levels.idle if levels else None,
            ),
            "uncertainty": scored.budget if scored else None,
            "findings": findings,
        }
    )
    return made, windows, given


def _evaluation(windows: list[EnergyWindow], given: Conditions | None) -> Evaluation | None:
    measured = [window.measured for window in windows if window.measured is not None]
    return evaluate(measured, given) if measured and given is not None else None


def _integration(source: EnergySource | None, windows: list[EnergyWindow]) -> Integration | None:
    """Return how the windows were integrated; None if none was measured."""
    measured = [window.measured for window in windows if window.measured is not None]
    differences = [one.second_j / one.energy_j - 1 for one in measured if one.second_j is not None]
    if source is None or not differences:
        return None
    method, second = METHODS[source.kind]
    return Integration(
        kind=source.kind,
        method=method,
        second_method=second,
        difference=canonical(max(differences, key=abs)),
    )


def _with_uncertainty(windows: list[EnergyWindow], evaluation: Evaluation | None) -> list[WindowResult]:
    """Return the windows, with the uncertainty of each that was measured."""
    found = iter(evaluation.windows if evaluation else ())
    return [
        window.result.model_copy(update={"uncertainty": next(found)})
        if evaluation and window.measured
        else window.result
        for window in windows
    ]


def _source(session: Session, facts: Facts, stack: ExitStack) -> tuple[EnergySource | None, list[Finding]]:
    if facts.monitor is None or not session.has_trace():
        return None, [Finding(id="no-trace", detail="no samples were recorded")]
    try:
        trace = stack.enter_context(session.trace(facts.rail))
        source = recorded_source(trace, facts)
    except SessionError:
        # The message names a path, which does not belong in a result; `Session.trace()` raises it for the user.
        return None, [Finding(id="no-trace", detail="the trace cannot be read")]
    if source.period_s != facts.monitor.period_s:
        detail = f"{source.period_s} s in the trace, {facts.monitor.period_s} s by the monitor"
        return None, [Finding(id="period-in-doubt", detail=detail)]
    findings = []
    if facts.stopped is not None and facts.stopped.samples != source.length:
        detail = f"{source.length} samples in the trace, {facts.stopped.samples} by the journal"
        findings.append(Finding(id="trace-length", detail=detail))
    return source, findings


def _lap_findings(checked: CrossCheck | None) -> list[Finding]:
    findings = []
    if checked is not None and abs(checked.ratio - 1) > SAMPLE_CLOCK_LIMIT:
        detail = f"the windows last {checked.ratio:.4f} times as long by the IO manager's laps"
        findings.append(Finding(id="laps-disagree", detail=detail))
    return findings


def _throughput_findings(windows: list[WindowResult]) -> list[Finding]:
    rates = [window.throughput_per_s for window in windows if window.throughput_per_s is not None]
    if len(rates) < 2 or max(rates) - min(rates) <= _THROUGHPUT_SPREAD * statistics.median(rates):
        return []
    detail = f"{min(rates):.6g} to {max(rates):.6g} inferences per second"
    return [Finding(id="throughput-varies", detail=detail)]


def _median_throughput(windows: list[EnergyWindow]) -> float | None:
    rates = [window.result.throughput_per_s for window in windows]
    known = [rate for rate in rates if rate is not None]
    return statistics.median(known) if known and len(known) == len(rates) else None


def _rate(windows: list[EnergyWindow], facts: Facts, given: Conditions | None) -> Derived | None:
    """Return the throughput with its uncertainty; None unless every window has a duration."""
    period_s = facts.monitor.period_s if facts.monitor is not None else 0.0
    timed = [
        Timed(
            w.result.inferences,
            w.result.duration_s,
            (w.placed.half_width - w.placed.shared) * period_s,
            (w.placed.starts + w.placed.stops) * period_s,
        )
        for w in windows
        if w.placed is not None and w.result.duration_s and w.result.throughput_per_s
    ]
    return throughput(timed, clock_of_windows(given)) if given is not None and len(timed) == len(windows) else None


# --- performance and accuracy ---------------------------------------------------------------------------


def _performance(session: Session, facts: Facts, result: Result) -> Result:
    durations, findings = window_durations(facts)
    windows = []
    for index, (inference, duration_s) in enumerate(zip(facts.windows(), durations, strict=True)):
        window = window_frame(session.record, index, inference)
        if duration_s is not None:
            rate = inference.inferences / duration_s
            window = window.model_copy(update={"duration_s": duration_s, "throughput_per_s": rate})
        windows.append(window)
    rates = [window.throughput_per_s for window in windows if window.throughput_per_s is not None]
    whole = bool(rates) and len(rates) == len(windows) == session.record.run.windows
    whole = whole and not contradicted(result.findings)
    clock, edge_s = timed_by(facts)
    timed = [Timed(window.inferences, window.duration_s, edge_s) for window in windows if window.duration_s]
    return result.model_copy(
        update={
            "throughput_per_s": statistics.median(rates) if whole else None,
            "throughput": throughput(timed, clock) if whole else None,
            "windows": windows,
            "findings": [*result.findings, *findings, *_throughput_findings(windows)],
        }
    )


def _accuracy(session: Session, facts: Facts, result: Result) -> Result:
    accuracy, findings = measure_accuracy(facts, session.record)
    if accuracy is not None and contradicted(result.findings):
        accuracy = accuracy.model_copy(update={"value": None})
    return result.model_copy(update={"accuracy": accuracy, "findings": [*result.findings, *findings]})
