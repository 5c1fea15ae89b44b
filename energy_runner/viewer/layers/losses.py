# SPDX-License-Identifier: Apache-2.0
"""Samples that are missing, and samples that were beyond the monitor's range."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from energy_runner.session.events import SamplesLost, SamplesOverRange
from energy_runner.viewer.layers.items import BAD, WARN, Family, Said, Texts, none, spans
from energy_runner.viewer.layers.seen import Seen
from energy_runner.viewer.plain_text import own, told

_LARGEST = 2**53


def losses(seen: Seen) -> Family:
    """Return a span for each loss: the samples between which it lies."""
    first, last, missing, modulo = array("d"), array("d"), array("d"), array("d")
    details = Texts()
    for event in seen.journal.of(SamplesLost):
        if _of_rail(seen, event.rail) and 0 <= event.after <= event.before < _LARGEST and event.missing < _LARGEST:
            first.append(event.after)
            last.append(event.before)
            missing.append(event.missing)
            modulo.append(min(event.modulo, _LARGEST))
            details.append(told(event.detail, 120))

    def say(number: int) -> Said:
        count = f"{missing[number]:.0f}"
        about = f", or any multiple of {modulo[number]:.0f} more or fewer" if modulo[number] else ""
        text = f"{count} samples lost between samples {first[number]:.0f} and {last[number]:.0f}{about}"
        detail = details[number]
        return Said(f"{count} lost", own(f"{text}: {detail}" if detail else text), "bad")

    return _placed(seen, first, last, _Kind(say, "losses", BAD, "no sample was lost, by the journal"))


def over_range(seen: Seen) -> Family:
    """Return a span for each stretch beyond the monitor's range."""
    first, last = array("d"), array("d")
    details = Texts()
    for event in seen.journal.of(SamplesOverRange):
        if _of_rail(seen, event.rail) and 0 <= event.at < _LARGEST and 0 <= event.count < _LARGEST:
            first.append(event.at)
            last.append(event.at + event.count)
            details.append(told(event.detail, 120))

    def say(number: int) -> Said:
        count = f"{last[number] - first[number]:.0f}"
        text = f"{count} samples from {first[number]:.0f} on were beyond the monitor's range"
        detail = details[number]
        return Said(f"{count} over range", own(f"{text}: {detail}" if detail else text), "warn")

    kind = _Kind(say, "stretches over range", WARN, "no sample was over range, by the journal")
    return _placed(seen, first, last, kind)


@dataclass(frozen=True)
class _Kind:
    """What is said of the spans of a family, the number of their class, and what is said where there are none."""

    say: Callable[[int], Said]
    many: str
    code: int
    why_none: str


def _placed(seen: Seen, first: "array[float]", last: "array[float]", kind: _Kind) -> Family:
    if seen.step_s is None:
        return none("span", "nothing was sampled")
    if not len(first):
        return none("span", kind.why_none)
    starts, stops = np.array(first) * seen.step_s, np.array(last) * seen.step_s
    classes = np.full(len(starts), kind.code, dtype=np.uint8)
    return spans(starts, stops, kind.say, kind.many, classes=classes)


def _of_rail(seen: Seen, rail: str) -> bool:
    return rail in ("", seen.facts.rail)
