# SPDX-License-Identifier: Apache-2.0
"""The windows of an energy run: their edges, samples and joules, and what is doubtful about each."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from energy_runner.analysis.energy.doubts import doubtful_j
from energy_runner.analysis.energy.droop import Droop, find_droop
from energy_runner.analysis.energy.impossible import Impossible
from energy_runner.analysis.energy.integrate import Integral
from energy_runner.analysis.energy.losses import UnknownLoss, unknown_losses
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.spectrum import too_coarse
from energy_runner.analysis.energy.sums import mean_present, range_present
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.messages import Message, within
from energy_runner.analysis.placing.alignment import Alignment, Placed
from energy_runner.analysis.placing.clock import Clock
from energy_runner.analysis.placing.edges import Matching
from energy_runner.analysis.uncertainty.edges import LEAST_REACH, EdgeView, mean_square_w2, share_above, view_edge
from energy_runner.analysis.uncertainty.inputs import Measured
from energy_runner.errors import SessionError
from energy_runner.session.events import InferenceDone
from energy_runner.session.record import Record
from energy_runner.session.result import Finding, WindowResult

MOST_MISSING = 0.01  # of a window; beyond it an estimate from the rest is no measurement
_SAMPLES_WELL = 10  # of a window: what its first and last are divided by weighs little beside the others
_FARTHEST_U = 4.0  # standard uncertainties of the alignment's rate by which an edge may have to be moved


@dataclass(frozen=True)
class EnergyWindow:
    """A window as it goes into the result, and what the uncertainty budget needs of it (None if withheld)."""

    result: WindowResult
    measured: Measured | None
    placed: Placed | None


@dataclass(frozen=True)
class _Look:
    """What else is asked of each window, by the uncertainty budget and by what its samples cannot be."""

    rate_u: float
    thresholds_w: Mapping[float, float]
    resistive: bool
    clock: float
    droop: Droop | None
    impossible: Impossible = field(default_factory=Impossible)
    delay_s: float = 0.0
    loss: UnknownLoss | None = None


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
    thresholds_w: Mapping[float, float] | None = None,
    resistive: bool = False,
    clock: Clock | None = None,
    impossible: Sequence[Impossible] = (),
    delay_s: float = 0.0,
) -> tuple[list[EnergyWindow], list[Finding]]:
    """Return every window in the journal, measured as far as its edges and samples allow.

    For each of `thresholds_w`, the share of the window with more power is determined (see `share_above`), and with
    `resistive` the mean square of the power. `clock` says what a sample lasts; the places of the windows are in
    the timebase of the monitor itself. `impossible` says for each of the alignment's windows which of its samples
    cannot be, and `delay_s` how late all edges may be.
    """
    found_of = impossible or [Impossible()] * len(alignment.windows)
    placed_of = {
        id(matched.command.inference): (placed, cannot_be, loss)
        for matched, placed, cannot_be, loss in zip(
            matching.windows(), alignment.windows, found_of, unknown_losses(facts, alignment), strict=True
        )
    }
    droop = find_droop(source) if source is not None else None
    look = _Look(
        alignment.rate_u or 0.0, thresholds_w or {}, resistive, (clock or Clock()).factor, droop, delay_s=delay_s
    )
    windows: list[EnergyWindow] = []
    findings: list[Finding] = []
    for index, inference in enumerate(facts.windows()):
        frame = window_frame(record, index, inference)
        placed, cannot_be, loss = placed_of.get(id(inference), (None, Impossible(), None))
        if placed is None or facts.monitor is None:
            windows.append(EnergyWindow(frame, None, None))
            continue
        window, found = _measure(facts, frame, placed, source, replace(look, impossible=cannot_be, loss=loss))
        windows.append(window)
        findings += found
    return windows, findings


def _measure(
    facts: Facts, frame: WindowResult, placed: Placed, source: EnergySource | None, look: _Look
) -> tuple[EnergyWindow, list[Finding]]:
    """Return one window and what is doubtful about it; without samples, or in doubt, only when it was."""
    frame = _timed(facts, frame, placed, look)
    if source is None:
        return EnergyWindow(frame, None, placed), []
    if not 0 <= placed.start < placed.stop <= source.length:
        where = f"samples {placed.start:.2f} to {placed.stop:.2f}, recorded are 0 to {source.length}"
        return EnergyWindow(frame, None, placed), [_finding(frame, "window-not-recorded", where)]
    total = source.window(placed.start, placed.stop)
    if total.expected < 2:
        needed = f"make it {_SAMPLES_WELL * source.step_s:.3g} s or longer"
        why = f"the window lies within one sample of {source.step_s:.3g} s, which shows nothing of it; {needed}"
        return EnergyWindow(frame, None, placed), [_finding(frame, "window-in-one-sample", why)]
    # Lost samples may have been anywhere in the stretch that reports them, so those outside the NaN count as well.
    reported = sum(lost.missing for lost in facts.lost if lost.after < placed.stop and lost.before > placed.start)
    missing = min(total.expected, max(total.missing, reported))
    frame = frame.model_copy(
        update={
            "samples_expected": total.expected,
            "samples_received": total.expected - missing,
            "samples_missing": missing,
            "samples_missing_known": look.loss is None,
            "samples_over_range": samples_over_range(facts, placed) + look.impossible.count,
        }
    )
    energy_j = total.total * source.joule
    share = max(total.missing_share, missing / total.expected)
    said = within(facts.messages.found, placed.start, placed.stop)
    doubt = next(_doubts(frame, energy_j, share, look, said), None)
    if doubt is not None:
        return EnergyWindow(frame, None, placed), [doubt]
    measured = _measured(frame, placed, source, total, look)
    if missing:
        spread_w = range_present(source.read, int(placed.start), math.ceil(placed.stop)) * source.watt
        measured = replace(measured, missing_share=share, spread_w=spread_w)
    frame = frame.model_copy(
        update={
            "energy_j": energy_j,
            "energy_per_inference_j": measured.per_inference_j,
            "mean_power_w": energy_j / measured.duration_s,
        }
    )
    return EnergyWindow(frame, measured, placed), list(_remarks(frame, measured, source, look))


def _timed(facts: Facts, frame: WindowResult, placed: Placed, look: _Look) -> WindowResult:
    """Return the window with its place in the monitor's timebase, and how long it lasted."""
    assert facts.monitor is not None  # noqa: S101
    period_s = facts.monitor.period_s
    duration_s = (placed.stop - placed.start) * period_s * look.clock
    return frame.model_copy(
        update={
            "start_s": placed.start * period_s,
            "stop_s": placed.stop * period_s,
            "duration_s": duration_s,
            "throughput_per_s": frame.inferences / duration_s if duration_s > 0 else None,
        }
    )


def _doubts(
    frame: WindowResult, energy_j: float, missing_share: float, look: _Look, said: Sequence[Message]
) -> Iterator[Finding]:
    """Yield why the window has no energy that could be defended; nothing if it has."""
    over, impossible = frame.samples_over_range, look.impossible
    if look.loss is not None and not look.loss.stands:
        yield _finding(frame, "loss-size-unknown", look.loss.why)
    if missing_share > MOST_MISSING:
        yield _lost(frame)
    if not (np.isfinite(energy_j) and energy_j > 0):
        yield _finding(frame, "energy-not-positive", f"{energy_j} J")
    if impossible.count:
        detail = f"{impossible.count} samples cannot be, the first at {impossible.index}: {impossible.why}"
        yield _finding(frame, "samples-impossible", detail)
    if over:
        yield _finding(frame, "over-range", f"{over} samples were beyond the monitor's range")
    if said:
        more = f", and {len(said) - 1} more" if len(said) > 1 else ""
        yield _finding(frame, "instrument-error", f"{said[0].text[:80]}{more}: {said[0].why}")


def _remarks(frame: WindowResult, measured: Measured, source: EnergySource, look: _Look) -> Iterator[Finding]:
    """Yield what is to be said of a window that was measured."""
    found = look.impossible
    if look.loss is not None:
        yield _finding(frame, "loss-size-by-laps", look.loss.why)
    if measured.missing_share:
        yield _lost(frame)
    if measured.coarse:
        rate = f"{1 / source.step_s:.6g} readings a second do not follow this load"
        yield _finding(frame, "sampling-too-coarse", rate)
    if measured.doubtful_j:
        share = f"{measured.doubtful_j / measured.energy_j * 100:.2g} % of the energy"
        which = f"{found.doubts} samples may be a load or misread, the first with {found.doubt}"
        yield _finding(frame, "samples-in-doubt", f"{which}; {share} counts as uncertainty")


def _lost(frame: WindowResult) -> Finding:
    return _finding(frame, "samples-missing", f"{frame.samples_missing} of {frame.samples_expected}")


def _finding(frame: WindowResult, name: str, detail: str) -> Finding:
    return Finding(id=name, detail=detail, window=frame.index)


def _measured(frame: WindowResult, placed: Placed, source: EnergySource, total: Integral, look: _Look) -> Measured:
    """Return what the uncertainty budget needs of a window."""
    return Measured(
        energy_j=total.total * source.joule,
        inferences=frame.inferences,
        duration_s=frame.duration_s or 0.0,
        samples=total.expected,
        start=_view(source, placed, placed.start, look, starts=True),
        stop=_view(source, placed, placed.stop, look, starts=False),
        shares_above=share_above(source, placed.start, placed.stop, look.thresholds_w),
        second_j=total.second * source.joule,
        unexplained_j=(total.unexplained[0] * source.joule, total.unexplained[1] * source.joule),
        droop_w=_droop_w(source, placed, look.droop),
        change_w=math.sqrt(total.change) * source.watt,
        coarse=too_coarse(source, placed.start, placed.stop),
        stimulus=frame.stimulus,
        doubtful_j=doubtful_j(source, look.impossible, int(placed.start), math.ceil(placed.stop)),
        mean_square_w2=mean_square_w2(source, placed.start, placed.stop) if look.resistive else 0.0,
    )


def _droop_w(source: EnergySource, placed: Placed, droop: Droop | None) -> float:
    if droop is None or source.current_a is None:
        return 0.0
    mean_a = mean_present(source.current_a, int(placed.start), math.ceil(placed.stop))
    return droop.limit_w(mean_a) if math.isfinite(mean_a) else 0.0


def _view(source: EnergySource, placed: Placed, position: float, look: _Look, *, starts: bool) -> EdgeView:
    reach_s = _FARTHEST_U * look.rate_u * position * source.step_s + look.delay_s
    # Laps share some microseconds, which the least reach covers; alignment by the host's clock is much looser.
    alone = placed.starts if starts else placed.stops
    reach_s += max(0.0, placed.shared - LEAST_REACH, alone - LEAST_REACH) * source.step_s
    own = placed.half_width - placed.shared
    return view_edge(
        source, position, starts=starts, half_width=own, shared=placed.shared, alone=alone, reach_s=reach_s
    )


def samples_over_range(facts: Facts, placed: Placed) -> int:
    """Return how many of the samples that a window touches were over range, as the monitor told."""
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
