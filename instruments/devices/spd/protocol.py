# SPDX-License-Identifier: Apache-2.0
"""What a Siglent SPD says, and what its models can do.

Sources: Siglent SPD3303X Quick Start Guide QS0503X-E (remote commands; `SYSTem:STATus?` answers such as
`0x0224` and the meaning of its bits), read through a published summary of edition EN_02A and through the manual
of a supply that is built alike (Scientific PSD7303, page 39). The bits of the one-channel SPD1000X are those
that PyMeasure's driver uses; the models' ranges are those of their names' data sheets as others quote them. No
instrument was at hand.
"""

import re

from instruments.errors import ProtocolViolation, shown
from instruments.roles import SupplyLimits

# The highest voltage (V) and current (A) of each channel that can be set, and how many there are, by model.
MODELS: dict[str, tuple[float, float, int]] = {
    "SPD3303X": (32.0, 3.2, 2),
    "SPD3303X-E": (32.0, 3.2, 2),
    "SPD3303C": (32.0, 3.2, 2),
    "SPD1168X": (16.0, 8.0, 1),
    "SPD1305X": (30.0, 5.0, 1),
}
ANY = SupplyLimits(0.0, 32.0, 8.0)  # of any model, until it is known which one answers
# The third output of an SPD3303 has a switch for its voltage and no meter.

# Bits of SYST:STAT? with the channel, from 0, added.
LIMITED, ON, TIMER = 0, 4, 6
INDEPENDENT = 0b01  # in bits 2 and 3, of an SPD3303

_STATUS = re.compile(r"0[xX][0-9a-fA-F]{1,8}")


def limits(model: str, channel: int) -> SupplyLimits | None:
    """Return the range of a channel, from 1, of a model; None if it has no such channel."""
    voltage_v, current_a, channels = MODELS[model]
    return SupplyLimits(0.0, voltage_v, current_a) if channel <= channels else None


def status(answer: str) -> int:
    """Return the bits in an answer to `SYST:STAT?`; raise `ProtocolViolation` unless it is hexadecimal."""
    if _STATUS.fullmatch(answer.strip()) is None:
        raise ProtocolViolation(
            "ask SYST:STAT?", f"{shown(answer)} instead of a number such as 0x0224", "drain the link"
        )
    return int(answer, 16)


def is_on(answer: str, channel: int) -> bool:
    """Return whether the output of `channel`, from 1, is on."""
    return bool(status(answer) >> (ON + channel - 1) & 1)


def is_limited(answer: str, channel: int) -> bool:
    """Return whether `channel` is at its current limit."""
    return bool(status(answer) >> (LIMITED + channel - 1) & 1)


def complaint(answer: str, channel: int, channels: int) -> str:
    """Return in words what in the status is not as it must be before the output goes on; "" if all is."""
    bits, wrong = status(answer), []
    if channels > 1 and bits >> 2 & 0b11 != INDEPENDENT:
        wrong.append("the channels are coupled in series or parallel")
    if bits >> (TIMER + (channel - 1) * (channels > 1)) & 1:
        wrong.append(f"the timer of channel {channel} runs")
    if is_on(answer, channel):
        wrong.append("the output did not go off")
    return "; ".join(wrong)
