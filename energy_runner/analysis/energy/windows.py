# SPDX-License-Identifier: Apache-2.0
"""The windows of an energy run: their edges, samples and joules, and what is doubtful about each."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.alignment import Alignment, Placed
from energy_runner.analysis.placing.edges import Matching
from energy_runner.analysis.uncertainty.edges import LEAST_REACH, EdgeView, share_above, view_edge
from energy_runner.analysis.uncertainty.inputs import Measured
from energy_runner.errors import SessionError
from energy_runner.session.events import InferenceDone
from energy_runner.session.record import Record
from energy_runner.session.result import Finding, WindowResult

MOST_MISSING = 0.01  # of a window; beyond it an estimate from the rest is no measurement
_FARTHEST_U = 4.0  # standard uncertainties of the alignment's rate by which an edge may have to be moved


@dataclass(frozen=True)
class EnergyWindow:
    """A window as it goes into the result, and what the uncertainty budget needs of it (None if withheld)."""

    result: WindowResult
    measured: Measured | None
    placed: Placed | None


@dataclass(frozen=True)
class _Look:
    """What else the uncertainty budget asks of each window."""

    rate_u: float
    thresholds_w: Sequence[float]


def window_frame(record: Record, index: int, inference: InferenceDone) -> WindowResult:
    """Return the window with what is known before anything is measured."""
    if not 0 <= inference.stimulus < len(record.stimuli):
        raise SessionError(
            f"the journal names stimulus {inference.stimulus}, the record lists {len(record.stimuli)}"
        )
    return WindowResult(
        index=index,
        stimulus=inference.stimulus,
        file=record.stimuli[inference.stimulus].file,
        inferences=inference.inferences,
    )


def energy_windows(
    facts: Facts,
    record: Record,
    matching: Matching,
    alignment: Alignment,
    source: EnergySource | None,
    *,
    thresholds_w: Sequence[float] = (),
) -> tuple[list[EnergyWindow], list[Finding]]:
    """Return every window in the journal, measured as far as its edges and samples allow.

    For each of `thresholds_w`, the share of the window with more power than that is determined.
    """
    placed_of = {
        id(matched.command.inference): placed
        for matched, placed in zip(matching.windows(), alignment.windows, strict=True)
    }
    look = _Look(alignment.rate_u or 0.0, thresholds_w)
    windows: list[EnergyWindow] = []
    findings: list[Finding] = []
    for index, inference in enumerate(facts.windows()):
        frame = window_frame(record, index, inference)
        placed = placed_of.get(id(inference))
        if placed is None or facts.monitor is None:
            windows.append(EnergyWindow(frame, None, None))
            continue
        window, found = _measure(facts, frame, placed, source, look)
        windows.append(window)
        findings += found
    return windows, findings


def _measure(
    facts: Facts, frame: WindowResult, placed: Placed, source: EnergySource | None, look: _Look
) -> tuple[EnergyWindow, list[Finding]]:
    assert facts.monitor is not None  # noqa: S101
    period_s = facts.monitor.period_s
    duration_s = (placed.stop - placed.start) * period_s
    timed = frame.model_copy(
        update={
            "start_s": placed.start * period_s,
            "stop_s": placed.stop * period_s,
            "duration_s": duration_s,
            "throughput_per_s": frame.inferences / duration_s if duration_s > 0 else None,
        }
    )

    def withheld(name: str, detail: str, window: WindowResult = timed) -> tuple[EnergyWindow, list[Finding]]:
        return EnergyWindow(window, None, placed), [Finding(id=name, detail=detail, window=frame.index)]

    if source is None:
        return EnergyWindow(timed, None, placed), []
    if not 0 <= placed.start < placed.stop <= source.length:
        return withheld(
            "window-not-recorded",
            f"samples {placed.start:.2f} to {placed.stop:.2f}, recorded are 0 to {source.length}",
        )
    total = source.window(placed.start, placed.stop)
    # Lost samples may have been anywhere in the stretch that reports them, so those outside the NaN count as well.
    reported = sum(lost.missing for lost in facts.lost if lost.after < placed.stop and lost.before > placed.start)
    missing = min(total.expected, max(total.missing, reported))
    share = max(total.missing_share, missing / total.expected)
    over = _over_range(facts, placed)
    timed = timed.model_copy(
        update={
            "samples_expected": total.expected,
            "samples_received": total.expected - missing,
            "samples_missing": missing,
            "samples_over_range": over,
        }
    )
    lost = [Finding(id="samples-missing", detail=f"{missing} of {total.expected}", window=frame.index)]
    if share > MOST_MISSING:
        return EnergyWindow(timed, None, placed), lost
    if over:
        return withheld("over-range", f"{over} samples were beyond the monitor's range", timed)
    energy_j = total.total * source.joule
    if not (np.isfinite(energy_j) and energy_j > 0):
        return withheld("energy-not-positive", f"{energy_j} J", timed)
    measured = Measured(
        energy_j=energy_j,
        inferences=frame.inferences,
        duration_s=duration_s,
        samples=total.expected,
        start=_view(source, placed, placed.start, look, starts=True),
        stop=_view(source, placed, placed.stop, look, starts=False),
        missing_share=share if missing else 0.0,
        spread_w=total.spread * source.watt,
        shares_above=share_above(source, placed.start, placed.stop, look.thresholds_w),
    )
    result = timed.model_copy(
        update={
            "energy_j": energy_j,
            "energy_per_inference_j": measured.per_inference_j,
            "mean_power_w": energy_j / duration_s,
        }
    )
    return EnergyWindow(result, measured, placed), lost if missing else []


def _view(source: EnergySource, placed: Placed, position: float, look: _Look, *, starts: bool) -> EdgeView:
    reach_s = _FARTHEST_U * look.rate_u * position * source.period_s
    # Laps share some microseconds, which the least reach covers; alignment by the host's clock is much looser.
    reach_s += max(0.0, placed.shared - LEAST_REACH) * source.period_s
    own = placed.half_width - placed.shared
    return view_edge(source, position, starts=starts, half_width=own, shared=placed.shared, reach_s=reach_s)


def _over_range(facts: Facts, placed: Placed) -> int:
    """Return how many samples inside the window were over range."""
    first, beyond = int(placed.start), int(np.ceil(placed.stop))
    return sum(max(0, min(beyond, event.at + event.count) - max(first, event.at)) for event in facts.over_range)


def power_between(windows: list[EnergyWindow], source: EnergySource) -> list[float | None]:
    """Return the mean power in watt from the end of each window to the start of the next, loading included."""
    powers: list[float | None] = []
    for window, following in pairwise(windows):
        power_w: float | None = None
        if window.placed is not None and following.placed is not None:
            start, stop = window.placed.stop, following.placed.start
            if 0 <= start < stop <= source.length:
                total = source.window(start, stop).total
                power_w = total * source.watt / (stop - start) if np.isfinite(total) else None
        powers.append(power_w)
    return powers
