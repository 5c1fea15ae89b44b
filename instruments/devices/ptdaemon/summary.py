# SPDX-License-Identifier: Apache-2.0
"""What the daemon states of a whole measurement: its power, and how uncertain the analyzer's readings are.

The daemon knows the analyzer's accuracy table and ranges. For each sample it states the limit of error as a share
of the reading; the limit covers reading and range, so it replaces what we could only assume. The mean of these
limits is over all samples, also those between the windows, where less power is drawn and the range weighs more. So
the largest is taken: it bounds every sample of every window. If a single sample has no limit, none is taken.
"""

from collections.abc import Iterator

from instruments.devices.ptdaemon.protocol import Figures
from instruments.roles import Lost, Note, StreamItem, Summary

_STEP_W = 1e-6  # six digits after the point


def summed_up(
    power: Figures | None, uncertainty: Figures | None, received: int, period_s: float
) -> Iterator[StreamItem]:
    """Yield the samples that the daemon counted beyond those `received`, and its summary, if it gives one."""
    limit = None
    if uncertainty is not None and uncertainty.valid < uncertainty.samples:
        without = uncertainty.samples - uncertainty.valid
        yield Note(
            f"the daemon does not know the uncertainty of {without} samples, so that of the others is not taken"
        )
    elif uncertainty is not None and uncertainty.least > 0 and uncertainty.largest <= 1:
        limit = uncertainty.largest
    if power is None:
        if limit is not None:
            yield Summary(limit_relative=limit)
        return
    beyond = power.samples - received
    if beyond > 0:
        # One more was in progress when the measurement was stopped. More than one may be missing anywhere.
        after = received if beyond == 1 else 0
        yield Lost(after, received + beyond, beyond, "the daemon counted samples that it did not hand over")
    # Samples without a reading are in its count but not in its mean, so with any of them there is no sum of all.
    complete = power.valid == power.samples
    yield Summary(
        samples=power.samples,
        signal="power",
        least=power.least,
        least_step=_STEP_W,
        largest=power.largest,
        largest_step=_STEP_W,
        energy_j=power.mean * power.valid * period_s if complete else None,
        energy_step_j=_STEP_W * power.valid * period_s,
        limit_relative=limit,
    )
