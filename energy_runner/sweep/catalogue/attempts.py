# SPDX-License-Identifier: Apache-2.0
"""What became of one attempt at a point."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Outcome:
    """The end of an attempt, and what the point becomes by it.

    `outcome` is that of the session (`completed`, `bench-fault`, `interrupted`, `failed`), `refused` where no
    session was begun, or `lost` where a worker died. `state` is what the point becomes if the lease is still held.
    """

    outcome: str
    state: str
    valid: bool | None = None
    session: str | None = None
    folder: str | None = None
    started_utc: str | None = None
    ended_utc: str | None = None
    reason: str = ""
    steps: Sequence[str] = ()
    row: str | None = None


@dataclass(frozen=True)
class Attempt:
    """An attempt as the catalogue keeps it; one that is not `accepted` came in under an old epoch."""

    number: int
    epoch: int
    bench: str
    worker: str
    outcome: str
    accepted: bool
    valid: bool | None = None
    session: str | None = None
    folder: str | None = None
    started_utc: str | None = None
    ended_utc: str | None = None
    reason: str = ""
    steps: Sequence[str] = field(default=())
