# SPDX-License-Identifier: Apache-2.0
"""What is sent to an LPM01A, as tables.

Source: UM2269 Rev 6, "Commands". Both endings of an acquisition are understood: a line with `Acquisition
completed` (firmware 1.0.6), and `end` with a summary (UM2269).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from instruments.devices.lpm01a.binary import SwitchingDecoder
from instruments.devices.lpm01a.protocol import Lpm01aDecoder, number
from instruments.devices.lpm01a.stream import note, summed_up
from instruments.roles import Rates, SupplyLimits
from instruments.shell.dialogue import ShellDialect
from instruments.shell.events import Decoder
from instruments.shell.supply import ShellSupplyDialect
from instruments.specifications import SpecificationTerm

# What another program, such as STM32CubeMonitor-Power, may have left otherwise is set, too. `stat` gives one mean
# instead of a stream, and `funcmode` belongs to the output of current. With `pwrend off` the DUT would lose its
# supply at the end of the acquisition, before its voltage is measured.
PUT_BACK = ("output current", "acqmode dyn", "funcmode optim", "pwrend on")
STARTED_BY_HOST = ("acqtime inf", "trigdelay 0", "trigsrc sw")
_TEXT_RATES = {5000: "5k", 2000: "2k", 1000: "1k"} | {hz: str(hz) for hz in (500, 200, 100, 50, 20, 10, 5, 2, 1)}
CURRENT_CEILING_A = 0.2  # more than the hardware can supply in any mode ("static mode")


@dataclass(frozen=True)
class Output:
    """One format of the samples: how it is set up, what it holds, and its rates (Hz) as arguments of `freq`."""

    decoder: Callable[[], Decoder]
    set_up: tuple[str, ...]
    signal: str
    rates: dict[int, str]
    usual_hz: int
    sample_bytes: int
    captures_edges: bool
    coding: SpecificationTerm | None = None  # in place of the table's quantisation

    @property
    def every_rate(self) -> Rates:
        """Return the rates as a sampler offers them."""
        return Rates(min(self.rates), max(self.rates), only=tuple(self.rates))


# Rates are those that an endless acquisition sustains ("Max acquisition length"). How binary output encodes edges
# is not documented, so `eventsrc` is left alone there, and D7 must not be wired.
OUTPUTS = {
    "ascii_dec": Output(
        decoder=Lpm01aDecoder,
        set_up=(*PUT_BACK, *STARTED_BY_HOST, "eventsrc d7 fal", "output energy", "format ascii_dec"),
        signal="energy",
        rates=_TEXT_RATES,
        usual_hz=1000,
        sample_bytes=9,  # `DDDDsEE` and a line end ("ASCII format")
        captures_edges=True,
    ),
    "bin_hexa": Output(
        decoder=SwitchingDecoder,
        set_up=(*PUT_BACK, *STARTED_BY_HOST, "format bin_hexa"),
        signal="current",
        rates={100_000: "100k", 50_000: "50k", 20_000: "20k", 10_000: "10k"},
        usual_hz=100_000,
        sample_bytes=2,
        captures_edges=False,
        coding=SpecificationTerm(
            "quantisation",
            relative=0.002,
            source="UM2269 Rev 6, binary format: 12 bits to the power of 16, so at most half a step of 1 in 256",
        ),
    ),
}


class Options(BaseModel):
    """The `options` of an LPM01A in a bench file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    format: Literal["ascii_dec", "bin_hexa"] = Field(
        default="ascii_dec",
        description="text with energy and edges, up to 5 kHz, or binary with current but no edges, 10 to 100 kHz",
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
