# SPDX-License-Identifier: Apache-2.0
"""The part of `result.json` that holds a monitor's own summary against what was recorded."""

from pydantic import Field, StrictBool

from energy_runner.session.document import Model


class SummedFigure(Model):
    """A figure of the monitor's own summary beside the same figure of the samples that were recorded."""

    name: str
    """`samples`, `least`, `largest`, `charge` or `energy`."""
    unit: str
    """Unit of the three numbers."""
    monitor: float | None
    """What the monitor states; null for what is no finite number."""
    recorded: float | None
    """The same of the recorded samples; null where they do not give it."""
    allowance: float | None = None
    """By how much the two may differ through the digits in which they came, and through samples not recorded."""
    agrees: StrictBool | None
    """False if they contradict each other; null where they cannot be compared."""
    note: str = ""
    """Why they cannot be compared, or only from one side."""


class SummaryCheck(Model):
    """The monitor's own summary of its acquisition against the recorded samples."""

    figures: list[SummedFigure] = Field(default_factory=list)
    """What the monitor states."""
    not_recorded: int
    """Samples of the acquisition that are lost or over range, and in the monitor's figures only."""
    agrees: StrictBool | None
    """True if all figures agree that can be compared; null if none can."""
