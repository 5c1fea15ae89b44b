# SPDX-License-Identifier: Apache-2.0
"""Rules on the windows: how many, how long, with which stimuli, and whether they agree."""

import re
import statistics
from dataclasses import replace
from itertools import pairwise

from energy_runner.analysis.contradictions import INFERENCES
from energy_runner.analysis.uncertainty.combine import canonical
from energy_runner.rules.base import Case, Judgement, not_known, number, percent, shown
from energy_runner.rules.rule_sets import Row
from energy_runner.session.record import StimulusFile
from energy_runner.session.result import WindowResult

_SHA256 = re.compile("[0-9a-fA-F]{64}")
_LEAST_FOR_DRIFT = 3
_UNCONFIRMED = "only the DUT states the number of inferences"


def values(case: Case) -> list[float | None]:
    """Return the figure of each window: energy per inference, or throughput in a performance run."""
    energy = case.mode == "energy"
    return [w.energy_per_inference_j if energy else w.throughput_per_s for w in case.result.windows]


def five_windows(case: Case, row: Row) -> Judgement:
    """Judge whether as many windows were measured as the score needs."""
    windows, wanted = case.result.windows, row.number
    measured = sum(value is not None for value in values(case))
    planned = case.record.run.windows
    notes = [f"{len(windows) - measured} more have no figure"] if measured < len(windows) else []
    notes += [f"{planned} were planned"] if planned != len(windows) else []
    judged = number(measured, measured, wanted, "; ".join(notes), low=wanted, high=wanted)
    return replace(judged, passed=judged.passed and measured == len(windows) == planned)


def different_stimuli(case: Case, _: Row) -> Judgement:
    """Judge whether each window had a different stimulus, by content where its hash is known, and by name."""
    windows = case.result.windows
    if not windows:
        return not_known("another in each window", "no window was measured")
    if not all(window.file for window in windows):
        return not_known(len(windows), "the session does not tell which file was loaded", low=len(windows))
    names = {window.file for window in windows}
    contents = {_content(case.record.stimuli[window.stimulus]) for window in windows}
    different = min(len(names), len(contents))
    return number(different, different, len(windows), low=len(windows))


def _content(stimulus: StimulusFile) -> tuple[str, int]:
    known = _SHA256.fullmatch(stimulus.sha256) is not None
    return (stimulus.sha256.lower() if known else stimulus.file, stimulus.offset)


def first_stimuli(case: Case, _: Row) -> Judgement:
    """Judge whether the windows had the first files of the label file.

    The label files of a suite are known by the names of their first five. Where an accuracy run over a whole label
    file is given, its order counts as well.
    """
    windows, limit = case.result.windows, "the first of the label file"
    lists = _first_files(case)
    if not windows:
        return not_known(limit, "no window was measured")
    if not lists:
        return not_known(limit, "the benchmark's label file is not known here. Try: an accuracy session")
    files = [window.file for window in windows]
    if not all(files):
        return not_known(limit, "the session does not tell which file was loaded")
    for first in lists:
        if set(files) <= set(first[: len(files)]):
            return Judgement(True, limit, limit)
    odd = [file for file in files if not any(file in first[: len(files)] for first in lists)]
    return Judgement(False, shown(", ".join(odd or files)), limit, "not the files that a score is made with")


def _first_files(case: Case) -> list[list[str]]:
    lists = [list(first) for first in case.benchmark.first] if case.benchmark else []
    other = case.accuracy
    if other is not None and other.mode == "accuracy" and other.record.benchmark == case.record.benchmark:
        lists.append([stimulus.file for stimulus in other.record.stimuli])
    return lists


def window_length(case: Case, row: Row) -> Judgement:
    """Judge whether every window is long enough."""
    durations = [window.duration_s for window in case.result.windows]
    known = [duration for duration in durations if duration is not None]
    unknown = len(durations) - len(known)
    note = f"{unknown} of {len(durations)} windows have no known length" if unknown else ""
    judged = number(min(known), min(known), row.number, note, low=row.number) if known else None
    if judged is None or (unknown and judged.passed):
        return not_known(row.number, note or "no window was measured", low=row.number)
    return judged


def window_inferences(case: Case, row: Row) -> Judgement:
    """Judge whether every window holds enough inferences."""
    windows = case.result.windows
    if not windows:
        return not_known(row.number, "no window was measured", low=row.number)
    fewest = min(window.inferences for window in windows)
    doubts = [finding.detail for finding in case.result.findings if finding.id == INFERENCES]
    judged = number(fewest, fewest, row.number, shown("; ".join(doubts)), low=row.number)
    return replace(judged, passed=judged.passed and not doubts)


def trace_repeats(case: Case, _: Row) -> Judgement:
    """Judge whether the trace repeats as many times in each window as inferences are stated."""
    limit = "as many as stated"
    found = case.result.inferences_in_trace
    if case.mode != "energy":
        return not_known(limit, f"there is no trace: {_UNCONFIRMED}")
    if found is None:
        return not_known(limit, f"nothing repeats clearly in any window: {_UNCONFIRMED}")
    counted = f"{found.found:.6g} found, {found.stated} stated"
    if found.agrees is None:
        return not_known(limit, f"{counted}; {shown(found.note)}: {_UNCONFIRMED}")
    judged = number(found.found, counted, limit, low=found.least, high=found.most)
    return replace(judged, passed=judged.passed and found.agrees)


def spread(case: Case, row: Row) -> Judgement:
    """Judge whether the windows agree: (largest - smallest) / median."""
    known = [value for value in values(case) if value is not None]
    limit = percent(row.number)
    middle = statistics.median(known) if known else 0.0
    if len(known) < 2 or not middle > 0:
        return not_known(limit, f"{len(known)} windows have a figure, two are needed", high=row.number)
    relative = (max(known) - min(known)) / middle
    note = _unusual(relative, row)
    return number(relative, percent(relative), limit, note, high=row.number)


def drift(case: Case, row: Row) -> Judgement:
    """Judge how far the windows drift from first to last: a straight line through them, over the median."""
    known = [value for value in values(case) if value is not None]
    limit = f"± {percent(row.number)}"
    middle = statistics.median(known) if known else 0.0
    if len(known) < _LEAST_FOR_DRIFT or not middle > 0:
        why = f"{len(known)} windows have a figure, {_LEAST_FOR_DRIFT} are needed"
        return not_known(limit, why, low=-row.number, high=row.number)
    slope, _ = statistics.linear_regression(range(len(known)), known)
    relative = canonical(slope * (len(known) - 1) / middle)
    note = _unusual(abs(relative), row)
    if note and all(after > before for before, after in pairwise(known)):
        note += "; each is higher than the one before"
    if note and all(after < before for before, after in pairwise(known)):
        note += "; each is lower than the one before"
    signed = f"{'+' if relative >= 0 else ''}{percent(relative)}"
    return number(relative, signed, limit, note, low=-row.number, high=row.number)


def _unusual(relative: float, row: Row) -> str:
    if row.remark_above is None or relative <= row.remark_above:
        return ""
    return f"above {percent(row.remark_above)}, which is unusual"


def counts_judged(windows: list[WindowResult], name: str, share: float, note: str) -> Judgement:
    """Judge the count of samples in the field `name` of each window, of which at most `share` is allowed."""
    allowed: int | str = f"{percent(share)} of a window" if share > 0 else 0
    counts = [(window, getattr(window, name)) for window in windows]
    known = [(window, count) for window, count in counts if count is not None]
    total = sum(count for _, count in known)
    worst = max((_share(count, window.samples_expected) for window, count in known), default=0.0)
    judged = number(worst, total, allowed, note, high=share)
    if not judged.passed:
        return judged
    if not counts or len(known) < len(counts):
        missing = f"{len(counts) - len(known)} of {len(counts)} windows could not be placed in the trace"
        return not_known(allowed, missing if counts else "no window was measured", high=share)
    return judged


def _share(count: int, expected: int | None) -> float:
    """Return `count` as a share of a window's samples; 1 where some are counted and none was expected."""
    return count / expected if expected else float(count > 0)
