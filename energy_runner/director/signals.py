# SPDX-License-Identifier: Apache-2.0
"""What a sampler may report: quantities known here, in SI units, one period for all; how often it is read."""

from energy_runner.errors import BenchFault
from instruments.roles import UNITS, AppliedSampling, Samples

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
