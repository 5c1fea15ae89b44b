# SPDX-License-Identifier: Apache-2.0
"""The twins of an R&S NGU201 and an NGM202 that feed the DUT.

They speak the instrument's SCPI on `port` and keep its traps: records become readable in pieces of half a
second; `FLOG:DATA?` with nothing to read is never answered; skipped records are told by one bit, if its event
is enabled; for a moment after switching, the output's state is the old one and no voltage is measured; the
trigger input takes both edges; commands of an NGM act on the channel that was selected last. What it has not is
answered as an undefined header. Sources: see `protocol.py` and `dialect.py`; each trap was met in a published
program or is the worst that the manual allows. The DUT hangs on the first output until `feeds` says on which.
"""

import math

import numpy as np

from instruments.devices.ngu.protocol import AVAILABLE, RATES
from instruments.devices.ngu.twin_output import FIFO_S, PIECE_S, VirtualOutput, with_output
from instruments.scpi.identity import TWIN_SERIAL
from instruments.scpi.twin_core import Call, Handler, ScpiCore, ScpiError
from instruments.scpi.twin_log import MeterErrors, MeterTable
from instruments.world.cable import HostPort
from instruments.world.dut import PIN_HOLD_NS
from instruments.world.world import World

# Full scale (A), limits of gain and of offset (A), noise of a sample of 64 us (A); see `specification.toml`.
METER = MeterTable(
    name="ngu",
    ranges=np.array(
        [
            (1e-3, 0.00025, 150e-9, 50e-9),
            (10e-3, 0.00025, 1.5e-6, 0.5e-6),
            (100e-3, 0.00025, 15e-6, 5e-6),
            (3.0, 0.00025, 250e-6, 200e-6),
        ]
    ),
    voltage=(0.0002, 2e-3, 0.5e-3),
    clock=50e-6,
    aperture_s=64e-6,
    over_range=float("nan"),
    hold_s=1.5e-3,
    to_top=True,
)
# The same of an NGM; see `ngm/specification.toml`.
NGM_METER = MeterTable(
    name="ngm",
    ranges=np.array(
        [
            (10e-3, 0.0005, 5e-6, 2e-6),
            (100e-3, 0.0005, 30e-6, 10e-6),
            (1.0, 0.0005, 300e-6, 100e-6),
            (6.0, 0.0005, 2e-3, 500e-6),
        ]
    ),
    voltage=(0.0002, 2e-3, 0.5e-3),
    clock=50e-6,
    aperture_s=64e-6,
    over_range=float("nan"),
)
# Which rates the firmware knows, an older and a newer one.
HALVES = tuple(name for name, hz in RATES.items() if math.log2(RATES["500K"] / hz).is_integer())
DECADES = ("100", "001K", "010K", "050K", "250K", "500K")
LEFT_V = 3.3  # as another program left an output on
# What an interrupted run may leave unread: the end of a block and an answer.
_STALE = b'\x0a\x3d\xcc\xcc\xcd\n0,"No error"\n'
__all__ = ["DECADES", "FIFO_S", "HALVES", "METER", "NGM_METER", "PIECE_S", "VirtualNgm", "VirtualNgu"]


class VirtualNgu:
    """The instrument; `port` is its end of the cable to the host."""

    model, meter, rates, channels = "NGU201", METER, HALVES, 1

    def __init__(self, world: World, name: str = "monitor") -> None:
        self.world = world
        self.port = HostPort(world, name, self._receive, on_open=self._opened)
        self._core = ScpiCore(self._handlers(), world.faults.refuses)
        errors = self._errors = MeterErrors(world, self.meter)
        noise = world.rng(f"{self.meter.name} meter")
        self.outputs = [VirtualOutput(world, errors, noise, feeds=not n) for n in range(self.channels)]
        self._log = self.outputs[0].log
        self._stale = True
        self._reset_settings()
        world.on_edge(self._edge)

    def feeds(self, number: int) -> None:
        """Let the DUT hang on this output, from 1; a number that the instrument has not changes nothing."""
        if 1 <= number <= len(self.outputs):
            for other, output in enumerate(self.outputs, start=1):
                output.feeds = other == number

    @property
    def _others(self) -> dict[str, str]:
        return self.outputs[0].others

    def _receive(self, data: bytes) -> None:
        self.port.emit(self._core.feed(data))

    def _opened(self) -> None:
        """Be found as others left us, if a fault says so: otherwise set, feeding, logging, an answer unread."""
        if self._stale:
            for output in self.outputs:
                output.others |= self.world.faults.left_over
            for output in self.outputs[: self.world.faults.left_on][-1:]:
                output.left_on(LEFT_V)
        if self.world.faults.stale_stream and self._stale:
            ours = next(output for output in self.outputs if output.feeds)
            ours.left_on(LEFT_V)
            self._arm(ours)
            self.port.emit(_STALE)
        self._stale = False

    def _edge(self, at_ns: int) -> None:
        self._trigger()
        self.world.clock.call_at(at_ns + PIN_HOLD_NS, self._trigger)  # the pin rises again

    def _trigger(self) -> None:
        if self._trigger_on and self._trigger_source == "DIO" and self._pin == "IN":
            for output in self.outputs:
                output.log.trigger(self.world.clock.now_ns())

    # --- commands ----------------------------------------------------------------------------------------

    def _handlers(self) -> dict[str, Handler]:
        identity = f"Rohde&Schwarz,{self.model},{TWIN_SERIAL}{self.world.seed},03.068"
        trigger = "TRIGger[:SEQuence][:IMMediate]:SOURce"
        return {
            "*IDN?": lambda call: identity,
            "*RST": lambda call: self._reset(),
            "SYSTem:LOCal": lambda call: None,
            "TRIGger[:STATe]": lambda call: setattr(self, "_trigger_on", call.switch()),
            trigger: lambda call: setattr(self, "_trigger_source", call.one_of("OUTPut", "OMODe", "DIO")),
            f"{trigger}:DIO:PIN": lambda call: setattr(self, "_pin", call.one_of("IN", "EXT")),
            **with_output(self._selected_handlers(), lambda call: self.outputs[self._selected - 1]),
            **with_output(_STATUS, self._numbered),
            **self._own_handlers(),
        }

    def _selected_handlers(self) -> dict[str, object]:
        """Return what acts on the selected output."""
        level = "[:LEVel][:IMMediate][:AMPLitude]"
        return {
            "OUTPut[:STATe]": lambda out, call: out.switch(call.switch()),
            "OUTPut[:STATe]?": lambda out, call: out.told(),
            f"[SOURce:]VOLTage{level}": lambda out, call: out.put_number("voltage_v", call, 0.0, 20.0),
            f"[SOURce:]VOLTage{level}?": lambda out, call: f"{out.voltage_v:.4f}",
            "ARBitrary[:STATe]": lambda out, call: out.put_other("ARB", call.one_of("0", "1")),
            "[SOURce:]RESistance:STATe": lambda out, call: out.put_other("RES:STAT", call.one_of("0", "1")),
            "OUTPut:MODE": lambda out, call: out.put_other("OUTP:MODE", call.one_of("AUTO", "SINK", "SOURce")),
            "[SOURce:]VOLTage:RAMP[:STATe]": lambda out, call: out.put_other("VOLT:RAMP", call.one_of("0", "1")),
            f"[SOURce:]CURRent{level}": lambda out, call: out.put_number(
                "limit_a", call, 1e-3, self.meter.ranges[-1, 0]
            ),
            f"[SOURce:]CURRent{level}?": lambda out, call: f"{out.limit_a:.4f}",
            "[SOURce:]VOLTage:PROTection[:STATe]": lambda out, call: out.put_number("protect", call, 0, 1),
            "[SOURce:]VOLTage:PROTection:LEVel": lambda out, call: out.put_number("protection_v", call, 0.0, 25.0),
            "[SOURce:]VOLTage:PROTection:CLEar": lambda out, call: out.put("tripped", False),
            "MEASure[:SCALar]:VOLTage[:DC]?": lambda out, call: out.measured(),
            "SENSe:VOLTage:RANGe:AUTO": lambda out, call: call.one_of("1"),
            "SENSe:CURRent:RANGe:AUTO": lambda out, call: call.one_of("1"),
            "FLOG[:STATe]": self._log_state,
            "FLOG:TARGet": lambda out, call: setattr(out, "target", call.one_of("USB", "SCPI")),
            "FLOG:SRATe": self._set_rate,
            "FLOG:SRATe?": lambda out, call: f"S{out.rate}",
            "FLOG:TRIGgered": lambda out, call: setattr(out, "triggered", call.switch()),
            "FLOG:DATA?": lambda out, call: out.data(),
        }

    def _own_handlers(self) -> dict[str, Handler]:
        """Return what this family has and the other has not."""
        return {
            "OUTPut:GENeral[:STATe]": lambda call: self.outputs[0].switch(call.switch()),
            "[SOURce:]PRIority": lambda call: call.one_of("VOLTage"),
            "[SOURce:]VOLTage:RANGe": lambda call: call.one_of("20", "6"),
            "[SOURce:]CURRent:RANGe": lambda call: call.one_of("8", "3", "0.1", "0.01"),
            "SENSe:CURRent:RANGe:AUTO:DOWN:MINimum": self._set_least_range,
            "SENSe:CURRent:RANGe:AUTO:DOWN:THReshold": lambda call: call.one_of("1.5E-3"),
        }

    def _set_least_range(self, call: Call) -> None:
        self._errors.least = int(np.searchsorted(self.meter.ranges[:, 0], float(call.one_of("1E-3", "0.1"))))

    def _numbered(self, call: Call) -> VirtualOutput:
        """Return the output whose number is in the header."""
        number = call.numbers[0] or 1
        if not 1 <= number <= self.channels:
            raise ScpiError(-114)
        return self.outputs[number - 1]

    def _reset(self) -> None:
        for output in self.outputs:
            output.log.abort()
            output.switch(False)
        self._reset_settings()

    def _reset_settings(self) -> None:
        for output in self.outputs:
            output.reset()
        self._selected = 1
        self._trigger_on, self._trigger_source, self._pin = False, "OUTP", "EXT"

    # --- log ---------------------------------------------------------------------------------------------

    def _set_rate(self, output: VirtualOutput, call: Call) -> None:
        output.rate = call.one_of(*(f"S{name}" for name in self.rates)).removeprefix("S")

    def _log_state(self, output: VirtualOutput, call: Call) -> None:
        if not call.switch():
            output.log.abort()
        elif output.target != "SCPI":
            raise ScpiError(-221)
        else:
            self._arm(output)

    def _arm(self, output: VirtualOutput) -> None:
        output.arm()
        self._core.push_at(self.world.clock, self.world.faults.error_at_ns)


class VirtualNgm(VirtualNgu):
    """An NGM202: two channels, of which `INST OUT1` or `INST OUT2` selects one; rates in decades."""

    model, meter, rates, channels = "NGM202", NGM_METER, DECADES, 2

    def _own_handlers(self) -> dict[str, Handler]:
        words = [f"OUT{number + 1}" for number in range(self.channels)]
        selected = with_output(
            {"OUTPut:SELect": lambda out, call: self._select_for_general(out, call.switch())},
            lambda call: self.outputs[self._selected - 1],
        )
        return selected | {
            "INSTrument[:SELect]": lambda call: setattr(self, "_selected", int(call.one_of(*words)[-1])),
            "INSTrument[:SELect]?": lambda call: f"OUT{self._selected}",
            "OUTPut:GENeral[:STATe]": lambda call: self._general(call.switch()),
        }

    def _select_for_general(self, output: VirtualOutput, selected: bool) -> None:
        """Let the general switch act on an output, or no longer: then it goes off."""
        output.selected = selected
        if not selected:
            output.switch(False)

    def _general(self, on: bool) -> None:
        for output in self.outputs:
            output.switch(on and output.selected)


_STATUS: dict[str, object] = {
    "STATus:OPERation:INSTrument:ISUMmary#:CONDition?": lambda out, call: str(AVAILABLE * out.log.waiting),
    "STATus:QUEStionable:INSTrument:ISUMmary#:CONDition?": lambda out, call: str(out.condition()),
    "STATus:QUEStionable:INSTrument:ISUMmary#[:EVENt]?": lambda out, call: str(out.event()),
    "STATus:QUEStionable:INSTrument:ISUMmary#:PTRansition": lambda out, call: out.put_number(
        "enabled", call, 0, 32767
    ),
    "STATus:QUEStionable:INSTrument:ISUMmary#:NTRansition": lambda out, call: call.one_of("0"),
}
