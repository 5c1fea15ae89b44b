# SPDX-License-Identifier: Apache-2.0
"""The sum of several supply rails of one DUT: its windows, and its uncertainty.

Each rail is measured by itself, as if it were the only one, and its causes of error are known. Two rails have the
same edges, and so their errors in full; what the makers and calibrations of their instruments have in common (a
reference, a timebase, a temperature) nobody states. So errors of the same cause are added by their amounts, as if
they were fully correlated (JCGM 100:2008, 5.2.2, note 1, r = +1), which is an upper bound; only the noise and the
quantisation of the samples, of which each rail has its own, are added as independent. How much the windows scatter
is taken from their sums, which hold whatever correlation there is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from energy_runner.analysis.derived import energy_delay_product
from energy_runner.analysis.uncertainty.causes import Causes, find_causes
from energy_runner.analysis.uncertainty.combine import Cause, canonical
from energy_runner.analysis.uncertainty.evaluate import Evaluation, evaluate_causes
from energy_runner.analysis.uncertainty.inputs import Conditions, Measured
from energy_runner.session.result import Finding, RailResult, Result, WindowResult

INDEPENDENT = ("noise of the samples", "quantisation of the samples")
NOTE = (
    "The rails' errors of one cause are added by their amounts, as if fully correlated, but for the noise and the "
    "quantisation of their samples."
)


@dataclass(frozen=True)
class RailPart:
    """One rail as it was measured: its result, what the budget needs of each window, and what holds for all."""

    name: str
    voltage_v: float
    result: Result
    measured: list[Measured | None]
    given: Conditions | None


def sum_of_rails(parts: Sequence[RailPart]) -> Result:
    """Return the result of all rails (at least one); without the figure of one there is none of the sum."""
    first = parts[0].result
    scored = all(part.result.energy_per_inference_j is not None for part in parts)
    evaluation = _evaluation(parts) if scored else None
    windows = [_window([part.result.windows[i] for part in parts]) for i in range(len(first.windows))]
    if evaluation is not None:
        windows = [
            window.model_copy(update={"uncertainty": uncertainty})
            for window, uncertainty in zip(windows, evaluation.windows, strict=True)
        ]
    score = evaluation.score if evaluation is not None else None
    rate = first.throughput
    return first.model_copy(
        update={
            "energy_per_inference_j": score,
            "energy_delay_product": energy_delay_product(score, rate) if score and rate else None,
            "rails": [_rail(part, score.median if score else None) for part in parts],
            "windows": windows,
            "between_windows_w": [
                _total(powers) for powers in zip(*(part.result.between_windows_w for part in parts), strict=True)
            ],
            # Of the first rail alone; nothing is said of these where there are several.
            "layers": None,
            "levels": None,
            "net_energy_per_inference_j": None,
            "uncertainty": evaluation.budget if evaluation is not None else None,
            "findings": list(_findings(parts)),
        }
    )


def _evaluation(parts: Sequence[RailPart]) -> Evaluation | None:
    measured = [[window for window in part.measured if window is not None] for part in parts]
    if any(part.given is None for part in parts) or len({len(windows) for windows in measured}) != 1:
        return None
    found = {
        part.name: find_causes(windows, part.given)
        for part, windows in zip(parts, measured, strict=True)
        if part.given is not None
    }
    values_j = [sum(window.per_inference_j for window in windows) for windows in zip(*measured, strict=True)]
    doubts = _of_each({name: causes.doubts for name, causes in found.items()})
    notes = _of_each({name: causes.notes for name, causes in found.items()})
    causes = Causes(list(added(found)), doubts, [*notes, NOTE])
    return evaluate_causes(values_j, causes, [window.stimulus for window in measured[0]])


def added(found: dict[str, Causes]) -> Iterator[Cause]:
    """Yield the causes of a sum, given those of each rail: one for each name, but for the independent ones."""
    names = dict.fromkeys(cause.name for causes in found.values() for cause in causes.counted)
    for name in names:
        same = {rail: [one for one in causes.counted if one.name == name] for rail, causes in found.items()}
        if name in INDEPENDENT:
            for rail, causes in same.items():
                yield from (replace(cause, name=f"{name} ({rail})") for cause in causes)
            continue
        # Of two causes with one name in one budget (a limit and what a larger range adds), each meets its like.
        for number in range(max(map(len, same.values()))):
            yield _added([causes[number] for causes in same.values() if number < len(causes)])


def _added(causes: Sequence[Cause]) -> Cause:
    """Return one cause in the place of several that err together: what it adds to each window is their total."""
    if len(causes) == 1:
        return causes[0]
    each_j = [sum(cause.contribution_j(i) for cause in causes) for i in range(len(causes[0].u))]
    largest_j = max(each_j)
    shared = all(cause.shared for cause in causes)
    weights = tuple(value / largest_j if largest_j else 0.0 for value in each_j)
    return replace(
        causes[0],
        source="; ".join(dict.fromkeys(cause.source for cause in causes)),
        u=(largest_j,) * len(each_j) if shared else tuple(each_j),
        sensitivity=weights if shared else (1.0,) * len(each_j),
        unit="J",
        dof=min(cause.dof for cause in causes),
        shared=shared,
    )


def _of_each(said: dict[str, list[str]]) -> list[str]:
    """Return what is said of the rails: once where it is of all of them, else with the rail's name."""
    every = [set(texts) for texts in said.values()]
    found = [
        text if all(text in texts for texts in every) else f"{text} ({rail})"
        for rail, texts in said.items()
        for text in texts
    ]
    return list(dict.fromkeys(found))


def _rail(part: RailPart, total_j: float | None) -> RailResult:
    score = part.result.energy_per_inference_j
    return RailResult(
        name=part.name,
        voltage_v=part.voltage_v,
        energy_per_inference_j=score,
        share=canonical(score.median / total_j) if score is not None and total_j else None,
        windows=part.result.windows,
        uncertainty=part.result.uncertainty,
    )


def _window(rails: Sequence[WindowResult]) -> WindowResult:
    """Return the window of the sum; a figure that one rail lacks is null."""
    names = (
        "energy_j",
        "energy_per_inference_j",
        "mean_power_w",
        "samples_expected",
        "samples_received",
        "samples_missing",
        "samples_over_range",
    )
    totals = {name: _total([getattr(rail, name) for rail in rails]) for name in names}
    known = all(rail.samples_missing_known for rail in rails)
    return rails[0].model_copy(update=totals | {"samples_missing_known": known, "uncertainty": None})


def _total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _findings(parts: Sequence[RailPart]) -> Iterator[Finding]:
    """Yield what was noticed: once where it is of all rails, else with the rail's name."""
    common = [one for one in parts[0].result.findings if all(one in part.result.findings for part in parts)]
    yield from common
    for part in parts:
        for finding in part.result.findings:
            if finding not in common:
                yield finding.model_copy(update={"detail": f"rail {part.name}: {finding.detail}"})
