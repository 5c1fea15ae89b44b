# SPDX-License-Identifier: Apache-2.0
"""How much energy of a window hangs on samples that may be a load or a misreading."""

from energy_runner.analysis.energy.impossible import Impossible
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.sums import mean_present


def doubtful_j(source: EnergySource, found: Impossible, first: int, stop: int) -> float:
    """Return the energy in joule by which the doubtful samples of [first, stop) differ from those beside them."""
    total = 0.0
    for signal, by in found.doubtful.items():
        if source.current_a is not None and source.voltage_v is not None:
            other = {"current": source.voltage_v, "voltage": source.current_a}.get(signal)
            total += 0.0 if other is None else by * abs(mean_present(other, first, stop))
        elif signal == next((name for name in ("energy", "power", "current") if name in source.signals), ""):
            total += by
    return total * source.joule
