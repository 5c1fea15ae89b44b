# SPDX-License-Identifier: Apache-2.0
"""Judge the change of a figure since its baseline against a limit, with the uncertainty of that change.

The ratio of two figures is uncertain by their relative contributions, to first order (JCGM 100:2008, 5.1.6). What
is the same error in both, such as the gain of one monitor, enters as the difference of its two contributions
(5.2.2, r = +1), which is zero for equal ones. All others are independent; so are a gain where the mean powers are
far enough apart for another range of the monitor, and the error of a voltage that was set otherwise.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from energy_runner.analysis.against.baseline import Baseline, BaselineFigure, Contribution
from energy_runner.analysis.against.limit import Limit
from energy_runner.analysis.uncertainty.coverage import WITHOUT_SPREAD, Part, coverage_factor
from energy_runner.analysis.uncertainty.ranges import RANGE_FACTOR, RANGED, one_range

_ROUNDING = 1e-9  # relative: 90.1 less 89.6 is more than 0.5 in binary
_OTHER_RANGE = (
    f"the mean powers differ by more than a factor of {RANGE_FACTOR:g}, so that the monitor may have measured in "
    "another range: its gain does not cancel"
)
_SET_VOLTAGE = "supply voltage (as set"  # how the error of a supply begins that nothing measured
_OTHER_VOLTAGE = (
    "the supply was set to another voltage: the error of what was set, and not measured, does not cancel"
)
PROVES_NOTHING = "U of the change is too large for this limit: this does not fail, and proves nothing"
Names = tuple[str, str]
Verdict = Literal["worse", "within", "cannot be told", "cannot be compared"]


@dataclass(frozen=True)
class Compared:
    """One figure against its baseline, all in SI.

    `change` is now less baseline, `U_change` its expanded uncertainty for 95 %, both as a share of the baseline
    where the limit is `relative`. Figures are None where there is none to compare. `cancelled` names the errors
    that both have in common, and `notes` what a reader has to know.
    """

    limit: Limit
    verdict: Verdict
    baseline: float | None = None
    U_baseline: float | None = None
    now: float | None = None
    U_now: float | None = None
    change: float | None = None
    U_change: float | None = None
    cancelled: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def fails(self) -> bool:
        """Return whether it is to fail: worse beyond all doubt, or nothing there that can be compared."""
        return self.verdict in {"worse", "cannot be compared"}


def compare(
    baseline: Baseline, now: Baseline, limits: Sequence[Limit], names: Names = ("the baseline", "this result")
) -> list[Compared]:
    """Return the verdict of each limit; `names` is what the two are called in its notes.

    It is `worse` only if the change less its uncertainty is beyond the limit, `within` only if the change plus its
    uncertainty is not, and else `cannot be told`, which does not fail.
    """
    same, why = _same_specimen(baseline, now, names)
    apart_v = baseline.voltage_v != now.voltage_v
    apart = _other_kind(baseline, now, names)
    alike = one_range([power_w for one in (baseline, now) if (power_w := _mean_power_w(one)) is not None])
    notes = (*_notes(baseline, now, names), *([_OTHER_RANGE] if same and not alike else []))
    found = []
    for limit in limits:
        before, after = baseline.figures.get(limit.quantity), now.figures.get(limit.quantity)
        if apart or before is None or after is None:
            which = names[0] if before is None else names[1]
            reason = apart or f"{which} has no {limit.quantity}"
            found.append(Compared(limit, "cannot be compared", notes=(reason, *notes)))
            continue
        others = (*(RANGED if not alike else ()), *((_SET_VOLTAGE,) if apart_v else ()))
        found.append(_compared(limit, before, after, same=same, others=others, why=why, notes=notes))
    return found


def _mean_power_w(one: Baseline) -> float | None:
    """Return the mean power while it infers, W; None where it does not tell."""
    energy, latency = one.figures.get("energy_per_inference"), one.figures.get("latency")
    return energy.value / latency.value if energy is not None and latency is not None else None


def _compared(
    limit: Limit,
    before: BaselineFigure,
    after: BaselineFigure,
    *,
    same: bool,
    others: tuple[str, ...],
    why: str,
    notes: tuple[str, ...],
) -> Compared:
    ratio = after.value / before.value
    parts, cancelled = _of_ratio(before, after, ratio, same=same, others=others)
    u = math.sqrt(math.fsum(part.u**2 for part in parts))
    k = coverage_factor(parts) if u > 0 else WITHOUT_SPREAD
    scale = 1.0 if limit.relative else before.value
    change, expanded = (ratio - 1.0) * scale, k * u * scale
    beyond = abs(change) if limit.direction == 0 else limit.direction * change
    verdict: Verdict = "cannot be told"
    most = limit.amount + _ROUNDING * scale
    if beyond - expanded > most:
        verdict = "worse"
    elif beyond + expanded <= most:
        verdict = "within"
    lacks = list(dict.fromkeys([*before.incomplete, *after.incomplete]))
    said = [*notes]
    if lacks:
        said.append(f"the uncertainty is incomplete: {'; '.join(lacks)}")
    if verdict == "cannot be told":
        said.append(PROVES_NOTHING)
    if same and _SET_VOLTAGE in others and any(part.name.startswith(_SET_VOLTAGE) for part in after.parts):
        said.append(_OTHER_VOLTAGE)
    if not same and not cancelled and any(part.specimen for part in after.parts):
        said.append(f"no error of the monitor cancels: {why}")
    return Compared(
        limit,
        verdict,
        baseline=before.value,
        U_baseline=before.U,
        now=after.value,
        U_now=after.U,
        change=change,
        U_change=expanded,
        cancelled=tuple(cancelled),
        notes=tuple(said),
    )


def _of_ratio(
    before: BaselineFigure, after: BaselineFigure, ratio: float, *, same: bool, others: tuple[str, ...]
) -> tuple[list[Part], list[str]]:
    """Return the contributions to the uncertainty of now over baseline, and which errors are common to both.

    `others` is how the names of errors begin that were not the same ones, though one monitor made both.
    """
    if not (before.parts and after.parts):
        relative = (before.u / before.value, after.u / after.value)
        return [Part("normal", ratio * one) for one in relative], []
    common = {part.name: part for part in before.parts if part.specimen} if same else {}
    common = {name: part for name, part in common.items() if not name.startswith(others)}
    shared = {part.name: part for part in after.parts if part.specimen and part.name in common}
    parts = [_as_part(part, ratio * abs(part.relative - common[name].relative)) for name, part in shared.items()]
    for figure in (before, after):
        own = [part for part in figure.parts if not (part.specimen and part.name in shared)]
        parts += [_as_part(part, ratio * abs(part.relative)) for part in own]
    return parts, list(shared)


def _as_part(part: Contribution, u: float) -> Part:
    dof = math.inf if part.dof is None else part.dof
    return Part(part.distribution if part.distribution != "t" or part.dof is not None else "normal", u, dof)


def _same_specimen(baseline: Baseline, now: Baseline, names: Names) -> tuple[bool, str]:
    """Return whether one monitor, set alike, measured both; and why not, in words."""
    before, after = baseline.monitor, now.monitor
    if before is None or after is None:
        return False, f"{names[0] if before is None else names[1]} does not tell its monitor"
    if not (before.known and after.known):
        return False, "the monitor has no serial number"
    if (before.driver, before.serial, before.supply) != (after.driver, after.serial, after.supply):
        told = [
            f"{one.driver} {one.serial} measured {name}" for one, name in zip((before, after), names, strict=True)
        ]
        return False, ", ".join(told)
    if before.settings_sha256 != after.settings_sha256:
        return False, "the monitor's settings or its specification are not the same"
    if before.seed != after.seed:
        return False, "the twins were drawn from different seeds"
    return True, ""


def _other_kind(baseline: Baseline, now: Baseline, names: Names) -> str:
    """Return why the two cannot be compared at all; empty if they can."""
    if baseline.virtual != now.virtual:
        return f"{names[0] if baseline.virtual else names[1]} is virtual, and the other is not"
    if (baseline.benchmark, baseline.mode) != (now.benchmark, now.mode):
        return f"{names[0]} is of {baseline.benchmark}, {baseline.mode}, not of {now.benchmark}, {now.mode}"
    return ""


def _notes(baseline: Baseline, now: Baseline, names: Names) -> Iterator[str]:
    if not baseline.valid:
        yield f"{names[0]} is not valid"
    if None not in (baseline.voltage_v, now.voltage_v) and baseline.voltage_v != now.voltage_v:
        yield f"{names[0]} was measured at {baseline.voltage_v:g} V, {names[1]} at {now.voltage_v:g} V"
