# SPDX-License-Identifier: Apache-2.0
"""The uncertainty of every window and of the score, by the GUM (JCGM 100:2008).

`causes` finds the causes, `combine` combines them, `coverage` finds the factor for an interval of 95 %, and
`wording` writes the result.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from energy_runner.analysis.uncertainty.causes import Causes, find_causes
from energy_runner.analysis.uncertainty.combine import Budget, canonical, score_budget, window_budget
from energy_runner.analysis.uncertainty.coverage import PROBABILITY
from energy_runner.analysis.uncertainty.inputs import Conditions, Limits, Measured
from energy_runner.analysis.uncertainty.wording import stated
from energy_runner.errors import SessionError
from energy_runner.session.result import Score, Uncertainty, WindowUncertainty

__all__ = ["Conditions", "Evaluation", "Limits", "Measured", "evaluate", "evaluate_causes"]

_BEYOND_REASON = 1e6
_ONE_WINDOW = "repeatability unknown: there is only one window"

METHOD = (
    "Linear propagation of uncertainty (JCGM 100:2008, 5.1.2), computed with GTC; specified limits are taken as "
    "rectangular distributions (4.3.7).",
    "An error of the instrument is the same in all windows and counts in full. What differs from window to "
    "window counts as much as it moves their median.",
    "The coverage factor k is that of the distribution of the combined error, the convolution of its "
    "components' (G.1.4 and G.1.5; JCGM 101:2008, 5.3.2); k_t is the factor of the t distribution for the "
    "effective degrees of freedom (Welch-Satterthwaite, G.4), for comparison.",
)


@dataclass(frozen=True)
class Evaluation:
    """The uncertainty of each window that was measured, in order, and of their median."""

    windows: list[WindowUncertainty]
    score: Score
    budget: Uncertainty


def evaluate(windows: Sequence[Measured], given: Conditions) -> Evaluation:
    """Return the uncertainties of `windows` (at least one, of positive energy) and of their median.

    Raises `SessionError` if a limit or a window is beyond all reason.
    """
    values_j = [window.per_inference_j for window in windows]
    return evaluate_causes(values_j, find_causes(windows, given), [window.stimulus for window in windows])


def evaluate_causes(values_j: Sequence[float], causes: Causes, stimuli: Sequence[int | None]) -> Evaluation:
    """Return the same of windows with the energies per inference `values_j`, whose causes of error are known."""
    _check(causes, values_j)
    each = [_window(window_budget(value, causes.counted, i), causes) for i, value in enumerate(values_j)]
    budget = score_budget(values_j, causes.counted, stimuli)
    doubts = causes.doubts + ([_ONE_WINDOW] if len(values_j) == 1 else [])
    score = Score(
        median=budget.value_j,
        u=budget.u_j,
        U=budget.expanded_j,
        k=budget.k,
        dof=budget.dof,
        k_t=budget.k_t,
        probability=PROBABILITY,
        complete=not doubts,
        incomplete=doubts,
        stated=stated(budget.value_j, budget.u_j, budget.expanded_j, budget.k, doubts),
    )
    return Evaluation(each, score, Uncertainty(components=budget.rows, notes=causes.notes, method=list(METHOD)))


def _window(budget: Budget, causes: Causes) -> WindowUncertainty:
    return WindowUncertainty(
        u=budget.u_j,
        U=budget.expanded_j,
        k=budget.k,
        dof=budget.dof,
        k_t=budget.k_t,
        complete=not causes.doubts,
        stated=stated(budget.value_j, budget.u_j, budget.expanded_j, budget.k, causes.doubts),
        components=budget.rows,
    )


def _check(causes: Causes, values_j: Sequence[float]) -> None:
    """Refuse numbers that no instrument produces, before they overflow somewhere."""
    for cause in causes.counted:
        for i, value_j in enumerate(values_j):
            if not cause.contribution_j(i) <= _BEYOND_REASON * value_j:
                raise SessionError(
                    "the uncertainty of the score is beyond all reason; something in this session is damaged "
                    f"({cause.name}: {canonical(cause.contribution_j(i)):g} J)"
                )
