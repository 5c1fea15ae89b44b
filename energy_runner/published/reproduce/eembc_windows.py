# SPDX-License-Identifier: Apache-2.0
"""The windows of the EEMBC runner, digit by digit; pure functions.

The figures that this runner printed follow from its raw data only by its own rules, some of them odd: a time axis
that is added up sample by sample, windows identified by the order of their edges alone. They are kept as they are
and serve only to reproduce what was published; our own figures come from `energy_runner.analysis`.
Each rule was found by experiment on published sessions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_runner.published.model import PublishedSession

Samples = npt.NDArray[np.float32] | npt.NDArray[np.float64]


@dataclass(frozen=True)
class EembcWindow:
    """What the EEMBC runner computes for one window, unrounded. Energies in microjoule, times in seconds.

    `power_uw` is the mean power over the samples of the window, `per_inference_uj` the energy of one inference,
    `runtime_s` the duration by the timestamps and not by the samples.
    """

    number: int
    inferences: int
    at_s: float
    for_s: float
    energy_uj: float
    runtime_s: float
    power_uw: float
    per_inference_uj: float


def energy_windows(session: PublishedSession, *, other_order: bool = False) -> list[EembcWindow]:
    """Return the windows of an energy session; none without a trace and its timestamps."""
    trace = session.trace
    if trace is None or not trace.timestamps_s:
        return []
    counts = [command.inferences for command in session.commands]
    counts = counts or [int(figure.text) for figure in session.figures if figure.field == "# Inferences"]
    return cut_windows(trace.samples_uj, trace.rate_hz, trace.timestamps_s, counts, pairwise=other_order)


def runtimes(session: PublishedSession) -> list[tuple[int, int, float]]:
    """Return (number, inferences, duration in s) of each window of a performance session, by the DUT's laps.

    The runner pairs them in order; that of the `timestamp` command before them is left out. Each lap is converted
    to seconds before the subtraction.
    """
    if session.mode != "performance":
        return []
    laps_s = [lap_us / 1e6 for command in session.commands for lap_us in command.laps_us]
    counts = [command.inferences for command in session.commands]
    return [
        (2 * k + 2, counts[min(k, len(counts) - 1)], stop_s - start_s)
        for k, (start_s, stop_s) in enumerate(zip(laps_s[::2], laps_s[1::2], strict=False))
    ]


def cut_windows(
    samples_uj: Samples,
    rate_hz: float,
    timestamps_s: Sequence[float],
    inferences: Sequence[int],
    *,
    pairwise: bool = False,
) -> list[EembcWindow]:
    """Return the windows as the EEMBC runner cuts them: between the timestamps 1 and 2, 3 and 4, and so on.

    The time of a sample is the sum of as many periods, added one by one in double precision. A window holds
    the samples from the first one at or after its start to the last one before its stop. Nothing checks the
    timestamps against the commands: a lost edge shifts every later window, exactly as it did there.
    A window that the trace does not hold is left out. `pairwise` sums of samples may differ in the last digit.
    """
    axis = np.zeros(len(samples_uj) + 1)
    axis[1:] = np.add.accumulate(np.full(len(samples_uj), 1.0 / rate_hz))
    windows: list[EembcWindow] = []
    for index in range(1, len(timestamps_s) - 1, 2):
        start_s, stop_s = timestamps_s[index], timestamps_s[index + 1]
        first, beyond = (int(np.searchsorted(axis, time_s, side="left")) for time_s in (start_s, stop_s))
        if not 0 < first < beyond < len(axis):
            continue
        count = inferences[min(len(windows), len(inferences) - 1)] if inferences else 0
        # One after the other, as a loop adds them; numpy's pairwise sum may differ in the last digit.
        inside = samples_uj[first:beyond].astype(np.float64)
        energy_uj = float(inside.sum() if pairwise else np.add.accumulate(inside)[-1])
        for_s = float(axis[beyond] - axis[first])
        windows.append(
            EembcWindow(
                number=index + 1,
                inferences=count,
                at_s=float(axis[first - 1]),
                for_s=for_s,
                energy_uj=energy_uj,
                runtime_s=stop_s - start_s,
                power_uw=_ratio(energy_uj, for_s),
                per_inference_uj=_ratio(energy_uj, count),
            )
        )
    return windows


def _ratio(dividend: float, divisor: float) -> float:
    return dividend / divisor if divisor else math.nan
