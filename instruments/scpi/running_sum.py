# SPDX-License-Identifier: Apache-2.0
"""What a meter's own integrator says of an acquisition, as the difference of two of its readings.

An integrator started and stopped by commands begins and ends some tens of milliseconds off the samples, and
nothing says how many. So it is started before the first sample, and read together with each sample. Between two
such readings it has summed up all updates from the end of the one to the end of the other, missed ones included.

The sum checks the samples and replaces none. What was drawn in a gap is stated with the loss, but no sample is
made of it: the sum does not say where in the gap the energy was drawn, so a window with an edge in the gap would
be wrong by an unknown amount; and the last digit of a growing sum is coarser than that of a sample.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from instruments.roles import Note, Summary


@dataclass(frozen=True)
class Sums:
    """One reading of the integrator: energy (J), charge (C) and how long it has run (s), since it was started.

    A step is one unit of a figure's last digit; `current_step_a` is that of the current in the same answer.
    """

    energy_j: float
    energy_step_j: float
    charge_coulomb: float
    charge_step_coulomb: float
    elapsed_s: float
    current_step_a: float = 0.0


@dataclass(frozen=True)
class Update:
    """One update: a number for each signal, NaN where it is missing, infinite where it is over range.

    With `sums` of the meter's integrator, the first two numbers are power (W) and current (A).
    """

    values: Sequence[float]
    sums: Sums | None = None


class RunningSum:
    """The sums over one acquisition with an update every `period_s` seconds.

    `power_w` and `current_a` are the means of an update.
    """

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._first: Sums | None = None
        self._last: Sums | None = None
        self._levels: list[tuple[float, float]] = []  # of the update before the first sample, and of the last one
        self._rounded_c = 0.0
        self._why = ""

    def begin(self, sums: Sums, power_w: float, current_a: float) -> None:
        """Take the reading at the end of the update before the first sample."""
        self._first, self._levels = sums, [(power_w, current_a)] * 2

    def add(self, sums: Sums, power_w: float, current_a: float) -> None:
        """Take the reading that came with a sample.

        Its time, in whole seconds, shows a restart. It is too coarse for a `TimeMark`: an update is shorter.
        """
        before = self._last or self._first
        if before is not None and sums.elapsed_s < before.elapsed_s:
            self.broke(f"its time fell from {before.elapsed_s:g} s to {sums.elapsed_s:g} s: it was started anew")
        self._last, self._levels[1:] = sums, [(power_w, current_a)]
        self._rounded_c += sums.current_step_a / 2 * self._period_s

    def missed(self, sums: Sums, power_w: float) -> str:
        """Return in words what was drawn from the last reading to the beginning of this update; "" if unknown."""
        before = self._last or self._first
        if before is None or self._why:
            return ""
        missed_j = sums.energy_j - before.energy_j - power_w * self._period_s
        step_j = max(sums.energy_step_j, before.energy_step_j)
        return f"{missed_j:.6g} J by the meter's integrator, to {step_j:.1g} J" if math.isfinite(missed_j) else ""

    def broke(self, why: str) -> None:
        """Give no sum, because of what happened to the integrator: `why`, in words; "" changes nothing."""
        self._why = self._why or why

    def ended(self, samples: int) -> Iterator[Summary | Note]:
        """Yield the summary of the acquisition, or a note that says why there is none; nothing without a sample.

        No document states at which moment of an update the integrator is read. If it is up to one update behind
        the samples, its sum is off by at most the difference of the first and the last update. The steps of the
        summary include that difference, and the last digits of the currents.
        """
        if self._first is None or self._last is None:
            return
        first, last = self._first, self._last
        energy_j, energy_step_j = last.energy_j - first.energy_j, max(first.energy_step_j, last.energy_step_j)
        charge_c = last.charge_coulomb - first.charge_coulomb
        charge_step_c = max(first.charge_step_coulomb, last.charge_step_coulomb) + self._rounded_c
        figures = (energy_j, energy_step_j + self._moved(0), charge_c, charge_step_c + self._moved(1))
        why = self._why or ("" if all(map(math.isfinite, figures)) else "it gave no number")
        if why:
            yield Note(f"no sum of the meter's integrator: {why}", after=0, before=samples)
            return
        yield Summary(
            energy_j=figures[0],
            energy_step_j=figures[1],
            charge_coulomb=figures[2],
            charge_step_coulomb=figures[3],
        )

    def _moved(self, quantity: int) -> float:
        """Return by how much the sum would differ if it were one update behind (J or C)."""
        return abs(self._levels[1][quantity] - self._levels[0][quantity]) * self._period_s
