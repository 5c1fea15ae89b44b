# SPDX-License-Identifier: Apache-2.0
"""The supply of the N6705, and every answer as a place to fail."""

from collections.abc import Callable

import pytest

from instruments.clock import Deadline
from instruments.errors import InstrumentError, Refused, TimedOut, Unavailable
from instruments.world.cable import CableLink
from tests.support.n6705_bench import SETTINGS, Bench, listening, make

# --- supply ----------------------------------------------------------------------------------------------


def test_power_is_switched_and_confirmed() -> None:
    bench = make(2, ideal=False)
    bench.monitor.open(bench.within())
    bench.monitor.configure(SETTINGS, bench.within())
    assert not bench.world.powered
    bench.monitor.power_on(bench.within())
    assert bench.world.powered
    assert bench.world.voltage_v == pytest.approx(3.0, abs=3e-3)
    assert bench.world.voltage_v != 3.0
    assert bench.monitor.measured_voltage_v(bench.within()) == pytest.approx(3.0, abs=6e-3)
    bench.monitor.power_off(bench.within())
    assert not bench.world.powered
    bench.monitor.power_off(bench.within())


def test_power_off_works_in_the_middle_of_a_log_and_ends_it() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    bench.log(0.5)
    bench.monitor.power_off(bench.within())
    assert not bench.world.powered
    assert bench.monitor.stop(bench.within()) == []


def test_a_welded_relay_is_found_by_the_voltage() -> None:
    bench = make().ready()
    bench.world.faults.power_stays_on = True
    deadline = bench.within(5.0)
    with pytest.raises(Refused, match=r"still|is at 3\.0"):
        bench.monitor.power_off(deadline)
    assert bench.clock.now_ns() <= deadline.at_ns
    assert bench.world.powered


def test_a_silent_instrument_is_switched_off_without_a_confirmation() -> None:
    bench = make().ready()
    bench.world.faults.silent.add("monitor")
    deadline = bench.within(5.0)
    with pytest.raises(TimedOut, match="3 times"):
        bench.monitor.power_off(deadline)
    assert bench.clock.now_ns() == deadline.at_ns
    assert not bench.world.powered


def test_a_refused_off_is_tried_in_other_ways() -> None:
    bench = make().ready()
    bench.world.faults.refuse |= {"OUTP OFF,(@1)", "OUTP OFF,(@1,2,3)"}
    bench.monitor.power_off(bench.within())
    assert not bench.world.powered


def test_an_unplugged_instrument_is_unavailable() -> None:
    bench = make().ready()
    bench.world.faults.unplugged.add("monitor")
    for call in (bench.monitor.poll, bench.monitor.stop, bench.monitor.power_off):
        with pytest.raises(Unavailable):
            call(bench.within())
    bench.monitor.close()
    with pytest.raises(Unavailable):
        bench.monitor.open(bench.within())


class Droppable(CableLink):
    """A connection that can break until it is opened again, or be interrupted once."""

    broken = False
    interrupt_in: int | None = None

    def open(self, deadline: Deadline) -> None:
        self.broken = False
        super().open(deadline)

    def write(self, data: bytes, deadline: Deadline) -> None:
        if self.broken:
            raise Unavailable("write to monitor", "the connection was closed")
        super().write(data, deadline)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        if self.interrupt_in is not None:
            self.interrupt_in -= 1
            if self.interrupt_in < 0:
                self.interrupt_in = None
                raise KeyboardInterrupt
        return super().read(deadline, max_bytes)


def test_after_a_lost_connection_a_new_one_is_made_to_switch_off() -> None:
    bench = make(link=Droppable).ready()
    assert isinstance(bench.link, Droppable)
    bench.link.broken = True
    bench.monitor.power_off(bench.within())
    assert not bench.world.powered


@pytest.mark.parametrize("read", range(6))
def test_an_interruption_in_the_middle_of_an_answer_does_not_keep_the_supply_on(read: int) -> None:
    bench = make(link=Droppable).ready()
    assert isinstance(bench.link, Droppable)
    bench.world.pin_falls()
    bench.clock.sleep(2.0)
    bench.link.interrupt_in = read
    with pytest.raises(KeyboardInterrupt):
        bench.monitor.poll(bench.within())
    bench.monitor.power_off(bench.within())
    assert not bench.world.powered


def test_a_stale_log_is_ended_and_its_late_bytes_thrown_away() -> None:
    bench = make()
    bench.world.faults.stale_stream = True
    identity = bench.monitor.open(bench.within())
    assert dict(identity.detail)["output"] == "on"
    assert bench.world.powered
    assert not bench.twin._log.running
    bench.monitor.configure(SETTINGS, bench.within())
    assert not bench.world.powered


def test_closing_gives_the_front_panel_back_and_can_be_repeated() -> None:
    bench = make().ready()
    sent: list[bytes] = []
    bench.world.faults.corrupt["host>monitor"] = listening(sent)
    bench.monitor.close()
    bench.monitor.close()
    assert sent == [b"SYST:COMM:RLST LOC\n"]
    assert not bench.twin.port.is_open


# --- every answer is a place to fail ---------------------------------------------------------------------


class Spoiler:
    """Spoils the answer number `number` of the twin; counts them all."""

    def __init__(self, number: int, spoil: Callable[[bytes], bytes]) -> None:
        self.number = number
        self.spoil = spoil
        self.count = 0

    def __call__(self, data: bytes) -> bytes:
        if not data:
            return data
        self.count += 1
        return self.spoil(data) if self.count - 1 == self.number else data


class Late:
    """Lets the answer number `number` arrive together with the one after it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.count = 0
        self.held = b""

    def __call__(self, data: bytes) -> bytes:
        self.count += bool(data)
        if data and self.count - 1 == self.number:
            self.held = data
            return b""
        held, self.held = self.held, b""
        return held + data


def session(bench: Bench) -> None:
    """Make every call of a session, each within a second."""
    monitor = bench.monitor
    monitor.open(bench.within(5.0))
    monitor.configure(SETTINGS, bench.within(5.0))
    monitor.power_on(bench.within(5.0))
    monitor.measured_voltage_v(bench.within(5.0))
    monitor.start(bench.within(5.0))
    bench.world.pin_falls()
    for _ in range(12):
        bench.clock.sleep(0.1)
        monitor.poll(bench.within(5.0))
    monitor.stop(bench.within(5.0))
    monitor.power_off(bench.within(5.0))


def answers_of_a_session() -> int:
    counter = Spoiler(-1, lambda data: data)
    bench = make()
    bench.world.faults.corrupt["monitor>host"] = counter
    session(bench)
    return counter.count


SPOILS: dict[str, Callable[[bytes], bytes]] = {
    "lost": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "garbage": lambda data: bytes(255 - byte for byte in data),
    "doubled": lambda data: data + data,
    "line feeds": lambda data: b"\n" * len(data),
    "endless": lambda data: b"x" * 40_000,
    "hostile block": lambda data: b"#9999999999" + data,
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_whatever_answer_is_spoilt_every_call_ends_in_time_and_the_supply_goes_off(spoil: str) -> None:
    total = answers_of_a_session()
    assert total > 40
    raised = 0
    for number in range(total):
        bench = make()
        spoiler = Spoiler(number, SPOILS[spoil])
        bench.world.faults.corrupt["monitor>host"] = spoiler
        before_ns = bench.clock.now_ns()
        try:
            session(bench)
        except InstrumentError:
            raised += 1
        assert bench.clock.now_ns() - before_ns < 12e9
        bench.world.faults.corrupt.clear()
        if bench.twin.port.is_open:
            bench.monitor.power_off(bench.within(5.0))
            assert not bench.world.powered, f"answer {number} spoilt"
        bench.monitor.close()
    assert raised > total // 2 or spoil in ("doubled", "line feeds")


def test_a_late_answer_is_never_taken_for_the_next() -> None:
    raised = 0
    for number in range(answers_of_a_session()):
        bench = make()
        bench.world.faults.corrupt["monitor>host"] = Late(number)
        try:
            session(bench)
            continue
        except TimedOut:
            raised += 1
        if bench.twin.port.is_open:
            powered = bench.world.powered
            measured_v = bench.monitor.measured_voltage_v(bench.within())
            assert measured_v == pytest.approx(3.0 * powered, abs=0.01), f"answer {number} late"
            bench.monitor.power_off(bench.within())
            assert not bench.world.powered
    assert raised > 30


@pytest.mark.parametrize("call", ["open", "configure", "power_on", "measured_voltage_v", "start", "poll", "stop"])
def test_silence_anywhere_times_out_by_the_deadline(call: str) -> None:
    bench = make()
    monitor = bench.monitor
    steps: dict[str, Callable[[Deadline], object]] = {
        "open": monitor.open,
        "configure": lambda deadline: monitor.configure(SETTINGS, deadline),
        "power_on": monitor.power_on,
        "measured_voltage_v": monitor.measured_voltage_v,
        "start": monitor.start,
        "poll": monitor.poll,
        "stop": monitor.stop,
    }
    for name, step in steps.items():
        if name == call:
            bench.world.faults.silent.add("monitor")
            deadline = bench.within(3.0)
            with pytest.raises(TimedOut):
                step(deadline)
            assert bench.clock.now_ns() <= deadline.at_ns
            return
        step(bench.within())
