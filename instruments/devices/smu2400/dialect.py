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

from instruments.roles import SupplyLimits
from instruments.scpi.keithley import BUFFER, BUFFER_SET_UP, EMPTY_MODEL, STOP, trace_dialect
from instruments.scpi.supply import LEFT_OVER, SupplyDialect

READINGS = 1_000_000
ON_EDGE = "WAIT 2,DIG1,ENT"  # line 1 of the digital I/O
NPLC = "0.01"
HIGHEST_V = 20.0

SUPPLY = (
    (
        "supply",
        (
            STOP,
            "OUTP OFF",
            "SOUR:FUNC VOLT",
            'SENS:FUNC "CURR"',
            "SENS:CURR:RANG {range}",
            "SENS:CURR:RSEN {four_wire}",
            "SENS:VOLT:RSEN {four_wire}",
            "SOUR:VOLT:RANG {voltage}",
            "SOUR:VOLT:ILIM {limit}",
            "SOUR:VOLT {voltage}",
        ),
    ),
    (LEFT_OVER, ("OUTP:SMOD NORM", "SOUR:VOLT:PROT NONE", "SOUR:VOLT:HIGH:CAP ON", "SOUR:VOLT:READ:BACK OFF")),
)
LOG = (
    ("measurement", (STOP, 'SENS:FUNC "CURR"', "SENS:CURR:RANG {range}", f"SENS:CURR:NPLC {NPLC}", "SENS:COUN 1")),
    ("reference", ("SENS:CURR:AZER OFF", "SENS:AZER:ONCE")),
    BUFFER_SET_UP,
    (
        "timer",
        (
            "TRIG:TIM1:STAT OFF",
            "TRIG:TIM1:DEL {period}",
            "TRIG:TIM1:COUN 0",
            "TRIG:TIM1:STAR:GEN ON",
            "TRIG:TIM1:STAR:STIM NOT1",
            "TRIG:TIM1:STAT ON",
        ),
    ),
    ("trigger input", ("DIG:LINE1:MODE TRIG,IN", "TRIG:DIG1:IN:EDGE FALL")),
    (
        "trigger model",
        (
            *EMPTY_MODEL,
            "TRIG:BLOC:NOT 3,1",
            "TRIG:BLOC:WAIT 4,TIM1",
            f"TRIG:BLOC:MDIG 5,{BUFFER},1",
            "TRIG:BLOC:BRAN:COUN 6,{readings},4",
        ),
    ),
    (LEFT_OVER, ("SENS:CURR:REL:STAT OFF", "CALC:CURR:MATH:STAT OFF", "SENS:CURR:AVER OFF")),
    ("byte order", ("FORM:BORD NORM",)),
)
# Measuring a voltage makes it the function, and the data format would hold for the answer, too.
LOG_DIALECT = trace_dialect(('SENS:FUNC "CURR"', "TRIG:DIG1:IN:CLE"), timed=True)


def supply_dialect(range_a: float, *, four_wire: bool) -> SupplyDialect:
    """Return the commands of the supply; the current limit cannot be above the range of the measurement (A)."""
    return SupplyDialect(
        limits=SupplyLimits(voltage_min_v=0.02, voltage_max_v=HIGHEST_V, current_max_a=range_a),
        set_up=SUPPLY,
        on="OUTP ON",
        off=(("OUTP OFF", STOP), (STOP, "OUTP:STAT 0"), ("SOUR:VOLT 0", "OUTP OFF")),
        is_on="OUTP?",
        voltage_set="SOUR:VOLT?",
        measure="FORM ASC;:MEAS:VOLT?",
        default_limit_a=range_a,
        words={"range": f"{range_a:.9g}", "four_wire": "ON" if four_wire else "OFF"},
    )
