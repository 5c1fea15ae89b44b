# SPDX-License-Identifier: Apache-2.0
"""The driver of the interface board against its twin, trap by trap."""

import pytest

from instruments.devices.dut.protocol import Ready
from instruments.devices.interface_board.twin import RESET_NS
from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.roles import AnswersOnly
from tests.support.interface_board_bench import Bench

STIMULUS = bytes(range(256)) * 2


def test_open_leaves_the_flash_alone_where_the_speed_is_right() -> None:
    bench = Bench()
    identity = bench.driver.open(bench.within(20.0))
    assert (identity.kind, dict(identity.detail)["dut_baud"]) == ("interface-board", "9600")
    assert bench.board.flash_writes == 0
    assert bench.clock.now_ns() < RESET_NS


def test_open_sets_another_speed_once_and_waits_for_the_restart() -> None:
    bench = Bench(dut_baud=115_200, wanted_baud=115_200)
    identity = bench.driver.open(bench.within(20.0))
    assert dict(identity.detail) == {"dut_baud": "115200", "dut_baud_found": "9600"}
    assert bench.board.flash_writes == 1
    assert bench.clock.now_ns() >= RESET_NS
    bench.driver.close()
    other, _ = bench.another()
    other.open(bench.within(20.0))
    assert bench.board.flash_writes == 1


def test_the_speed_that_another_program_left_is_put_right() -> None:
    bench = Bench()
    bench.faults.left_over["setbaud"] = "115200"
    bench.opened()
    assert bench.board.flash_writes == 1
    assert bench.device.identify(bench.within()).model == "kws01"


def test_a_board_that_does_not_take_the_speed_is_refused() -> None:
    bench = Bench(wanted_baud=115_200)
    bench.faults.refuse.add("io setbaud")
    with pytest.raises(Refused, match="set the speed of the DUT's UART to 115200"):
        bench.driver.open(bench.within(20.0))


def test_a_board_without_checkbaud_needs_other_firmware() -> None:
    bench = Bench()
    bench.faults.refuse.add("io checkbaud")
    with pytest.raises(ProtocolViolation, match="flash it with firmware"):
        bench.driver.open(bench.within(20.0))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.035, 0.06, 0.1, 0.5, 3.0])
def test_answers_are_in_step_whenever_the_dut_was_fed(seed: int, after_s: float) -> None:
    bench = Bench(seed)
    bench.driver.open(bench.within(20.0))
    bench.world.set_supply(True, 3.0)
    bench.clock.sleep(after_s)
    boot = bench.device.wait_for_boot(bench.within())
    assert boot.text("timestamp-mode") == "energy"
    identity = bench.device.identify(bench.within())
    assert (identity.make, identity.model) == ("virtual twin", "kws01")
    assert bench.device.load(STIMULUS[:490], bench.within(60.0)) == 1
    assert bench.device.read_back(490, bench.within(20.0)) == STIMULUS[:490]
    assert bench.driver.take_remarks() == []


def test_a_dut_that_was_fed_before_is_in_step_without_waiting_for_its_boot() -> None:
    bench = Bench().fed()
    bench.driver.open(bench.within(20.0))
    assert bench.device.identify(bench.within(10.0)).model == "kws01"
    result = bench.device.infer(2, 0, bench.within(10.0))
    assert [h.event for h in result.answer.heard if isinstance(h.event, Ready)] == [Ready()]
    assert len(result.results) == 12


def test_the_link_says_that_it_tells_nothing_unasked() -> None:
    assert isinstance(Bench().driver, AnswersOnly)


def test_a_dut_that_never_answers_blocks_the_board_and_the_message_says_what_helps() -> None:
    bench = Bench()
    bench.driver.open(bench.within(20.0))
    with pytest.raises(TimedOut, match="reset the board") as caught:
        bench.device.wait_for_boot(bench.within())
    assert "power, wires and speed" in caught.value.try_this
    with pytest.raises(TimedOut, match="reset the board"):
        bench.driver.send("name", bench.within(1.0))
    bench.driver.close()
    other, device = bench.another()
    with pytest.raises(TimedOut, match="reset the board"):
        other.open(bench.within(20.0))
    bench.board.press_reset()
    other.open(bench.within(20.0))
    bench.fed()
    device.wait_for_boot(bench.within())
    assert device.identify(bench.within()).model == "kws01"


def test_an_answer_that_does_not_end_says_so_at_once_and_later() -> None:
    bench = Bench().opened()
    bench.faults.corrupt["dut>io"] = lambda data: data.replace(b"m-ready\r\n", b"m-ready\r\r\n")
    with pytest.raises(TimedOut, match="reset the board"):
        bench.device.command("profile", bench.within())
    with pytest.raises(TimedOut, match="answer to 'profile' did not end"):
        bench.device.command("name", bench.within(1.0))


def test_the_next_run_waits_for_a_relay_that_still_ends() -> None:
    bench = Bench().opened()
    with pytest.raises(TimedOut):
        bench.device.infer(150, 0, bench.within(1.0))  # takes some seven seconds
    bench.driver.close()
    other, device = bench.another()
    other.open(bench.within(20.0))
    assert device.identify(bench.within(10.0)).model == "kws01"
    assert device.infer(2, 0, bench.within(10.0)).results


def test_a_restart_between_two_commands_is_an_error_and_the_step_is_found_again() -> None:
    bench = Bench()
    bench.faults.reboot_dut_at_ns = 8_000_000_000
    bench.opened()
    bench.device.identify(bench.within())
    bench.clock.advance_to(9_000_000_000)
    with pytest.raises(ProtocolViolation, match="it restarted"):
        bench.device.command("profile", bench.within())
    assert bench.device.command("profile", bench.within()).text("model") == "kws01"


@pytest.mark.parametrize("size", [27_649, 100_000])
def test_a_load_whose_refusal_would_block_the_board_is_not_sent(size: int) -> None:
    bench = Bench().opened()
    with pytest.raises(Refused, match="blocks the board"):
        bench.device.command(f"db load {size}", bench.within())
    assert bench.device.command("profile", bench.within()).text("model") == "kws01"


def test_a_command_beyond_the_duts_buffer_is_not_sent() -> None:
    bench = Bench().opened()
    with pytest.raises(ProtocolViolation, match="at most 80"):
        bench.driver.send("db " + "0" * 78, bench.within())


def test_a_garbled_echo_is_noticed() -> None:
    bench = Bench().opened()
    bench.faults.corrupt["host>interface-board"] = lambda data: data.replace(b"profile", b"profilf")
    with pytest.raises(ProtocolViolation, match="it echoed"):
        bench.device.command("profile", bench.within())


def test_a_wrong_speed_ends_in_the_message_that_names_it() -> None:
    bench = Bench(dut_baud=115_200)
    bench.driver.open(bench.within(20.0))
    bench.fed()
    with pytest.raises(TimedOut, match="dut_baud = 9600"):
        bench.device.wait_for_boot(bench.within())


def test_what_the_board_says_unasked_becomes_a_remark() -> None:
    bench = Bench().opened()
    bench.board.port.emit(b"SD card removed\r\n")
    assert bench.device.command("name", bench.within()).text("name") == "virtual twin"
    assert bench.driver.take_remarks() == ["SD card removed"]


@pytest.mark.parametrize("seed", range(5))
def test_whoever_asks_for_remarks_while_an_answer_is_awaited_takes_nothing_of_it(seed: int) -> None:
    bench = Bench(seed)
    bench.driver.while_waiting = bench.driver.take_remarks
    bench.device.while_waiting = bench.driver.take_remarks
    bench.opened()
    assert bench.device.load(STIMULUS[:260], bench.within(60.0)) == 1
    assert bench.device.identify(bench.within()).model == "kws01"


def test_another_device_is_named() -> None:
    bench = Bench()
    bench.faults.corrupt["interface-board>host"] = lambda data: b"m-name-io\r\nm-ready\r\n"
    with pytest.raises(TimedOut, match="an IO manager answers here"):
        bench.driver.open(bench.within(20.0))


def test_a_performance_build_prints_its_laps_through_the_relay() -> None:
    bench = Bench(dut_baud=115_200, wanted_baud=115_200, mode="performance").opened()
    assert len(bench.device.infer(3, 1, bench.within(10.0)).laps_us) == 2
