# SPDX-License-Identifier: Apache-2.0
"""Switching the supply off: the one step that every path ends with."""

from energy_runner.bench import Bench
from instruments.clock import Deadline

SUPPLY_STEP = "switch the supply off"
POWER_S = 10.0


def switch_off(bench: Bench, deadline: Deadline) -> None:
    """Switch the supply off and confirm it; if that fails, once more over a link opened afresh."""
    supply, player = bench.supply, bench.players.supply
    if supply is None or player is None:
        return
    try:
        supply.off(deadline.at_most(POWER_S))
    except BaseException as first:  # whatever it was, the supply comes first
        instrument = bench.instruments[player.instrument]
        try:
            instrument.close()
            instrument.open(deadline.at_most(POWER_S))
            supply.off(deadline)
        except BaseException as second:
            raise second from first
