# SPDX-License-Identifier: Apache-2.0
"""What rules and findings say, over the stretch that they are about: a window, all windows, or the whole run."""

import numpy as np

from energy_runner.report.headline import failed_first, found
from energy_runner.session.result import Finding, Verdict
from energy_runner.viewer.layers.items import Family, Said, codes, none, spans
from energy_runner.viewer.layers.seen import Seen
from energy_runner.viewer.plain_text import own, told

MOST = 1000
# Rules that look at the windows or at samples in them; all others are about the run as a whole.
OF_WINDOWS = frozenset(
    {
        "different-stimuli",
        "drift",
        "five-windows",
        "lap-clock",
        "no-lost-samples",
        "not-over-range",
        "spread",
        "trace-repeats",
        "warm-ups",
        "window-inferences",
        "window-length",
    }
)


def verdicts(seen: Seen) -> Family:
    """Return a span for each verdict, failed ones first, and for each finding about a window."""
    result = seen.result
    if result is None:
        return none("span", "there is no result yet, and nothing was judged")
    whole = _whole(seen)
    if whole is None:
        return none("span", "neither the run nor its windows have a place in the trace")
    places: list[tuple[float, float]] = []
    said: list[Said] = []
    for verdict in failed_first(result.verdicts)[:MOST]:
        places.append(_of_windows(seen) or whole if verdict.id in OF_WINDOWS else whole)
        said.append(_said(verdict))
    for finding in result.findings[:MOST]:
        place = _of_window(seen, finding)
        if place is not None:
            places.append(place)
            said.append(Said(told(finding.id, 48), own(f"{finding.id}: {finding.detail}"), "warn"))
    if len(result.verdicts) > MOST or len(result.findings) > MOST:
        seen.note(f"the result has more than {MOST} verdicts or findings; the first are shown")
    starts, stops = np.array(places, dtype=np.float64).reshape(-1, 2).T
    why = "" if result.verdicts else "no rule was checked"
    classes = codes([one.class_ for one in said])
    return spans(starts, stops, said.__getitem__, "verdicts", classes=classes, why_not=why)


def _said(verdict: Verdict) -> Said:
    state = "passed" if verdict.passed else "failed" if verdict.binding else "not met, informs only"
    state = "not known" if not verdict.known and not verdict.binding else state
    text = verdict.text or f"{verdict.clause}: {state}; found {found(verdict)}"
    class_ = "good" if verdict.passed else "bad" if verdict.binding else "warn"
    return Said(told(verdict.id, 48), own(f"{verdict.id}: {text}"), class_)


def _of_window(seen: Seen, finding: Finding) -> tuple[float, float] | None:
    if finding.window is None or not 0 <= finding.window < len(seen.windows):
        return None
    window = seen.windows[finding.window]
    return None if window.start_s is None or window.stop_s is None else (window.start_s, window.stop_s)


def _of_windows(seen: Seen) -> tuple[float, float] | None:
    """Return from where to where windows reach; None if none has a place."""
    placed = [
        (one.start_s, one.stop_s) for one in seen.windows if one.start_s is not None and one.stop_s is not None
    ]
    return (min(start for start, _ in placed), max(stop for _, stop in placed)) if placed else None


def _whole(seen: Seen) -> tuple[float, float] | None:
    """Return the stretch of what was recorded, else that of the windows; None if neither is known."""
    facts, step_s = seen.facts, seen.step_s
    if step_s is not None:
        stopped = facts.stopped.samples if facts.stopped is not None else 0
        arrived = facts.arrival_ends[-1] if len(facts.arrival_ends) else 0
        if max(stopped, arrived) > 0:
            return 0.0, max(stopped, arrived) * step_s
    ended = seen.times.place(facts.ended.t_ns) if facts.ended is not None else None
    return (0.0, ended) if ended is not None and ended > 0 else _of_windows(seen)
