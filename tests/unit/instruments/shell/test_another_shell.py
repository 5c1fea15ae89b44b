# SPDX-License-Identifier: Apache-2.0
"""The parts for command shells serve an instrument that is no LPM01A: an invented meter with words of its own.

It says `ok <command>[ data]`, `no <command>` and `why <reason>`; samples are lines such as `=12`, in mA; a run
that has ended is `done`, after which `sum <least> <largest>` may follow.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from instruments.clock import VirtualClock
from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.roles import Edge, Identity, Note, Samples, StreamItem, Summary, SupplyLimits, SupplySettings
from instruments.shell.dialogue import ShellDialect
from instruments.shell.events import Ack, End, ErrorDetail, ErrorReply, SampleRun, SummaryText
from instruments.shell.instrument import ShellInstrument
from instruments.shell.supply import ShellSupply, ShellSupplyDialect
from instruments.world.cable import CableLink, HostPort
from instruments.world.world import World


class MeterDecoder:
    def __init__(self) -> None:
        self.tail = b""

    def feed(self, data: bytes) -> list[object]:
        *lines, self.tail = (self.tail + data).split(b"\n")
        return [event_of(line.decode()) for line in lines]


EVENTS: dict[str, Callable[[str], object]] = {
    "ok": Ack,
    "no": ErrorReply,
    "why": ErrorDetail,
    "done": lambda rest: End("done"),
    "sum": lambda rest: SummaryText(tuple(map(float, rest.split())), (1.0, 1.0)),
}


def event_of(line: str) -> object:
    word, _, rest = line.partition(" ")
    if line.startswith("="):
        return SampleRun(np.array([float(line[1:])]))
    return EVENTS[word](rest) if word in EVENTS else line


class MeterStream:
    def __init__(self) -> None:
        self.index = 0
        self.ended = False

    def take(self, event: object) -> Iterator[StreamItem | Edge]:
        match event:
            case SampleRun(values):
                yield Samples(self.index, ((values / 1000).astype(np.float32),))
                self.index += len(values)
            case "tick":
                yield Edge(self.index + 0.5, 0.5)
            case End():
                self.ended = True
            case _:
                yield Note(str(event))


METER = ShellDialect(
    decoder=MeterDecoder,
    start="GO",
    stop="HALT",
    take_control="REMOTE",
    give_back="LOCAL",
    remark=lambda event: Note(f"beside a run: {event}"),
    summed_up=lambda text: Summary(signal="current", least=text.values[0], largest=text.values[1]),
    last_resort="pull its plug",
)
SUPPLY = ShellSupplyDialect(
    limits=SupplyLimits(1.0, 5.0),
    set_voltage="U={voltage_mv}",
    on="OUT 1",
    off="OUT 0",
    state="OUT?",
    measure="U?",
    number=float,
)


class Meter(ShellInstrument):
    def __init__(self, link: CableLink, clock: VirtualClock) -> None:
        super().__init__(link, clock, METER)
        self.feed = ShellSupply(self._acquisition, SUPPLY)

    def _examined(self, leftover, deadline) -> Identity:
        return Identity("monitor", model=self._ask("WHO", deadline), detail=(("leftover", str(leftover)),))

    def start(self, deadline) -> None:
        self._acquisition.start(MeterStream(), deadline)


class Bench:
    def __init__(self, answers: Callable[[str], str] | None = None) -> None:
        self.world = World(VirtualClock(), 1)
        self.clock = self.world.clock
        self.port = HostPort(self.world, "meter", self.received)
        self.meter = Meter(CableLink("the meter", self.clock, self.port), self.clock)
        self.commands: list[str] = []
        self.on = False
        self.answers = answers or (lambda command: "")

    def received(self, data: bytes) -> None:
        for command in data.decode().split("\n")[:-1]:
            self.commands.append(command)
            text = self.answers(command) or self.usual(command)
            if text:
                self.port.emit(text.encode() + b"\n")

    def usual(self, command: str) -> str:
        if command.startswith("OUT "):
            self.on = command == "OUT 1"
        words = {"": "", "HALT": "done", "WHO": "ok WHO meter", "U?": "ok U? 3.3"}
        states = {"OUT?": f"ok OUT? {'on' if self.on else 'off'}"}
        return (words | states).get(command, f"ok {command}")

    def deadline(self, after_s: float = 20.0):
        return self.clock.deadline(after_s)

    def opened(self) -> "Bench":
        self.meter.open(self.deadline())
        return self

    def running(self) -> "Bench":
        self.opened().meter.start(self.deadline())
        return self


def samples(items) -> list[float]:
    return [float(v) for item in items if isinstance(item, Samples) for v in item.values[0]]


def test_opening_ends_what_was_left_running_and_takes_control() -> None:
    b = Bench()
    b.port.emit(b"=1\n=2\n=")  # left over from an earlier run, the last line not complete
    identity = b.meter.open(b.deadline())
    assert b.commands == ["", "HALT", "REMOTE", "WHO"]
    assert identity == Identity("monitor", model="meter", detail=(("leftover", "0"),))  # nothing came after HALT


def test_closing_gives_control_back_once() -> None:
    b = Bench().running()
    b.meter.close()
    b.meter.close()
    assert b.commands[-2:] == ["HALT", "LOCAL"]
    assert b.commands.count("LOCAL") == 1


def test_samples_between_a_command_and_its_answer_are_kept_in_order() -> None:
    b = Bench().running()
    b.port.emit(b"=1\n=2\n")
    b.answers = lambda command: "=3\ntick\nok U? 2.5" if command == "U?" else ""
    assert b.meter.feed.measured_voltage_v(b.deadline()) == 2.5
    b.port.emit(b"=4\n")
    b.clock.sleep(0.1)
    items = [*b.meter.poll(b.deadline()), *b.meter.stop(b.deadline())]
    assert samples(items) == pytest.approx([1e-3, 2e-3, 3e-3, 4e-3])
    (edge,) = b.meter.edges().take(b.deadline())
    assert edge == Edge(3.5, 0.5)


def test_a_refusal_names_the_command_and_the_reason() -> None:
    b = Bench().opened()
    b.answers = lambda command: "no U=2500\nwhy too warm" if command == "U=2500" else ""
    with pytest.raises(Refused, match=r"the meter for `U=2500`: it refused: too warm"):
        b.meter.feed.configure(SupplySettings(2.5), b.deadline())


def test_the_echo_of_another_command_is_no_answer() -> None:
    b = Bench().opened()
    b.answers = lambda command: "ok U?? 9" if command == "U?" else ""
    with pytest.raises(ProtocolViolation, match=r"acknowledged 'U\?\? 9' instead.*pull its plug"):
        b.meter.feed.measured_voltage_v(b.deadline())


def test_a_summary_belongs_to_the_run_that_has_just_ended() -> None:
    b = Bench().running()
    b.answers = lambda command: "done\nsum 1 7" if command == "HALT" else ""
    assert b.meter.stop(b.deadline())[-1] == Summary(signal="current", least=1.0, largest=7.0)
    b.port.emit(b"sum 1 7\n")
    b.clock.sleep(0.1)
    (item,) = b.meter.poll(b.deadline())
    assert isinstance(item, Note)
    assert item.text.startswith("beside a run: ")


def test_a_run_that_does_not_end_is_said_with_the_last_resort() -> None:
    b = Bench().running()
    b.answers = lambda command: "tick" if command == "HALT" else ""
    with pytest.raises(TimedOut, match=r"stop the meter.*pull its plug"):
        b.meter.stop(b.deadline())


def test_a_running_acquisition_that_prevents_switching_off_is_ended() -> None:
    b = Bench().running()
    b.meter.feed.on(b.deadline())
    b.answers = lambda command: "no OUT 0\nwhy busy" if command == "OUT 0" and "HALT" not in b.commands[4:] else ""
    b.meter.feed.off(b.deadline())
    assert not b.on
    assert b.commands[-5:] == ["OUT 0", "HALT", "REMOTE", "OUT 0", "OUT?"]
    assert any("busy" in item.text for item in b.meter.poll(b.deadline()) if isinstance(item, Note))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (SupplySettings(0.9), r"0.9 V is outside what it supplies.*a voltage from 1.0 to 5.0 V"),
        (SupplySettings(5.1), r"5.1 V is outside"),
        (SupplySettings(3.0, current_limit_a=0.1), r"its current limit cannot be set"),
    ],
)
def test_what_the_supply_cannot_do_is_refused_before_anything_is_sent(settings, reason) -> None:
    b = Bench().opened()
    before = list(b.commands)
    with pytest.raises(Refused, match=reason):
        b.meter.feed.configure(settings, b.deadline())
    assert b.commands == before


def test_a_supply_that_stays_on_is_said_with_the_last_resort() -> None:
    b = Bench().opened()
    b.answers = lambda command: "ok OUT? on" if command == "OUT?" else ""
    with pytest.raises(Refused, match=r"switch the supply of the meter off: `OUT\?` answers 'on'.*pull its plug"):
        b.meter.feed.off(b.deadline())
