# SPDX-License-Identifier: Apache-2.0
"""What is sent to an NGU, as tables.

Sources: R&S NGU User Manual 1179.2531.02-03 ("Configuration commands", page 139; "Data logging commands", page
182); command reference of the maker's RsNgx 3.1 (`TRIGger`, `SOURce:VOLTage:PROTection`, `RESistance`,
`ARBitrary`); R&S example
`RsInstrument_NGL-NGM_ARB.py` (pin 3 of the digital I/O connector is the trigger input and takes both edges).
"""

import math

from instruments.devices.ngu.protocol import AVAILABLE, RECORD_BYTES, SKIPPED, decode
from instruments.roles import SupplyLimits
from instruments.scpi.fifo_logger import FifoDialect
from instruments.scpi.supply import LEFT_OVER, SupplyDialect

# Below 6 V the NGU gives up to 8 A; 3 A hold over the whole range.
LIMITS = SupplyLimits(voltage_min_v=0.0, voltage_max_v=20.0, current_max_a=3.0)
# Records come in pieces of 0.524 s at every rate (seen on an NGM202 and published; R&S does not say).
PIECE_S = 0.6
# Nobody says how much the instrument keeps. The maker's example fetches once a second.
UNREAD_S = 1.0
_MOST_RECORDS = 1 << 22  # in one block: 8 s at the highest rate

SUPPLY = (
    (
        "supply",
        (
            "OUTP 0",
            "VOLT:PROT:CLE",
            "SOUR:PRI VOLT",
            "VOLT:RANG 20",
            "CURR:RANG 3",
            "VOLT {voltage}",
            "CURR {limit}",
            "VOLT:PROT:LEV {protection}",
            "VOLT:PROT 1",
        ),
    ),
    # An arbitrary sequence, a constant resistance, an output that only sinks current, a ramp of the voltage.
    (LEFT_OVER, ("ARB 0", "RES:STAT 0", "OUTP:MODE AUTO", "VOLT:RAMP 0")),
)
LOG = (
    ("ranges", ("SENS:VOLT:RANG:AUTO 1", "SENS:CURR:RANG:AUTO 1", "SENS:CURR:RANG:AUTO:DOWN:MIN 1E-3")),
    ("trigger", ("TRIG:SOUR DIO", "TRIG:SOUR:DIO:PIN IN", "FLOG:TRIG {on_edge}")),
    ("status", ("STAT:QUES:INST:ISUM1:PTR 32767", "STAT:QUES:INST:ISUM1:NTR 0")),
    ("log", ("FLOG 0", "FLOG:TARG SCPI")),
)

SUPPLY_DIALECT = SupplyDialect(
    limits=LIMITS,
    set_up=SUPPLY,
    on="OUTP 1",
    off=(("OUTP 0", "FLOG 0"), ("OUTP:GEN 0",), ("VOLT 0", "OUTP 0")),
    is_on="OUTP?",
    voltage_set="VOLT?",
    measure="MEAS:VOLT?",
    default_limit_a=0.5,
    settles_s=1.0,
    no_value="NaN",
)
LOG_DIALECT = FifoDialect(
    arm=("TRIG 1", "FLOG 1"),
    abort=("FLOG 0",),
    fetch="FLOG:DATA?",
    records_at_once=_MOST_RECORDS,
    record_bytes=RECORD_BYTES,
    fifo_s=math.inf,
    decode=decode,
    available=("STAT:OPER:INST:ISUM1:COND?", AVAILABLE),
    piece_s=PIECE_S,
    skipped=SKIPPED,
)
