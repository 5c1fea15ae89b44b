# SPDX-License-Identifier: Apache-2.0
"""The commands for an N6705 or N6700, as tables; none of them affects another channel of the mainframe.

Source: Keysight N6705C Operating and Service Guide, chapters "SCPI Programming Reference" and "External Data
Logging".
"""

from functools import partial

from instruments.devices.n6705.protocol import OPERATION_ARMED
from instruments.roles import SupplyLimits
from instruments.scpi.fifo_logger import FifoDialect
from instruments.scpi.records import decode_records
from instruments.scpi.supply import LEFT_OVER, SupplyDialect

SIGNALS = ("current", "voltage")  # the order of the values in a record
FETCH_RECORDS = 16384  # the most in one answer: 131 kB, 3.4 s at the shortest period
FIFO_S = 20.0
LIMITS = SupplyLimits(voltage_min_v=0.0, voltage_max_v=20.0, current_max_a=3.0)
DEFAULT_LIMIT_A = 0.5

SUPPLY = (
    (
        "supply",
        (
            "OUTP OFF,{ours}",
            "OUTP:PROT:CLE {ours}",
            "EMUL PS2Q,{ours}",
            "FUNC VOLT,{ours}",
            "VOLT {voltage},{ours}",
            "CURR:LIM {limit},{ours}",
            "VOLT:PROT:REM {protection},{ours}",
        ),
    ),
    # An arbitrary waveform or a list in the place of the voltage.
    (LEFT_OVER, ("ABOR:TRAN {ours}", "VOLT:MODE FIX,{ours}", "CURR:MODE FIX,{ours}")),
)
LOG = (
    (
        "logged parameters",
        (
            "SENS:ELOG:FUNC:CURR ON,{ours}",
            "SENS:ELOG:FUNC:VOLT ON,{ours}",
            "SENS:ELOG:FUNC:CURR:MINM OFF,{ours}",
            "SENS:ELOG:FUNC:VOLT:MINM OFF,{ours}",
            "SENS:ELOG:CURR:RANG:AUTO ON,{ours}",
        ),
    ),
    ("period", ("SENS:SWE:TINT:RES RES20", "SENS:ELOG:PER {period},{ours}")),
    ("trigger", ("TRIG:ELOG:SOUR {trigger},{ours}",)),
    # The voltmeter of an N6781A on its auxiliary input; a range of the voltage that ends below the DUT's.
    (LEFT_OVER, ("SENS:VOLT:INP MAIN,{ours}", "SENS:ELOG:VOLT:RANG:AUTO ON,{ours}")),
    ("data format", ("FORM REAL", "FORM:BORD NORM")),
)
# An N6700 has no trigger BNC: EXT means any pin of the digital port that is configured as a trigger input.
N6700_TRIGGER_PIN = (("trigger pin", ("DIG:PIN1:FUNC TINP", "DIG:PIN1:POL NEG")),)


def supply_dialect(ours: str) -> SupplyDialect:
    """Return the commands of the supply for the channel list `ours`, such as `(@1)`."""
    return SupplyDialect(
        limits=LIMITS,
        set_up=SUPPLY,
        on=f"OUTP ON,{ours}",
        off=(
            (f"OUTP OFF,{ours}", f"ABOR:ELOG {ours}"),
            (f"OUTP:STAT 0,{ours}",),
            (f"VOLT 0,{ours}", f"OUTP:STAT 0,{ours}"),
        ),
        is_on=f"OUTP? {ours}",
        voltage_set=f"VOLT? {ours}",
        measure=f"MEAS:VOLT? {ours}",
        default_limit_a=DEFAULT_LIMIT_A,
        words={"ours": ours},
    )


def log_dialect(ours: str) -> FifoDialect:
    """Return the commands that arm, fetch and end the log of the channel list `ours`."""
    return FifoDialect(
        arm=(f"INIT:ELOG {ours}",),
        abort=(f"ABOR:ELOG {ours}",),
        fetch=f"FETC:ELOG? {FETCH_RECORDS},{ours}",
        records_at_once=FETCH_RECORDS,
        record_bytes=4 * len(SIGNALS),
        fifo_s=FIFO_S,
        decode=partial(decode_records, signals=len(SIGNALS)),
        armed=(f"STAT:OPER:COND? {ours}", OPERATION_ARMED),
    )
