# SPDX-License-Identifier: Apache-2.0
"""What else changed when a bench changed: its monitor, the temperature, the supply. Said, never corrected."""

import statistics
from collections.abc import Sequence

from energy_runner.sweep.trust.points import ReferencePoint

# What is worth a word: most instruments' data sheets hold to ± 5 K, and a tenth of that is no news in any room.
_KELVIN = 2.0
# The energy of an inference goes about with the square of the voltage: 0.1 % makes 0.2 %.
_VOLTAGE = 0.001


def hints(before: Sequence[ReferencePoint], after: Sequence[ReferencePoint]) -> list[str]:
    """Return what differs between points before and after a change, in words."""
    found = []
    monitors = [sorted({point.monitor for point in points if point.monitor}) for points in (before, after)]
    if monitors[0] and monitors[1] and not set(monitors[1]) & set(monitors[0]):
        found.append(f"the monitor is {', '.join(monitors[1])} and was {', '.join(monitors[0])}")
    warm = _medians([point.temperature_c for point in before], [point.temperature_c for point in after])
    if warm is not None and abs(warm[1] - warm[0]) >= _KELVIN:
        off = warm[1] - warm[0]
        found.append(f"it was {abs(off):.1f} K {'warmer' if off > 0 else 'colder'} than before")
    supply = _medians([point.voltage_v for point in before], [point.voltage_v for point in after])
    if supply is not None and supply[0] > 0 and abs(supply[1] / supply[0] - 1) >= _VOLTAGE:
        found.append(f"the supply was read as {supply[1]:.4g} V and before as {supply[0]:.4g} V")
    return found


def percent(share: float, *, sign: bool = False) -> str:
    """Return a share in percent with two significant digits."""
    text = f"{100 * share:{'+' if sign else ''}.2g}"
    return f"{text if 'e' not in text else format(100 * share, '+.0f' if sign else '.0f')} %"


def _medians(before: Sequence[float | None], after: Sequence[float | None]) -> tuple[float, float] | None:
    one, other = ([value for value in values if value is not None] for values in (before, after))
    return (statistics.median(one), statistics.median(other)) if one and other else None
