# SPDX-License-Identifier: Apache-2.0
"""What a sampler may report: quantities known here, in SI units, one period for all; how often it is read."""

from collections.abc import Mapping

from energy_runner.director.plan import RunPlan
from energy_runner.errors import BenchFault
from instruments.roles import UNITS, AppliedSampling, SamplerCapabilities, Samples

# The longest time for which the sampler's stream is not read: it is polled every 0.1 s, but another instrument may
# take some time to answer in between.
LONGEST_SILENCE_S = 0.4


def check_signals(name: str, applied: AppliedSampling) -> None:
    """Raise `BenchFault` for a signal that the analysis, which takes SI units for granted, would misread."""
    names = [signal.name for signal in applied.signals]
    for signal in applied.signals:
        unit = UNITS.get(signal.name)
        wrong = {
            f"it is not a quantity known here ({', '.join(UNITS)})": unit is None,
            f"its unit is {signal.unit}, and must be {unit}": unit is not None and signal.unit != unit,
            "it is there twice": names.count(signal.name) > 1,
            f"its period is {signal.period_s:g} s, and must be {applied.period_s:g} s": signal.period_s
            != applied.period_s,
            f"its kind is {signal.kind}, and must be mean or instant": signal.kind not in ("mean", "instant"),
        }
        for problem, holds in wrong.items():
            if holds:
                raise BenchFault(f"{name} reports a signal '{signal.name}' that cannot be used: {problem}")


def check_block(name: str, applied: AppliedSampling, block: Samples) -> None:
    """Raise `BenchFault` for samples that are not one array of the same length for each signal."""
    signals = [signal.name for signal in applied.signals]
    lengths = [len(values) for values in block.values]
    if len(lengths) == len(signals) and len(set(lengths)) == 1:
        return
    came = ", ".join(f"{length} of {signal}" for signal, length in zip(signals, lengths, strict=False))
    raise BenchFault(
        f"{name} was asked for blocks of {' and '.join(signals)}, equally long; from index {block.first} "
        f"came {len(lengths)} arrays: {came or 'nothing'}. Try: report this to the maker of the driver of {name}"
    )


def check_unread(name: str, unread_s: float) -> None:
    """Raise `BenchFault` for a sampler that loses samples while the director is busy elsewhere."""
    if unread_s < LONGEST_SILENCE_S:
        raise BenchFault(
            f"{name} loses samples when its stream is not read for {unread_s:g} s, and the director may be busy "
            f"for {LONGEST_SILENCE_S:g} s. Try: a lower sample rate, or a driver that reads it with a pump"
        )


def check_fits(name: str, capabilities: SamplerCapabilities, period_s: float, plan: RunPlan) -> None:
    """Raise `BenchFault` for a run that is longer than the sampler can acquire, before anything is switched on.

    What a run takes at least is known before: its windows, and the idle time before and after them. How long the
    stimuli take to load is not; a run that turns out to be too long has windows that were not recorded.
    """
    windows_s = len(plan.inputs) * plan.window_s if plan.inferences is None else 0.0
    least_s = plan.head_s + windows_s + plan.tail_s
    if least_s > capabilities.longest_s:
        raise BenchFault(
            f"{name} can acquire for {capabilities.longest_s:.4g} s with a sample every {period_s * 1e6:.4g} µs, "
            f"and this run takes more than {least_s:.4g} s: {len(plan.inputs)} windows of {plan.window_s:.4g} s. "
            "Try: a lower sample rate, or another way of logging (options.log)"
        )


def check_one_period(applied: Mapping[str, AppliedSampling]) -> None:
    """Raise `BenchFault` if rails would be sampled with different periods, which one trace does not hold."""
    periods = {rail: one.period_s for rail, one in applied.items()}
    if len(set(periods.values())) > 1:
        each = ", ".join(f"{rail} every {period_s * 1e6:.6g} µs" for rail, period_s in periods.items())
        raise BenchFault(
            f"the rails are sampled with different periods: {each}. Try: [sampler] with a sample_rate_hz that all "
            "instruments have"
        )
