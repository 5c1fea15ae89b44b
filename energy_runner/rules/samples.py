# SPDX-License-Identifier: Apache-2.0
"""Rules on edges and samples: every edge belongs to a command, and every sample of a window was measured."""

from dataclasses import replace

from energy_runner.analysis import contradictions
from energy_runner.analysis.facts import Command
from energy_runner.rules.base import Case, Judgement, not_known, shown
from energy_runner.rules.rule_sets import Row
from energy_runner.rules.windows import counts_judged

_EDGE_FINDINGS = {
    "edge-missing",
    "edge-surplus",
    "edge-out-of-place",
    "no-timebase",
    "rate-unknown",
    "rate-implausible",
    "log-start-unknown",
    contradictions.EDGES,
}
_LIMIT = "one to one"


def edges_match(case: Case, _: Row) -> Judgement:
    """Judge whether edges and commands match one to one, each in its place.

    In a run that broke off, only the commands that ended are judged; the edges of the last one do not count.
    """
    matching = case.result.edges
    if matching is None or not matching.expected:
        return not_known(_LIMIT, "no command that makes edges is in the session")
    findings = [finding.detail for finding in case.result.findings if finding.id in _EDGE_FINDINGS]
    if case.traced and not findings:
        return not_known(_LIMIT, "a trace holds no commands: its edges were taken for those of windows, in pairs")
    cut = _cut_short(case)
    due = matching.expected - (cut.count if cut else 0)
    judged = Judgement(not findings, f"{due} edges for {due}", _LIMIT, value=matching.seen, low=due)
    judged = replace(judged, high=matching.expected)
    if not matching.exact:
        wanted = f"{due} to {matching.expected}" if cut else f"{due}"
        note = "; ".join(findings[:3])
        return replace(judged, passed=False, measured=f"{matching.seen} edges for {wanted}", note=note)
    broken = [f"the run broke off after {matching.seen - due} of {cut.count} edges of a command"] if cut else []
    note = "; ".join(findings[:3] + broken)
    if not due:
        return not_known(_LIMIT, note)
    return replace(judged, note=note)


def _cut_short(case: Case) -> Command | None:
    """Return the command in which the run broke off; None if it broke off in none."""
    last = case.facts.commands[-1] if case.facts.commands else None
    if last is None or case.facts.outcome == "completed" or last.inference is not None:
        return None
    return last


def no_lost_samples(case: Case, row: Row) -> Judgement:
    """Judge whether every sample of every window arrived, and as the monitor took it.

    A run whose samples do not add up to the monitor's own summary fails: some were misread, or lost unnoticed.
    """
    lost = sum(event.missing for event in case.facts.lost)
    known = not any(event.modulo for event in case.facts.lost)
    said = f"{lost} lost" if known else f"about {lost} lost (how many cannot be known)"
    notes = [f"{said} in the whole run"] if lost else []
    doubts = [finding.detail for finding in case.result.findings if finding.id == contradictions.SUMMARY]
    note = "; ".join([*notes, *map(shown, doubts)])
    judged = counts_judged(case.result.windows, "samples_missing", float(row.number), note)
    uncounted = case.facts.monitor.uncounted if case.facts.monitor is not None else ""
    if uncounted and judged.passed and not doubts:
        return not_known(judged.limit, "; ".join(filter(None, (uncounted, note))), high=judged.high)
    return replace(judged, passed=judged.passed and not doubts)


def not_over_range(case: Case, row: Row) -> Judgement:
    """Judge whether every sample of every window was inside the monitor's range."""
    total = sum(event.count for event in case.facts.over_range)
    note = f"{total} in the whole run" if total else ""
    return counts_judged(case.result.windows, "samples_over_range", float(row.number), note)
