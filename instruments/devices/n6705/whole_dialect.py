# SPDX-License-Identifier: Apache-2.0
"""The commands of the two logs that are read in one piece: the data log to a file, and the digitizer's array.

Sources: Keysight N6705C Operating and Service Guide, pages 155 (triggers) and 158 (sampling: 20.48 us for one
parameter, averages of continuous samples); N6705C User's Guide, page 213 (time intervals of the array); Agilent
N6705A User's Guide, pages 66 (a file holds 2E9 bytes at most, or the period becomes longer) and 168 (the data log
takes the measurements of all outputs). Reading a file with `MMEM:DATA:DEF?`, the layout of that file, and 512 Ki
points of the array were seen in public programs or are said of it, and not read in a guide: they are assumed. No
document at hand says that a file can be read in part, or while it is written: it is read when the log has ended.
"""

from collections.abc import Sequence

import numpy as np

from instruments.devices.n6705.dialect import ELOG, log_dialect
from instruments.devices.n6705.dlog_file import MOST_HEADER_BYTES, parse_file
from instruments.devices.n6705.protocol import OPERATION_ARMED
from instruments.errors import ProtocolViolation
from instruments.scpi.fifo_logger import FifoDialect
from instruments.scpi.log_kind import LogKind
from instruments.scpi.records import Records, decode_records
from instruments.scpi.supply import LEFT_OVER
from instruments.scpi.whole_log import WholeDialect

FILE = "internal:\\energy-runner.dlog"
MOST_FILE_BYTES = 2_000_000_000
ARRAY_POINTS = 512 * 1024
_MAIN = "SENS:VOLT:INP MAIN,{ours}"

DLOG = LogKind(
    set_up=(
        # One log for the mainframe: after *RST it has the voltage of every channel.
        (
            "logged parameters",
            (
                "SENS:DLOG:FUNC:CURR OFF,{all}",
                "SENS:DLOG:FUNC:VOLT OFF,{all}",
                "SENS:DLOG:FUNC:MINM OFF",
                "SENS:DLOG:FUNC:CURR ON,{ours}",
                "SENS:DLOG:FUNC:VOLT ON,{ours}",
                "SENS:DLOG:CURR:RANG:AUTO ON,{ours}",
            ),
        ),
        ("period", ("SENS:DLOG:TIME {longest}", "SENS:DLOG:PER {period}")),
        ("trigger", ("SENS:DLOG:OFFS 0", "TRIG:DLOG:SOUR {trigger}")),
        (LEFT_OVER, ("ABOR:ELOG {ours}", _MAIN, "SENS:DLOG:VOLT:RANG:AUTO ON,{ours}")),
    ),
    period="SENS:DLOG:PER?",
    logged=("SENS:DLOG:FUNC:CURR? {ours}", "SENS:DLOG:FUNC:VOLT? {ours}"),
    default_period_s=40.96e-6,  # 20.48 us for each of two parameters
    longest_s=1800.0,
    at_end=True,
    stop_s=120.0,  # to read 120 MB, ten minutes of a log; assumed: 1 MB/s
)
ARRAY = LogKind(
    set_up=(
        (
            "digitized parameters",
            ("SENS:FUNC:CURR ON,{ours}", "SENS:FUNC:VOLT ON,{ours}", "SENS:CURR:RANG:AUTO ON,{ours}"),
        ),
        (
            "time interval",
            ("SENS:SWE:TINT:RES RES20", "SENS:SWE:TINT {period},{ours}", "SENS:SWE:POIN {points},{ours}"),
        ),
        ("trigger", ("SENS:SWE:OFFS:POIN 0,{ours}", "TRIG:ACQ:SOUR {trigger},{ours}")),
        (LEFT_OVER, ("ABOR:ELOG {ours}", _MAIN, "SENS:VOLT:RANG:AUTO ON,{ours}")),
        ("data format", ("FORM REAL", "FORM:BORD NORM")),
    ),
    period="SENS:SWE:TINT? {ours}",
    logged=("SENS:FUNC:CURR? {ours}", "SENS:FUNC:VOLT? {ours}"),
    default_period_s=10.24e-6,  # 5.12 us for each of two parameters
    # Where the interval is longer than that, no document at hand says whether a reading is the mean over it.
    kind="instant",
    points=ARRAY_POINTS,
    at_end=True,
)
LOGS = {"elog": ELOG, "dlog": DLOG, "array": ARRAY}


def dialect_of(log: str, channel: int, *, aux: bool) -> FifoDialect | WholeDialect:
    """Return the commands that arm, end and read the log called `log` of one channel; `aux`: see `log_dialect`."""
    ours = f"(@{channel})"
    return log_dialect(ours, aux=aux) if log == "elog" else _whole_dialect(log, channel, ours)


def _whole_dialect(log: str, channel: int, ours: str) -> WholeDialect:
    if log == "dlog":
        wanted = ((channel, "current"), (channel, "voltage"))
        return WholeDialect(
            arm=(f'INIT:DLOG "{FILE}"',),
            abort=("ABOR:DLOG",),
            fetch=(f'MMEM:DATA:DEF? "{FILE}"',),
            decode=lambda blocks, period_s: parse_file(blocks[0], wanted, period_s),
            most_bytes=MOST_FILE_BYTES + MOST_HEADER_BYTES,
            tidy=(f'MMEM:DEL "{FILE}"',),
        )
    return WholeDialect(
        arm=(f"INIT:ACQ {ours}",),
        abort=(f"ABOR:ACQ {ours}",),
        fetch=(f"FETC:ARR:CURR? {ours}", f"FETC:ARR:VOLT? {ours}"),
        decode=_decode_arrays,
        most_bytes=4 * ARRAY_POINTS,
        busy=(f"STAT:OPER:COND? {ours}", OPERATION_ARMED),
    )


def _decode_arrays(blocks: Sequence[bytes], period_s: float) -> Records:
    current, voltage = (decode_records(block, signals=1) for block in blocks)
    if current.count != voltage.count:
        raise ProtocolViolation("fetch the arrays", f"{current.count} currents and {voltage.count} voltages")
    return Records((*current.values, *voltage.values), np.asarray(current.bad | voltage.bad))
