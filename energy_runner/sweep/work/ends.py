# SPDX-License-Identifier: Apache-2.0
"""Why a worker ended: its word on the standard output, its exit status, and what people read."""

from dataclasses import dataclass
from enum import StrEnum

from energy_runner.errors import ExitStatus


class End(StrEnum):
    """Why a worker ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    LIMIT = "limit"
    QUARANTINED = "quarantined"
    OUT_OF_CONTROL = "out of control"
    SEAT_LOST = "seat lost"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


STATUS = {
    End.FINISHED: ExitStatus.VALID,
    End.STOPPED: ExitStatus.INTERRUPTED,
    End.LIMIT: ExitStatus.RULE_FAILED,
    End.QUARANTINED: ExitStatus.BENCH_FAULT,
    End.OUT_OF_CONTROL: ExitStatus.BENCH_FAULT,
    End.SEAT_LOST: ExitStatus.BENCH_FAULT,
    End.INTERRUPTED: ExitStatus.INTERRUPTED,
    End.FAILED: ExitStatus.BENCH_FAULT,
}


@dataclass(frozen=True)
class Ended:
    """The end of a worker's service with its reason in words; `points` is how many it has measured."""

    end: End
    reason: str = ""
    points: int = 0
