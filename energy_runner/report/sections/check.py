# SPDX-License-Identifier: Apache-2.0
"""The sections that show how far a result can be trusted: verdicts and findings."""

from itertools import islice

from energy_runner.report import headline
from energy_runner.report.markup import Html, explained, join, pairs, section, table, tag
from energy_runner.report.story import Story
from energy_runner.report.units import CROSS, TICK
from energy_runner.session.few import REST, few, shortened
from energy_runner.session.result import Verdict

MOST_REMARKS = 50
MOST_PROBLEMS = 10
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
    odd = few((f"{remark.box}: {remark.text}" for remark in facts.remarks if remark.suspicious), MOST_REMARKS)
    rows = [[f.id, "" if f.window is None else f.window + 1, f.detail] for f in noticed]
    rows += [["odd message", "", line] for line in odd.lines()]
    parts: list[object] = []
    if rows:
        columns = ["Finding", "Window", "What"]
        parts.append(table("Noticed during the run or its analysis", columns, rows, wide=(2,)))
    for problem in islice(facts.problems, MOST_PROBLEMS):
        told = {"Problem": problem.error, "Asked": problem.asked, "Got": problem.came, "Try": problem.try_this}
        parts.append(pairs("Problem", [(name, shortened(text)) for name, text in told.items()]))
    if len(facts.problems) > MOST_PROBLEMS:
        parts.append(tag("p", REST.format(f"{len(facts.problems) - MOST_PROBLEMS:,}")))
    undone = list(few(f"{step.name}: {step.error}" for step in story.tear_down if step.error).lines())
    if undone:
        parts += [tag("p", "Tear-down steps that failed:"), tag("ul", *(tag("li", text) for text in undone))]
    if not parts:
        parts.append(tag("p", "Nothing unusual was noticed."))
    return section("findings", "Findings", *parts)
