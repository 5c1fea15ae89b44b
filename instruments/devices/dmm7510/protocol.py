# SPDX-License-Identifier: Apache-2.0
"""What a DMM7510 or DMM6500 says of its digitizer: models, ranges, rates, and what a reading is.

Sources: Keithley DMM7510 Reference Manual DMM7510-901-01 Rev. B (May 2015), page 8-83 (aperture: the time for
which the signal is acquired, in steps of 1 us; `AUTO` fills the sample interval); DMM6500 data sheet, page 13
(overrange).
"""

from instruments.errors import ProtocolViolation, shown
from instruments.roles import SignalKind
from instruments.scpi.blocks import parse_number

MODELS = ("DMM7510", "DMM6500")
SLOWEST_HZ, FASTEST_HZ = 1e3, 1e6
TABLE_RANGE_A = 0.1  # what `specification.toml` holds for
OVER_RANGE = 1.2  # of the range, up to 1 A
_STEP_S = 1e-6  # of the aperture


def period_s(answer: str) -> float:
    """Return the sample period (s) from the answer to `SENS:DIG:CURR:SRAT?`."""
    rate_hz = parse_number(answer)
    if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
        raise ProtocolViolation("ask for the sample rate", f"{shown(answer)}, which is not a rate of this model")
    return 1 / rate_hz


def kind(aperture: str, period: float) -> SignalKind:
    """Return what a reading is: the mean over its period (s) only if the aperture that was read back fills it."""
    fills = aperture.strip().upper() == "AUTO" or parse_number(aperture) > period - _STEP_S
    return "mean" if fills else "instant"
