# SPDX-License-Identifier: Apache-2.0
"""What is sent to a PPK2: one byte that says what, then its arguments.

Source: Nordic pc-nrfconnect-ppk, `src/constants.ts` and `src/device/`. There is no reply to anything but the
request for metadata; samples come while an acquisition runs. Nordic publishes no description of the protocol.
"""

from instruments.roles import SupplyLimits

START = b"\x06"
STOP = b"\x07"
POWER_ON, POWER_OFF = b"\x0c\x01", b"\x0c\x00"
METADATA = b"\x19"
AMPERE, SOURCE = 1, 2  # as the metadata say it under `mode`

LIMITS = SupplyLimits(voltage_min_v=0.8, voltage_max_v=5.0)
LAST_RESORT = "unplug the PPK2's USB cable, wait a second and plug it in again"


def mode(number: int) -> bytes:
    """Return the command that makes it an ampere meter (1) or a source (2)."""
    return bytes((0x11, number))


def regulator(millivolt: int) -> bytes:
    """Return the command that sets the voltage, big endian: 800 to 5000 mV."""
    return b"\x0d" + millivolt.to_bytes(2, "big")
