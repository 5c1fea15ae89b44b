# SPDX-License-Identifier: Apache-2.0
"""What is sent to an NGU or an NGM, as tables.

Sources: R&S NGU User Manual 1179.2531.02-03 ("Configuration commands", page 139; "Data logging commands", page
182); R&S NGL200/NGM200 User Manual 1178.8736.02 (edition 06, table A-5; edition 09, "Syntax for Channel List
Commands"); command reference of the maker's RsNgx 3.1 (`TRIGger`, `SOURce:VOLTage:PROTection`, `RESistance`,
`ARBitrary`, `INSTrument:SELect`); R&S examples `RsInstrument_NGL-NGM_ARB.py` (pin 3 of the digital I/O connector
is the trigger input and takes both edges) and the FastLog examples for the NGM200 (`INST OUT1`, `OUTP:SEL`,
`FLOG:*`). That FastLog of an NGM starts on its digital input as that of an NGU does is what RsNgx lists for both;
no manual at hand says so.
"""

import math
import re
from dataclasses import dataclass

from instruments.devices.ngu.protocol import AVAILABLE, QUESTIONABLE_BITS, RECORD_BYTES, SKIPPED, decode
from instruments.roles import SupplyLimits
from instruments.scpi.fifo_logger import FifoDialect
from instruments.scpi.identity import Known
from instruments.scpi.status import StatusDialect
from instruments.scpi.supply import LEFT_OVER, SupplyDialect

# Below 6 V the NGU gives up to 8 A, and up to 10 V the NGM up to 6 A; 3 A hold over the whole range of both.
LIMITS = SupplyLimits(voltage_min_v=0.0, voltage_max_v=20.0, current_max_a=3.0)
# Records come in pieces of 0.524 s at every rate (seen on an NGM202 and published; R&S does not say).
PIECE_S = 0.6
# Nobody says how much the instrument keeps. The maker's example fetches once a second.
UNREAD_S = 1.0
_MOST_RECORDS = 1 << 22  # in one block: 8 s at the highest rate

Blocks = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Family:
    """Models that take the same commands; `channels` is how many each has.

    `select` goes before each command for one channel, on the same line: another program cannot come between.
    `set_up` and `ranges` are commands that not every family knows.
    """

    known: Known
    specification: str
    channels: dict[str, int]
    select: str
    set_up: tuple[str, ...]
    ranges: tuple[str, ...]
    second_try: str
    noise_period_s: float  # what the noise in its table holds for

    def ours(self, channel: int) -> str:
        """Return what goes before each command for `channel`."""
        return self.select.format(channel=channel)


NGU = Family(
    known=Known("an R&S NGU201 or NGU401", re.compile(r"NGU[24]01").fullmatch),
    specification="instruments.devices.ngu",
    channels={"NGU201": 1, "NGU401": 1},
    select="",
    set_up=("SOUR:PRI VOLT", "VOLT:RANG 20", "CURR:RANG 3"),
    # A current beyond the range in use switches to the largest range for 1.5 ms (manual, page 139: `UP:APPR`).
    # With ranges below 100 mA, every step of a DUT from sleep to work would be measured there, and nothing would
    # show it.
    ranges=("SENS:CURR:RANG:AUTO:DOWN:MIN 0.1", "SENS:CURR:RANG:AUTO:DOWN:THR 1.5E-3"),
    second_try="OUTP:GEN 0",
    noise_period_s=64e-6,
)
NGM = Family(
    known=Known("an R&S NGM201 or NGM202", re.compile(r"NGM20[12]").fullmatch),
    specification="instruments.devices.ngu.ngm",
    channels={"NGM201": 1, "NGM202": 2},
    select="INST OUT{channel};:",
    set_up=("OUTP:SEL 1",),
    ranges=(),
    second_try="OUTP:SEL 0",  # the general switch would end what the other channel feeds
    noise_period_s=64e-6,
)


def _for_channel(ours: str, *commands: str) -> tuple[str, ...]:
    return tuple(ours + command for command in commands)


def supply_dialect(family: Family, channel: int) -> SupplyDialect:
    """Return the commands of the supply on `channel`."""
    ours = family.ours(channel)
    commands = (
        "OUTP 0",
        "VOLT:PROT:CLE",
        *family.set_up,
        "VOLT {voltage}",
        "CURR {limit}",
        "VOLT:PROT:LEV {protection}",
        "VOLT:PROT 1",
    )
    # An arbitrary sequence, a constant resistance, an output that only sinks current, a ramp of the voltage.
    left_over = ("ARB 0", "RES:STAT 0", "OUTP:MODE AUTO", "VOLT:RAMP 0")
    return SupplyDialect(
        limits=LIMITS,
        set_up=(("supply", _for_channel(ours, *commands)), (LEFT_OVER, _for_channel(ours, *left_over))),
        on=f"{ours}OUTP 1",
        off=(
            _for_channel(ours, "OUTP 0", "FLOG 0"),
            _for_channel(ours, family.second_try),
            _for_channel(ours, "VOLT 0", "OUTP 0"),
        ),
        is_on=f"{ours}OUTP?",
        voltage_set=f"{ours}VOLT?",
        limit_set=f"{ours}CURR?",
        measure=f"{ours}MEAS:VOLT?",
        default_limit_a=0.5,
        settles_s=1.0,
        no_value="NaN",
    )


def log_set_up(family: Family, channel: int) -> Blocks:
    """Return the blocks of commands that set FastLog up; `{on_edge}` is 1 or 0."""
    ours, summary = family.ours(channel), f"STAT:QUES:INST:ISUM{channel}"
    ranges = ("SENS:VOLT:RANG:AUTO 1", "SENS:CURR:RANG:AUTO 1", *family.ranges)
    trigger = ("TRIG:SOUR DIO", "TRIG:SOUR:DIO:PIN IN", f"{ours}FLOG:TRIG {{on_edge}}")
    return (
        ("ranges", _for_channel(ours, *ranges)),
        ("trigger", trigger),
        ("status", (f"{summary}:PTR 32767", f"{summary}:NTR 0")),
        ("log", _for_channel(ours, "FLOG 0", "FLOG:TARG SCPI")),
    )


def status_dialect(channel: int) -> StatusDialect:
    """Return the questionable status of `channel`."""
    summary = f"STAT:QUES:INST:ISUM{channel}"
    return StatusDialect(f"{summary}:COND?", f"{summary}?", QUESTIONABLE_BITS)


def log_dialect(family: Family, channel: int) -> FifoDialect:
    """Return the commands of FastLog on `channel`."""
    ours = family.ours(channel)
    return FifoDialect(
        arm=("TRIG 1", f"{ours}FLOG 1"),
        abort=(f"{ours}FLOG 0",),
        fetch=f"{ours}FLOG:DATA?",
        records_at_once=_MOST_RECORDS,
        record_bytes=RECORD_BYTES,
        fifo_s=math.inf,
        decode=decode,
        available=(f"STAT:OPER:INST:ISUM{channel}:COND?", AVAILABLE),
        piece_s=PIECE_S,
        skipped=SKIPPED,
    )
