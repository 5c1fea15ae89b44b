# SPDX-License-Identifier: Apache-2.0
"""How a run went: its beginning and end, its phases, what was remarked and what went wrong."""

from typing import Literal

from pydantic import StrictBool

from energy_runner.session.events.base import Event, Outcome


class RunStarted(Event):
    """The run begins; `utc_ns` ties host time to the calendar."""

    kind: Literal["run-started"] = "run-started"
    utc_ns: int
    """Calendar time at `t_ns`, ns since 1970-01-01 UTC."""
    benchmark: str
    """Id of the benchmark."""
    mode: str
    """`energy`, `performance` or `accuracy`."""


class Phase(Event):
    """A phase of the run begins; `done_s` and `total_s` are estimates, where they are given."""

    kind: Literal["phase"] = "phase"
    name: str
    """Name of the phase."""
    detail: str = ""
    """What exactly, for people."""
    done_s: float | None = None
    """Estimated duration of the phases that are done, s."""
    total_s: float | None = None
    """Estimated duration of the run, s."""


class Remark(Event):
    """Something worth keeping: an unsolicited message of a device, or a decision of the director."""

    kind: Literal["remark"] = "remark"
    box: str
    """The device, or `director`."""
    text: str
    """What was said."""
    suspicious: StrictBool = False
    """True if it was not expected."""
    about: str = ""
    """What kind of message of an instrument it is; its consequence depends on it. Empty for anything else."""
    after: int | None = None
    """What a message reports happened after this sample; null where its driver cannot tell."""
    before: int | None = None
    """... and before this one."""


class JournalSealed(Event):
    """A phase has ended: the SHA-256 of all lines of the journal before this one, so that a change is located."""

    kind: Literal["journal-sealed"] = "journal-sealed"
    lines: int
    """How many lines are before this one."""
    sha256: str
    """SHA-256 of their bytes."""


class Problem(Event):
    """What went wrong: the error's class, what was asked, what came, what to try."""

    kind: Literal["problem"] = "problem"
    error: str
    """Class of the error."""
    asked: str
    """What was asked."""
    came: str
    """What came."""
    try_this: str = ""
    """What to try."""


class TearDownStep(Event):
    """One undo step ran; `error` is empty if it did its job."""

    kind: Literal["tear-down-step"] = "tear-down-step"
    name: str
    """Name of the step."""
    error: str = ""
    """Why it failed; empty if it did not."""


class RunStopped(Event):
    """The run ended; `supply_off_confirmed` says whether the supply is known to be off."""

    kind: Literal["run-stopped"] = "run-stopped"
    outcome: Outcome
    """How the run ended."""
    reason: str
    """Why, in one line; empty if completed."""
    supply_off_confirmed: StrictBool | None  # None: this bench has no supply to switch
    """True: read back as off; false: not confirmed; null: this bench has no supply to switch."""
