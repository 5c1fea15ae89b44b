# SPDX-License-Identifier: Apache-2.0
"""The sections that show how far a result can be trusted: verdicts, findings, uncertainty."""

from energy_runner.analysis.uncertainty.evaluate import Limits
from energy_runner.report import headline
from energy_runner.report.markup import Html, explained, join, pairs, section, table, tag
from energy_runner.report.story import Story
from energy_runner.report.units import (
    CROSS,
    MIDDLE_DOT,
    NOTHING,
    THIN,
    TICK,
    microjoules,
    number,
    percent,
    prefixed,
    with_unit,
)
from energy_runner.session.result import Component, Score, Verdict

MOST_REMARKS = 50
_WITH_PREFIX = ("A", "J", "V", "W", "s")
SHOWN_IN_FULL = frozenset({"problem", "suspicious-messages"})


def verdicts(story: Story) -> Html:
    """Return the rules with what was measured, failed ones first."""
    ordered = headline.failed_first(story.result.verdicts)
    rows = [
        [v.id, _verdict(v), headline.quantity(v.measured), headline.quantity(v.limit), _clause(v)] for v in ordered
    ]
    columns = [
        "Rule",
        "Verdict",
        "Measured",
        "Limit",
        explained("Clause", "What the rule demands, and where it comes from."),
    ]
    if not rows:
        return section("verdicts", "Rules", tag("p", "No rule was checked."))
    shown = table("Every rule that was checked, failed ones first", columns, rows, wide=(4,))
    return section("verdicts", "Rules", shown)


def _verdict(verdict: Verdict) -> Html:
    if verdict.passed:
        return tag("span", f"{TICK} passed", class_="verdict pass")
    if verdict.binding:
        return tag("span", f"{CROSS} failed", class_="verdict fail")
    if not verdict.known:
        return tag("span", "? not known", class_="verdict info")
    return tag("span", "! informs only", class_="verdict info")


def _clause(verdict: Verdict) -> Html:
    return join((verdict.clause, tag("div", verdict.note, class_="quiet") if verdict.note else ""))


def findings(story: Story) -> Html:
    """Return the findings, the problems, and the tear-down steps that failed."""
    result, facts = story.result, story.facts
    # What is shown in full below is left out of the table.
    noticed = [f for f in result.findings if f.id not in SHOWN_IN_FULL]
    odd = [remark for remark in facts.remarks if remark.suspicious]
    rows = [[f.id, "" if f.window is None else f.window + 1, f.detail] for f in noticed]
    rows += [["odd message", "", f"{remark.box}: {remark.text}"] for remark in odd[:MOST_REMARKS]]
    if len(odd) > MOST_REMARKS:
        rows.append(["odd messages", "", f"{len(odd) - MOST_REMARKS} more; journal.jsonl has them all"])
    parts: list[object] = []
    if rows:
        columns = ["Finding", "Window", "What"]
        parts.append(table("Noticed during the run or its analysis", columns, rows, wide=(2,)))
    for problem in facts.problems:
        parts.append(
            pairs(
                "Problem",
                [
                    ("Problem", problem.error),
                    ("Asked", problem.asked),
                    ("Got", problem.came),
                    ("Try", problem.try_this),
                ],
            )
        )
    undone = [f"{step.name}: {step.error}" for step in story.tear_down if step.error]
    if undone:
        parts += [tag("p", "Tear-down steps that failed:"), tag("ul", *(tag("li", text) for text in undone))]
    if not parts:
        parts.append(tag("p", "Nothing unusual was noticed."))
    return section("findings", "Findings", *parts)


def uncertainty(story: Story) -> Html:
    """Return the uncertainty budget: causes by size, with bars, and what was assumed."""
    budget, score = story.result.uncertainty, story.result.energy_per_inference_j
    if budget is None or not budget.components:
        return Html("")
    ordered = sorted(budget.components, key=lambda part: -abs(part.value_j))
    largest = abs(ordered[0].value_j) or 1.0
    rows = [
        [
            part.name,
            percent(part.relative),
            microjoules(part.value_j, 3),
            tag("span", class_="bar", style=f"width:{abs(part.value_j) / largest * 100:.1f}%", aria_hidden="true"),
            part.source,
        ]
        for part in ordered
    ]
    columns = [
        "Cause",
        explained("Relative", "Standard uncertainty that this cause alone gives, relative to the score."),
        "Per inference",
        tag("span", "Size", class_="bars"),
        "Source",
    ]
    total = _combined(score) if score is not None else ""
    # The assumptions are listed with the specification further down; here are only the other remarks.
    listed = Limits.of(story.facts.monitor.accuracy).assumptions if story.facts.monitor else []
    remarks = [tag("li", note) for note in budget.notes if note not in listed]
    notes = tag("ul", *remarks, class_="plain") if remarks else ""
    intro = "How far off the score may be, by cause. Each figure is a standard uncertainty (about 68\u202f%)."
    return section(
        "uncertainty",
        "Uncertainty",
        tag("p", intro, class_="quiet"),
        table("Uncertainty budget, largest cause first", columns, rows, numeric=(1, 2), wide=(4,)),
        _in_full(ordered),
        total,
        notes,
    )


def _in_full(ordered: list[Component]) -> Html:
    """Return the budget again, with every column that the GUM asks for."""
    rows = [
        [
            part.name,
            part.kind,
            _with_limit(part),
            _amount(part.u, part.unit),
            _sensitivity(part),
            microjoules(part.value_j, 3),
            "infinite" if part.dof is None else number(part.dof, 3),
            "shared" if part.correlated else "separate",
        ]
        for part in ordered
    ]
    columns = [
        "Cause",
        explained("Type", "A: from the scatter of repeated values. B: from anything else, such as a data sheet."),
        explained("Distribution", "What is assumed of the error, with its limit where a limit is known."),
        explained("u", "Standard uncertainty of the cause itself."),
        explained("Sensitivity", "What one unit of the cause does to the energy per inference."),
        explained("Contribution", "u times the sensitivity: standard uncertainty of the energy per inference."),
        explained("Degrees of freedom", "How well u is known; infinite for a specified limit."),
        explained("Windows", "Whether all windows share one error, so that it does not shrink with their number."),
    ]
    shown = table("Every column of the budget", columns, rows, numeric=(3, 4, 5, 6))
    return tag("details", tag("summary", "The budget in full"), shown)


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return NOTHING
    if unit in ("", "1"):
        return percent(value)
    return prefixed(value, unit) if unit in _WITH_PREFIX else with_unit(value, unit, 3)


def _sensitivity(part: Component) -> str:
    if part.sensitivity is None:
        return NOTHING
    if part.unit in ("", "1"):
        return with_unit(part.sensitivity * 1e4, "µJ/%", 3)
    return "1" if part.unit == "J" else with_unit(part.sensitivity * 1e6, f"µJ/{part.unit}", 3)


def _with_limit(part: Component) -> str:
    limit = f", ± {_amount(part.limit, part.unit)}" if part.limit is not None else ""
    return f"{part.distribution}{limit}"


def _combined(score: Score) -> Html:
    """Return how the score's uncertainty follows from the budget, and what is missing from it."""
    freedom = "infinitely many" if score.dof is None else number(score.dof, 3)
    student = f" (k = {number(score.k_t, 4)} by Student's t)" if score.k_t is not None else ""
    total = tag(
        "p",
        f"Combined (root of the sum of squares): u = {microjoules(score.u, 3)} with {freedom} degrees of freedom; "
        f"U = {number(score.k, 4)}{THIN}{MIDDLE_DOT}{THIN}u = {microjoules(score.U, 3)} for a coverage of "
        f"{percent(score.probability)}{student}.",
    )
    stated = tag("p", tag("strong", score.stated.text)) if score.stated is not None else Html("")
    if score.complete:
        return join((total, stated))
    missing = ", ".join(score.incomplete) or "not every cause is known"
    return join((total, stated, tag("p", f"Uncertainty incomplete: {missing}.", class_="lost")))
