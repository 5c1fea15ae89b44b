# SPDX-License-Identifier: Apache-2.0
"""By which clock the windows were timed, and whether that clock counts in the uncertainty."""

import math

from energy_runner.analysis.uncertainty.causes import HOST_CLOCK
from energy_runner.certificate.facts.equipment import Equipment, Instrument
from energy_runner.session.budget import Component
from energy_runner.session.result import Result

# Of the variance: a tenth of the standard uncertainty, without which U would be 0.5 % smaller. ISO/IEC 17025:2017,
# 6.4.6 asks for the calibration of what affects the result.
NEGLIGIBLE = 0.01


def clocks_that_count(result: Result, equipment: Equipment) -> list[Instrument]:
    """Return the instruments that timed the windows, where that is more than negligible in the uncertainty."""
    if share_of_host_clock(result) <= NEGLIGIBLE:
        return []
    return [one for one in equipment.instruments if "clock" in one.roles and not one.in_result]


def share_of_host_clock(result: Result) -> float:
    """Return what part of the variance is the clock of the computer, by which the run measured another one."""
    each = result.uncertainty.components if result.uncertainty is not None else []
    total = math.fsum(one.value_j**2 for one in each)
    return math.fsum(one.value_j**2 for one in of_host_clock(result)) / total if total else 0.0


def of_host_clock(result: Result) -> list[Component]:
    """Return the contributions of the clock of the computer to the uncertainty."""
    each = result.uncertainty.components if result.uncertainty is not None else []
    return [one for one in each if HOST_CLOCK in one.name]
