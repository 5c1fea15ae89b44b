# SPDX-License-Identifier: Apache-2.0
"""The check of an instrument's own summary: it comes once, at the end, and is of the samples before it."""

from collections.abc import Sequence

import numpy as np

from instruments.conformance.hands import Opened, blocks, expect, plays
from instruments.conformance.subject import Make
from instruments.roles import UNITS, AppliedSampling, StreamItem, Summary
from instruments.specifications import SpecificationTerm

FIRST_S, SECOND_S = 1.0, 0.5
FLOAT32 = float(np.finfo(np.float32).eps)
_INTEGRALS = {"energy_j": ("energy", "power"), "charge_coulomb": ("current",)}


def a_summary_is_of_its_own_samples(make: Make) -> None:
    """Compare the summaries of two acquisitions, the last items of `stop()`, with the samples of each.

    A sampler that says `sums_up` gives one for each acquisition; no sampler gives one without an acquisition.
    """
    if not plays(make, "sampler"):
        return
    with Opened(make) as it:
        it.configure()
        expect(not _summaries(it.stop()), "a summary without an acquisition")
        for duration_s in (FIRST_S, SECOND_S):
            applied = it.start()
            items = it.acquire(duration_s)
            expect(not _summaries(items), "a summary before the acquisition was stopped")
            last = it.stop()
            found = _summaries(last)
            promised = it.sampler.capabilities.sums_up
            expect(len(found) == 1 or not (promised or found), f"{len(found)} summaries of one acquisition")
            if found:
                expect(last[-1] is found[0], "items come after the summary")
                rounding = [t for t in it.sampler.specification().terms if t.name == "quantisation"]
                _agrees(found[0], applied, [*items, *last], rounding)


def _agrees(
    summary: Summary, applied: AppliedSampling, items: list[StreamItem], rounding: Sequence[SpecificationTerm]
) -> None:
    found = blocks(items)
    expect(bool(found), "no sample came of what it sums up")
    values = {
        signal.name: np.concatenate([block.values[place] for block in found]).astype(np.float64)
        for place, signal in enumerate(applied.signals)
    }
    count = sum(block.count for block in found)
    expect(summary.samples in (None, count), f"{summary.samples} samples summed up, {count} came")
    stated = (summary.least, summary.largest)
    expect(stated == (None, None) or summary.signal in values, f"extremes of {summary.signal!r}, not a signal")
    for name, step, pick in (("least", summary.least_step, np.min), ("largest", summary.largest_step, np.max)):
        value = getattr(summary, name)
        if value is not None:
            _near(f"the {name} sample", value, float(pick(values[summary.signal])), step)
    for name, signals in _INTEGRALS.items():
        value, signal = getattr(summary, name), next((one for one in signals if one in values), None)
        if value is not None and signal is not None:
            factor = 1.0 if signal == "energy" else applied.period_s
            came = float(values[signal].sum()) * factor
            step = getattr(summary, name.replace("_", "_step_"))
            for term in rounding:
                step += term.relative * abs(came) + (term.unit == UNITS[signal]) * term.absolute * count * factor
            _near(name, value, came, step)


def _near(what: str, stated: float, came: float, step: float) -> None:
    allowed = step + FLOAT32 * max(abs(stated), abs(came))
    expect(abs(stated - came) <= allowed, f"{what} is {stated:.9g} by its summary, {came:.9g} of its samples")


def _summaries(items: Sequence[StreamItem]) -> list[Summary]:
    return [item for item in items if isinstance(item, Summary)]
