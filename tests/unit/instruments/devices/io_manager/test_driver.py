"""The virtual IO manager as an UNO behaves, and its driver against an UNO that behaves badly."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.clock import Deadline, VirtualClock
from instruments.devices.dut.driver import Dut
from instruments.devices.dut.protocol import Ready, Said
from instruments.devices.dut.twin import DutOptions, VirtualDut
from instruments.devices.dut.twin_profile import load_network
from instruments.devices.io_manager.driver import BOOT_S, IoManager
from instruments.devices.io_manager.twin import RESET_NS, RESONATOR_LIMIT, VirtualIoManager
from instruments.errors import InstrumentError, ProtocolViolation, Refused, TimedOut, Unavailable
from instruments.world.cable import CableLink
from instruments.world.dut import PIN_HOLD_NS
from instruments.world.world import World


class Bench:
    """A DUT behind an IO manager; `ask` talks to the twin's port without a driver in between."""

    def __init__(
        self, seed: int = 1, *, ideal: bool = False, dut_baud: int = 9600, start_ns: int = 0, mode: str = "energy"
    ) -> None:
        self.clock = VirtualClock()
        self.clock.advance_to(start_ns)
        self.world = World(self.clock, seed, ideal=ideal)
        self.faults = self.world.faults
        self.dut = VirtualDut(self.world, load_network("kws01"), DutOptions(mode=mode))
        self.uno = VirtualIoManager(self.world, "io-manager", self.dut, dut_baud)
        self.cable = CableLink("IO manager", self.clock, self.uno.port)
        self.driver = IoManager(self.cable, self.clock)
        self.device = Dut(self.driver, self.clock)

    def within(self, after_s: float = 5.0) -> Deadline:
        return self.clock.deadline(after_s)

    def ask(self, data: bytes, wait_s: float = 0.2) -> list[bytes]:
        self.uno.port.receive(data)
        self.clock.sleep(wait_s)
        return self.uno.port.take(1 << 16).split(b"\r\n")[:-1]

    def connected(self) -> "Bench":
        """Open the port, wait for the UNO, feed the DUT and wait for its boot lines."""
        self.cable.open(self.within())
        self.clock.advance_to(self.clock.now_ns() + RESET_NS)
        self.world.set_supply(True, 3.0)
        self.clock.sleep(0.3)
        self.uno.port.take(1 << 16)
        return self

    def opened(self, *, powered: bool = True) -> "Bench":
        """Open the driver, feed the DUT and wait for it."""
        self.driver.open(self.within(20.0))
        if powered:
            self.world.set_supply(True, 3.0)
            self.device.wait_for_boot(self.within())
        return self


def once(change: Callable[[bytes], bytes], when: Callable[[bytes], bool] = lambda data: True) -> Callable:
    """Return a fault switch that changes the first burst for which `when` holds, and no other."""
    left = [change]
    return lambda data: left.pop()(data) if left and when(data) else data


# --- the UNO ------------------------------------------------------------------------------------------------


def test_opening_the_port_resets_the_uno_and_its_boot_loader_swallows_bytes() -> None:
    bench = Bench()
    bench.cable.open(bench.within())
    assert bench.ask(b"name%", 0.5) == []
    bench.clock.advance_to(RESET_NS)
    assert bench.ask(b"name%") == [b"m-name-io", b"m-ready"]
    bench.ask(b"enable-timer%")
    bench.cable.open(bench.within())
    assert bench.ask(b"name%", 0.5) == []
    bench.clock.advance_to(2 * RESET_NS + 10**9)
    bench.world.pin_falls()
    assert bench.ask(b"name%") == [b"m-name-io", b"m-ready"]  # no lap: the reset disabled the timer


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"version%", [b"m-version-1.0.3"]),
        (b"res 0%", [b"m-reset-polarity-0"]),
        (b"res%", [b"e-res-?#args?"]),
        (b"enable-timer%", [b"m-timer-enabled"]),
        (b"disable-timer%", [b"m-timer-disabled"]),
        (b"tm 0%", [b"m-timestmp-mode-FALLING", b"m-[Timer disabled after mode change]"]),
        (b"tm 1%", [b"m-timestmp-mode-CHANGE", b"m-[Timer disabled after mode change]"]),
        (b"tm 2%", [b"e-tm-?#args?"]),
        (b"et%", [b"e-[EMON Triggering not supported]"]),
        (b"bogus%", [b"e-[Unknown command: bogus]"]),
    ],
)
def test_its_own_commands(sent: bytes, answer: list[bytes]) -> None:
    assert Bench().connected().ask(sent) == [*answer, b"m-ready"]


def test_a_relayed_command_is_echoed_and_the_duts_lines_are_marked() -> None:
    assert Bench().connected().ask(b"dut name%") == [
        b"m-dut-passthrough(name)",
        b"m-ready",
        b"[dut]: m-name-dut-[virtual twin]",
        b"[dut]: m-ready",
    ]


def test_boot_lines_are_relayed_unasked() -> None:
    bench = Bench().connected()
    bench.world.set_supply(False, 0.0)
    bench.world.set_supply(True, 3.0)
    bench.clock.sleep(0.5)
    assert bench.uno.port.take(1000) == (
        b"[dut]: m-timestamp-mode-energy\r\n[dut]: m-init-done\r\n[dut]: m-ready\r\n"
    )


def test_commands_in_pieces_and_at_once_keep_their_order() -> None:
    bench = Bench().connected()
    assert bench.ask(b"ver") == []
    bench.uno.port.receive(b"sion%" + b"tm 0%" * 3)
    lines = bench.ask(b"name%")  # a short burst must not overtake the long one before it
    assert lines[0] == b"m-version-1.0.3"
    assert lines[-2:] == [b"m-name-io", b"m-ready"]


def test_the_receive_buffer_holds_64_bytes() -> None:
    bench = Bench().connected()
    fits = b"db " + b"0" * 56
    assert bench.ask(b"dut " + fits + b"%")[0] == b"m-dut-passthrough(" + fits + b")"
    assert bench.ask(b"dut " + fits + b"12%")[0] == b"m-dut-passthrough(" + fits + b")"


def test_sending_while_the_dut_talks_garbles_both() -> None:
    bench = Bench().connected()
    bench.uno.port.receive(b"dut profile%")
    bench.clock.sleep(0.03)
    assert bench.dut.talking
    lines = bench.ask(b"dut name%", 1.0)
    assert b"e-?m-profile-[ULPMark for t" in lines
    assert b"[dut]: m-model-[kws01]" in lines
    assert b"[dut]: m-name-dut-[virtual twin]" not in lines
    assert b"[dut]: e-[Unknown command: eman]" in lines


def test_a_speed_mismatch_turns_everything_into_garbage() -> None:
    bench = Bench(dut_baud=19200).connected()
    lines = bench.ask(b"dut name%", 1.0)
    assert lines[:2] == [b"m-dut-passthrough(name)", b"m-ready"]
    assert not any(b"name-dut" in line for line in lines)


# --- laps ---------------------------------------------------------------------------------------------------


def laps(bench: Bench, at_ns: list[int]) -> list[int]:
    for moment_ns in at_ns:
        bench.clock.advance_to(moment_ns)
        bench.world.pin_falls()
    bench.clock.sleep(0.1)
    lines = bench.uno.port.take(1 << 16).split(b"\r\n")[:-1]
    return [int(line.removeprefix(b"m-lap-us-")) for line in lines]


def timing(seed: int = 1, *, ideal: bool = False, start_ns: int = 0) -> Bench:
    bench = Bench(seed, ideal=ideal, start_ns=start_ns).connected()
    bench.ask(b"tm 0%enable-timer%")
    return bench


def test_laps_count_in_steps_of_4_us_with_the_resonators_error() -> None:
    bench = timing()
    first_ns = bench.clock.now_ns()
    moments = [first_ns + i * 10**10 + 1234 * i for i in range(4)]
    seen = laps(bench, moments)
    assert bench.uno.rate_error != 0.0
    assert all(lap_us % 4 == 0 for lap_us in seen)
    for lap_us, at_ns in zip(seen, moments, strict=True):
        assert 0 <= at_ns / 1e3 * (1 + bench.uno.rate_error) - lap_us < 4


def test_each_seed_draws_a_resonator_within_half_a_percent() -> None:
    errors = [Bench(seed).uno.rate_error for seed in range(50)]
    assert errors == [Bench(seed).uno.rate_error for seed in range(50)]
    assert len(set(errors)) == 50
    assert max(map(abs, errors)) <= RESONATOR_LIMIT
    assert max(errors) > RESONATOR_LIMIT / 2
    assert min(errors) < -RESONATOR_LIMIT / 2


def test_an_ideal_uno_is_exact() -> None:
    bench = timing(ideal=True)
    now_ns = bench.clock.now_ns()
    assert laps(bench, [now_ns, now_ns + 1_000_000, now_ns + 1_003_000]) == [
        now_ns // 1000,
        now_ns // 1000 + 1000,
        now_ns // 1000 + 1003,
    ]


def test_laps_wrap_at_32_bits() -> None:
    bench = timing(ideal=True)
    wrap_ns = 2**32 * 1000
    seen = laps(bench, [wrap_ns - 5_000_000, wrap_ns + 5_000_000])
    assert seen == [2**32 - 5000, 5000]
    assert [(b - a) & 0xFFFFFFFF for a, b in pairwise(seen)] == [10_000]


def test_edges_are_reported_only_while_the_timer_is_enabled_and_both_on_request() -> None:
    bench = Bench(ideal=True).connected()
    now_ns = bench.clock.now_ns()
    assert laps(bench, [now_ns + 1_000_000]) == []
    bench.ask(b"tm 1%enable-timer%")
    now_ns = bench.clock.now_ns() + 1_000_000
    assert laps(bench, [now_ns]) == [now_ns // 1000, (now_ns + PIN_HOLD_NS) // 1000]
    bench.ask(b"tm 0%")
    assert laps(bench, [bench.clock.now_ns() + 1_000_000]) == []


# --- the driver on a healthy board --------------------------------------------------------------------------


def test_open_waits_for_the_boot_loader_and_leaves_nothing_behind() -> None:
    bench = Bench()
    bench.driver.open(bench.within(20.0))
    assert bench.clock.now_ns() >= RESET_NS
    assert bench.driver.identify(bench.within()).firmware == "1.0.3"
    assert bench.driver.take_remarks() == []


@pytest.mark.parametrize("seed", range(20))
def test_open_works_for_any_latency_of_the_usb_link(seed: int) -> None:
    bench = Bench(seed)
    bench.driver.open(bench.within(20.0))
    assert bench.driver.identify(bench.within()).firmware == "1.0.3"


def test_laps_may_come_between_any_two_lines() -> None:
    bench = Bench().opened()
    bench.driver.arm(bench.within())
    start_ns = bench.clock.now_ns()
    falls = 200
    for i in range(falls):
        bench.clock.call_at(start_ns + i * 1_700_000, bench.world.pin_falls)
    for _ in range(4):
        assert bench.device.command("profile", bench.within()).text("model") == "kws01"
        assert bench.driver.identify(bench.within()).firmware == "1.0.3"
    bench.clock.sleep(0.5)
    seen = bench.driver.take(bench.within())
    assert len(seen) == falls
    elapsed_us = [(b.lap_us - a.lap_us) & 0xFFFFFFFF for a, b in pairwise(seen)]
    assert all(abs(us - 1700) < 1700 * RESONATOR_LIMIT + 8 for us in elapsed_us)
    assert all(a.arrived_ns <= b.arrived_ns for a, b in pairwise(seen))
    assert list(bench.driver.take(bench.within())) == []


def test_what_nobody_asked_for_becomes_a_remark() -> None:
    bench = Bench().opened()
    bench.uno.port.emit(b"brown-out detected\r\n[dut]: watchdog\r\n")
    assert bench.device.command("name", bench.within()).text("name") == "virtual twin"
    remarks = bench.driver.take_remarks()
    assert remarks == ["brown-out detected"]
    assert bench.driver.take_remarks() == []


def test_what_the_dut_said_before_a_command_is_no_answer_to_it() -> None:
    bench = Bench().opened()

    def late_line(data: bytes) -> bytes:
        return b"[dut]: m-ready\r\n" + data

    bench.faults.corrupt["io-manager>host"] = once(late_line, lambda data: b"passthrough" in data)
    answer = bench.device.command("name", bench.within())
    assert answer.text("name") == "virtual twin"
    assert any("m-ready" in remark for remark in bench.driver.take_remarks())


# --- the driver on a sick board -----------------------------------------------------------------------------


def test_a_silent_board_times_out_with_advice() -> None:
    bench = Bench()
    bench.faults.silent.add("io-manager")
    with pytest.raises(TimedOut, match="115200") as caught:
        bench.driver.open(bench.within(20.0))
    assert "nothing" in caught.value.came
    assert bench.clock.now_ns() / 1e9 == pytest.approx(BOOT_S)


def test_open_ends_at_the_callers_deadline_if_that_is_sooner() -> None:
    bench = Bench()
    bench.faults.silent.add("io-manager")
    with pytest.raises(TimedOut):
        bench.driver.open(bench.within(2.0))
    assert bench.clock.now_ns() == pytest.approx(2e9)


def test_another_board_on_the_port_is_quoted() -> None:
    bench = Bench()
    bench.faults.corrupt["io-manager>host"] = lambda data: b"PowerShield > "
    with pytest.raises(TimedOut, match="PowerShield"):
        bench.driver.open(bench.within(20.0))


def test_a_board_that_falls_silent_times_out_within_the_deadline() -> None:
    bench = Bench().opened()
    bench.faults.silent.add("io-manager")
    before_ns = bench.clock.now_ns()
    with pytest.raises(TimedOut, match="m-ready"):
        bench.device.command("name", bench.within(1.0))
    assert bench.clock.now_ns() - before_ns <= 1_000_000_000


def test_a_board_that_did_not_reset_has_its_old_timer_stopped() -> None:
    bench = Bench().connected()
    bench.ask(b"enable-timer%dut db 00")  # an earlier run was killed here
    bench.uno.port._on_open = lambda: None
    for i in range(100):
        bench.clock.call_after(i * 50_000_000, bench.world.pin_falls)
    bench.driver.open(bench.within(20.0))
    bench.clock.sleep(1.0)
    bench.driver.take_remarks()
    assert list(bench.driver.take(bench.within())) == []
    assert bench.driver.identify(bench.within()).firmware == "1.0.3"


def test_a_garbled_echo_is_a_violation() -> None:
    bench = Bench().opened()
    bench.faults.corrupt["host>io-manager"] = once(lambda data: data.replace(b"name", b"nbme"))
    with pytest.raises(ProtocolViolation, match="nbme"):
        bench.device.command("name", bench.within())


def test_a_fault_on_the_cable_acts_once() -> None:
    bench = Bench().opened()
    seen = []
    bench.faults.corrupt["io-manager>host"] = lambda data: seen.append(data) or data
    bench.driver.identify(bench.within())
    assert seen == [b"m-version-1.0.3\r\n", b"m-ready\r\n"]


def test_a_refusal_is_raised_and_leaves_no_answer_behind() -> None:
    bench = Bench().opened()
    bench.faults.refuse.add("io version")
    for _ in range(2):
        with pytest.raises(Refused, match="version"):
            bench.driver.identify(bench.within())
    bench.faults.refuse.clear()
    bench.driver.arm(bench.within())
    assert bench.driver.identify(bench.within()).firmware == "1.0.3"


def test_a_refused_relay_is_raised() -> None:
    bench = Bench().opened()
    bench.faults.refuse.add("io dut")
    with pytest.raises(Refused, match="dut name"):
        bench.device.command("name", bench.within())


def test_a_refusal_without_ready_is_raised_at_the_deadline() -> None:
    bench = Bench().opened()
    bench.faults.refuse.add("io version")
    bench.faults.corrupt["io-manager>host"] = lambda data: data.replace(b"m-ready\r\n", b"")
    with pytest.raises(Refused, match="version"):
        bench.driver.identify(bench.within(1.0))


def test_timestamps_that_are_not_confirmed_are_a_violation() -> None:
    bench = Bench().opened()
    bench.faults.corrupt["io-manager>host"] = once(lambda data: b"", lambda data: b"FALLING" in data)
    with pytest.raises(ProtocolViolation, match="FALLING"):
        bench.driver.arm(bench.within())
    bench.faults.corrupt["io-manager>host"] = once(lambda data: b"", lambda data: b"enabled" in data)
    with pytest.raises(ProtocolViolation, match="m-timer-enabled"):
        bench.driver.arm(bench.within())


def test_a_command_that_overflows_the_buffer_is_not_sent() -> None:
    bench = Bench().opened()
    with pytest.raises(ProtocolViolation, match="fit its buffer"):
        bench.driver.send("db " + "0" * 57, bench.within())


def test_unplugging_is_unavailable() -> None:
    bench = Bench().opened()
    bench.faults.unplugged.add("io-manager")
    with pytest.raises(Unavailable, match="gone"):
        bench.driver.take_remarks()
    with pytest.raises(Unavailable, match="cable"):
        bench.device.command("name", bench.within())


def test_endless_noise_cannot_stall_the_driver() -> None:
    bench = Bench().opened(powered=False)

    def chatter() -> Iterator[None]:
        while True:
            bench.uno.port.emit(b"[dut]: blah blah\r\nm-lap-us-4\r\nnoise\r\n")
            bench.clock.call_after(1_000_000, lambda: next(source))
            yield

    source = chatter()
    next(source)
    before_ns = bench.clock.now_ns()
    with pytest.raises(TimedOut, match="blah"):
        bench.device.command("name", bench.within(2.0))
    assert bench.clock.now_ns() - before_ns <= 2.06e9
    again = IoManager(bench.cable, bench.clock)
    again.open(bench.within(20.0))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(max_size=12) | st.sampled_from([b"m-ready\r\n", b"[dut]: ", b"m-lap-us-4\r\n"]), max_size=8)
)
def test_hostile_bytes_give_an_answer_or_an_instrument_error(noise: list[bytes]) -> None:
    bench = Bench(ideal=True).opened()
    for i, data in enumerate(noise):
        bench.clock.call_after(i * 3_000_000, lambda data=data: bench.uno.port.emit(data))
    deadline = bench.within(6.0)
    try:
        name = bench.device.command("name", deadline).text("name")
    except InstrumentError:
        name = None
    assert name in {None, "virtual twin"}
    assert bench.clock.now_ns() <= deadline.at_ns + 60_000_000


def test_relayed_lines_of_a_performance_build_are_laps_of_the_dut_not_of_the_uno() -> None:
    bench = Bench(mode="performance").opened()
    result = bench.device.infer(2, 0, bench.within(10.0))
    assert len(result.laps_us) == 2
    assert list(bench.driver.take(bench.within())) == []
    assert [h.event for h in result.answer.heard if isinstance(h.event, Ready)] == [Ready()]
    assert Said("infer-start", "2") in [h.event for h in result.answer.heard]
