# SPDX-License-Identifier: Apache-2.0
"""The commands for an N6705 or N6700, as tables; none but the watchdog's affects another channel of the mainframe.

`whole_dialect.py` has those of the logs that are read in one piece.
Source: Keysight N6705C Operating and Service Guide, chapters "SCPI Programming Reference" and "External Data
Logging".
"""

import math
from dataclasses import dataclass
from functools import partial

from instruments.devices.n6705.protocol import OPERATION_ARMED
from instruments.roles import SignalKind, SupplyLimits
from instruments.scpi.fifo_logger import FifoDialect
from instruments.scpi.output_watchdog import WatchdogDialect
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
# Without SCPI activity for so long, an N6700C disables all its outputs (N6700C Operating and Service Guide,
# "Watchdog Timer Protection"). The guide of the N6705C does not describe this, so it is not used there.
WITH_WATCHDOG = "N670[0-3]C"
WATCHDOG_S = 60


AUX, MAIN = "SENS:VOLT:INP AUX,{ours}", "SENS:VOLT:INP MAIN,{ours}"


@dataclass(frozen=True)
class LogKind:
    """One way of logging: `set_up` in blocks, the query of its `period`, and one that says what is `logged`.

    `abort` ends it. It holds `points` records at most, and `longest_s` seconds unless a bench file says otherwise;
    `at_end` means that it is read in one piece.
    """

    set_up: tuple[tuple[str, tuple[str, ...]], ...]
    period: str
    logged: str
    abort: str
    default_period_s: float
    kind: SignalKind = "mean"
    unread_s: float = math.inf
    points: float = math.inf
    longest_s: float = math.inf
    at_end: bool = False
    stop_s: float = 0.0


ELOG = LogKind(
    set_up=LOG,
    period="SENS:ELOG:PER? {ours}",
    logged="SENS:ELOG:FUNC:{parameter}? {ours}",
    abort="ABOR:ELOG {ours}",
    default_period_s=204.8e-6,  # the shortest for two parameters, 102.4 us each
    unread_s=0.9 * FIFO_S,
)


def supply_dialect(ours: str, abort: tuple[str, ...]) -> SupplyDialect:
    """Return the commands of the supply for the channel list `ours`, such as `(@1)`; `abort` ends its log."""
    return SupplyDialect(
        limits=LIMITS,
        set_up=SUPPLY,
        on=f"OUTP ON,{ours}",
        off=(
            (f"OUTP OFF,{ours}", *abort),
            (f"OUTP:STAT 0,{ours}",),
            (f"VOLT 0,{ours}", f"OUTP:STAT 0,{ours}"),
        ),
        is_on=f"OUTP? {ours}",
        voltage_set=f"VOLT? {ours}",
        limit_set=f"CURR:LIM? {ours}",
        measure=f"MEAS:VOLT? {ours}",
        default_limit_a=DEFAULT_LIMIT_A,
        words={"ours": ours},
        watchdog=WatchdogDialect(
            models=WITH_WATCHDOG,
            on=(f"OUTP:PROT:WDOG:DEL {WATCHDOG_S}", "OUTP:PROT:WDOG ON"),
            off="OUTP:PROT:WDOG OFF",
            count="SYST:CHAN?",
            outputs="OUTP? (@1:{count})",
            own=int(ours.strip("(@)")),
        ),
    )


def log_dialect(ours: str, *, aux: bool = False) -> FifoDialect:
    """Return the commands that arm, fetch and end the log of the channel list `ours`.

    With `aux`, the voltmeter is on the auxiliary input while it logs, and only then: the supply's output is
    measured with it, too.
    """
    return FifoDialect(
        arm=(*((AUX.format(ours=ours),) if aux else ()), f"INIT:ELOG {ours}"),
        abort=(f"ABOR:ELOG {ours}", *((MAIN.format(ours=ours),) if aux else ())),
        fetch=f"FETC:ELOG? {FETCH_RECORDS},{ours}",
        records_at_once=FETCH_RECORDS,
        record_bytes=4 * len(SIGNALS),
        fifo_s=FIFO_S,
        decode=partial(decode_records, signals=len(SIGNALS)),
        armed=(f"STAT:OPER:COND? {ours}", OPERATION_ARMED),
    )
