# SPDX-License-Identifier: Apache-2.0
"""The twin of the X-NUCLEO-LPM01A: the shield's shell, and the supply of the world's DUT.

Answers, numbers and limits follow UM2269 Rev 6 and firmware 1.0.6 (`eventsrc`, `error` with a second line, no
acknowledgement of `stop`). In static mode (`acqmode stat`) an acquisition is one mean value, as its users
report. Its id begins with `twin-`, unlike that of any shield.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from instruments.clock import Scheduled, to_ns
from instruments.devices.lpm01a.twin_binary import END, BinaryShieldStream, answer
from instruments.devices.lpm01a.twin_stream import ShieldErrors, ShieldStream, StreamPlan, sample_lines
from instruments.devices.lpm01a.twin_words import CHOICES, HELP, LIMITS, CannotError, number
from instruments.world.cable import HostPort
from instruments.world.world import World

PROMPT = b"PowerShield > "
MAX_COMMAND_BYTES = 128
VOLTAGE_MIN_V, VOLTAGE_MAX_V = 1.8, 3.3
RATES_HZ = (100000, 50000, 20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
ENDLESS_ASCII_MAX_HZ = 5000
ENERGY_MAX_HZ = 10000
HIGH_SPEED_MAX_A = 10e-3  # `funcmode high`: one range only
RESET_NS = 5_000_000_000
STALE_VOLTAGE_V = 3.0
STALE_SAMPLES = 7000
EVENTS_SINCE = (1, 0, 6)


class Command(NamedTuple):
    """One command; `action(arguments)` returns the data after its echo, or None for no answer."""

    action: Callable[[str], str | None]
    free: bool = False  # works without host control
    running: bool = False  # works during an acquisition


class VirtualLpm01a:
    """One shield on the world's supply rail and timestamp pin; the host is at the other end of `port`.

    `firmware` older than 1.0.6 has no edge capture. `end_dialect` is how an acquisition ends: "completed"
    (firmware 1.0.6) or "end" (UM2269). `glue_every` omits the line end of every n-th sample. With
    `late_edge_moves`, the fault `late_edge_line_ns` moves the line of an edge to a later position among the
    samples, a wrong position that nothing in the text reveals; otherwise the line keeps its position and delays
    the stream.
    """

    def __init__(
        self,
        world: World,
        name: str = "monitor",
        *,
        firmware: str = "1.0.6",
        end_dialect: str = "completed",
        glue_every: int = 0,
        late_edge_moves: bool = False,
    ) -> None:
        self.port = HostPort(world, name, self._receive, self._opened, self._refresh)
        self.world = world
        self.firmware = firmware
        self.errors = ShieldErrors.draw(world)
        self.end_dialect = end_dialect
        self._glue_every = glue_every
        self._late_edge_moves = late_edge_moves
        self._noise = world.rng("lpm01a noise")
        self._line = b""
        self._first_open = True
        self._before = [0.0, 0.0]  # what an earlier acquisition was summed up to
        self._busy_until_ns = 0
        self._wake: Scheduled | None = None
        self._reset()
        self._commands = self._table()
        world.on_edge(self._edge)

    def _reset(self) -> None:
        self._stream: ShieldStream | None = None
        self._armed = False
        self._host_control = False
        self._voltage_v = VOLTAGE_MAX_V
        self._error = ""
        self._settings = {
            "acqtime": "10",
            "freq": "100",
            "output": "current",
            "format": "ascii_dec",
            "trigsrc": "sw",
            "trigdelay": "1m",
            "eventsrc": "",
            "pwr": "auto",
            "acqmode": "dyn",
            "funcmode": "optim",
            "pwrend": "on",
        }

    # --- the stream -------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """Emit what is due; if nothing is, wake a waiting host when something will be."""
        if self._stream is None:
            return
        now_ns = self.world.clock.now_ns()
        if now_ns >= self._stream.due_ns() and self._put_out(self._stream, now_ns):
            return
        if self._stream is not None and self._wake is None:
            self._wake = self.world.clock.call_at(self._stream.due_ns(), self._woken)

    def _woken(self) -> None:
        self._wake = None

    def _put_out(self, stream: ShieldStream, now_ns: int, *, everything: bool = False) -> bool:
        text = stream.text(now_ns, everything=everything, unread=self.port.is_open)
        self.port.emit(text)
        if stream.ended:
            self._end(stream)
        return bool(text)

    def _end(self, stream: ShieldStream) -> None:
        self._stream = None
        if isinstance(stream, BinaryShieldStream):
            self.port.emit(END)
        elif self.end_dialect == "completed":
            self.port.emit(b"\r\n" + PROMPT + b"Acquisition completed\r\n\0")
        else:
            extremes = [min(stream.smallest, stream.largest), stream.largest]
            if self.world.faults.summary_of_another:
                extremes, self._before = self._before, extremes
            lowest, highest = (line.tobytes() for line in sample_lines(extremes))
            self.port.emit(b"\r\nend\r\n\r\nsummary beg\r\n" + lowest + highest + b"summary end\r\n")
        if self._settings["pwr"] == "auto" or self._settings["pwrend"] == "off":
            self._supply(False)

    def _edge(self, at_ns: int) -> None:
        if self._armed:
            self._armed = False
            self._begin(at_ns)
        elif self._stream is not None and self._settings["eventsrc"] == "d7 fal":
            self._stream.edge(at_ns)

    def _begin(self, at_ns: int, first_stamp: int = 0) -> None:
        rate_hz = number(self._settings["freq"])
        acqtime = self._settings["acqtime"]
        duration_s = 0.0 if acqtime == "inf" else number(acqtime)
        delay_s = number(self._settings["trigdelay"])
        if self._settings["pwr"] == "auto":
            self._supply(True)
        plan = StreamPlan(
            start_ns=at_ns + to_ns(delay_s),
            rate_hz=rate_hz,
            voltage_set_v=self._voltage_v,
            output=self._settings["output"],
            count=self._count(duration_s, rate_hz),
            highest_a=HIGH_SPEED_MAX_A if self._is_high_speed else None,
            first_stamp=first_stamp,
            glue_every=self._glue_every,
            edges_move=self._late_edge_moves,
        )
        kind = BinaryShieldStream if self._settings["format"] == "bin_hexa" else ShieldStream
        self._stream = kind(self.world, self.errors, plan, self._noise)
        if self._wake is not None:  # it belongs to the previous stream
            self._wake.cancel()
            self._wake = None

    def _count(self, duration_s: float, rate_hz: float) -> int | None:
        """Return how many samples an acquisition has; None for an endless one."""
        if self._settings["acqmode"] == "stat":
            return 1
        return round(duration_s * rate_hz) if duration_s else None

    @property
    def _is_high_speed(self) -> bool:
        return self._settings["funcmode"] == "high" and self._settings["output"] == "current"

    def _opened(self) -> None:
        now_ns = self.world.clock.now_ns()
        if self._first_open:
            self._settings |= self.world.faults.left_over
        if self._first_open and self.world.faults.stale_stream:
            self._host_control = True
            self._voltage_v = STALE_VOLTAGE_V
            self._settings |= {"acqtime": "inf", "freq": "1k", "output": "energy", "trigdelay": "0", "pwr": "on"}
            self._supply(True)
            self._begin(now_ns, first_stamp=STALE_SAMPLES)
            self.port.emit(b"930-08\r\n3340-08\r\n")  # the port opens in the middle of a line
        elif self._stream is not None:  # what was due while the port was closed is lost
            self._stream.text(now_ns, unread=False)
        self._first_open = False

    def _supply(self, on: bool) -> None:
        if on:
            self.world.set_supply(True, self._voltage_v * (1 + self.errors.supply))
        elif not self.world.faults.power_stays_on:
            self.world.set_supply(False, 0.0)

    # --- the shell --------------------------------------------------------------------------------------

    def _receive(self, data: bytes) -> None:
        now_ns = self.world.clock.now_ns()
        if now_ns < self._busy_until_ns or self.world.faults.is_silent(self.port.device, now_ns):
            return
        *lines, rest = re.split(rb"[\r\n]+", self._line + data.replace(b"\0", b""))
        self._line = rest[-MAX_COMMAND_BYTES:]
        for line in lines:
            if line:
                self._refresh()  # what is due before the command is emitted before its answer
                self._run(line.decode("ascii", "replace").strip())

    def _run(self, line: str) -> None:
        binary = isinstance(self._stream, BinaryShieldStream) and line != "stop"
        try:
            said = self._answer(line)
        except CannotError as error:
            self._error = str(error)
            if binary:
                return
            self.port.emit(PROMPT + f"error {line}\r\nError detail: {error}\r\n\0".encode())
        else:
            if binary:
                self.port.emit(answer(line, self.world.voltage_v, self.world.powered))
            elif said is not None:
                self.port.emit(b"\0" + PROMPT + f"ack {line}{said}\r\n\0".encode())

    def _answer(self, line: str) -> str | None:
        word, _, arguments = line.partition(" ")
        command = self._commands.get(word)
        if command is None:
            raise CannotError("unknown command")
        if self.world.faults.refuses(line):
            raise CannotError("refused")
        if not (command.free or self._host_control):
            raise CannotError("host control not taken")
        if self._stream is not None and not command.running:
            raise CannotError("acquisition running")
        return command.action(arguments.strip())

    def _table(self) -> dict[str, Command]:
        def always(text: str) -> Callable[[str], str]:
            return lambda arguments: text

        table = {
            "help": Command(self._help, free=True),
            "echo": Command(always(""), free=True),
            "powershield": Command(always(f" twin-{self.world.seed}-0"), free=True),
            "version": Command(always(f": {self.firmware}"), free=True),
            "range": Command(always(" 100n 50m"), free=True),
            "status": Command(self._status, free=True),
            "htc": Command(self._take_control, free=True),
            "hrc": Command(self._give_control),
            "lcd": Command(always("")),
            "psrst": Command(self._hardware_reset, running=True),
            "volt": Command(self._volt, running=True),
            "freq": Command(self._freq),
            "pwr": Command(self._pwr, running=True),
            "start": Command(self._start),
            "stop": Command(self._stop, free=True, running=True),
            "targrst": Command(self._target_reset, running=True),
            "temp": Command(self._temperature, running=True),
            "autotest": Command(always(" ok")),
            "calib": Command(always("")),
        }
        table |= {word: Command(self._choice(word)) for word in CHOICES}
        table |= {word: Command(self._number(word)) for word in LIMITS}
        if tuple(int(part) for part in self.firmware.split(".")) < EVENTS_SINCE:
            del table["eventsrc"]
        return table

    def _choice(self, word: str) -> Callable[[str], str]:
        def choose(arguments: str) -> str:
            if arguments not in CHOICES[word]:
                raise CannotError(f"one of {', '.join(CHOICES[word])}")
            self._settings[word] = arguments
            return ""

        return choose

    def _number(self, word: str) -> Callable[[str], str]:
        def take(arguments: str) -> str:
            value = 0.0 if word == "acqtime" and arguments == "inf" else number(arguments)
            smallest, largest = LIMITS[word]
            if value and not smallest <= value <= largest:
                raise CannotError("value out of range")
            self._settings[word] = arguments
            return ""

        return take

    def _help(self, arguments: str) -> None:
        self.port.emit(PROMPT + b"ack help\r\n" + "".join(f"{line}\r\n" for line in HELP).encode())

    def _status(self, arguments: str) -> str:
        answer = f" error: {self._error}" if self._error else " ok"
        self._error = ""
        return answer

    def _take_control(self, arguments: str) -> str:
        self._host_control = True
        return ""

    def _give_control(self, arguments: str) -> str:
        self._host_control = False
        return ""

    def _hardware_reset(self, arguments: str) -> None:
        self._reset()
        self._supply(False)
        self._busy_until_ns = self.world.clock.now_ns() + RESET_NS

    def _volt(self, arguments: str) -> str:
        if arguments == "get":
            line = sample_lines([self.world.voltage_v]).tobytes()
            return f" {line[:7].decode()}"
        if self._stream is not None:
            raise CannotError("acquisition running")
        voltage_v = number(arguments)
        if not VOLTAGE_MIN_V <= voltage_v <= VOLTAGE_MAX_V:
            raise CannotError("value out of range")
        self._voltage_v = voltage_v
        if self.world.powered:
            self._supply(True)
        return ""

    def _freq(self, arguments: str) -> str:
        rate_hz = number(arguments)
        if rate_hz not in RATES_HZ:
            raise CannotError("value out of range")
        self._check_rate(rate_hz)
        self._settings["freq"] = arguments
        return ""

    def _check_rate(self, rate_hz: float) -> None:
        endless = self._settings["acqtime"] in ("inf", "0")
        if self._settings["format"] == "ascii_dec" and endless and rate_hz > ENDLESS_ASCII_MAX_HZ:
            raise CannotError("frequency too high for endless ASCII output")
        if self._settings["output"] == "energy" and rate_hz > ENERGY_MAX_HZ:
            raise CannotError("frequency too high for energy output")

    def _pwr(self, arguments: str) -> str:
        state, _, report = arguments.partition(" ")
        if state == "get":
            return " on" if self.world.powered else " off"
        if state not in ("on", "off", "auto") or report not in ("", "status", "nostatus"):
            raise CannotError("one of auto, on, off, get")
        self._settings["pwr"] = state
        self._supply(state == "on")
        if self._stream is not None and report == "status":
            self.port.emit(f"\r\npwr {state}\r\n".encode())
        return ""

    def _start(self, arguments: str) -> str:
        self._check_rate(number(self._settings["freq"]))
        if self._settings["trigsrc"] == "d7":
            self._armed = True
        else:
            self._begin(self.world.clock.now_ns())
        return ""

    def _stop(self, arguments: str) -> None:
        if self._stream is None and not self._armed:
            raise CannotError("no acquisition running")
        self._armed = False
        stream = self._stream
        if stream is not None:
            self._put_out(stream, self.world.clock.now_ns(), everything=True)
        if self._stream is not None:
            self._end(self._stream)

    def _target_reset(self, arguments: str) -> str:
        off_s = number(arguments)
        self._supply(False)
        if off_s:
            self.world.clock.call_after(to_ns(off_s), lambda: self._supply(True))
        return ""

    def _temperature(self, arguments: str) -> str:
        if arguments not in ("degc", "degf"):
            raise CannotError("one of degc, degf")
        return " 28.0" if arguments == "degc" else " 82.4"
