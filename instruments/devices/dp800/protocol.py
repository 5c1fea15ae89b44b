# SPDX-License-Identifier: Apache-2.0
"""What a Rigol DP800 says, and what its models can do.

Source: RIGOL DP800 Programming Guide, pages 2-6 and 2-8 (`:APPLy`, table 2-1), 2-35 (`:OUTPut[:STATe]`,
`:OUTPut:OVP`), 2-36 (`:OUTPut:TRACk`), 2-68 (`:TIMEr`).
"""

import re

from instruments.errors import ProtocolViolation, shown
from instruments.roles import SupplyLimits

# The highest voltage (V) and current (A) of each positive channel, by model; the digits of a DP832A are DP832.
CHANNELS: dict[str, dict[int, tuple[float, float]]] = {
    "DP811": {1: (21.0, 5.3)},  # its two ranges are 21 V, 10.5 A and 42 V, 5.3 A: this holds in both
    "DP821": {1: (63.0, 1.05), 2: (8.4, 10.5)},
    "DP831": {1: (8.4, 5.3), 2: (32.0, 2.1)},
    "DP832": {1: (32.0, 3.2), 2: (32.0, 3.2), 3: (5.3, 3.2)},
}
TRACKING = ("DP831", "DP832")  # models with channels whose voltage can follow that of another
ANY = SupplyLimits(0.0, 63.0, 10.5)  # of any model, until it is known which one answers

_MODEL = re.compile(r"(DP8[123][12])A?")


def series(model: str) -> str:
    """Return the model without its final A, or "" if it is none of these."""
    match = _MODEL.fullmatch(model)
    return match[1] if match and match[1] in CHANNELS else ""


def limits(model: str, channel: int) -> SupplyLimits | None:
    """Return the range of a channel of a model; None if it has no such channel, or one of negative voltage."""
    found = CHANNELS[series(model)].get(channel)
    return SupplyLimits(0.0, *found) if found else None


def is_on(answer: str) -> bool:
    """Return whether an answer such as `ON` or `YES` says so; raise `ProtocolViolation` for any other word."""
    word = answer.strip().upper()
    if word not in ("ON", "OFF", "1", "0", "YES", "NO"):
        raise ProtocolViolation("ask for a state", f"{shown(answer)} instead of ON or OFF", "drain the link")
    return word in ("ON", "1", "YES")
