"""Who answers `*IDN?`: make, model, serial number and firmware (IEEE 488.2-1992, 10.14)."""

from instruments.errors import ProtocolViolation, shown
from instruments.roles import Identity

TWIN_SERIAL = "TWIN"  # the serial number of our twins begins so


def parse_identity(line: str) -> Identity:
    """Return who answered `*IDN?` with `line`; raises `ProtocolViolation` unless there are exactly four fields.

    Which makes and models will do is for the driver to say.
    """
    fields = [part.strip() for part in line.split(",")]
    if len(fields) != 4 or not all(fields):
        raise ProtocolViolation("ask *IDN?", f"{shown(line)} instead of make, model, serial and firmware")
    make, model, serial, firmware = fields
    return Identity("instrument", make, model, serial, firmware, virtual=serial.startswith(TWIN_SERIAL))
