# SPDX-License-Identifier: Apache-2.0
"""The twin of an R&S NGU201 that feeds the DUT.

It speaks the instrument's SCPI on `port` and keeps its traps: records become readable in pieces of half a second;
`FLOG:DATA?` with nothing to read is never answered; skipped records are told by one bit, if its event is enabled;
for a moment after switching, the output's state is the old one and no voltage is measured; the trigger input takes
both edges. What it has not is answered as an undefined header. Sources: see `protocol.py` and `dialect.py`; each
trap was met in a published program or is the worst that the manual allows.
"""

import math

import numpy as np

from instruments.devices.ngu.protocol import AVAILABLE, RATES
from instruments.scpi.blocks import format_block
from instruments.scpi.identity import TWIN_SERIAL
from instruments.scpi.twin_core import Call, Handler, ScpiCore, ScpiError
from instruments.scpi.twin_log import MeterErrors, MeterTable, VirtualLog
from instruments.world.cable import HostPort
from instruments.world.dut import PIN_HOLD_NS
from instruments.world.history import CurrentHistory
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
)
SET_GAIN, SET_OFFSET_V = 0.0002, 2e-3  # limits of the programmed voltage
# Which rates the firmware knows, an older and a newer one.
HALVES = tuple(name for name, hz in RATES.items() if math.log2(RATES["500K"] / hz).is_integer())
DECADES = ("100", "001K", "010K", "050K", "250K", "500K")
PIECE_S = 0.52416
FIFO_S = 4.0  # assumed
SETTLES_NS = 60_000_000
_COLUMNS = ["VOLT", "CURR"]
# Settings that other programs use, as they are after *RST.
_OTHERS = {"ARB": "0", "RES:STAT": "0", "OUTP:MODE": "AUTO", "VOLT:RAMP": "0"}
# What an interrupted run may leave unread: the end of a block and an answer.
_STALE = b'\x0a\x3d\xcc\xcc\xcd\n0,"No error"\n'

CC, OVP, SKIPPED = 1, 1 << 9, 1 << 11  # STAT:QUES:INST:ISUM1


class VirtualNgu:
    """The instrument; `port` is its end of the cable to the host."""

    def __init__(self, world: World, name: str = "monitor") -> None:
        self.world = world
        self.port = HostPort(world, name, self._receive, on_open=self._opened)
        self._core = ScpiCore(self._handlers(), world.faults.refuses)
        self._errors = MeterErrors(world, METER)
        rng = world.rng("ngu supply")
        self._set_gain = self._errors.scale * SET_GAIN * rng.uniform(-1, 1)
        self._set_offset_v = self._errors.scale * SET_OFFSET_V * rng.uniform(-1, 1)
        self._meter_noise = world.rng("ngu meter")
        self._true_voltage = CurrentHistory()
        self._log = VirtualLog(world, self._true_voltage, self._errors, fifo_s=FIFO_S, piece_s=PIECE_S)
        self._stale = True
        self.rates = HALVES
        self._reset_settings()
        world.on_edge(self._edge)

    def _receive(self, data: bytes) -> None:
        self.port.emit(self._core.feed(data))

    def _opened(self) -> None:
        """Be found as others left us, if a fault says so: otherwise set, feeding, logging, an answer unread."""
        if self._stale:
            self._others |= self.world.faults.left_over
        if self.world.faults.stale_stream and self._stale:
            self._voltage_v = 3.3
            self._output(True)
            self._arm()
            self.port.emit(_STALE)
        self._stale = False

    def _edge(self, at_ns: int) -> None:
        self._trigger()
        self.world.clock.call_at(at_ns + PIN_HOLD_NS, self._trigger)  # the pin rises again

    def _trigger(self) -> None:
        if self._trigger_on and self._trigger_source == "DIO" and self._pin == "IN":
            self._log.trigger(self.world.clock.now_ns())

    # --- commands ----------------------------------------------------------------------------------------

    def _handlers(self) -> dict[str, Handler]:
        identity = f"Rohde&Schwarz,NGU201,{TWIN_SERIAL}{self.world.seed},03.068"
        level, summary = "[:LEVel][:IMMediate][:AMPLitude]", "STATus:QUEStionable:INSTrument:ISUMmary#"
        trigger = "TRIGger[:SEQuence][:IMMediate]:SOURce"
        return {
            "*IDN?": lambda call: identity,
            "*RST": lambda call: self._reset(),
            "SYSTem:LOCal": lambda call: None,
            "OUTPut[:STATe]": lambda call: self._output(call.switch()),
            "OUTPut[:STATe]?": lambda call: str(int(self._told if self._settling else self._on)),
            "OUTPut:GENeral[:STATe]": lambda call: self._output(call.switch()),
            "[SOURce:]PRIority": lambda call: call.one_of("VOLTage"),
            f"[SOURce:]VOLTage{level}": self._set_voltage,
            f"[SOURce:]VOLTage{level}?": lambda call: f"{self._voltage_v:.4f}",
            "ARBitrary[:STATe]": self._other("ARB", "0", "1"),
            "[SOURce:]RESistance:STATe": self._other("RES:STAT", "0", "1"),
            "OUTPut:MODE": self._other("OUTP:MODE", "AUTO", "SINK", "SOURce"),
            "[SOURce:]VOLTage:RAMP[:STATe]": self._other("VOLT:RAMP", "0", "1"),
            "[SOURce:]VOLTage:RANGe": lambda call: call.one_of("20", "6"),
            f"[SOURce:]CURRent{level}": lambda call: self._set("_limit_a", call, 1e-3, 3.0),
            "[SOURce:]CURRent:RANGe": lambda call: call.one_of("8", "3", "0.1", "0.01"),
            "[SOURce:]VOLTage:PROTection[:STATe]": lambda call: self._set("_protect", call, 0, 1),
            "[SOURce:]VOLTage:PROTection:LEVel": lambda call: self._set("_protection_v", call, 0.0, 25.0),
            "[SOURce:]VOLTage:PROTection:CLEar": lambda call: setattr(self, "_tripped", False),
            "MEASure[:SCALar]:VOLTage[:DC]?": lambda call: self._measure(),
            "SENSe:VOLTage:RANGe:AUTO": lambda call: call.one_of("1"),
            "SENSe:CURRent:RANGe:AUTO": lambda call: call.one_of("1"),
            "SENSe:CURRent:RANGe:AUTO:DOWN:MINimum": lambda call: call.one_of("1E-3"),
            "TRIGger[:STATe]": lambda call: setattr(self, "_trigger_on", call.switch()),
            trigger: lambda call: setattr(self, "_trigger_source", call.one_of("OUTPut", "OMODe", "DIO")),
            f"{trigger}:DIO:PIN": lambda call: setattr(self, "_pin", call.one_of("IN", "EXT")),
            "FLOG[:STATe]": self._log_state,
            "FLOG:TARGet": lambda call: setattr(self, "_target", call.one_of("USB", "SCPI")),
            "FLOG:SRATe": self._set_rate,
            "FLOG:SRATe?": lambda call: f"S{self._rate}",
            "FLOG:TRIGgered": lambda call: setattr(self, "_triggered", call.switch()),
            "FLOG:DATA?": lambda call: self._data(),
            "STATus:OPERation:INSTrument:ISUMmary#:CONDition?": lambda call: str(AVAILABLE * self._log.waiting),
            f"{summary}:CONDition?": lambda call: str(self._condition()),
            f"{summary}[:EVENt]?": lambda call: str(self._event()),
            f"{summary}:PTRansition": lambda call: self._set("_enabled", call, 0, 32767),
            f"{summary}:NTRansition": lambda call: call.one_of("0"),
        }

    def _other(self, name: str, *words: str) -> Handler:
        def choose(call: Call) -> None:
            self._others[name] = call.one_of(*words)
            self._feed()

        return choose

    def _set(self, name: str, call: Call, low: float, high: float) -> None:
        value = call.number()
        if not low <= value <= high:
            raise ScpiError(-222)
        setattr(self, name, value)

    # --- supply ------------------------------------------------------------------------------------------

    def _reset(self) -> None:
        self._log.abort()
        self._output(False)
        self._reset_settings()

    def _reset_settings(self) -> None:
        self._on, self._told, self._switched_ns = False, False, -SETTLES_NS
        self._others = dict(_OTHERS)
        self._voltage_v, self._limit_a = 0.0, 0.1
        self._protect, self._protection_v, self._tripped = 0.0, 22.0, False
        self._trigger_on, self._trigger_source, self._pin = False, "OUTP", "EXT"
        self._rate, self._target, self._triggered = "500K", "USB", False
        self._enabled, self._before = 0.0, 0

    @property
    def _settling(self) -> bool:
        """Return whether the output was switched a moment ago: then it still tells its old state."""
        return self.world.clock.now_ns() < self._switched_ns + SETTLES_NS

    def _output(self, on: bool) -> None:
        if on is not self._on:
            self._told, self._on, self._switched_ns = self._on, on, self.world.clock.now_ns()
        self._feed()

    def _set_voltage(self, call: Call) -> None:
        self._set("_voltage_v", call, 0.0, 20.0)
        self._feed()

    def _feed(self) -> None:
        """Let the DUT feel the settings."""
        if self._on and self._protect and self._voltage_v > self._protection_v:
            self._on, self._tripped = False, True
        if not self._on and self.world.powered and self.world.faults.power_stays_on:
            return  # the relay is welded: the instrument knows nothing of it
        true_v = self._voltage_v * (1 + self._set_gain) + self._set_offset_v if self._on else 0.0
        if self._others["OUTP:MODE"] == "SINK":
            true_v = 0.0
        elif self._others["ARB"] == "1" or self._others["RES:STAT"] == "1":
            true_v /= 2  # somewhere on a sequence, or wherever the resistance leaves it
        self.world.set_supply(self._on, true_v)
        self._true_voltage.append(self.world.clock.now_ns(), true_v, 0.0)

    def _measure(self) -> str:
        if self._settling:
            return "NaN"
        noise = self._meter_noise.standard_normal(1)
        return f"{float(self._errors.voltage(np.array([self.world.voltage_v]), noise, 1 / 50)[0]):.6e}"

    # --- log ---------------------------------------------------------------------------------------------

    def _set_rate(self, call: Call) -> None:
        self._rate = call.one_of(*(f"S{name}" for name in self.rates)).removeprefix("S")

    def _log_state(self, call: Call) -> None:
        if not call.switch():
            self._log.abort()
        elif self._target != "SCPI":
            raise ScpiError(-221)
        else:
            self._arm()

    def _arm(self) -> None:
        self._log.arm(_COLUMNS, 1 / RATES[self._rate])
        if not self._triggered:
            self._log.trigger(self.world.clock.now_ns())

    def _data(self) -> bytes | None:
        """Return the oldest piece."""
        if not self._log.waiting:
            raise ScpiError(-230)
        return format_block(self._log.fetch(self._log.piece).astype("<f4").tobytes())

    # --- status ------------------------------------------------------------------------------------------

    def _condition(self) -> int:
        now_ns = self.world.clock.now_ns()
        _, currents = self.world.history.levels(now_ns, now_ns + 1)
        return CC * (self._on and float(currents[-1]) > self._limit_a) | OVP * self._tripped

    def _event(self) -> int:
        """Return what has become true since the last question, where its event is enabled."""
        condition = self._condition()
        risen, self._before = condition & ~self._before, condition
        return (SKIPPED * self._log.take_lost() | risen) & int(self._enabled)
