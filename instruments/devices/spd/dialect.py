# SPDX-License-Identifier: Apache-2.0
"""The commands for one channel of a Siglent SPD, as tables; each names its channel. Source: see `protocol.py`.

It knows neither `*ESE` nor, in older firmware, a queue of errors: `SYST:ERR?` answers `0 No Error` or `+0, No
Error` (published tests for firmware 1.01.01.02.05 and 1.01.01.02.07R2). So every setting is read back, and the
only answer to `*IDN?` tells that answers are in step.
"""

from functools import partial

from instruments.devices.spd.protocol import ANY, MODELS, complaint, is_on, limits
from instruments.scpi.session import SessionDialect
from instruments.scpi.supply import LEFT_OVER, SupplyDialect

SESSION = SessionDialect(token=("*IDN?",), known=r"[^,]+,[^,]+,[^,]+,[^,]+(?:,[^,]+)?", errors="")
# Users found that a command is lost when it follows another one within some 10 ms (pyvisa issue 362); 20 ms and a
# little more for longer ones are reported as enough (PyFixate pull request 228).
PAUSE_S = 0.05


def supply_dialect(channel: int, model: str = "") -> SupplyDialect:
    """Return the commands for `channel`, from 1, of a model; of any as long as none is known."""
    ours, channels = f"CH{channel}", MODELS[model][2] if model else 1
    coupled = ("OUTP:TRACK 0",) if channels > 1 else ()
    return SupplyDialect(
        limits=(limits(model, channel) if model else None) or ANY,
        set_up=(
            ("supply", (f"OUTP {ours},OFF",)),
            (LEFT_OVER, (f"TIME {ours},OFF", *coupled)),
            ("settings", (f"{ours}:VOLT {{voltage}}", f"{ours}:CURR {{limit}}")),
        ),
        on=f"OUTP {ours},ON",
        off=((f"OUTP {ours},OFF",), (f"OUTP {ours},OFF",), (f"{ours}:VOLT 0", f"OUTP {ours},OFF")),
        is_on="SYST:STAT?",
        says_on=partial(is_on, channel=channel),
        voltage_set=f"{ours}:VOLT?",
        limit_set=f"{ours}:CURR?",
        checks=(("SYST:STAT?", partial(complaint, channel=channel, channels=channels)),),
        measure=f"MEAS:VOLT? {ours}",
        default_limit_a=0.5,
        settles_s=1.0,
    )
