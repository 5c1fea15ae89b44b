# SPDX-License-Identifier: Apache-2.0
"""The first words with a DUT: a boot, a boot loader, half a command, and answers that no monitor gives."""

import pytest

from instruments.devices.dut.protocol import Chatter, Said
from instruments.devices.dut.wording import advice, advice_on_results
from instruments.errors import InstrumentError, ProtocolViolation, Refused, TimedOut
from tests.unit.instruments.devices.dut.test_driver import Bench


def fed(**options) -> Bench:
    """Return a bench whose DUT has been running for a second before its port is opened."""
    bench = Bench(**options)
    bench.world.set_supply(True, 3.0)
    bench.clock.sleep(1.0)
    return bench


def said_of(bench: Bench, ask=None, after_s: float = 8.0) -> InstrumentError:
    with pytest.raises(InstrumentError) as caught:
        (ask or bench.dut.identify)(bench.within(after_s))
    return caught.value


@pytest.mark.parametrize("loader_s", [0.0, 0.2, 1.7, 4.0])
def test_a_dut_that_restarts_when_its_port_opens_is_given_the_time_to_boot(loader_s: float) -> None:
    bench = fed()
    bench.faults.dut_restarts_on_open = True
    bench.faults.boot_loader_ns = int(loader_s * 1e9)
    bench.open()
    assert bench.dut.identify(bench.within(20.0), boot_s=6.0).make == "virtual twin"
    assert bench.dut.first_contact is not None
    assert bench.dut.first_contact.booted


def test_a_boot_that_takes_longer_than_its_time_is_no_answer() -> None:
    bench = fed()
    bench.faults.dut_restarts_on_open = True
    bench.faults.boot_loader_ns = int(30e9)
    bench.open()
    before_ns = bench.clock.now_ns()
    with pytest.raises(TimedOut, match=r"asked [0-9]+ times"):
        bench.dut.identify(bench.within(60.0), boot_s=2.0)
    assert bench.clock.now_ns() - before_ns < 8.1e9


@pytest.mark.parametrize("half", [b"db 00f", b"infer 3 ", b"db load", b"na", b"%", b"x" * 90])
@pytest.mark.parametrize("relayed", [False, True])
def test_half_a_command_of_a_dead_run_spoils_one_question_only(half: bytes, *, relayed: bool) -> None:
    bench = Bench(relayed=relayed)
    bench.faults.half_command = half
    bench.world.set_supply(True, 3.0)
    bench.clock.sleep(1.0)
    bench.open()
    assert bench.dut.identify(bench.within(20.0)).make == "virtual twin"
    assert bench.dut.command("profile", bench.within()).text("model") == "kws01"
    assert not bench.dut.first_contact.booted


def test_late_answers_to_the_first_questions_are_not_taken_for_the_next_ones() -> None:
    bench = Bench()
    bench.faults.half_command = b"infer 60 "  # two seconds: the name is asked for again meanwhile
    bench.world.set_supply(True, 3.0)
    bench.clock.sleep(1.0)
    bench.open()
    assert bench.dut.identify(bench.within(20.0)).model == "kws01"
    assert bench.dut.first_contact.asked > 2
    for _ in range(3):
        assert bench.dut.command("profile", bench.within()).text("name") is None


def test_a_dut_that_never_knows_its_name_is_asked_three_times() -> None:
    bench = fed().open()
    bench.faults.refuse.add("name")
    error = said_of(bench)
    assert isinstance(error, Refused)
    assert "3 times" in error.came
    assert bench.clock.now_ns() < 3e9


def test_a_restart_after_the_boot_was_seen_is_still_an_error() -> None:
    bench = Bench().open()
    bench.faults.reboot_dut_at_ns = 1_000_000_000
    bench.world.set_supply(True, 3.0)
    bench.dut.wait_for_boot(bench.within())
    bench.clock.sleep(0.98)
    with pytest.raises(ProtocolViolation, match="restarted"):
        bench.dut.identify(bench.within(15.0))


# --- what came, and what to try -------------------------------------------------------------------------------


def spoilt(change) -> Bench:
    bench = fed().open()
    bench.faults.corrupt["dut>line"] = change
    return bench


@pytest.mark.parametrize(
    ("change", "came", "try_this"),
    [
        (lambda data: data.replace(b"\r\n", b"\r"), "m-name-dut-", "carriage return alone"),
        (lambda data: b"*" * 200, "*****", "boot loader"),
        (lambda data: b"C" * 60 + b"\r\n", "CCCCC", "boot loader"),
        (lambda data: b"", "nothing", "TX and RX"),
        (lambda data: bytes(byte | 0x80 for byte in data), "", "baud"),
    ],
)
def test_what_is_no_answer_is_quoted_with_what_to_try(change, came: str, try_this: str) -> None:
    error = said_of(spoilt(change))
    assert "name" in error.asked
    assert came in error.came
    assert try_this in error.try_this


def test_a_dut_that_has_answered_is_not_searched_for_swapped_wires() -> None:
    bench = Bench().booted()
    bench.faults.silent.add("dut")
    error = said_of(bench, lambda deadline: bench.dut.command("profile", deadline))
    assert "answered before" in error.try_this
    assert "swapped" not in error.try_this


@pytest.mark.parametrize("printed", [b"", b",,", b",,,", b"f,f,f", b"?,?,?", b"%f,%f", b"nan,nan"])
def test_results_without_numbers_name_the_c_library(printed: bytes) -> None:
    bench = Bench().booted()
    bench.faults.corrupt["dut>line"] = lambda data: (
        b"m-results-[" + printed + b"]\r\n" if data.startswith(b"m-results") else data
    )
    answer = bench.dut.infer(1, 0, bench.within(20.0))
    assert answer.results == ()
    said = advice_on_results(answer.answer.events, 12)
    assert ("_printf_float" in said, "nan, inf" in said) == (printed != b"nan,nan", printed == b"nan,nan")


def test_results_with_decimal_commas_are_recognised() -> None:
    bench = Bench().booted()
    bench.faults.corrupt["dut>line"] = lambda data: data.replace(b".", b",")
    answer = bench.dut.infer(1, 0, bench.within(20.0))
    assert len(answer.results) == 24
    assert "decimal point" in advice_on_results(answer.answer.events, 12)
    assert advice_on_results(answer.answer.events, 24) == ""


def test_damage_of_another_kind_gives_no_advice_about_the_firmware() -> None:
    bench = Bench().booted()
    bench.faults.corrupt["dut>line"] = lambda data: data.replace(b"0.", b"0..", 1)
    answer = bench.dut.infer(1, 0, bench.within(20.0))
    assert advice_on_results(answer.answer.events, 12) == ""
    assert "swapped" in advice([], answered=False)


FIRST_WORDS = {
    "name%name%name%": "sends back what it gets",
    "m-name-dut-[acme]m-readym-name-dut-[acme]m-ready": "lines have no end",
    "HardFault: CFSR=0x00008200": "says that it crashed",
    "ASSERT failed at main.c:12": "says that it crashed",
    "OK OK OK": "not the benchmark's monitor",
    "hello world": "not the benchmark's monitor",
    ">>> name%": "a prompt for people",
}


@pytest.mark.parametrize("text", FIRST_WORDS)
def test_what_never_answered_is_not_said_to_have_restarted(text: str) -> None:
    said = advice([Chatter(text)], answered=False)
    assert FIRST_WORDS[text] in said
    assert "journal" not in said


def test_a_boot_that_stops_before_it_is_ready_is_told_from_another_program() -> None:
    assert "m-ready" in advice([Said("timestamp-mode", "energy"), Chatter("init sensors")], answered=False)
    assert "broke off" in advice([Said("infer-start", "10"), Chatter("xyz")], answered=True)
