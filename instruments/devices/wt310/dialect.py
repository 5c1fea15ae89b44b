# SPDX-License-Identifier: Apache-2.0
"""What is sent to a WT310E, as tables.

Sources: Yokogawa IM WT310E-17EN (7.4: bit 0 of the condition register falls when an update is completed; filters
and extended event register; error queue `:STATus:ERRor?`), and public programs for it (`NUM:NORM` with `WH`, `AH`
and `TIME`, `RATE`, `INTEG`). IM WT310E-01EN, page App-2: watt hours are summed from every sampled product of
voltage and current, ampere hours in mode DC from every sampled current, and so without a gap between updates.
"""

from functools import partial

from instruments.devices.wt310.protocol import OVER, UPDATED, update
from instruments.scpi.integrator import IntegratorDialect
from instruments.scpi.supply import LEFT_OVER
from instruments.scpi.update_meter import UpdateDialect

ERRORS = "STAT:ERR?"
# By the names of the update rates. Faster ones, 100 and 250 ms, are overwritten while the director is busy.
UPDATES = {0.5: "500MS", 1.0: "1S", 2.0: "2S", 5.0: "5S"}
VOLTAGE_RANGES_V = (15.0, 30.0, 60.0, 150.0, 300.0, 600.0)
CURRENT_RANGES_A = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
SIGNALS = ("power", "current", "voltage")
# A power is the true mean whatever the mode; of DC the readings of current and voltage are means as well.
SET_UP = (
    (LEFT_OVER, ("NUM:HOLD OFF", "INP:SCAL OFF", "INP:CFAC 3", "MEAS:AVER OFF", "INP:FILT:LINE OFF")),
    ("inputs", ("INP:MODE DC", "INP:VOLT:AUTO OFF", "INP:CURR:AUTO OFF")),
    ("ranges", ("INP:VOLT:RANG {volt}", "INP:CURR:RANG {ampere}")),
    ("readings", ("NUM:FORM ASC", "NUM:NORM:NUM 6", "NUM:NORM:ITEM1 P,1;ITEM2 I,1;ITEM3 U,1")),
    ("integrals", ("NUM:NORM:ITEM4 WH,1;ITEM5 AH,1;ITEM6 TIME,1",)),
    ("updates", ("RATE {update}", "STAT:FILT1 FALL")),
)
UPDATE_DIALECT = UpdateDialect(
    fresh=("STAT:EESR?", UPDATED),
    state=("STAT:COND?", OVER),
    values="NUM:NORM:VAL?",
    decode=partial(update, signals=len(SIGNALS)),
)
# With the mode `NORMal` and a timer of 0 it runs until it is stopped, for 10,000 hours at most (IM WT310E-01EN,
# page 5-1). While it runs, ranges and update rate cannot be changed; `STOP` of one that does not run is an error.
INTEGRATOR = IntegratorDialect(
    start="INTEG:STAR",
    stop="INTEG:STOP",
    reset="INTEG:RES",
    state="INTEG:STAT?",
    states={
        "STAR": "",
        "RES": "it was reset",
        "STOP": "it was stopped",
        "TIM": "its timer has ended it",
        "ERR": "it has broken off, as after a loss of mains",
        "READ": "it waits for a time of day",
    },
    runs=("STAR", "READ"),
    clear="RES",
    settings={"INTEG:MODE": "NORM", "INTEG:TIM": "0,0,0"},
)
