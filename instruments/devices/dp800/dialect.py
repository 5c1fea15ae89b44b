# SPDX-License-Identifier: Apache-2.0
"""The commands for one channel of a Rigol DP800, as tables; each names its channel. Source: see `protocol.py`."""

from instruments.devices.dp800.protocol import ANY, TRACKING, is_on, limits, series
from instruments.scpi.session import SessionDialect
from instruments.scpi.supply import LEFT_OVER, SupplyDialect

# The guide shows no line with two commands, so the token goes in two.
SESSION = SessionDialect(token=("*ESE {token}", "*ESE?"), errors=":SYST:ERR?")
_SUPPLY = (
    ":OUTP {ours},OFF",
    ":OUTP:OVP:CLE {ours}",
    ":OUTP:OCP:CLE {ours}",
    ":APPL {ours},{voltage},{limit}",
    ":OUTP:OVP:VAL {ours},{protection}",
    ":OUTP:OVP {ours},ON",
)
# The timer and the delayer act on the channel that is selected.
_LEFT_OVER = (":INST {ours}", ":TIME OFF", ":DELAY OFF")


def supply_dialect(channel: int, model: str = "") -> SupplyDialect:
    """Return the commands for `channel`, from 1, of a model; of any as long as none is known."""
    ours = f"CH{channel}"
    track = (":OUTP:TRAC {ours},OFF",) if series(model) in TRACKING and channel < 3 else ()
    return SupplyDialect(
        limits=(limits(model, channel) if model else None) or ANY,
        set_up=(("supply", _SUPPLY), (LEFT_OVER, _LEFT_OVER + track)),
        on=f":OUTP {ours},ON",
        off=((f":OUTP {ours},OFF",), (f":OUTP {ours},OFF",), (f":APPL {ours},0", f":OUTP {ours},OFF")),
        is_on=f":OUTP? {ours}",
        says_on=is_on,
        voltage_set=f":APPL? {ours},VOLT",
        limit_set=f":APPL? {ours},CURR",
        measure=f":MEAS:VOLT? {ours}",
        default_limit_a=0.5,
        words={"ours": ours},
        settles_s=1.0,
    )


# What may have switched an output off, and how it is asked for.
TRIPS = (("over-voltage protection tripped", ":OUTP:OVP:QUES? {ours}"), ("over-current", ":OUTP:OCP:QUES? {ours}"))
