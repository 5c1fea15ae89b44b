# SPDX-License-Identifier: Apache-2.0
"""The driver of the IO manager against a board that behaves badly, and any bytes at all."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.devices.io_manager.driver import BOOT_S, IoManager
from instruments.errors import InstrumentError, ProtocolViolation, Refused, TimedOut, Unavailable
from tests.support.examples import examples
from tests.support.io_manager_bench import Bench, once


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


@settings(max_examples=examples(60), deadline=None)
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
