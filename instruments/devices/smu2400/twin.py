# SPDX-License-Identifier: Apache-2.0
"""The twin of a Keithley 2450 that feeds the DUT.

Its traps are those of `instruments.scpi.twin_keithley`, and: a measured voltage comes in the data format of the
buffer, changes the function, and is refused while the trigger model runs; the current limit is refused above the
range; while reference measurements are not disabled, single readings are late; a protection that a program left
limits the voltage. Sources: see `protocol.py` and `dialect.py`.
"""

import numpy as np

from instruments.devices.smu2400.protocol import RANGES
from instruments.scpi.twin_core import Call, Handler, ScpiError
from instruments.scpi.twin_keithley import KeithleyTwin, Plan, RangeTable
from instruments.world.world import World

# Limits of gain, of offset (A) and noise (A) by range; see `specification.toml`.
METER = RangeTable(
    name="smu2400",
    ranges={one: (*limits, 2e-4 * one) for one, limits in RANGES.items()},
    clock=50e-6,
    latency_s=0.2e-3,
    over=1.05,
)
SET_GAIN, SET_OFFSET_V = 0.00015, 2.4e-3  # limits of the sourced voltage, 20 V range
READ_GAIN, READ_OFFSET_V = 0.00015, 1e-3  # of the measured voltage
LINE_HZ = 60.0
_PROTECTED_V = {"NONE": np.inf, "PROT2": 2.0, "PROT5": 5.0, "PROT10": 10.0, "PROT20": 20.0}


class VirtualSmu2400(KeithleyTwin):
    """The instrument; `port` is its end of the cable to the host."""

    model = "2450"
    elements = ("READ", "REL", "SOUR")

    def __init__(self, world: World, name: str = "monitor") -> None:
        self.reset()
        super().__init__(world, name, METER)
        rng = world.rng("smu2400 supply")
        self._set_gain, read_gain = self._scale * rng.uniform(-1, 1, 2)
        self._set_offset, read_offset = self._scale * rng.uniform(-1, 1, 2)
        self._read_gain, self._read_offset_v = READ_GAIN * read_gain, READ_OFFSET_V * read_offset

    def reset(self) -> None:
        """Feed nothing and measure current, as after *RST."""
        self._on, self._voltage_v, self._limit_a = False, 0.0, 100e-6
        self._function, self._nplc, self._timer_s, self._timer_on = "CURR", 1.0, 10e-6, False
        self._edges, self._line = "FALL", ""

    def aperture_s(self) -> float:
        """Return how long a reading lasts (s)."""
        return self._nplc / LINE_HZ

    def sees_edges(self) -> bool:
        """Return whether line 1 is a trigger input for falling edges."""
        return self._edges == "FALL" and self._line == "TRIG,IN"

    def plan(self) -> Plan | None:
        """Return what the trigger model does: a reading at each event of the timer."""
        kinds = [kind for kind, _ in self.blocks.values()]
        if "MDIG" not in kinds or self._function != "CURR":
            return None
        waits = any(kind == "WAIT" and words[0] == "DIG1" for kind, words in self.blocks.values())
        timed = any(kind == "WAIT" and words[0] == "TIM1" for kind, words in self.blocks.values())
        count = next((int(words[0]) for kind, words in self.blocks.values() if kind == "BRANCH"), 1)
        if timed and not self._timer_on:
            return None
        return Plan(waits, count, max(self._timer_s if timed else 0.0, 2 * self.aperture_s()))

    def handlers(self) -> dict[str, Handler]:
        """Return the commands of source and measurement."""
        current, source = "[SENSe:]CURRent[:DC]", "[SOURce:]VOLTage"
        on_off = ("ON", "OFF", "0", "1")
        return {
            "OUTPut[:STATe]": lambda call: self._output(call.switch()),
            "OUTPut[:STATe]?": lambda call: str(int(self._on)),
            "OUTPut:SMODe": self.other("SMOD", "NORMal", "ZERO", "HIMPedance", "GUARd"),
            "[SOURce:]FUNCtion": lambda call: call.one_of("VOLTage"),
            f"{source}[:LEVel][:IMMediate][:AMPLitude]": self._set_voltage,
            f"{source}[:LEVel][:IMMediate][:AMPLitude]?": lambda call: f"{self._voltage_v:.6E}",
            f"{source}:RANGe": lambda call: None,
            f"{source}:ILIMit[:LEVel]": self._set_limit,
            f"{source}:ILIMit[:LEVel]?": lambda call: f"{self._limit_a:.6E}",
            f"{source}:ILIMit[:LEVel]:TRIPped?": lambda call: str(int(self._limited())),
            f"{source}:PROTection": self._set_protection,
            f"{source}:HIGH:CAPacitance": self.other("CAP", *on_off),
            f"{source}:READ:BACK": self.other("BACK", *on_off),
            "[SENSe:]FUNCtion[:ON]": self._set_function,
            "[SENSe:]COUNt": lambda call: None,
            f"{current}:RANGe[:UPPer]": self.set_range,
            f"{current}:RANGe[:UPPer]?": lambda call: f"{self.range_a:.6E}",
            f"{current}:NPLCycles": self._set_nplc,
            f"{current}:RSENse": self.other("RSEN", *on_off),
            "[SENSe:]VOLTage[:DC]:RSENse": self.other("VRSEN", *on_off),
            f"{current}:AZERo[:STATe]": self.other("AZER", *on_off),
            "[SENSe:]AZERo:ONCE": lambda call: None,
            f"{current}:RELative:STATe": self.other("REL", *on_off),
            f"{current}:AVERage[:STATe]": self.other("AVER", *on_off),
            "MEASure:VOLTage[:DC]?": lambda call: self._measure(),
            "TRIGger:TIMer#:STATe": lambda call: setattr(self, "_timer_on", call.switch()),
            "TRIGger:TIMer#:DELay": self._set_timer,
            "TRIGger:TIMer#:DELay?": lambda call: f"{self._timer_s:.6E}",
            "TRIGger:TIMer#:COUNt": lambda call: None,
            "TRIGger:TIMer#:STARt:GENerate": lambda call: call.one_of("ON", "1"),
            "TRIGger:TIMer#:STARt:STIMulus": lambda call: call.one_of("NOTify1", "NOT1"),
            "DIGital:LINE#:MODE": lambda call: setattr(self, "_line", ",".join(call.arguments).upper()),
            "TRIGger:DIGital#:IN:EDGE": lambda call: setattr(
                self, "_edges", call.one_of("FALLing", "RISing", "EITHer")[:4]
            ),
            "TRIGger:DIGital#:IN:CLEar": lambda call: None,
            "TRIGger:BLOCk:NOTify": self.block("NOT"),
            "TRIGger:BLOCk:BRANch:COUNter": self.block("BRANCH"),
        }

    # --- source ------------------------------------------------------------------------------------------

    def _left_running(self) -> None:
        self._voltage_v = 3.3
        self._output(True)
        super()._left_running()

    def _output(self, on: bool) -> None:
        self._on = on
        self._feed()

    def _set_voltage(self, call: Call) -> None:
        voltage_v = call.number()
        if not abs(voltage_v) <= 210:
            raise ScpiError(-222)
        self._voltage_v = voltage_v
        self._feed()

    def _set_limit(self, call: Call) -> None:
        limit_a = call.number()
        if not 0 < limit_a <= 1.05 * self.range_a:
            raise ScpiError(-222)
        self._limit_a = limit_a

    def _set_protection(self, call: Call) -> None:
        self._others["PROT"] = call.one_of(*_PROTECTED_V)
        self._feed()

    def _feed(self) -> None:
        """Let the DUT feel the settings."""
        if not self._on and self.world.powered and self.world.faults.power_stays_on:
            return  # the relay is welded: the instrument knows nothing of it
        at_most_v = _PROTECTED_V[self._others.get("PROT", "NONE")]
        set_v = min(self._voltage_v, at_most_v)
        true_v = set_v * (1 + SET_GAIN * self._set_gain) + SET_OFFSET_V * self._set_offset
        self.world.set_supply(self._on, true_v if self._on else 0.0)

    def _limited(self) -> bool:
        now_ns = self.world.clock.now_ns()
        _, currents = self.world.history.levels(now_ns, now_ns + 1)
        return self._on and float(currents[-1]) > self._limit_a

    def _measure(self) -> str | bytes:
        if self._state in ("WAITING", "RUNNING"):
            raise ScpiError(-221)
        self._function = "VOLT"
        read_v = self.world.voltage_v * (1 + self._read_gain) + self._read_offset_v
        return self.formatted(np.array([read_v]))

    # --- measurement -------------------------------------------------------------------------------------

    def _set_function(self, call: Call) -> None:
        word = call.word().strip('"')[:4]
        if word not in ("CURR", "VOLT", "RES"):
            raise ScpiError(-224)
        self._function = word

    def _set_nplc(self, call: Call) -> None:
        nplc = call.number()
        if not 0.01 <= nplc <= 10:
            raise ScpiError(-222)
        self._nplc = nplc

    def _set_timer(self, call: Call) -> None:
        delay_s = call.number()
        if not 8e-6 <= delay_s <= 1e5:
            raise ScpiError(-222)
        self._timer_s = delay_s
