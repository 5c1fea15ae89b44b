# SPDX-License-Identifier: Apache-2.0
"""Windows of a measurement and what holds for all of them, for uncertainty budgets that can be checked by hand."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from energy_runner.analysis.uncertainty.edges import EdgeView
from energy_runner.analysis.uncertainty.evaluate import Conditions, Evaluation, Limits, Measured, evaluate
from energy_runner.session.result import Component

PERIOD_S = 1e-3
POWER_W, OUTSIDE_W, VOLTAGE_V = 0.04, 0.03, 2.0
START_S, DURATION_S, INFERENCES = 20.0, 10.0, 100
ENERGY_J = POWER_W * DURATION_S
PER_INFERENCE_J = ENERGY_J / INFERENCES
ROOT3 = math.sqrt(3)


def edge(at_s: float, *, starts: bool, **changes: Any) -> EdgeView:
    """An edge between `OUTSIDE_W` and `POWER_W`, seen a hundred samples far."""
    first = round(at_s / PERIOD_S) - 100
    inside = (np.arange(first, first + 200) + 0.5) * PERIOD_S > at_s
    view = EdgeView(
        position=at_s / PERIOD_S,
        period_s=PERIOD_S,
        half_width_s=0.0,
        shared_s=0.0,
        outside_w=OUTSIDE_W,
        outside_step_w=0.0,
        largest_w=POWER_W,
        first=first,
        power_w=np.where(inside == starts, POWER_W, OUTSIDE_W),
    )
    return replace(view, **changes)


def window(start_s: float = START_S, energy_j: float = ENERGY_J, **changes: Any) -> Measured:
    """A window of ten seconds; changes of `edge_...` go to both edges."""
    edges = {name[5:]: value for name, value in changes.items() if name.startswith("edge_")}
    others = {name: value for name, value in changes.items() if not name.startswith("edge_")}
    measured = Measured(
        energy_j=energy_j,
        inferences=INFERENCES,
        duration_s=DURATION_S,
        samples=10_000,
        mean_square_w2=POWER_W**2,
        start=edge(start_s, starts=True, **edges),
        stop=edge(start_s + DURATION_S, starts=False, **edges),
    )
    return replace(measured, **others)


def given(*terms: dict[str, Any], **changes: Any) -> Conditions:
    conditions = Conditions(
        limits=Limits.of({"document": "manual" if terms else "none: no error", "terms": list(terms)}),
        signals=("energy",),
        voltage_v=VOLTAGE_V,
        virtual=True,
    )
    return replace(conditions, **changes)


def rows(evaluation: Evaluation) -> dict[str, Component]:
    found = {component.name: component for component in evaluation.budget.components}
    assert len(found) == len(evaluation.budget.components)
    return found


def relative_of(windows: list[Measured], conditions: Conditions) -> dict[str, float]:
    """Return the relative contributions, after checking that rows and totals belong together."""
    evaluation = evaluate(windows, conditions)
    score = evaluation.score
    sums = [
        (score.u, score.U, score.k, evaluation.budget.components),
        *((each.u, each.U, each.k, each.components) for each in evaluation.windows),
    ]
    for u, expanded, k, components in sums:
        assert u == pytest.approx(math.sqrt(sum(row.value_j**2 for row in components)))
        assert expanded == pytest.approx(k * u)
        for row in components:
            assert row.value_j == pytest.approx(abs(row.sensitivity or 0.0) * (row.u or 0.0), rel=1e-9)
            assert row.limit is None or row.limit == pytest.approx((row.u or 0.0) * (row.divisor or 0.0))
    assert all(row.value_j == pytest.approx(row.relative * score.median) for row in sums[0][3])
    return {name: row.relative for name, row in rows(evaluation).items()}
