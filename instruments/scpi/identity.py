# SPDX-License-Identifier: Apache-2.0
"""The answer to `*IDN?`: make, model, serial number and firmware (IEEE 488.2-1992, 10.14)."""

from collections.abc import Callable
from dataclasses import dataclass

from instruments.errors import ProtocolViolation, Refused, shown
from instruments.roles import Identity

TWIN_SERIAL = "TWIN"  # the beginning of every twin's serial number


@dataclass(frozen=True)
class Known:
    """The instruments that a driver drives: in words, such as "a Rigol DP800", and by the model in `*IDN?`."""

    title: str = "a SCPI instrument"
    fits: Callable[[str], object] = lambda model: True

    def check(self, identity: Identity, name: str) -> None:
        """Raise `Refused` unless what answers to `name` is one of them."""
        if not self.fits(identity.model):
            who = f"a {identity.make} {identity.model} answers"
            raise Refused(f"open {name} as {self.title}", who, "check the instrument's address")


def parse_identity(line: str) -> Identity:
    """Return the identity in an answer to `*IDN?`; raise `ProtocolViolation` unless it has four non-empty fields.

    A fifth field, as Siglent has it, is the version of the hardware. The driver decides which makes and models it
    accepts.
    """
    fields = [part.strip() for part in line.split(",")]
    if len(fields) not in (4, 5) or not all(fields):
        raise ProtocolViolation("ask *IDN?", f"{shown(line)} instead of make, model, serial and firmware")
    make, model, serial, firmware, *hardware = fields
    virtual, detail = serial.startswith(TWIN_SERIAL), tuple(("hardware", version) for version in hardware)
    return Identity("instrument", make, model, serial, firmware, virtual=virtual, detail=detail)
