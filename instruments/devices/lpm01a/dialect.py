# SPDX-License-Identifier: Apache-2.0
"""What is sent to an LPM01A, as tables.

Source: UM2269 Rev 6, "Commands". Both endings of an acquisition are understood: a line with `Acquisition
completed` (firmware 1.0.6), and `end` with a summary (UM2269).
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from instruments.devices.lpm01a.protocol import Lpm01aDecoder, number
from instruments.devices.lpm01a.stream import note, summed_up
from instruments.roles import SupplyLimits
from instruments.shell.dialogue import ShellDialect
from instruments.shell.supply import ShellSupplyDialect

OLDEST_FIRMWARE = (1, 0, 6)  # the first with `eventsrc`
# What another program, such as STM32CubeMonitor-Power, may have left otherwise is set, too. `stat` gives one mean
# instead of a stream, and `funcmode` belongs to the output of current. With `pwrend off` the DUT would lose its
# supply at the end of the acquisition, before its voltage is measured.
PUT_BACK = ("output current", "acqmode dyn", "funcmode optim", "pwrend on")
SET_UP = (
    *PUT_BACK,
    "acqtime inf",
    "trigdelay 0",
    "trigsrc sw",
    "eventsrc d7 fal",
    "output energy",
    "format ascii_dec",
)
# The rates that endless ASCII output sustains, as arguments of `freq`.
RATES = {5000: "5k", 2000: "2k", 1000: "1k"} | {hz: str(hz) for hz in (500, 200, 100, 50, 20, 10, 5, 2, 1)}
CURRENT_CEILING_A = 0.2  # more than the hardware can supply in any mode ("static mode")
BYTES_PER_SAMPLE = 9  # `DDDDsEE` and a line end ("ASCII format")



class Options(BaseModel):
    """The `options` of an LPM01A in a bench file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    format: Literal["ascii_dec", "bin_hexa"] = Field(
        default="ascii_dec",
        description="text with energy and edges, up to 5 kHz, or binary with current and no edges, up to 100 kHz",
    )


SHELL = ShellDialect(
    decoder=Lpm01aDecoder,
    start="start",
    stop="stop",
    take_control="htc",
    give_back="hrc",
    remark=note,
    summed_up=summed_up,
    prompt="PowerShield > ",
    last_resort="unplug the shield's USB cable, wait a second and plug it in again",
)
SUPPLY = ShellSupplyDialect(
    limits=SupplyLimits(voltage_min_v=1.8, voltage_max_v=3.3),
    set_voltage="volt {voltage_mv}m",
    on="pwr on nostatus",
    off="pwr off",
    state="pwr get",
    measure="volt get",  # `3292-03` is 3.292 V
    number=number,
)
