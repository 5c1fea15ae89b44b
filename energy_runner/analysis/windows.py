"""The windows of an energy run: their edges, samples and joules, and what is doubtful about each."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from energy_runner.analysis.alignment import Alignment, Placed
from energy_runner.analysis.edges import Matching
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.power import EnergySource
from energy_runner.analysis.uncertainty import Measured
from energy_runner.errors import SessionError
from energy_runner.session.events import InferenceDone
from energy_runner.session.record import Record
from energy_runner.session.result import Finding, WindowResult

MOST_MISSING = 0.01  # of a window; beyond it an estimate from the rest is no measurement


@dataclass(frozen=True)
class EnergyWindow:
    """A window as it goes into the result, and what the uncertainty budget needs of it (None if withheld)."""

    result: WindowResult
    measured: Measured | None
    placed: Placed | None


def window_frame(record: Record, index: int, inference: InferenceDone) -> WindowResult:
    """Return the window with all that is known without any measurement."""
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
    facts: Facts, record: Record, matching: Matching, alignment: Alignment, source: EnergySource | None
) -> tuple[list[EnergyWindow], list[Finding]]:
    """Return every window that the journal tells of, measured as far as its edges and samples allow."""
    placed_of = {
        id(matched.command.inference): placed
        for matched, placed in zip(matching.windows(), alignment.windows, strict=True)
    }
    windows: list[EnergyWindow] = []
    findings: list[Finding] = []
    for index, inference in enumerate(facts.windows()):
        frame = window_frame(record, index, inference)
        placed = placed_of.get(id(inference))
        if placed is None or facts.monitor is None:
            windows.append(EnergyWindow(frame, None, None))
            continue
        window, found = _measure(facts, frame, placed, source, facts.monitor.period_s)
        windows.append(window)
        findings += found
    return windows, findings


def _measure(
    facts: Facts, frame: WindowResult, placed: Placed, source: EnergySource | None, period_s: float
) -> tuple[EnergyWindow, list[Finding]]:
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
    # The place of the NaN stands for samples lost anywhere in a stretch, so the stretch counts as well.
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
        start_s=placed.start * period_s,
        duration_s=duration_s,
        samples=total.expected,
        edge_half_width_s=placed.half_width * period_s,
        step_w=max(total.step) * source.watt,
        level_w=max(total.level) * source.watt,
        missing_share=share if missing else 0.0,
        spread_w=total.spread * source.watt,
    )
    result = timed.model_copy(
        update={
            "energy_j": energy_j,
            "energy_per_inference_j": measured.per_inference_j,
            "mean_power_w": energy_j / duration_s,
        }
    )
    return EnergyWindow(result, measured, placed), lost if missing else []


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
