# SPDX-License-Identifier: Apache-2.0
"""What the DUT was to get before its first stimulus, for the bench settings of a report."""

from energy_runner.session.record import RunFacts


def preparation(run: RunFacts) -> list[tuple[object, object]]:
    """Return names and values; None for what was not asked for."""
    return [("Commands for the DUT", "; ".join(run.commands) or None)]
