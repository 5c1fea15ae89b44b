# SPDX-License-Identifier: Apache-2.0
"""The twin of a WT310E in the supply line of the DUT.

It speaks the instrument's commands on `port` and keeps its traps: only the latest update can be read, and one bit
says once that it is new; before the first update there is no data (`NAN`); a power beyond the ranges is `INF`;
errors are in a queue of another name than SCPI's; `INTEG:STOP` of an idle integrator is an error, and so are new
ranges while it integrates. Its integrator sums up the updates from the command on, and its sums come with the
latest update; mode and timer can be set only while it is reset. Sources: see `dialect.py`; a current of 1.3 times
its range counts as over (assumed).
"""

from dataclasses import dataclass

import numpy as np

from instruments.devices.wt310.dialect import CURRENT_RANGES_A, VOLTAGE_RANGES_V
from instruments.scpi.identity import TWIN_SERIAL
from instruments.scpi.twin_core import Call, Handler, ScpiCore, ScpiError
from instruments.world.cable import HostPort
from instruments.world.world import World

NS_PER_S = 1_000_000_000
# Limits as in `specification.toml`: gain, and offset and noise as shares of the product of the ranges; clock.
GAIN, OFFSET, NOISE, CLOCK = 0.001, 0.002, 1e-4, 1e-4
OVER = 1.3
RATES = {"100MS": 0.1, "250MS": 0.25, "500MS": 0.5, "1S": 1.0, "2S": 2.0, "5S": 5.0, "10S": 10.0, "20S": 20.0}
READY_NS = 30_000_000  # how long after an update it can be read (assumed)
_STALL_NS = NS_PER_S  # what the fault `drop_buffer_at_ns` takes
_SWITCHES = {"NUM:HOLD": "0", "INP:SCAL": "0", "MEAS:AVER": "0", "INP:FILT:LINE": "0"}
_STALE = b'10.0E+00,NAN,NAN\n0,"NO ERROR"\n'
_ITEMS = ("P", "I", "U", "WH", "AH", "TIME")


class VirtualWt310:
    """The instrument; `port` is its end of the cable to the host."""

    def __init__(self, world: World, name: str = "monitor") -> None:
        self.world = world
        self.port = HostPort(world, name, self._receive, on_open=self._opened)
        self._core = ScpiCore(self._handlers(), world.faults.refuses, error_query="STATus:ERRor?")
        scale = 0.0 if world.ideal else 1.0
        rng = world.rng("wt310 errors")
        self._gain, self._offset, self._clock = scale * np.array([GAIN, OFFSET, CLOCK]) * rng.uniform(-1, 1, 3)
        self._noise = scale * NOISE
        self.switches = dict(_SWITCHES)
        self.integrator = Integrator()
        self._volt, self._ampere, self._rate = 300.0, 1.0, "250MS"
        self._filter, self._mode, self._stale = False, "RMS", True
        self._restart()

    def _receive(self, data: bytes) -> None:
        self.port.emit(self._core.feed(data))

    def _opened(self) -> None:
        """Be found as others left us, if a fault says so: otherwise set, integrating, an answer unread."""
        if self._stale:
            left = self.world.faults.left_over
            self.switches |= {key: value for key, value in left.items() if key in _SWITCHES}
        if self.world.faults.stale_stream and self._stale:
            self.integrator = Integrator("STAR", "CONT", "1,0,0")
            self.port.emit(_STALE)
        self._stale = False

    def _handlers(self) -> dict[str, Handler]:
        identity = f"YOKOGAWA,WT310E-C1-H,{TWIN_SERIAL}{self.world.seed},F1.04"
        done: Handler = lambda call: None  # noqa: E731
        item = "NUMeric:NORMal:ITEM#"
        return {
            "*IDN?": lambda call: identity,
            "COMMunicate:REMote": done,
            "COMMunicate:HEADer": done,
            **self._integrator_handlers(),
            "[INPut:]MODE": lambda call: setattr(self, "_mode", call.one_of("RMS", "VMEan", "DC")),
            "[INPut:]CFACtor": lambda call: call.one_of("3", "6"),
            "[INPut:]VOLTage:AUTO": lambda call: call.one_of("OFF"),
            "[INPut:]CURRent:AUTO": lambda call: call.one_of("OFF"),
            "[INPut:]VOLTage:RANGe": lambda call: self._range("_volt", call, "V", VOLTAGE_RANGES_V),
            "[INPut:]VOLTage:RANGe?": lambda call: f"{self._volt:.1E}",
            "[INPut:]CURRent:RANGe": lambda call: self._range("_ampere", call, "A", CURRENT_RANGES_A),
            "[INPut:]CURRent:RANGe?": lambda call: f"{self._ampere:.1E}",
            "[INPut:]SCALing[:STATe]": self._switch("INP:SCAL"),
            "[INPut:]FILTer:LINE": self._switch("INP:FILT:LINE"),
            "MEASure:AVERaging[:STATe]": self._switch("MEAS:AVER"),
            "NUMeric:HOLD": self._switch("NUM:HOLD"),
            "NUMeric:FORMat": lambda call: call.one_of("ASCii"),
            "NUMeric:NORMal:NUMber": lambda call: call.one_of("6"),
            item: lambda call: call.one_of(*_ITEMS),
            "NUMeric:NORMal:VALue?": lambda call: self._values(),
            "RATE": self._set_rate,
            "RATE?": lambda call: f"{RATES[self._rate]:.3E}",
            "STATus:FILTer#": lambda call: setattr(self, "_filter", call.one_of("FALL", "RISE") == "FALL"),
            "STATus:EESR?": lambda call: str(self._take_fresh()),
            "STATus:CONDition?": lambda call: str((1 << 8) * self._is_over()),
        }

    def _switch(self, name: str) -> Handler:
        return lambda call: self.switches.__setitem__(name, str(int(call.switch())))

    def _range(self, name: str, call: Call, unit: str, known: tuple[float, ...]) -> None:
        self.integrator.needs("RES", "STOP")
        try:
            value = float(call.word().removesuffix(unit))
        except ValueError:
            raise ScpiError(-104) from None
        if value not in known:
            raise ScpiError(-222)
        setattr(self, name, value)
        self._restart()

    def _set_rate(self, call: Call) -> None:
        self.integrator.needs("RES", "STOP")
        self._rate = call.one_of(*RATES)
        self._restart()
        self._core.push_at(self.world.clock, self.world.faults.error_at_ns)

    def _integrator_handlers(self) -> dict[str, Handler]:
        return {
            "INTEGrate:STATe?": lambda call: self.integrator.state,
            "INTEGrate:STARt": lambda call: self._start_integrating(),
            "INTEGrate:STOP": lambda call: self.integrator.turn("STOP", "STAR"),
            "INTEGrate:RESet": lambda call: self.integrator.turn("RES", "RES", "STOP", "TIM", "ERR"),
            "INTEGrate:MODE": lambda call: self.integrator.set(mode=call.one_of("NORMal", "CONTinuous")[:4]),
            "INTEGrate:MODE?": lambda call: self.integrator.mode,
            "INTEGrate:TIMer": lambda call: self.integrator.set(timer=",".join(call.arguments)),
            "INTEGrate:TIMer?": lambda call: self.integrator.timer,
        }

    def _start_integrating(self) -> None:
        self.integrator.turn("STAR", "RES", "STOP")
        now_ns = self.world.clock.now_ns()
        self.integrator.begun_ns, self.integrator.added = now_ns, 0
        self.integrator.watt_hours = self.integrator.ampere_hours = 0.0

    # --- updates -------------------------------------------------------------------------------------------

    def _restart(self) -> None:
        """Begin the first update of new settings."""
        self._begun_ns, self._told, self._held = self.world.clock.now_ns(), 0, ""
        self._count = getattr(self, "_count", 0) + 1
        self._draws = self.world.rng(f"wt310 noise {self._count}")
        self._noises: list[float] = []

    @property
    def _update_ns(self) -> float:
        """The true time from one update to the next; the instrument counts the nominal one."""
        return float(RATES[self._rate] * (1 + self._clock) * NS_PER_S)

    def _done(self) -> int:
        """Return how many updates can be read by now; one that a fault has swept away never can."""
        done = int((self.world.clock.now_ns() - READY_NS - self._begun_ns) / self._update_ns)
        at_ns = self.world.faults.drop_buffer_at_ns
        if at_ns is not None and at_ns >= self._begun_ns:
            first = int((at_ns - self._begun_ns) / self._update_ns)
            beyond = int((at_ns + _STALL_NS - self._begun_ns) / self._update_ns) + 1
            return first if first < done <= beyond else done
        return max(0, done)

    def _take_fresh(self) -> int:
        done, told = self._done(), self._told
        self._told = done
        return int(self._filter and done > told)

    def _energy(self, update: int) -> tuple[float, float]:
        """Return the mean power and the mean current of one update, from 1 on."""
        bounds = self._begun_ns + np.array([update - 1, update], dtype=np.float64) * self._update_ns
        history, seconds = self.world.history, self._update_ns / NS_PER_S
        return float(np.diff(history.energy_j(bounds))[0]) / seconds, float(
            np.diff(history.charge_c(bounds))[0]
        ) / seconds

    def _is_over(self) -> bool:
        limit_a = self.world.faults.over_range_above_a or OVER * self._ampere
        return self._done() > 0 and self._energy(self._done())[1] > limit_a

    def _shown(self, update: int) -> tuple[float, float]:
        """Return power and current of one update as the instrument measures them."""
        power_w, current_a = self._energy(update)
        while len(self._noises) < update:
            self._noises.append(float(self._draws.standard_normal()))
        full_w = self._volt * self._ampere
        shown_w = power_w * (1 + self._gain) + (self._offset + self._noise * self._noises[update - 1]) * full_w
        return shown_w * (10.0 if self.switches["INP:SCAL"] == "1" else 1.0), current_a

    def _values(self) -> str:
        if self._held and self.switches["NUM:HOLD"] == "1":
            return self._held
        done = self._done()
        if not done:
            return ",".join(["NAN"] * len(_ITEMS))
        shown_w, current_a = self._shown(done)
        if self._misread(done):
            shown_w *= 10.0
        if self._is_over():
            self._held = f"INF,INF,{self.world.voltage_v:.4E}"
        else:
            self._held = f"{shown_w:.4E},{current_a:.4E},{self.world.voltage_v:.4E}"
        self._held += f",{self._integrated(done)}"
        return self._held

    def _misread(self, update: int) -> bool:
        at_ns, start_ns = self.world.faults.misread_exponent_at_ns, self._begun_ns + (update - 1) * self._update_ns
        return at_ns is not None and start_ns <= at_ns < start_ns + self._update_ns

    def _integrated(self, done: int) -> str:
        """Add the updates up to `done` that are not in the sum yet, and return the sum as it is shown."""
        sums = self.integrator
        if sums.state == "RES":
            return "NAN,NAN,NAN"
        begun = (sums.begun_ns - self._begun_ns) / self._update_ns  # the update in which it began, and how far in
        for update in range(max(sums.added, int(begun)) + 1, done + 1) if sums.state == "STAR" else ():
            hours = RATES[self._rate] * min(1.0, update - begun) / 3600
            shown_w, current_a = self._shown(update)
            sums.watt_hours += shown_w * hours
            sums.ampere_hours += current_a * hours
            sums.added = update
        seconds = max(0, int((done - begun) * RATES[self._rate])) if sums.state == "STAR" else sums.seconds
        sums.seconds = seconds
        return f"{sums.watt_hours:.4E},{sums.ampere_hours:.4E},{seconds}"


@dataclass
class Integrator:
    """The state of the integrator, what it was set to, and its sums."""

    state: str = "RES"
    mode: str = "NORM"
    timer: str = "0,0,0"
    begun_ns: int = 0
    added: int = 0  # updates in the sum, or passed before it began
    watt_hours: float = 0.0
    ampere_hours: float = 0.0
    seconds: int = 0

    def needs(self, *states: str) -> None:
        """Refuse what cannot be done in another state."""
        if self.state not in states:
            raise ScpiError(-221)

    def turn(self, to: str, *states: str) -> None:
        """Change from one of `states` to another."""
        self.needs(*states)
        self.state = to

    def set(self, **settings: str) -> None:
        """Change mode or timer."""
        self.needs("RES")
        self.__dict__.update(settings)
