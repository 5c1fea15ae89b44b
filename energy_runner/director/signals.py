# SPDX-License-Identifier: Apache-2.0
"""What a sampler may report: quantities known here, in SI units, one period for all."""

from energy_runner.errors import BenchFault
from instruments.roles import UNITS, AppliedSampling


def check_signals(name: str, applied: AppliedSampling) -> None:
    """Raise `BenchFault` for a signal that the analysis, which takes SI units for granted, would misread."""
    names = [signal.name for signal in applied.signals]
    for signal in applied.signals:
        unit = UNITS.get(signal.name)
        wrong = {
            f"it is no quantity known here ({', '.join(UNITS)})": unit is None,
            f"its unit is {signal.unit}, and must be {unit}": unit is not None and signal.unit != unit,
            "it is there twice": names.count(signal.name) > 1,
            f"its period is {signal.period_s:g} s, and must be {applied.period_s:g} s": signal.period_s
            != applied.period_s,
            f"its kind is {signal.kind}, and must be mean or instant": signal.kind not in ("mean", "instant"),
        }
        for problem, holds in wrong.items():
            if holds:
                raise BenchFault(f"{name} reports a signal '{signal.name}' that cannot be used: {problem}")
