# SPDX-License-Identifier: Apache-2.0
"""A comparison with a baseline, in words and as plain data."""

from typing import Any

from energy_runner.analysis.against.compare import Compared
from energy_runner.analysis.against.limit import PERCENT
from energy_runner.wording import printable, rounded

# The unit in which a person reads each quantity, and how many of it make one of SI.
_READ_IN = {
    "energy_per_inference": ("µJ", 1e6),
    "energy_delay_product": ("µJ·s", 1e6),
    "throughput": ("1/s", 1.0),
    "latency": ("ms", 1e3),
    "accuracy": ("", 1.0),
}


def in_words(one: Compared) -> list[str]:
    """Return a comparison as lines: verdict, what was compared, the change with its U, the limit, notes."""
    lines = [f"{one.limit.quantity}: {one.verdict.upper() if one.fails else one.verdict}"]
    if None not in (one.baseline, one.now, one.change):
        change, expanded = rounded(*(_factor(one) * (each or 0.0) for each in (one.change, one.U_change)))
        unit = PERCENT if one.limit.relative else _READ_IN[one.limit.quantity][0]
        sign = "" if change.startswith("-") else "+"
        lines += [
            f"  baseline {_quoted(one, one.baseline, one.U_baseline)}, now {_quoted(one, one.now, one.U_now)}",
            f"  change {sign}{change} ± {expanded} {unit}".rstrip() + f", limit {_limit(one)}",
        ]
    if one.cancelled:
        lines.append(f"  the same monitor, so these errors cancel: {', '.join(one.cancelled)}")
    return [printable(line) for line in (*lines, *(f"  {note}" for note in one.notes))]


def as_document(one: Compared) -> dict[str, Any]:
    """Return a comparison for JSON: SI, and changes as a share of the baseline where the limit is relative."""
    return {
        "quantity": one.limit.quantity,
        "limit": one.limit.amount,
        "direction": one.limit.direction,
        "relative": one.limit.relative,
        "verdict": one.verdict,
        "fails": one.fails,
        "baseline": one.baseline,
        "U_baseline": one.U_baseline,
        "now": one.now,
        "U_now": one.U_now,
        "change": one.change,
        "U_change": one.U_change,
        "cancelled": list(one.cancelled),
        "notes": list(one.notes),
    }


def _factor(one: Compared) -> float:
    return 100.0 if one.limit.relative else _READ_IN[one.limit.quantity][1]


def _limit(one: Compared) -> str:
    sign = {1: "+", -1: "-", 0: "±"}[one.limit.direction]
    unit = PERCENT if one.limit.relative else _READ_IN[one.limit.quantity][0]
    return f"{sign}{one.limit.amount * _factor(one):.10g} {unit}".rstrip()


def _quoted(one: Compared, value: float | None, expanded: float | None) -> str:
    unit, factor = _READ_IN[one.limit.quantity]
    digits, spread = rounded((value or 0.0) * factor, (expanded or 0.0) * factor)
    return f"{digits} ± {spread} {unit}".rstrip() if expanded else f"{digits} {unit}".rstrip()
