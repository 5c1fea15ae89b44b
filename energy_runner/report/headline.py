# SPDX-License-Identifier: Apache-2.0
"""The first lines of every report: the score, its uncertainty, and whether it is valid."""

from collections.abc import Sequence

from energy_runner.report.units import THIN, number, percent, value_and_expanded
from energy_runner.session.record import Record
from energy_runner.session.result import Derived, RailResult, Result, Verdict
from energy_runner.wording import coverage_factor

SUPPLY_ON = "THE SUPPLY MAY STILL BE ON: switching it off was not confirmed. Try: energy-runner bench off"
FED_OUTSIDE = "The DUT is fed from outside: no instrument of this bench switched it, and it may still be on"
METRICS = {"top1": "Top-1 accuracy", "auc": "AUC"}
METRIC_MEANS = {
    "top1": "the share of inputs whose most likely class is the right one",
    "auc": "area under the ROC curve: the chance that an anomaly scores higher than a normal input (1 is perfect)",
}
ENDS = {
    "completed": "The run completed.",
    "bench-fault": "The run stopped because of a fault of the bench.",
    "interrupted": "The run was interrupted by the user.",
    "failed": "The run stopped because of an internal error.",
    "running": "The run never ended: its process was killed, or it is still running.",
    "killed": "The run never ended: its process was killed, or it is still running.",
}
_MOST_MISSING = 2  # named in a headline
_UNKNOWN = " unknown"
_INTERNAL = "an internal error: "


def how_it_ended(outcome: str, reason: str = "") -> str:
    """Return in words how a run ended, with the recorded reason if there is one."""
    ending = ENDS.get(outcome, outcome)
    because = reason.strip().removeprefix(_INTERNAL)  # which the ending says already
    return f"{ending.removesuffix('.')}: {because}" if because else ending


def fed_outside(record: Record) -> bool:
    """Return whether a run of ours has ended and had no supply to switch."""
    return record.supply_off_confirmed is None and record.outcome != "running" and record.origin is None


def score(result: Result) -> tuple[str, str] | None:
    """Return the score with its unit and what it counts ("per inference ± ..."); None if there is no score."""
    energy = result.energy_per_inference_j
    if result.mode == "energy" and energy is not None:
        value, expanded = value_and_expanded(energy.median * 1e6, energy.U * 1e6)
        lacks = without(energy.incomplete, complete=energy.complete)
        return (
            f"{value}{THIN}µJ",
            f"per inference ± {expanded}{THIN}µJ (k{THIN}={THIN}{coverage_factor(energy.k)}){lacks}",
        )
    if result.mode == "performance" and result.throughput is not None:
        return rate(result.throughput)
    if result.mode == "performance" and result.throughput_per_s is not None:
        return number(result.throughput_per_s, 5), "inferences per second"
    accuracy = result.accuracy
    if result.mode == "accuracy" and accuracy is not None and accuracy.value is not None:
        shown = accuracy_value(accuracy.metric, accuracy.value)
        return shown, f"{METRICS[accuracy.metric]} (target {accuracy_value(accuracy.metric, accuracy.target)})"
    return None


def without(incomplete: Sequence[str], *, complete: bool) -> str:
    """Return in words what a stated uncertainty lacks, to be put after it; empty if it is complete."""
    if complete:
        return ""
    if not incomplete:
        return "; what this leaves out is not stated"
    named = [what.removesuffix(_UNKNOWN) for what in incomplete[:_MOST_MISSING]]
    more = [f"and {len(incomplete) - _MOST_MISSING} more"] if len(incomplete) > _MOST_MISSING else []
    return f", without: {'; '.join(named + more)}"


def rate(found: Derived) -> tuple[str, str]:
    """Return a throughput, and after it its uncertainty and what it counts."""
    value, expanded = value_and_expanded(found.value, found.U)
    return value, f"± {expanded} inferences per second{without(found.incomplete, complete=not found.incomplete)}"


def derived(result: Result) -> list[str]:
    """Return the figures that follow from the score of an energy run, each with its uncertainty."""
    lines = []
    if result.mode == "energy" and result.energy_per_inference_j is not None:
        lines += [_rail(rail) for rail in result.rails]
        if result.throughput is not None:
            lines.append(" ".join(rate(result.throughput)))
        if result.energy_delay_product is not None:
            product = result.energy_delay_product
            # As precise as the score, whose headline says what its uncertainty lacks.
            value, expanded = value_and_expanded(product.value * 1e6, product.U * 1e6)
            lines.append(f"energy-delay product {value} ± {expanded}{THIN}µJ·s")
    return lines


def _rail(rail: RailResult) -> str:
    """Return the energy of one of several rails, with its uncertainty and its share of the sum."""
    score = rail.energy_per_inference_j
    if score is None:
        return f"rail {rail.name}: withheld"
    value, expanded = value_and_expanded(score.median * 1e6, score.U * 1e6)
    return f"rail {rail.name} {value} ± {expanded}{THIN}µJ per inference ({percent(rail.share)})"


def accuracy_value(metric: str, value: float) -> str:
    """Return a value of an accuracy metric, in percent for top-1, with more decimals where they are not zero."""
    decimals, unit = (1, f"{THIN}%") if metric == "top1" else (2, "")
    least = f"{value:.{decimals}f}"
    exact = f"{value:.{decimals + 2}f}".rstrip("0")
    return (exact if len(exact) > len(least) else least) + unit


def stimuli(result: Result) -> str:
    """Return in words that the stimuli are not the benchmark's own; empty if they are.

    For an accuracy also where that is not known: it is a figure about these stimuli and no others.
    """
    found = result.stimuli
    told = {"unofficial", "unknown"} if result.mode == "accuracy" else {"unofficial"}
    if found is None or found.status not in told:
        return ""
    return f"{found.status.upper()} STIMULI: {found.detail}"


def score_explained(result: Result) -> str:
    """Return what the score means, in a sentence or two; empty if that cannot be said."""
    energy = result.energy_per_inference_j
    measured = sum(window.energy_per_inference_j is not None for window in result.windows)
    if result.mode == "energy" and energy is not None:
        share = f" ({energy.U / energy.median * 100:.2g}{THIN}%)" if energy.median > 0 else ""
        if not energy.complete:
            lacks = "; ".join(energy.incomplete) or "not stated"
            return (
                f"Median of {measured} windows. ±{THIN}U{share} covers only what is known of the errors "
                f"({coverage_factor(energy.k)} times their standard uncertainty); the true value may lie outside. "
                f"What is missing: {lacks}."
            )
        return (
            f"Median of {measured} windows. The true value lies within ±{THIN}U{share} of it with a probability "
            f"of about 95{THIN}%: U is the expanded uncertainty, {coverage_factor(energy.k)} times the standard "
            "uncertainty."
        )
    if result.mode == "performance":
        return f"Median of {len(result.windows)} windows, by the clock of the device under test."
    if result.accuracy is not None:
        metric = METRICS[result.accuracy.metric]
        return (
            f"{metric}: {METRIC_MEANS[result.accuracy.metric]}. "
            f"{result.accuracy.stimuli} of {result.accuracy.stimuli_expected} inputs were classified."
        )
    return ""


def no_score(result: Result, record: Record) -> str:
    """Return in words why there is no score."""
    if result.outcome != "completed":
        return how_it_ended(result.outcome, record.reason)
    if result.findings:
        return "; ".join(finding.detail for finding in result.findings[:3])
    failed = [verdict.id for verdict in failed_first(result.verdicts) if not verdict.passed]
    return f"Rules that failed: {', '.join(failed)}" if failed else "The session does not hold what a score needs."


def failed_first(verdicts: list[Verdict]) -> list[Verdict]:
    """Return the verdicts: those that make a run invalid first, then others that failed, then the passed ones."""
    return sorted(verdicts, key=lambda verdict: (verdict.passed, not verdict.binding))


def failures(result: Result) -> list[Verdict]:
    """Return the binding verdicts that failed."""
    return [verdict for verdict in result.verdicts if verdict.binding and not verdict.passed]


def why_not_valid(result: Result) -> str:
    """Return in one line why a result is not valid."""
    failed = failures(result)
    if failed:
        rules = "1 rule failed" if len(failed) == 1 else f"{len(failed)} rules failed"
        return f"{rules} of {len(result.verdicts)}"
    return "no rule was checked" if not result.verdicts else "the run did not complete"


def why_valid(result: Result) -> str:
    """Return in one line why a result is valid."""
    binding = sum(verdict.binding for verdict in result.verdicts)
    noted = sum(not verdict.passed for verdict in result.verdicts)
    remark = f"; {noted} more gave a remark" if noted else ""
    return f"{'the binding rule' if binding == 1 else f'all {binding} binding rules'} passed{remark}"


def found(verdict: Verdict) -> str:
    """Return what a rule measured, its limit if that differs, and for a failed rule its note or clause."""
    measured, limit = quantity(verdict.measured), quantity(verdict.limit)
    words = measured if measured == limit else f"{measured} (limit {limit})"
    return words if verdict.passed else f"{words}; {verdict.note or verdict.clause}"


def quantity(value: str | float | int | None) -> str:
    """Return what a rule measured, or its limit, as text."""
    if value is None:
        return number(None)
    return number(value, 6) if isinstance(value, float) else str(value)
