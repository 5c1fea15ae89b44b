# SPDX-License-Identifier: Apache-2.0
"""What is sent to a 2450, 2460 or 2470, as tables.

A timer of the instrument starts each reading, so that the period is constant and can be read back; on their own,
readings follow each other at intervals that vary. Sources: those of `instruments.scpi.keithley`; Model 2450
Reference Manual 2450-901-01 Rev. B (September 2013), page 2-84 (output-off state) and section 2, "Automatic
reference measurements" (they make single readings late); SPEC-2450 Rev. A, page 4 (loads above 20 nF need the
high-capacitance mode). `MDIG` needs a later firmware than that manual's; published programs for these models use
it. That a voltage can be measured while the output is off, in its normal off state, is assumed; if it cannot,
"off" is not confirmed, and that is said.
"""

from instruments.devices.smu2400.protocol import another_range
from instruments.roles import SupplyLimits
from instruments.scpi.keithley import BUFFER, BUFFER_SET_UP, STOP, no_arithmetic, trace_dialect, trigger_model
from instruments.scpi.supply import LEFT_OVER, SupplyDialect

READINGS = "1000000"
ON_EDGE = "WAIT 2,DIG1,ENT"  # line 1 of the digital I/O
_OTHERS_SOURCE = ("PROT NONE", "HIGH:CAP ON", "READ:BACK OFF")
_TIMER = ("STAT OFF", "DEL {period}", "COUN 0", "STAR:GEN ON", "STAR:STIM NOT1", "STAT ON")

RANGE = ('SENS:FUNC "CURR"', "SENS:CURR:RANG {range}")
SUPPLY = (
    ("supply", (STOP, "OUTP OFF", "SOUR:FUNC VOLT", *RANGE)),
    ("sense leads", ("SENS:CURR:RSEN {four_wire}", "SENS:VOLT:RSEN {four_wire}")),
    ("voltage", ("SOUR:VOLT:RANG {voltage}", "SOUR:VOLT:ILIM {limit}", "SOUR:VOLT {voltage}")),
    (LEFT_OVER, ("OUTP:SMOD NORM", *(f"SOUR:VOLT:{word}" for word in _OTHERS_SOURCE))),
)
LOG = (
    ("measurement", (STOP, *RANGE, "SENS:CURR:NPLC 0.01", "SENS:COUN 1")),
    ("reference", ("SENS:CURR:AZER OFF", "SENS:AZER:ONCE")),
    BUFFER_SET_UP,
    ("timer", tuple(f"TRIG:TIM1:{word}" for word in _TIMER)),
    ("trigger input", ("DIG:LINE1:MODE TRIG,IN", "TRIG:DIG1:IN:EDGE FALL")),
    trigger_model("NOT 3,1", "WAIT 4,TIM1", f"MDIG 5,{BUFFER},1", "BRAN:COUN 6,{readings},4"),
    no_arithmetic("CURR", "SENS:CURR:AVER OFF"),
    ("byte order", ("FORM:BORD NORM",)),
)
# Measuring a voltage makes it the function, and the data format would hold for the answer, too.
LOG_DIALECT = trace_dialect(('SENS:FUNC "CURR"', "TRIG:DIG1:IN:CLE"), timed=True)


def supply_dialect(range_a: float, *, four_wire: bool) -> SupplyDialect:
    """Return the commands of the supply; the current limit cannot be above the range of the measurement (A)."""
    return SupplyDialect(
        limits=SupplyLimits(voltage_min_v=0.02, voltage_max_v=20.0, current_max_a=range_a),
        set_up=SUPPLY,
        on="OUTP ON",
        off=(("OUTP OFF", STOP), (STOP, "OUTP:STAT 0"), ("SOUR:VOLT 0", "OUTP OFF")),
        is_on="OUTP?",
        voltage_set="SOUR:VOLT?",
        limit_set="SOUR:VOLT:ILIM?",
        checks=(("SENS:CURR:RANG?", lambda said: another_range(said, range_a)),),
        measure="FORM ASC;:MEAS:VOLT?",
        default_limit_a=range_a,
        words={"range": f"{range_a:.9g}", "four_wire": "ON" if four_wire else "OFF"},
    )
