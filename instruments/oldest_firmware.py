# SPDX-License-Identifier: Apache-2.0
"""The oldest firmware, or server in front of an instrument, that our drivers can use, each with its source.

For a driver that is not here, no document says with which version its commands began.
"""

from instruments.firmware import OldestFirmware

LPM01A = (
    OldestFirmware(
        version="1.0.6",
        needed_for="capturing edges (`eventsrc`)",
        source="EnergyRunner's issue 8, and the help text of firmware 1.0.6",
        try_this="update the shield's firmware with ST's STM32CubeMonitor-Power",
    ),
)
# The guide is of the N6700; no document at hand says the same of an N6705, so `models` leaves it out.
N6705 = (
    OldestFirmware(
        version="D.01.09",
        needed_for="the external data log (log = 'elog')",
        source="Keysight N6700 User's Guide, External Data Logging",
        try_this="update the mainframe with Keysight's firmware, or log = 'dlog'",
        models="N670[0-2].*",
    ),
)
JS220 = (
    OldestFirmware(
        version="1.2.1",
        needed_for="reliable communication",
        source="release notes of joulescope_driver 1.4.4",
        try_this="update it with the Joulescope UI, or with `python -m pyjoulescope_driver program`",
    ),
)
OTII = (
    OldestFirmware(
        version="3.5.5",
        needed_for="asking who is logged in and which licence is held",
        source="release notes of otii-tcp-client 1.0.11",
        try_this="update the Otii application, or `otii_server`",
        of="otii",
    ),
)
