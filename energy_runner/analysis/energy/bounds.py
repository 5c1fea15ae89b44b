# SPDX-License-Identifier: Apache-2.0
"""Between which values the samples of a signal can lie: what instrument, supply and current limit allow.

The facts are those of the journal: the largest reading of the instrument with its source, the current limit set,
the voltage, and from the specification how far offset and noise carry a reading below zero. What a session does
not state bounds nothing. Sessions of older versions state no largest reading, and a current limit only where the
bench file has one.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from energy_runner.analysis.energy.sums import BLOCK, Read
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.alignment import Placed
from energy_runner.analysis.uncertainty.inputs import Limits, Term
from energy_runner.session.record import Record

# Above a limit that was set: its own accuracy, that of the reading, and what a limiter lets through as it settles.
ABOVE_SET = 1.1
# Above the largest reading that is stated: the gain, and for power and energy the accuracy of the supply.
ABOVE_LARGEST = 1.05
# Above the voltage set, for a moment: what a supply may overshoot when its load goes.
OVERSHOOT = 1.5
_RISE, _RISE_V = 1.1, 0.2  # where drivers set the over-voltage protection: the larger of the two
NOISE_SIGMAS = 10.0  # one of 10^8 samples lies beyond 6
_UNSTATED = 0.1  # of the usual reading: below zero by more is no offset, whatever the instrument
_LEAST = 1e-3  # of the usual reading: what lies below zero by less changes nothing


@dataclass(frozen=True)
class Bounds:
    """The least and the largest sample that there can be, and the largest that can last (None: not known)."""

    least: float
    largest: float | None = None
    lasting: float | None = None


def signal_bounds(facts: Facts, record: Record | None, signal: str, usual: float) -> Bounds:
    """Return the bounds of a signal, in its unit; `usual` is the middle of its samples in a window."""
    monitor = facts.monitor
    if monitor is None:
        return Bounds(-math.inf)
    factors = _factors(signal, monitor.voltage_set_v, monitor.period_s)
    least = -_below_zero(Limits.of(monitor.accuracy), factors, abs(usual))
    stated = [_in_signal(one, factors) for one in monitor.largest]
    known = [value for value in stated if value is not None]
    largest = ABOVE_LARGEST * min(value for value, _ in known) if known else None
    lasting = [ABOVE_LARGEST * value for _, value in known if value is not None]
    limit_a, factor = current_limit_a(facts, record), factors.get("A")
    if limit_a is not None and factor is not None:
        lasting.append(ABOVE_SET * limit_a * factor)
    if signal == "voltage" and monitor.voltage_set_v > 0 and monitor.supply:
        largest = min(OVERSHOOT * monitor.voltage_set_v + _RISE_V, largest or math.inf)
        lasting.append(max(_RISE * monitor.voltage_set_v, monitor.voltage_set_v + _RISE_V))
    return Bounds(least, largest, min(lasting) if lasting else None)


def usual_reading(read: Read, windows: Sequence[Placed | None], length: int) -> float:
    """Return the middle of the first samples of the first window that was placed, else of the trace."""
    first = next((int(one.start) for one in windows if one is not None and 0 <= one.start < length), 0)
    samples = read(first, min(first + BLOCK, length))
    there = samples[np.isfinite(samples)]
    return float(np.median(there)) if len(there) else 0.0


def current_limit_a(facts: Facts, record: Record | None) -> float | None:
    """Return the current limit of the supply as its driver reported it, or else as the bench file states it."""
    monitor = facts.monitor
    if monitor is None or not monitor.supply:
        return None
    if monitor.current_limit_a is not None:
        return monitor.current_limit_a if monitor.current_limit_a > 0 else None
    if record is None:
        return None
    supply = record.bench.get("supply")
    tables = (record.instrument(monitor.supply), supply if isinstance(supply, Mapping) else {})
    given = [table.get("current_limit_a") for table in tables]
    numbers = [one for one in given if isinstance(one, int | float) and not isinstance(one, bool) and one > 0]
    return float(numbers[0]) if numbers else None


def _factors(signal: str, voltage_v: float, period_s: float) -> dict[str, float]:
    """Return by what a figure in each unit is multiplied to be one of the signal; without a voltage, fewer."""
    joule = {"energy": 1.0, "power": 1 / period_s}.get(signal)
    if signal == "voltage":
        return {"V": 1.0}
    if voltage_v > 0:
        joule = 1 / (voltage_v * period_s) if joule is None else joule
        return {"J": joule, "W": joule * period_s, "A": joule * period_s * voltage_v}
    return {"A": 1.0} if joule is None else {"J": joule, "W": joule * period_s}


def _below_zero(limits: Limits, factors: Mapping[str, float], usual: float) -> float:
    """Return by how much offset and noise may carry a reading below zero."""
    offsets = [term for term in limits.terms if term.name in {"offset", "voltage_offset"} and term.absolute]
    stated = [_absolute(term, factors) for term in offsets]
    known = [one for one in stated if one is not None]
    if not known and not limits.without_error:
        return _UNSTATED * usual
    noise = sum(_absolute(term, factors) or 0.0 for term in limits.terms if term.name == "noise")
    return max(sum(known) + NOISE_SIGMAS * noise, _LEAST * usual)


def _absolute(term: Term, factors: Mapping[str, float]) -> float | None:
    factor = factors.get(term.unit)
    return None if factor is None else term.absolute * factor


def _in_signal(stated: Mapping[str, object], factors: Mapping[str, float]) -> tuple[float, float | None] | None:
    """Return the largest reading that is stated, and the largest that lasts, as ones of the signal."""
    factor = factors.get(str(stated.get("unit")))
    value, lasting = stated.get("value"), stated.get("lasting")
    if factor is None or not isinstance(value, int | float) or not value > 0:
        return None
    lasts = lasting * factor if isinstance(lasting, int | float) and lasting > 0 else None
    return value * factor, lasts
