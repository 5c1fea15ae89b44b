# SPDX-License-Identifier: Apache-2.0
"""The section about the uncertainty budget: causes by size, with bars, then every column that the GUM asks for."""

from energy_runner.analysis.uncertainty.evaluate import Limits
from energy_runner.report.markup import Html, explained, join, section, table, tag
from energy_runner.report.story import Story
from energy_runner.report.units import (
    MIDDLE_DOT,
    THIN,
    microjoules,
    number,
    percent,
    scaled,
    shares,
)
from energy_runner.session.result import Component, Score
from energy_runner.wording import coverage_factor

_WITH_PREFIX = ("A", "J", "V", "W", "s")
_PREFIXES = ((1.0, ""), (1e3, "m"), (1e6, "µ"), (1e9, "n"))


def uncertainty(story: Story) -> Html:
    """Return the uncertainty budget: causes by size, with bars, and what was assumed."""
    budget, score = story.result.uncertainty, story.result.energy_per_inference_j
    if budget is None or not budget.components:
        return Html("")
    ordered = sorted(budget.components, key=lambda part: -abs(part.value_j))
    largest = abs(ordered[0].value_j) or 1.0
    unit, relative = shares([part.relative for part in ordered])
    rows = [
        [part.name, share, number(1e6 * part.value_j, 3), _bar(part.value_j / largest), part.source]
        for part, share in zip(ordered, relative, strict=True)
    ]
    columns = [
        "Cause",
        explained(
            f"Relative ({unit})", "Standard uncertainty that this cause alone gives, relative to the score."
        ),
        "Per inference (µJ)",
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


def _bar(share: float) -> Html:
    """Return a bar; none for a cause that contributes nothing."""
    if not share:
        return Html("")
    return tag("span", class_="bar", style=f"width:{abs(share) * 100:.1f}%", aria_hidden="true")


def _in_full(ordered: list[Component]) -> Html:
    """Return the budget again, with every column that the GUM asks for."""
    rows = []
    for part in ordered:
        unit, factor = _unit(part)
        per_unit = None if part.sensitivity is None else 1e6 * part.sensitivity / factor
        rows.append(
            [
                part.name,
                part.kind,
                part.distribution,
                number(scaled(part.limit, factor), 3),
                number(scaled(part.u, factor), 3),
                unit,
                number(per_unit, 3),
                number(1e6 * part.value_j, 3),
                "infinite" if part.dof is None else number(part.dof, 3),
                "shared" if part.correlated else "separate",
            ]
        )
    columns = [
        "Cause",
        explained("Type", "A: from the scatter of repeated values. B: from anything else, such as a data sheet."),
        explained("Distribution", "What is assumed of the error."),
        explained(
            "Limit", "The largest error that a specification allows, where one is known, in the row's unit."
        ),
        explained("u", "Standard uncertainty of the cause itself, in the row's unit."),
        "Unit",
        explained("Sensitivity (µJ per unit)", "What one unit of the cause does to the energy per inference."),
        explained(
            "Contribution (µJ)", "u times the sensitivity: standard uncertainty of the energy per inference."
        ),
        explained("Degrees of freedom", "How well u is known; infinite for a specified limit."),
        explained("Windows", "Whether all windows share one error, so that it does not shrink with their number."),
    ]
    shown = table("Every column of the budget", columns, rows, numeric=(3, 4, 6, 7, 8))
    return tag("details", tag("summary", "The budget in full"), shown, class_="printed")


def _unit(part: Component) -> tuple[str, float]:
    """Return the unit in which a cause is shown, with a prefix that suits its u, and the factor to it."""
    size = abs(part.u if part.u is not None else part.limit or 0.0)
    if part.unit in ("", "1"):
        return ("ppm", 1e6) if 0 < size < 1e-4 else ("%", 1e2)
    if part.unit not in _WITH_PREFIX or not size:
        return part.unit, 1.0
    factor, prefix = next((pair for pair in _PREFIXES if size * pair[0] >= 1), _PREFIXES[-1])
    return f"{prefix}{part.unit}", factor


def _combined(score: Score) -> Html:
    """Return how the score's uncertainty follows from the budget, and what is missing from it."""
    freedom = "infinitely many" if score.dof is None else number(score.dof, 3)
    student = f" (k = {coverage_factor(score.k_t)} by Student's t)" if score.k_t is not None else ""
    total = tag(
        "p",
        f"Combined (root of the sum of squares): u = {microjoules(score.u, 3)} with {freedom} degrees of freedom; "
        f"U = {coverage_factor(score.k)}{THIN}{MIDDLE_DOT}{THIN}u = {microjoules(score.U, 3)} for a coverage of "
        f"{percent(score.probability)}{student}.",
    )
    stated = tag("p", tag("strong", score.stated.text)) if score.stated is not None else Html("")
    if score.complete:
        return join((total, stated))
    missing = ", ".join(score.incomplete) or "not every cause is known"
    return join((total, stated, tag("p", f"Uncertainty incomplete: {missing}.", class_="lost")))
