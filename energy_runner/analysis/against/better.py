# SPDX-License-Identifier: Apache-2.0
"""Which of two results is better, and by how much: their difference with its uncertainty, figure by figure.

It is the comparison with a baseline, with limits of zero. Errors that one monitor makes in both cancel, so that
two results can differ beyond doubt by less than the uncertainty of either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from energy_runner.analysis.against.baseline import Baseline
from energy_runner.analysis.against.compare import PROVES_NOTHING, Compared, compare
from energy_runner.analysis.against.limit import QUANTITIES, Limit
from energy_runner.errors import ConfigurationError
from energy_runner.wording import rounded

NAMES = ("A", "B")
Better = Literal["A", "B", "equal", "cannot be told"]
# How each quantity is read: what a reader calls it, its unit, and how many of that make one of SI.
_READ_AS = {
    "energy_per_inference": ("Energy per inference", "µJ", 1e6),
    "energy_delay_product": ("Energy times latency", "µJ·s", 1e6),
    "throughput": ("Throughput", "1/s", 1.0),
    "latency": ("Latency", "ms", 1e3),
    "accuracy": ("Accuracy", "", 1.0),
}
# What B does, for a person, where the change is a fall and where it is a rise.
_IN_A_SENTENCE = {
    "energy_per_inference": (
        "B needs {} less energy an inference than A",
        "B needs {} more energy an inference than A",
    ),
    "throughput": (
        "B makes {} fewer inferences per second than A",
        "B makes {} more inferences per second than A",
    ),
    "accuracy": ("B is less accurate than A, by {}", "B is more accurate than A, by {}"),
}
_SAME = "A and B are the same session, so that its uncertainty counts twice"
_INDEPENDENT = "of energy times latency the errors are taken as independent, so that none cancels"
_COUNTED = "it was counted on these stimuli, which has no uncertainty; on others it may be another"


@dataclass(frozen=True)
class Difference:
    """A figure of two results, A and B, in SI, with expanded uncertainties for a coverage of 95 %.

    `change` is B less A with its uncertainty `U_change`, both as a share of A where it is `relative`. `better` is
    one of both only if the change is larger than its uncertainty. `cancelled` names the errors that both have in
    common, and `notes` what a reader has to know.
    """

    quantity: str
    a: float
    U_a: float
    b: float
    U_b: float
    change: float
    U_change: float
    relative: bool
    better: Better
    cancelled: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_as(quantity: str) -> tuple[str, str, float]:
    """Return what a reader calls a quantity, its unit, and how many of that make one of SI."""
    return _READ_AS[quantity]


def differences(a: Baseline, b: Baseline) -> list[Difference]:
    """Return the difference of each figure that two results have.

    Raises `ConfigurationError` where they cannot be compared: of other benchmarks or modes, one of them virtual,
    or without a figure in common.
    """
    limits = [
        Limit(name, kind.worse, 0.0, relative=kind.relative)
        for name, kind in QUANTITIES.items()
        if name in a.figures and name in b.figures
    ]
    if not limits:
        limits = [Limit("energy_per_inference", +1, 0.0, relative=True)]  # whose comparison says why there is none
    found = compare(a, b, limits, NAMES)
    for one in found:
        if one.verdict == "cannot be compared":
            raise ConfigurationError(f"A and B cannot be compared: {one.notes[0]}. Try: two results of one kind")
    same = (_SAME,) if a.facts_sha256 is not None and a.facts_sha256 == b.facts_sha256 else ()
    return [_difference(one, same) for one in found]


def _difference(one: Compared, also: tuple[str, ...]) -> Difference:
    figures = (one.baseline, one.U_baseline, one.now, one.U_now, one.change, one.U_change)
    a, of_a, b, of_b, change, expanded = (figure or 0.0 for figure in figures)
    of_kind = {"accuracy": (_COUNTED,), "energy_delay_product": (_INDEPENDENT,)}.get(one.limit.quantity, ())
    return Difference(
        one.limit.quantity,
        a,
        of_a,
        b,
        of_b,
        change,
        expanded,
        one.limit.relative,
        _better(one.limit.direction * change, expanded),
        one.cancelled,
        (*also, *of_kind, *(note for note in one.notes if note != PROVES_NOTHING)),
    )


def _better(worse_by: float, expanded: float) -> Better:
    if worse_by > expanded:
        return "A"
    if -worse_by > expanded:
        return "B"
    return "equal" if worse_by == expanded == 0.0 else "cannot be told"


def in_words(one: Difference) -> list[str]:
    """Return a difference as lines: both figures, the change with its U, who is better, what cancels, notes."""
    name, unit, factor = _READ_AS[one.quantity]
    lines = [
        name,
        f"  A  {_quoted(one.a * factor, one.U_a * factor, unit)}",
        f"  B  {_quoted(one.b * factor, one.U_b * factor, unit)}",
        f"  {_verdict(one)}",
    ]
    if one.cancelled:
        lines.append(f"  errors of the one monitor that cancel: {', '.join(one.cancelled)}")
    return lines


def sentence(found: Sequence[Difference]) -> str:
    """Return in a sentence what the first of some differences says: by how much B is better or worse than A."""
    one = found[0]
    name = _READ_AS[one.quantity][0].lower()
    if one.better in {"A", "B"}:
        other = f"{name.capitalize()} differs by {{}}"
        words = _IN_A_SENTENCE.get(one.quantity, (other, other))[one.change > 0]
        return f"{words.format(_amount(abs(one.change), one))}: {one.better} is better."
    return (
        f"Neither is better: {name} {'is equal' if one.better == 'equal' else 'differs by less than can be told'}."
    )


def as_document(one: Difference) -> dict[str, Any]:
    """Return a difference for JSON: SI, and changes as a share of A where they are relative."""
    return {
        "quantity": one.quantity,
        "unit": QUANTITIES[one.quantity].unit,
        "a": one.a,
        "U_a": one.U_a,
        "b": one.b,
        "U_b": one.U_b,
        "change": one.change,
        "U_change": one.U_change,
        "relative": one.relative,
        "better": one.better,
        "cancelled": list(one.cancelled),
        "notes": list(one.notes),
    }


def _verdict(one: Difference) -> str:
    answers = {
        "A": "A is better",
        "B": "B is better",
        "equal": "both are equal",
        "cannot be told": "no more than its uncertainty",
    }
    return f"B - A = {_amount(one.change, one, sign=True)}: {answers[one.better]}"


def _amount(change: float, one: Difference, *, sign: bool = False) -> str:
    _, unit, factor = _READ_AS[one.quantity]
    scale, in_unit = (100.0, "%") if one.relative else (factor, unit)
    digits, expanded = rounded(change * scale, one.U_change * scale)
    signed = f"+{digits}" if sign and not digits.startswith("-") else digits
    return (f"({signed} ± {expanded}) {in_unit}" if one.U_change else f"{signed} {in_unit}").rstrip()


def _quoted(value: float, expanded: float, unit: str) -> str:
    digits, spread = rounded(value, expanded)
    return f"({digits} ± {spread}) {unit}".rstrip() if expanded else f"{digits} {unit}".rstrip()
