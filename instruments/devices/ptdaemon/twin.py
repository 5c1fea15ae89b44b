# SPDX-License-Identifier: Apache-2.0
"""The twin of a PTDaemon with an analyzer in the supply line of the DUT.

It speaks the daemon's lines on `port` and keeps its traps: samples are handed over once and come late or early by
up to 10 ms; a sample that the analyzer did not give is `-1`; `Stop` of nothing is an error; an earlier client's
measurement goes on, its samples unread. Sources: see `protocol.py`.
"""

import numpy as np

from instruments.world.cable import HostPort
from instruments.world.world import World

NS_PER_S = 1_000_000_000
GAIN, CLOCK, JITTER_S = 0.01, 1e-4, 0.008
STATED = 0.006  # the limit of its gain that the daemon states, lower than the one that its table assumes
READY_NS = 50_000_000  # how long after a second its sample can be read (assumed)
IDENTITY = "Yokogawa WT310,1,0,0,1,1,1,0,1,version=1.11.1-twin,OS=twin,mode=power,0,0,1,0,0,no_cal_date,na"
MAINS = "Volts,{volts:.6f},Amps,{amps:.6f},PF,1.000000"


class VirtualPtDaemon:
    """The daemon; `port` is its end of the connection. `direct` is one whose analyzer measures direct current."""

    def __init__(self, world: World, name: str = "monitor", *, direct: bool = False) -> None:
        self.world = world
        self.port = HostPort(world, name, self._receive, on_open=self._opened)
        self.ranges = {"A": "Auto", "V": "Auto"}
        self._read_command = "DC-RL" if direct else "RL"
        scale = 0.0 if world.ideal else 1.0
        rng = world.rng("ptdaemon errors")
        self._gain, self._clock = scale * np.array([STATED, CLOCK]) * rng.uniform(-1, 1, 2)
        self.unknown = 0  # samples of which it does not know the uncertainty
        self._taken_w: list[float] = []
        self._jitter = world.rng("ptdaemon jitter")
        self._jitter_s = scale * JITTER_S
        self._mark, self._began_ns, self._done, self._line = "", -1, 0, b""
        self._unread: list[str] = []
        self._stale = True

    def _opened(self) -> None:
        """Be found as others left us, if a fault says so: measuring, some seconds unread."""
        self._line = b""
        if self.world.faults.stale_stream and self._stale:
            self._unread = [self._sample(0, 12.5, "theirs"), "Time,01-01-2000 00:00:01.000,NOTICE,old"]
            self._mark, self._began_ns, self._done = "theirs", self.world.clock.now_ns(), 0
        if self._stale and "A" in self.world.faults.left_over:
            self.ranges["A"] = self.world.faults.left_over["A"]
        self._stale = False

    def _receive(self, data: bytes) -> None:
        *lines, self._line = (self._line + data)[-4096:].split(b"\r\n")
        for line in lines:
            for answer in self._answers(line.decode("latin-1")):
                self.port.emit(answer.encode("latin-1") + b"\r\n")

    def _answers(self, line: str) -> list[str]:
        word, *fields = line.split(",")
        self._measure()
        if self.world.faults.refuses(line):
            return ["Error: refused"]
        if word == self._read_command and not fields:
            unread, self._unread = self._unread, []
            samples = sum(",Watts," in one for one in unread)
            return [f"Last {samples} samples", *unread] if unread else ["No data"]
        return [self._answer(word, fields)]

    def _answer(self, word: str, fields: list[str]) -> str:
        answer = "Error: Unknown command"
        match word, fields:
            case "Hello", []:
                answer = "Hello, PTDaemon here!"
            case "Identify", []:
                answer = IDENTITY
            case "RR", []:
                answer = "Ranges," + ",".join(self._range(name) for name in ("A", "V"))
            case "SR", [("A" | "V") as name, value]:
                self.ranges[name] = value
                answer = f"Range {name} changed"
            case "Go", ["1000", "0", mark]:
                self._mark, self._began_ns, self._done = mark, self.world.clock.now_ns(), 0
                self._unread, self._taken_w = [], []
                answer = "Starting untimed measurement, maximum 500000 samples at 1000ms with 0 rampup samples"
            case "Stop", []:
                running, self._began_ns = self._began_ns >= 0, -1
                answer = "Stopping untimed measurement" if running else "Error: no measurement to stop"
            case "Watts", []:
                answer = self._stated("Watts", self._given_w, 0)
            case "Uncertainty", []:
                answer = self._stated("Uncertainty", [STATED] * len(self._given_w), self.unknown)
        return answer

    @property
    def _given_w(self) -> list[float]:
        """Return the samples that the analyzer gave."""
        return [one for one in self._taken_w if one != -1.0]

    def _stated(self, word: str, values: list[float], unknown: int) -> str:
        """Return mean, least and largest of all samples since `Go`, and how many have none and have one."""
        if not values:
            return "Error: no samples"
        count, valid = len(self._taken_w), len(values) - unknown
        figures = ",".join(f"{one:.6f}" for one in (sum(values) / len(values), min(values), max(values)))
        return f"{word},{figures},{count},{count - valid},{valid}" + ",0" * (word == "Uncertainty")

    def _range(self, name: str) -> str:
        return "1,-1.0" if self.ranges[name] == "Auto" else f"0,{self.ranges[name]}"

    # --- samples -------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        """Make the samples of all seconds that have passed by now."""
        if self._began_ns < 0:
            return
        second_ns = NS_PER_S * (1 + self._clock)
        ready = int((self.world.clock.now_ns() - READY_NS - self._began_ns) / second_ns)
        faults, history = self.world.faults, self.world.history
        for number in range(self._done, ready):
            bounds = self._began_ns + np.array([number, number + 1], dtype=np.float64) * second_ns
            power_w = float(np.diff(history.energy_j(bounds))[0]) / (second_ns / NS_PER_S) * (1 + self._gain)
            current_a = float(np.diff(history.charge_c(bounds))[0]) / (second_ns / NS_PER_S)
            if faults.over_range_above_a is not None and current_a > faults.over_range_above_a:
                power_w = -1.0
            at_ns = int(bounds[1])
            self._taken_w.append(round(power_w, 6))
            if faults.drop_buffer_at_ns is None or not bounds[0] <= faults.drop_buffer_at_ns < bounds[1]:
                jitter_ns = self._jitter_s * float(self._jitter.uniform(-1, 1)) * NS_PER_S
                self._unread.append(self._sample(int(at_ns + jitter_ns), power_w, self._mark, current_a))
            if faults.error_at_ns is not None and bounds[0] <= faults.error_at_ns < bounds[1]:
                self._unread.append(f"Time,{stamp(at_ns)},ERROR,no answer from the analyzer")
        self._done = max(self._done, ready)

    def _sample(self, at_ns: int, power_w: float, mark: str, current_a: float = 0.0) -> str:
        rest = MAINS.format(volts=self.world.voltage_v, amps=current_a)
        return f"Time,{stamp(at_ns)},Watts,{power_w:.6f},{rest},Mark,{mark}"


def stamp(at_ns: int) -> str:
    """Return a moment of the world as the daemon prints it; the world began at midnight."""
    minutes, seconds = divmod(at_ns / NS_PER_S % 86_400, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"01-01-2000 {hours:02d}:{minutes:02d}:{min(seconds, 59.999):06.3f}"
