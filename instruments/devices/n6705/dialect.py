# SPDX-License-Identifier: Apache-2.0
"""The commands for an N6705 or N6700, as tables; none but the watchdog's affects another channel of the mainframe.

`whole_dialect.py` has those of the logs that are read in one piece.
Source: Keysight N6705C Operating and Service Guide, chapters "SCPI Programming Reference" and "External Data
Logging".
"""

import math
from functools import partial

from instruments.devices.n6705.protocol import OPERATION_ARMED, QUESTIONABLE_BITS
from instruments.roles import SupplyLimits
from instruments.scpi.blocks import format_number
from instruments.scpi.fifo_logger import FifoDialect
from instruments.scpi.log_kind import LogKind
from instruments.scpi.output_watchdog import WatchdogDialect
from instruments.scpi.records import decode_records
from instruments.scpi.status import StatusDialect
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


ELOG = LogKind(
    set_up=LOG,
    period="SENS:ELOG:PER? {ours}",
    logged=("SENS:ELOG:FUNC:CURR? {ours}", "SENS:ELOG:FUNC:VOLT? {ours}"),
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


def status_dialect(ours: str) -> StatusDialect:
    """Return the questionable status of the channel list `ours`."""
    return StatusDialect(f"STAT:QUES:COND? {ours}", f"STAT:QUES? {ours}", QUESTIONABLE_BITS)


def trigger_pin(model: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the block that sets up the trigger input of a mainframe without a BNC for it."""
    return () if model.startswith("N6705") else N6700_TRIGGER_PIN


def log_words(
    ours: str, channels: int, kind: LogKind, period_s: float, points: int, *, on_edge: bool
) -> dict[str, str]:
    """Return what is filled into the set-up of a log; `channels` is how many the mainframe has."""
    return {
        "ours": ours,
        "all": f"(@1:{channels})",
        "period": format_number(period_s),
        "trigger": "EXT" if on_edge else "IMM",
        "longest": format_number(kind.longest_s if kind.longest_s < math.inf else 0.0),
        "points": str(points),
    }


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
