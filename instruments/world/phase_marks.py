"""Where a DUT's phases (the layers of its network) began within a window, on a bench that sees it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PhaseMarks:
    """The phases of one window.

    `names` and `operations` (multiply-accumulates) hold one entry a phase of one inference; `offsets_ns` tell
    how long after the window's first edge each phase of each inference began, in order; the window, and so its
    last phase, ends `stop_ns` after its first edge.
    """

    names: tuple[str, ...]
    operations: tuple[int, ...]
    offsets_ns: tuple[int, ...]
    stop_ns: int
