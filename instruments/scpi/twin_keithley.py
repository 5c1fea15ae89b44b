# SPDX-License-Identifier: Apache-2.0
"""What the twins of Keithley's multimeters and source meters share: language, reading buffer, trigger model.

Traps that it keeps: set to TSP it answers nothing but common commands; binary answers begin with `#0`; the data
format holds for measurements, too; elements of the buffer that the format cannot hold are refused (1133); a buffer
that fills once discards what comes after, with an event for it (4915); one that fills continuously has no fixed
indexes. Sources: see `keithley.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from instruments.clock import NS_PER_S
from instruments.scpi.identity import TWIN_SERIAL
from instruments.scpi.twin_core import Call, Handler, ScpiCore, ScpiError
from instruments.scpi.twin_log import misread
from instruments.world.cable import HostPort
from instruments.world.history import FloatArray
from instruments.world.world import World

OVERFLOW = 9.9e37
_STALL_S = 1.0  # how long the fault `drop_buffer_at_ns` keeps readings from being stored
_LEFT_READINGS = 100_000
# What an interrupted run may leave unread: the end of a block and an answer.
_STALE = b'\x0a\x3d\xcc\xcc\xcd\n0,"No error;0;0 0"\n'


@dataclass(frozen=True)
class RangeTable:
    """What a twin draws its errors from: limits by range (A): gain, offset (A) and noise of a reading (A).

    `clock` (relative) and `latency_s` of the trigger are limits, `over` is how far above a range readings go.
    `name` names the twin's streams of random numbers.
    """

    name: str
    ranges: dict[float, tuple[float, float, float]]
    clock: float
    latency_s: float
    over: float


@dataclass(frozen=True)
class Plan:
    """What a trigger model is to do: wait for an edge or not, and how many readings it takes at which period."""

    waits: bool
    count: int
    period_s: float


class Acquisition:
    """Readings of one acquisition, made when they are due; they do not depend on how often the host asks."""

    def __init__(self, twin: "KeithleyTwin", plan: Plan, number: int) -> None:
        self._twin = twin
        self._world = twin.world
        self.plan = plan
        self.start_ns: int | None = None
        self._taken = self.stored = 0
        self._table: FloatArray = np.zeros((2, 1024))  # the readings (A) and their times (s)
        self._noise = self._world.rng(f"{twin.table.name} noise {number}")

    def trigger(self, at_ns: int) -> None:
        """Begin now; ignored when it has begun."""
        if self.start_ns is None:
            self.start_ns = at_ns

    def advance(self) -> None:
        """Take all readings that are due by now."""
        if self.start_ns is None:
            return
        twin = self._twin
        period_ns = self.plan.period_s * (1 + twin.clock_error) * NS_PER_S
        begin_ns = self.start_ns + twin.latency_s * NS_PER_S
        aperture_ns = min(twin.aperture_s(), self.plan.period_s) * NS_PER_S
        due = int((self._world.clock.now_ns() - begin_ns - aperture_ns) // period_ns) + 1
        due = min(due, self.plan.count)
        if due <= self._taken:
            return
        index = np.arange(self._taken, due, dtype=np.float64)
        at_ns = begin_ns + index * period_ns
        charge_c = self._world.history.charge_c
        true_a = (charge_c(at_ns + aperture_ns) - charge_c(at_ns)) / (aperture_ns / NS_PER_S)
        measured = misread(
            self._world, self._taken, twin.measured(true_a, self._noise.standard_normal(len(index)))
        )
        stored = np.ones(len(index), dtype=np.bool_)
        stall_ns = self._world.faults.drop_buffer_at_ns
        if stall_ns is not None:
            stored = (at_ns < stall_ns) | (at_ns >= stall_ns + _STALL_S * NS_PER_S)
        self._taken = due
        self._store(measured[stored], index[stored] * self.plan.period_s)

    def _store(self, values: FloatArray, times_s: FloatArray) -> None:
        end = self.stored + len(values)
        if end > self._table.shape[1]:
            bigger = np.zeros((2, max(end, 2 * self._table.shape[1])))
            bigger[:, : self.stored] = self._table[:, : self.stored]
            self._table = bigger
        self._table[:, self.stored : end] = values, times_s
        self.stored = end

    @property
    def values(self) -> FloatArray:
        """Return all readings that were stored (A)."""
        return self._table[0, : self.stored]

    @property
    def times_s(self) -> FloatArray:
        """Return when each of them was taken, in seconds of the instrument after the first."""
        return self._table[1, : self.stored]

    @property
    def done(self) -> bool:
        """Return whether all readings were taken."""
        return self._taken >= self.plan.count


class KeithleyTwin:
    """Base of the twins; `port` is the end of the cable to the host.

    A twin says with `plan()` what its trigger model does, with `aperture_s()` how long a reading lasts, and adds
    its own commands in `handlers()`.
    """

    model = ""
    elements: tuple[str, ...] = ("READ", "REL")

    def __init__(self, world: World, name: str, table: RangeTable) -> None:
        self.world = world
        self.table = table
        self.port = HostPort(world, name, self._receive, on_open=self._opened)
        self.language = "SCPI"
        scale = 0.0 if world.ideal else 1.0
        rng = world.rng(f"{table.name} errors")
        self._drawn = {one: scale * rng.uniform(-1, 1, 2) for one in table.ranges}
        self._scale = scale
        self.clock_error = scale * table.clock * rng.uniform(-1, 1)
        self.latency_s = scale * table.latency_s * rng.uniform(0, 1)
        self.range_a = max(table.ranges)
        self._number = 0
        self._stale = True
        self._others: dict[str, str] = {}
        self._run: Acquisition | None = None
        self._state = "EMPTY"
        self._stores_from = 0
        self._full_said = False
        self._reset_common()
        self._core = ScpiCore(self._common() | self.handlers(), world.faults.refuses)
        world.on_edge(self._edge)

    def plan(self) -> Plan | None:
        """Return what the trigger model does; None if it measures nothing."""
        raise NotImplementedError

    def aperture_s(self) -> float:
        """Return how long a reading lasts (s)."""
        raise NotImplementedError

    def handlers(self) -> dict[str, Handler]:
        """Return the commands that only this twin has."""
        raise NotImplementedError

    def reset(self) -> None:
        """Set what only this twin has as after *RST."""

    # --- readings ----------------------------------------------------------------------------------------

    def measured(self, true_a: FloatArray, noise: FloatArray) -> FloatArray:
        """Return what is read on the present range, given standard normal `noise`."""
        gain, offset_a, sigma_a = self.table.ranges[self.range_a]
        drawn = self._drawn[self.range_a]
        read: FloatArray = true_a * (1 + gain * drawn[0]) + offset_a * drawn[1] + self._scale * sigma_a * noise
        if any(self._others.get(key) == "ON" for key in ("REL", "MATH")):
            read = read / 2  # another program's reference or arithmetic
        over_a = self.world.faults.over_range_above_a or self.table.over * self.range_a
        read[np.abs(true_a) > over_a] = OVERFLOW
        return read

    def set_range(self, call: Call) -> None:
        """Select the smallest range for a current."""
        wanted = call.number()
        fit = [one for one in self.table.ranges if one >= wanted * 0.999999]
        if not fit or wanted <= 0:
            raise ScpiError(-222)
        self.range_a = min(fit)

    # --- cable -------------------------------------------------------------------------------------------

    def _receive(self, data: bytes) -> None:
        self._advance()
        if self.language != "SCPI":  # everything else is a script with an error in it
            lines = data.split(b"\n")
            data = b"\n".join(
                one for one in lines if all(w.strip().startswith(b"*") for w in one.split(b";")) or not one
            )
        self.port.emit(self._core.feed(data))

    def _opened(self) -> None:
        """Be found as the faults `left_over` and `stale_stream` say that others left it."""
        if self._stale:
            self.language = self.world.faults.left_over.get("*LANG", "SCPI")
            self._others |= self.world.faults.left_over
            if self.world.faults.stale_stream:
                self._left_running()
                self.port.emit(_STALE)
        self._stale = False

    def _left_running(self) -> None:
        self._fill, self._capacity = "CONT", _LEFT_READINGS
        self._begin(Plan(waits=False, count=_LEFT_READINGS, period_s=1e-3))

    def _edge(self, at_ns: int) -> None:
        if self._run is not None and self._state == "WAITING" and self.sees_edges():
            self._run.trigger(at_ns)
            self._state = "RUNNING"

    def sees_edges(self) -> bool:
        """Return whether the trigger input is set to falling edges."""
        return True

    # --- commands ----------------------------------------------------------------------------------------

    def other(self, name: str, *words: str) -> Handler:
        """Return the handler of a setting that is only remembered."""

        def choose(call: Call) -> None:
            word = call.one_of(*words)
            self._others[name] = {"0": "OFF", "1": "ON"}.get(word, word)

        return choose

    def block(self, kind: str) -> Handler:
        """Return the handler that adds a block to the trigger model."""

        def add(call: Call) -> None:
            words = [word.upper() for word in call.arguments[1:]]
            if not words and kind in ("WAIT", "BRANCH"):
                raise ScpiError(-109)
            at = {"BRANCH": 0, "MDIG": 1}.get(kind, len(words))
            if at < len(words):
                words[at] = str(int(call.quantity(1, 1e9, index=at + 1)))
            self.blocks[int(call.number())] = (kind, words)
            self._state = "BUILDING"

        return add

    def _common(self) -> dict[str, Handler]:
        on_off = ("ON", "OFF", "0", "1")
        return {
            "*IDN?": lambda call: (
                f"KEITHLEY INSTRUMENTS,MODEL {self.model},{TWIN_SERIAL}{self.world.seed},1.7.12b"
            ),
            "*RST": lambda call: self._reset(),
            "*LANG?": lambda call: self.language,
            "*LANG": lambda call: None,  # it takes effect after a restart
            "ROUTe:TERMinals?": lambda call: "FRON",
            "FORMat[:DATA]": lambda call: setattr(self, "_format", call.one_of("ASCii", "REAL", "SREal")[:3]),
            "FORMat:BORDer": lambda call: setattr(self, "_order", call.one_of("NORMal", "SWAPped")[:4]),
            "FORMat:BORDer?": lambda call: self._order,
            "TRACe:FILL:MODE": self._set_fill,
            "TRACe:POINts": self._set_points,
            "TRACe:POINts?": lambda call: str(self._capacity),
            "TRACe:CLEar": lambda call: self._clear(),
            "TRACe:ACTual?": lambda call: str(self._held()),
            "TRACe:DATA?": self._data,
            "TRIGger:LOAD": self._load,
            "TRIGger:BLOCk:BUFFer:CLEar": self.block("CLEAR"),
            "TRIGger:BLOCk:NOP": self.block("NOP"),
            "TRIGger:BLOCk:WAIT": self.block("WAIT"),
            "TRIGger:BLOCk:MDIGitize": self.block("MDIG"),
            "TRIGger:STATe?": lambda call: f"{self._told()};{self._told()};{len(self.blocks)}",
            "INITiate[:IMMediate]": lambda call: self._initiate(),
            "ABORt": lambda call: self._abort(),
            "CALCulate:DIGitize:CURRent:MATH:STATe": self.other("MATH", *on_off),
            "CALCulate:CURRent:MATH:STATe": self.other("MATH", *on_off),
        }

    def _reset_common(self) -> None:
        self._format, self._order = "ASC", "SWAP"
        self._fill, self._capacity = "CONT", _LEFT_READINGS
        self.blocks: dict[int, tuple[str, list[str]]] = {}

    def _reset(self) -> None:
        self._abort()
        self._run, self._state = None, "EMPTY"
        self._others.clear()
        self._reset_common()
        self.reset()

    # --- buffer ------------------------------------------------------------------------------------------

    def _set_fill(self, call: Call) -> None:
        self._fill = call.one_of("CONTinuous", "ONCE")[:4]
        self._clear()

    def _set_points(self, call: Call) -> None:
        points = int(call.number())
        if not 10 <= points <= 27_500_000:
            raise ScpiError(-222)
        self._capacity = points
        self._clear()

    def _clear(self) -> None:
        self._advance()
        self._stores_from = 0 if self._run is None else self._run.stored

    def _advance(self) -> None:
        if self._run is None or self._state != "RUNNING":
            return
        self._run.advance()
        if self._run.done:
            self._state = "IDLE"
        over = self._run.stored - self._stores_from > self._capacity
        if over and self._fill == "ONCE" and not self._full_said:
            self._full_said = True
            self._core.push(ScpiError(4915, "Attempting to store past the capacity of reading buffer defbuffer1"))

    def _held(self) -> int:
        self._advance()
        return 0 if self._run is None else min(self._run.stored - self._stores_from, self._capacity)

    def _kept(self, columns: Callable[[Acquisition], FloatArray]) -> FloatArray:
        if self._run is None:
            return np.zeros(0)
        stored = columns(self._run)[self._stores_from :]
        extra = len(stored) - self._capacity
        if extra > 0 and self._fill == "CONT":  # the newest overwrite the oldest in place
            return np.roll(stored[-self._capacity :], extra % self._capacity)
        return stored[: self._capacity]

    def _data(self, call: Call) -> str | bytes:
        first, last = int(call.number(0)), int(call.number(1))
        asked = [word.upper() for word in call.arguments[3:]] or ["READ"]
        if not all(word in self.elements for word in asked):
            raise ScpiError(1133, "Parameter 4, Syntax error, expected valid name parameters")
        if not 1 <= first <= last <= self._held():
            raise ScpiError(-222)
        columns = {"READ": lambda run: run.values, "REL": lambda run: run.times_s}
        kept = [self._kept(columns[word])[first - 1 : last] for word in asked]
        if "REL" in asked:
            at = asked.index("REL")
            kept[at] = kept[at] - self._kept(columns["REL"])[0]
        return self.formatted(np.stack(kept, axis=1).ravel())

    def formatted(self, numbers: FloatArray) -> str | bytes:
        """Return numbers in the data format that is set."""
        if self._format == "ASC":
            return ",".join(f"{value:.6E}" for value in numbers)
        kind = (">" if self._order == "NORM" else "<") + ("f8" if self._format == "REA" else "f4")
        return b"#0" + numbers.astype(kind).tobytes()

    # --- trigger model -----------------------------------------------------------------------------------

    def _load(self, call: Call) -> None:
        if call.word().strip('"') != "EMPTY":
            raise ScpiError(-224)
        self.blocks, self._state = {}, "EMPTY"

    def _told(self) -> str:
        self._advance()
        return self._state

    def _initiate(self) -> None:
        plan = self.plan()
        if plan is None:
            self._state = "FAILED"
            raise ScpiError(2730, "The trigger model was running, but has failed")
        self._begin(plan)
        self._core.push_at(self.world.clock, self.world.faults.error_at_ns)

    def _begin(self, plan: Plan) -> None:
        self._number += 1
        self._run = Acquisition(self, plan, self._number)
        self._stores_from, self._full_said = 0, False
        self._state = "WAITING" if plan.waits else "RUNNING"
        if not plan.waits:
            self._run.trigger(self.world.clock.now_ns())

    def _abort(self) -> None:
        self._advance()
        if self._state in ("WAITING", "RUNNING"):
            self._state = "ABORTED"
