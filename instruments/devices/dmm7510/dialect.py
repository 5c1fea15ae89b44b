# SPDX-License-Identifier: Apache-2.0
"""What is sent to a DMM7510 or DMM6500, as tables.

Sources: those of `instruments.scpi.keithley`, and published programs for both models (`TRIG:EXT:IN`, `DIG:CURR`,
`TRIG:BLOC:MDIG` with a number of readings). That the buffer can be read while the digitizer fills it is assumed.

Only the first edge on EXT TRIG IN is used, because no documented way records where a later one lies among the
readings. DMM7510 Reference Manual DMM7510-901-01 Rev. B:

* a buffer holds readings, with status and time of each, and no events (page 6-156); its times are of readings;
* an edge can end readings and begin others (`MDIG` with the count `STOP`, then with `INFinite`). The first of each
  group is marked (status bit 0x0100, page 6-156), but binary answers hold no status (error 1133, page 6-13). No
  page says for how long nothing is read in between, and that gap would lie at the very edge of each window;
* an edge while `TRIG:DIG:STIM EXTernal` fills a group is kept until that group is complete (page 8-201);
* a log block (`TRIG:BLOC:LOG:EVENt`) writes a line into the event log. No page states how long after the edge, and
  it may delay the blocks after it (2450 Reference Manual 2450-901-01 Rev. B, page 6-143).

So later edges are placed by the IO manager's laps, whose step and clock are known.
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
