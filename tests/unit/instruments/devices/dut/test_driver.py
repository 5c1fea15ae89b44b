# SPDX-License-Identifier: Apache-2.0
"""The DUT driver on a twin's serial line: what it reads, what it repeats, and when it gives up."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.clock import Deadline, VirtualClock
from instruments.devices.dut import driver
from instruments.devices.dut.driver import LOAD_TRIES, Dut
from instruments.devices.dut.protocol import Chatter
from instruments.devices.dut.serial_port import DutSerialPort
from instruments.devices.dut.twin import DutOptions, VirtualDut
from instruments.devices.dut.twin_line import VirtualDutLine
from instruments.devices.dut.twin_profile import load_network
from instruments.devices.io_manager.driver import IoManager
from instruments.devices.io_manager.twin import VirtualIoManager
from instruments.errors import InstrumentError, ProtocolViolation, Refused, TimedOut, Unavailable
from instruments.world.cable import CableLink
from instruments.world.world import World
from tests.support.examples import examples

STIMULUS = bytes(i * 7 % 256 for i in range(490))
Fault = Callable[[bytes], bytes]


class Bench:
    """A DUT on its own serial line, or behind an IO manager."""

    def __init__(
        self, *, mode: str = "energy", baud: int = 9600, line_baud: int | None = None, relayed: bool = False
    ) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock, seed=3)
        self.faults = self.world.faults
        self.twin = VirtualDut(self.world, load_network("kws01"), DutOptions(mode=mode, baud=baud))
        port = (
            VirtualIoManager(self.world, "io-manager", self.twin, line_baud or baud).port
            if relayed
            else VirtualDutLine(self.world, "dut", self.twin, line_baud or baud).port
        )
        self.host_port = port
        link = CableLink("DUT on the twin", self.clock, port)
        self.port = IoManager(link, self.clock) if relayed else DutSerialPort(link, self.clock)
        self.dut = Dut(self.port, self.clock)

    def within(self, after_s: float = 5.0) -> Deadline:
        return self.clock.deadline(after_s)

    def open(self) -> "Bench":
        """Open the port with the DUT switched off."""
        self.port.open(self.within(20.0))
        return self

    def booted(self) -> "Bench":
        """Open the port, switch the DUT on, wait for it."""
        self.open()
        self.world.set_supply(True, 3.0)
        self.dut.wait_for_boot(self.within())
        return self


def once(change: Fault, when: Callable[[bytes], bool] = lambda data: True, skip: int = 0) -> Fault:
    """Return a fault switch that changes one burst: the one after `skip` of those for which `when` holds."""
    left = [change, *[lambda data: data] * skip]
    return lambda data: left.pop()(data) if left and when(data) else data


@pytest.fixture(params=["direct", "relayed"])
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(relayed=request.param == "relayed").booted()


# --- a healthy DUT ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["energy", "performance"])
def test_boot_tells_the_firmwares_mode(mode: str) -> None:
    bench = Bench(mode=mode).open()
    bench.world.set_supply(True, 3.0)
    boot = bench.dut.wait_for_boot(bench.within())
    assert boot.text("timestamp-mode") == mode
    assert boot.at_ns("init-done") == boot.heard[-1].at_ns - round(9 * 10 * 1e9 / 9600)
    assert boot.at_ns("model") is boot.text("model") is None


def test_the_dut_says_who_it_is(bench: Bench) -> None:
    identity = bench.dut.identify(bench.within(15.0))
    assert (identity.make, identity.model) == ("virtual twin", "kws01")
    assert identity.firmware.startswith("ULPMark")
    assert identity.virtual


def test_what_is_loaded_can_be_read_back(bench: Bench) -> None:
    assert bench.dut.load(STIMULUS, bench.within(60.0)) == 1
    assert bench.dut.read_back(len(STIMULUS), bench.within(60.0)) == STIMULUS


def test_an_energy_build_infers_without_laps(bench: Bench) -> None:
    bench.dut.load(STIMULUS, bench.within(60.0))
    result = bench.dut.infer(3, 2, bench.within(10.0))
    assert len(result.results) == 12
    assert result.laps_us == ()
    assert result.answer.text("warmup-start") == "2"
    done_ns = result.answer.at_ns("infer-done")
    assert done_ns is not None
    assert result.answer.sent_ns < done_ns <= bench.clock.now_ns()


def test_a_performance_build_infers_with_two_laps() -> None:
    bench = Bench(mode="performance", baud=115200).booted()
    first, second = bench.dut.infer(10, 0, bench.within(10.0)).laps_us
    assert (second - first) / 1e6 == pytest.approx(10 * 0.0434, rel=0.01)


def test_a_timestamp_is_one_pulse(bench: Bench) -> None:
    edges: list[int] = []
    bench.world.on_edge(edges.append)
    bench.dut.timestamp(bench.within())
    assert len(edges) == 1


def test_somebody_is_heard_while_the_driver_waits(bench: Bench) -> None:
    looks: list[int] = []
    bench.dut.while_waiting = lambda: looks.append(bench.clock.now_ns())
    bench.dut.infer(70, 0, bench.within(30.0))
    assert len(looks) > 3.0 / 0.05 * 0.8
    assert max(b - a for a, b in pairwise(looks)) < 0.2e9


def test_whoever_is_heard_may_end_the_wait(bench: Bench) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    bench.dut.while_waiting = stop
    with pytest.raises(KeyboardInterrupt):
        bench.dut.infer(70, 0, bench.within(30.0))


# --- refusals -----------------------------------------------------------------------------------------------


def test_a_refusal_is_raised_with_the_duts_words(bench: Bench) -> None:
    with pytest.raises(Refused, match="Unknown command: bogus"):
        bench.dut.command("bogus", bench.within())
    with pytest.raises(Refused, match="iterations must be >0"):
        bench.dut.infer(0, 0, bench.within())
    assert bench.dut.identify(bench.within(15.0)).model == "kws01"


def test_a_stimulus_that_is_always_refused_is_tried_a_few_times(bench: Bench) -> None:
    bench.faults.refuse.add("db load")
    sent: list[bytes] = []
    bench.faults.corrupt["host>io-manager"] = bench.faults.corrupt["host>dut"] = lambda data: (
        sent.append(data) or data
    )
    with pytest.raises(Refused, match="fault switch"):
        bench.dut.load(STIMULUS, bench.within(60.0))
    assert len(sent) == LOAD_TRIES


def test_what_the_reference_cannot_take_is_never_sent(bench: Bench) -> None:
    with pytest.raises(ProtocolViolation, match="send the command"):
        bench.dut.command("name\r\n", bench.within())


# --- a garbled line -----------------------------------------------------------------------------------------


def is_chunk(data: bytes) -> bool:
    return data.startswith((b"db 0", b"dut db 0")) or b"db 1" in data


WIRES = {"direct": ["host>dut"], "relayed": ["host>io-manager", "io>dut"]}
DAMAGE: dict[str, Fault] = {
    "a digit that is none": lambda data: data.replace(b"0", b"\xb0", 1),
    "a digit lost": lambda data: data[:20] + data[21:],
    "a byte lost": lambda data: data[:20] + data[22:],
    "a command garbled": lambda data: data.replace(b"db ", b"dc "),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("way", WIRES)
def test_a_stimulus_with_one_damaged_chunk_is_sent_again(way: str, damage: str) -> None:
    for wire in WIRES[way]:
        bench = Bench(relayed=way == "relayed").booted()
        bench.faults.corrupt[wire] = once(DAMAGE[damage], is_chunk, skip=1)
        assert bench.dut.load(STIMULUS, bench.within(120.0)) == 2
        assert bench.dut.read_back(len(STIMULUS), bench.within(60.0)) == STIMULUS


@pytest.mark.parametrize("way", WIRES)
def test_a_damaged_announcement_is_sent_again(way: str) -> None:
    bench = Bench(relayed=way == "relayed").booted()
    fault = once(lambda data: data.replace(b"490", b"49"), lambda data: b"load 490" in data)
    bench.faults.corrupt[WIRES[way][-1]] = fault
    assert bench.dut.load(STIMULUS, bench.within(120.0)) == 2
    assert bench.dut.read_back(len(STIMULUS), bench.within(60.0)) == STIMULUS


def test_a_line_that_is_always_damaged_ends_in_an_error(bench: Bench) -> None:
    bench.faults.corrupt["host>io-manager"] = bench.faults.corrupt["host>dut"] = DAMAGE["a byte lost"]
    with pytest.raises((Refused, ProtocolViolation)):
        bench.dut.load(STIMULUS, bench.within(120.0))


@pytest.mark.parametrize("way", WIRES)
def test_a_digit_lost_from_the_number_of_inferences_is_no_measurement(way: str) -> None:
    bench = Bench(relayed=way == "relayed").booted()
    bench.faults.corrupt[WIRES[way][-1]] = lambda data: data.replace(b"infer 70", b"infer 7")
    with pytest.raises(ProtocolViolation, match="70"):
        bench.dut.infer(70, 0, bench.within(20.0))


def test_an_answer_without_the_name_is_a_violation(bench: Bench) -> None:
    bench.faults.corrupt["dut>line"] = lambda data: data.replace(b"m-name", b"n-name")
    with pytest.raises(ProtocolViolation, match="n-name"):
        bench.dut.identify(bench.within(15.0))


def test_damaged_results_are_no_results(bench: Bench) -> None:
    bench.faults.corrupt["dut>line"] = lambda data: data.replace(b"0.", b"0..", 1)
    assert bench.dut.infer(1, 0, bench.within(10.0)).results == ()


# --- a DUT that is dead, deaf, or restarts ------------------------------------------------------------------


def test_a_dead_dut_times_out_at_its_deadline_with_advice(bench: Bench) -> None:
    bench.faults.silent.add("dut")
    before_ns = bench.clock.now_ns()
    with pytest.raises(TimedOut, match="nothing") as caught:
        bench.dut.command("name", bench.within(2.0))
    assert 0 <= bench.clock.now_ns() - before_ns - 2e9 < 0.06e9
    assert "power" in caught.value.try_this
    assert "name" in caught.value.asked


def test_a_dut_without_power_does_not_boot() -> None:
    bench = Bench().open()
    with pytest.raises(TimedOut, match="power-up"):
        bench.dut.wait_for_boot(bench.within(2.0))


def test_a_wrong_speed_is_recognised_by_its_bytes() -> None:
    bench = Bench(baud=9600, line_baud=115200).open()
    bench.world.set_supply(True, 3.0)
    with pytest.raises(TimedOut) as caught:
        bench.dut.wait_for_boot(bench.within(2.0))
    assert "baud" in caught.value.try_this
    assert "not text" in caught.value.try_this


def test_a_half_line_is_quoted() -> None:
    bench = Bench().booted()
    bench.faults.corrupt["dut>line"] = lambda data: data.rstrip(b"\r\n") if b"ready" in data else data
    with pytest.raises(TimedOut, match="virtual twin m-ready"):
        bench.dut.command("name", bench.within(1.0))


@pytest.mark.parametrize("fault", ["reboot_dut_at_ns", "brown_out_at_ns"])
@pytest.mark.parametrize("way", WIRES)
def test_a_restart_during_inference_is_no_answer(way: str, fault: str) -> None:
    bench = Bench(relayed=way == "relayed")
    setattr(bench.faults, fault, 4_000_000_000)
    bench.booted()
    bench.clock.advance_to(3_000_000_000)
    with pytest.raises(ProtocolViolation, match="restarted") as caught:
        bench.dut.infer(70, 0, bench.within(30.0))
    assert "supply" in caught.value.try_this


def test_a_restart_between_two_commands_is_noticed() -> None:
    bench = Bench()
    bench.faults.reboot_dut_at_ns = 2_000_000_000
    bench.booted()
    bench.dut.load(STIMULUS[:40], bench.within(60.0))
    bench.clock.advance_to(3_000_000_000)
    with pytest.raises(ProtocolViolation, match="restarted"):
        bench.dut.infer(1, 0, bench.within(30.0))


def test_a_power_cycle_on_purpose_is_no_restart() -> None:
    bench = Bench().booted()
    for _ in range(2):
        bench.world.set_supply(False, 0.0)
        bench.clock.sleep(1.0)
        bench.world.set_supply(True, 3.0)
        bench.dut.wait_for_boot(bench.within())
        assert bench.dut.identify(bench.within(15.0)).model == "kws01"


@pytest.mark.parametrize("moment_s", [0.0, 0.01, 0.05, 0.06, 0.09, 0.2])
def test_a_dut_that_restarts_when_its_port_opens_is_asked_again(moment_s: float) -> None:
    bench = Bench().open()
    bench.world.set_supply(True, 3.0)
    bench.clock.sleep(moment_s)
    assert bench.dut.identify(bench.within(15.0)).make == "virtual twin"


def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    bench = Bench().booted()
    with pytest.raises(TimedOut):
        bench.dut.infer(20, 0, bench.within(0.5))
    bench.clock.sleep(3.0)
    assert bench.dut.command("name", bench.within()).text("name") == "virtual twin"


def test_unplugging_is_unavailable(bench: Bench) -> None:
    bench.faults.unplug_at_ns = {"dut": bench.clock.now_ns() + 10**9, "io-manager": bench.clock.now_ns() + 10**9}
    with pytest.raises(Unavailable, match="cable"):
        bench.dut.infer(70, 0, bench.within(30.0))


def test_a_closed_port_is_unavailable(bench: Bench) -> None:
    bench.port.close()
    bench.port.close()
    with pytest.raises(Unavailable, match="not open"):
        bench.dut.command("name", bench.within())


@pytest.mark.parametrize("noise", [b"blah blah\r\n", b"blah", b"\xff\xfe", b"m-lap-us-1\r\n"])
def test_endless_chatter_cannot_stall_past_the_deadline(noise: bytes) -> None:
    bench = Bench().booted()
    bench.world.set_supply(False, 0.0)  # so that nothing but the noise comes

    def chatter() -> Iterator[None]:
        while True:
            bench.host_port.emit(noise)
            bench.clock.call_after(1_000_000, lambda: next(source))
            yield

    source = chatter()
    next(source)
    before_ns = bench.clock.now_ns()
    with pytest.raises(TimedOut):
        bench.dut.command("name", bench.within(2.0))
    assert bench.clock.now_ns() - before_ns < 2.06e9


@settings(max_examples=examples(80), deadline=None)
@given(
    st.lists(st.binary(max_size=12) | st.sampled_from([b"m-ready\r\n", b"e-[", b"m-init-done\r\n"]), max_size=8)
)
def test_hostile_bytes_give_an_answer_or_an_instrument_error(noise: list[bytes]) -> None:
    bench = Bench().booted()
    for i, data in enumerate(noise):
        bench.clock.call_after(i * 5_000_000, lambda data=data: bench.host_port.emit(data))
    deadline = bench.within(6.0)
    try:
        name = bench.dut.command("name", deadline).text("name")
    except InstrumentError:
        name = None
    assert name in {None, "virtual twin"}
    assert bench.clock.now_ns() <= deadline.at_ns + 60_000_000


def test_noise_before_the_answer_is_kept_in_it() -> None:
    bench = Bench().booted()
    bench.faults.corrupt["dut>line"] = once(lambda data: b"\0noise\r\n" + data)
    answer = bench.dut.command("name", bench.within())
    assert answer.heard[0].event == Chatter("\0noise")
    assert answer.text("name") == "virtual twin"


def test_a_dut_that_prints_without_end_is_given_up_before_it_fills_the_memory(monkeypatch) -> None:
    monkeypatch.setattr(driver, "MOST_HEARD", 100)
    bench = Bench().booted()
    monkeypatch.setattr(bench.port, "receive", lambda deadline: ["x"] * 7)
    with pytest.raises(ProtocolViolation, match="does not stop printing: "):
        bench.dut.infer(5, 0, bench.within(1e6))
