# SPDX-License-Identifier: Apache-2.0
"""What is sent to a DMM7510 or DMM6500, as tables.

Sources: those of `instruments.scpi.keithley`, and published programs for both models (`TRIG:EXT:IN`, `DIG:CURR`,
`TRIG:BLOC:MDIG` with a number of readings). That the buffer can be read while the digitizer fills it is assumed.
"""

from instruments.scpi.keithley import BUFFER, BUFFER_SET_UP, STOP, no_arithmetic, trace_dialect, trigger_model

# 500 s at the default rate. A DMM6500 can hold some 7 million readings in all buffers (not confirmed).
READINGS = 5_000_000
ON_EDGE = "WAIT 2,EXT,ENT"  # an edge from before is not taken
APERTURES = {False: "1E-6", True: "AUTO"}  # by whether a reading is to be the mean over its period

LOG = (
    ("digitizer", (STOP, 'SENS:DIG:FUNC "CURR"', "SENS:DIG:CURR:RANG {range}", "SENS:DIG:COUN 1")),
    # An aperture of before may not fit into the new period.
    ("sample rate", ("SENS:DIG:CURR:APER AUTO", "SENS:DIG:CURR:SRAT {rate}", "SENS:DIG:CURR:APER {aperture}")),
    BUFFER_SET_UP,
    ("trigger input", ("TRIG:EXT:IN:EDGE FALL",)),
    trigger_model(f"MDIG 3,{BUFFER},{{readings}}"),
    no_arithmetic("DIG:CURR", "TRIG:DIG:STIM NONE"),
    ("byte order", ("FORM:BORD NORM",)),
)
LOG_DIALECT = trace_dialect(("TRIG:EXT:IN:CLE",), timed=False)
