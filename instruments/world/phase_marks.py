# SPDX-License-Identifier: Apache-2.0
"""Where the phases of a DUT (the layers of its network) began in a window, on a bench that knows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PhaseMarks:
    """The phases of one window.

    `names` and `operations` (multiply-accumulates) have one entry for each phase of an inference. `offsets_ns`
    holds, in order, how long after the window's first edge each phase of each inference began. The window, and
    with it its last phase, ends `stop_ns` after its first edge.
    """

    names: tuple[str, ...]
    operations: tuple[int, ...]
    offsets_ns: tuple[int, ...]
    stop_ns: int
