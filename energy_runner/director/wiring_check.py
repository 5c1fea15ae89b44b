# SPDX-License-Identifier: Apache-2.0
"""What an examination finds out about the wires between instruments and DUT, with the instruments it has."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from energy_runner.bench import Bench
from energy_runner.bench.rails import Sampled
from energy_runner.errors import BenchFault
from instruments.clock import Deadline
from instruments.roles import AppliedSampling, Sampler, Samples, SamplingSettings, StreamItem
from instruments.specifications import Specification

LISTEN_S = 0.5  # to the current of a DUT that is off
LATE_S = 3.0  # for samples that come in pieces
ANSWER_S = 5.0
COMMANDS = 20  # that the DUT's line has to carry without a mistake
_SIGMAS = 4.0
_UNSIGNED = 0.8  # mean of the absolute value of normal noise, in standard deviations: √(2/π)
# A supply that is off discharges the DUT's capacitors, and a divider or a level shifter takes a little.
_LEAST_A = 1e-6
BACK_FED = "it is fed through another wire: unplug its debug probe, its USB and what else drives its pins"


@dataclass(frozen=True)
class OffCurrent:
    """What flows into a DUT that is off (A), and what the monitor itself may show without any (None: unknown)."""

    mean_a: float
    limit_a: float | None

    @property
    def flows(self) -> bool:
        """Return whether a current flows that is not the monitor's own error."""
        return self.limit_a is not None and not abs(self.mean_a) <= self.limit_a


def current_while_off(bench: Bench, one: Sampled, look: Callable[[], None]) -> str:
    """Sample the DUT, or one rail of it, while its supply is off; return in words what flows.

    `look` is called while samples are awaited. Raises `BenchFault` if more flows than the monitor may show
    without any, or if no sample comes.
    """
    own = (rail.settings for rail in bench.rails if rail.name == one.rail)
    sampler, settings = one.sampler, next(own, bench.supply_settings)
    if settings is None:
        return "not examined: the bench file names no supply"
    quick = SamplingSettings(bench.sampling.sample_rate_hz, on_edge=False)
    applied = sampler.configure(quick, bench.clock.deadline(ANSWER_S))
    found = off_current(applied, _sampled(bench, sampler, look), sampler.specification(), settings.voltage_v)
    says = f"{found.mean_a * 1e6:.3g} µA"
    if found.flows:
        raise BenchFault(f"{says} flow although its supply is off: {BACK_FED}")
    if found.limit_a is None:
        return f"{says}; what the monitor may show without any current is not known"
    return f"{says}, within the {found.limit_a * 1e6:.3g} µA that the monitor may show without any"


def off_current(
    applied: AppliedSampling, items: Sequence[StreamItem], limits: Specification, voltage_v: float
) -> OffCurrent:
    """Return the mean current of samples (A) and the limit of what is the monitor's own error.

    Energy and power are taken at `voltage_v`, at which the DUT will be fed. Raises `BenchFault` without samples.
    """
    names = [signal.name for signal in applied.signals]
    at = next((names.index(name) for name in ("current", "power", "energy") if name in names), None)
    if at is None:
        raise BenchFault(f"the monitor samples {' and '.join(names)}, which says nothing about a current")
    values = [item.values[at] for item in items if isinstance(item, Samples) and len(item.values[at])]
    if not values:
        raise BenchFault(f"the monitor delivered no sample within {LISTEN_S + LATE_S:g} s of its start")
    read = np.concatenate(values).astype(np.float64)
    to_a = {"current": 1.0, "power": 1 / voltage_v, "energy": 1 / (voltage_v * applied.period_s)}[names[at]]
    usable = read[np.isfinite(read)]
    mean = float(np.mean(usable)) if len(usable) else math.nan
    unsigned = len(usable) > 0 and float(np.min(usable)) >= 0
    own_a = _own_error_a(limits, len(read), voltage_v, applied.period_s, unsigned=unsigned)
    return OffCurrent(mean * to_a, own_a)


def _own_error_a(
    limits: Specification, count: int, voltage_v: float, period_s: float, *, unsigned: bool
) -> float | None:
    """Return what the monitor may show where nothing flows (A), from its offset and noise; None if not stated.

    Noise averages out, but not that of readings that are never negative (`unsigned`): half of it is missing.
    """
    to_a = {"A": 1.0, "W": 1 / voltage_v, "J": 1 / (voltage_v * period_s)}
    offset_a = [
        one.absolute * to_a[one.unit]
        for one in limits.terms
        if one.name == "offset" and one.absolute and one.unit in to_a
    ]
    if not offset_a:
        return None
    noise_a = [one.absolute * to_a[one.unit] for one in limits.terms if one.name == "noise" and one.unit in to_a]
    share = _SIGMAS / math.sqrt(count) + (_UNSIGNED if unsigned else 0.0)
    return max(_LEAST_A, sum(offset_a) + share * math.hypot(*noise_a))


def _sampled(bench: Bench, sampler: Sampler, look: Callable[[], None]) -> list[StreamItem]:
    """Return what is sampled within `LISTEN_S`, or of what comes later the first piece."""
    clock, items = bench.clock, list[StreamItem]()
    sampler.start(clock.deadline(ANSWER_S))
    try:
        soon, late = clock.deadline(LISTEN_S), clock.deadline(LISTEN_S + LATE_S)
        while not soon.expired() or not (late.expired() or any(isinstance(one, Samples) for one in items)):
            look()
            clock.sleep(0.05)
            items += sampler.poll(clock.deadline(ANSWER_S))
    finally:
        items += sampler.stop(clock.deadline(ANSWER_S))
    return items


def line_carries(bench: Bench, deadline: Deadline, boot_s: float) -> str:
    """Ask the DUT the same `COMMANDS` times; return how long an answer takes.

    Raises `BenchFault` if an answer differs from the first, and the instrument's error if one does not come.
    """
    first, began_ns = bench.dut.identify(deadline, boot_s), bench.clock.now_ns()
    for number in range(2, COMMANDS + 1):
        again = bench.dut.identify(deadline, boot_s)
        if again != first:
            came = f"{again.make} {again.model}, not {first.make} {first.model}"
            raise BenchFault(
                f"answer {number} of {COMMANDS} differs: {came}. Try: shorter wires, a common ground, the right "
                "voltage for the level shifters"
            )
    each_s = (bench.clock.now_ns() - began_ns) / 1e9 / (COMMANDS - 1)
    return f"{COMMANDS} of {COMMANDS} questions answered alike, {each_s * 1e3:.0f} ms each"
