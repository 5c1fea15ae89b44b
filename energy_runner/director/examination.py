# SPDX-License-Identifier: Apache-2.0
"""An examination of a bench, step by step: what the doctor and the jobs with a known load report."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from energy_runner.director.edge_delay_check import EdgeDelayChecked
from instruments.roles import Identity

# Steps that others look for by name.
DIED = "an earlier run had died"
SUPPLY_IS_OFF = "supply is off"
SUPPLY_ANSWERS = "supply goes off at once"
WATCHDOG = "watchdog"


@dataclass(frozen=True)
class Examined:
    """One step of the examination and its outcome."""

    step: str
    ok: bool
    says: str


@dataclass(frozen=True)
class Examination:
    """All steps of an examination, in order.

    `edge_delay` is the delay of the edges among the samples, None if it was not looked for. `identities` holds who
    answered, by the instrument's name in the bench; the DUT's is under `dut`.
    """

    bench: str
    virtual: bool
    steps: tuple[Examined, ...]
    edge_delay: EdgeDelayChecked | None = None
    identities: Mapping[str, Identity] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        """Return whether every step succeeded."""
        return all(step.ok for step in self.steps)


def who(identity: Identity) -> str:
    """Return the identity of an instrument in one line."""
    parts = (identity.make, identity.model, identity.serial, identity.firmware)
    return " ".join(part for part in parts if part) + (" (virtual)" if identity.virtual else "")
