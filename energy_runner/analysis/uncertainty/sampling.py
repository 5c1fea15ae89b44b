# SPDX-License-Identifier: Apache-2.0
"""Causes that lie between the samples: what a row of numbers does not show of the power behind it."""

import math
from collections.abc import Iterator, Sequence

from energy_runner.analysis.uncertainty.combine import ROOT3, Cause
from energy_runner.analysis.uncertainty.inputs import Measured

# A difference between two methods of integration below this share of what a window's other causes come to adds
# half a percent to the uncertainty at most.
MATTERS = 0.1
# Doubtful samples are all wrong or all right, so that the error may be as large as its limit.
_WHOLLY = 1.25


def of_sampling(windows: Sequence[Measured]) -> Iterator[Cause]:
    """Yield what the edges' own samples, the product of means and the time between readings leave open."""
    for number, end in enumerate(("start", "stop")):
        yield Cause(
            name=f"{end} edge: what else is in its sample",
            source="difference of the sample that holds the edge from a mix of its neighbours, which may lie on "
            "either side of it",
            u=tuple(window.unexplained_j[number] / ROOT3 for window in windows),
            sensitivity=tuple(1 / window.inferences for window in windows),
            unit="J",
            shared=False,
        )
    if any(window.droop_w for window in windows):
        yield Cause(
            name="voltage that changes within a sample",
            source="the mean current times the mean voltage of each sample; resistance of the supply by the "
            "trace \u00d7 variance of the current within a sample, for a current between zero and ten times its "
            "mean, or the largest one seen",
            u=(1 / ROOT3,) * len(windows),
            sensitivity=tuple(window.droop_w * window.duration_s / window.inferences for window in windows),
        )
    if any(window.change_w for window in windows):
        yield Cause(
            name="power between the readings",
            source="half the mean square of the difference between neighbouring readings, as of a random sample",
            u=tuple(window.change_w / math.sqrt(window.samples) for window in windows),
            sensitivity=tuple(window.duration_s / window.inferences for window in windows),
            unit="W",
            distribution="normal",
            divisor=None,
            shared=False,
        )


def of_doubts(windows: Sequence[Measured]) -> Iterator[Cause]:
    """Yield what hangs on samples that may be a load or misread; the same fault may be in all windows."""
    if any(window.doubtful_j for window in windows):
        yield Cause(
            name="samples that may be misread",
            source="how far single samples, and those above the current limit for a moment, are from those beside "
            "them",
            u=(_WHOLLY / ROOT3,) * len(windows),
            sensitivity=tuple(window.doubtful_j / window.inferences for window in windows),
        )


def of_integration(windows: Sequence[Measured], causes: Sequence[Cause]) -> Iterator[Cause]:
    """Yield the difference between two methods of integration, where it matters beside `causes`."""
    differences_j = [
        0.0 if window.second_j is None else abs(window.second_j - window.energy_j) / window.inferences
        for window in windows
    ]
    others_j = [math.hypot(*(cause.contribution_j(i) for cause in causes)) for i in range(len(windows))]
    if all(mine / ROOT3 <= MATTERS * other for mine, other in zip(differences_j, others_j, strict=True)):
        return
    yield Cause(
        name="method of integration",
        source="difference to the second method",
        u=(1 / ROOT3,) * len(windows),
        sensitivity=tuple(differences_j),
    )


def of_loss(windows: Sequence[Measured]) -> Cause:
    """Return the cause for missing samples.

    The load itself may have caused the loss, so all windows are off to the same side, and the range seen of the
    others is no more than an estimate; `doubts_of_loss` says so.
    """
    lost = any(window.missing_share for window in windows)
    return Cause(
        name="lost samples",
        source="their share of the window \u00d7 range of power in it" if lost else "none is missing",
        u=(1 / ROOT3 if lost else 0.0,) * len(windows),
        sensitivity=tuple(w.missing_share * w.spread_w * w.duration_s / w.inferences for w in windows),
    )


def doubts_of_sampling(windows: Sequence[Measured]) -> Iterator[str]:
    """Yield what about the samples has no limit that could be counted."""
    if any(window.missing_share for window in windows):
        yield "power while samples were lost unknown"
    if any(window.coarse for window in windows):
        yield "readings are too far apart for this load: what the DUT draws between them is unknown"
