# SPDX-License-Identifier: Apache-2.0
"""Run two emulated boards on one clock: in each slice of virtual time, first the DUT runs, then the IO manager.

The boards run ahead of the world by at most one slice: a slice begins when the clock reaches it, and what the
boards do in it (edges, bytes) is scheduled on the clock at its exact moment. Inputs of a board must therefore be
at or after `horizon_ns`, the end of the slice:

* DUT to IO manager: exact to the cycle, because the DUT runs first and bits take longer than a cycle.
* Host to a board: exact while bytes are exchanged, because a USB adapter's latency is no shorter than a short
  slice; the first byte after a silence may be late by up to a long slice.
* IO manager to DUT: a byte may be late by up to a slice. No window begins or ends with a received byte.

Nothing here depends on the host's clock: the same inputs give the same run.
"""

from typing import Protocol

from instruments.clock import VirtualClock

SLICE_NS = 1_000_000  # less than a byte at 9600 baud, so that no two bytes arrive together at its end
LONG_SLICE_NS = 10_000_000
SILENCE_NS = 20_000_000  # without a byte for so long, slices are long: starting a core costs more than running it


class Board(Protocol):
    """An emulated board."""

    def run_until(self, at_ns: int) -> None:
        """Run up to `at_ns`, and schedule the board's outputs."""


class Lockstep:
    """Runs boards, in the order given, slice by slice from the clock's present moment on."""

    def __init__(self, clock: VirtualClock, boards: tuple[Board, ...] = ()) -> None:
        self._clock = clock
        self.boards = boards
        self.horizon_ns = clock.now_ns()
        self._traffic_ns = self.horizon_ns
        clock.call_at(self.horizon_ns, self._slice)

    def at_earliest(self, at_ns: int) -> int:
        """Return `at_ns`, or the end of the slice that the boards have already run if that is later."""
        return max(at_ns, self.horizon_ns)

    def note_traffic(self, at_ns: int) -> None:
        """Record that a byte is exchanged at `at_ns`."""
        self._traffic_ns = max(self._traffic_ns, at_ns)

    def _slice(self) -> None:
        now_ns = self._clock.now_ns()
        silent = now_ns - self._traffic_ns > SILENCE_NS
        self.horizon_ns = now_ns + (LONG_SLICE_NS if silent else SLICE_NS)
        for board in self.boards:
            board.run_until(self.horizon_ns)
        self._clock.call_at(self.horizon_ns, self._slice)
