# SPDX-License-Identifier: Apache-2.0
"""What is sent to a DMM7510 or DMM6500, as tables.

Sources: those of `instruments.scpi.keithley`, and published programs for both models (`TRIG:EXT:IN`, `DIG:CURR`,
`TRIG:BLOC:MDIG` with a number of readings). That the buffer can be read while the digitizer fills it is assumed.
"""

from instruments.scpi.keithley import BUFFER, BUFFER_SET_UP, EMPTY_MODEL, STOP, trace_dialect
from instruments.scpi.supply import LEFT_OVER

# 500 s at the default rate. A DMM6500 can hold some 7 million readings in all buffers (not confirmed).
READINGS = 5_000_000
ON_EDGE = "WAIT 2,EXT,ENT"  # an edge from before is not taken
APERTURES = {False: "1E-6", True: "AUTO"}  # by whether a reading is to be the mean over its period

LOG = (
    ("digitizer", (STOP, 'SENS:DIG:FUNC "CURR"', "SENS:DIG:CURR:RANG {range}", "SENS:DIG:COUN 1")),
    # An aperture of before may not fit into the new period.
    ("sample rate", ("SENS:DIG:CURR:APER AUTO", "SENS:DIG:CURR:SRAT {rate}", "SENS:DIG:CURR:APER {aperture}")),
    BUFFER_SET_UP,
    ("trigger", ("TRIG:EXT:IN:EDGE FALL", *EMPTY_MODEL, f"TRIG:BLOC:MDIG 3,{BUFFER},{{readings}}")),
    (LEFT_OVER, ("SENS:DIG:CURR:REL:STAT OFF", "CALC:DIG:CURR:MATH:STAT OFF", "TRIG:DIG:STIM NONE")),
    ("data format", ("FORM SRE", "FORM:BORD NORM")),
)
LOG_DIALECT = trace_dialect(("TRIG:EXT:IN:CLE",), timed=False)
