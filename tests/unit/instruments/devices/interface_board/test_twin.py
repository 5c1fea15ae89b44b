# SPDX-License-Identifier: Apache-2.0
"""The board's twin byte by byte, with the traps of its firmware."""

import pytest

from instruments.devices.interface_board.protocol import MOST_EDGES, QUEUE_BYTES
from instruments.devices.interface_board.twin import MOST_DETECTIONS, RESET_NS
from tests.support.interface_board_bench import Bench

READY = b"m-ready\r\n"
BOOT = b"[dut]: m-timestamp-mode-energy\r\n[dut]: m-init-done\r\n[dut]: m-ready\r\n"


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"name%", b"tinyML Enhanced Interface Board\r\n" + READY),
        (b"checkbaud%", b"baud is: 9600\n" + READY),
        (b"ls%", b"test.wav\r\n" + READY),
        (b"%", READY),
        (b"bogus%", READY),
        (b"NAME%", READY),
        (b" name%", READY),
        (b"print_detections%", b"Detection Timestamps (ms)\r\n" + READY),
        (b"record_detections%", b"Now recording detections\r\n" + READY),
        (b"print_dutycycle%", b"Duty cycle start times (s)\r\n\r\nDuty cycle stop times (s)\r\n" + READY),
        (b"name anything%", b"tinyML Enhanced Interface Board\r\n" + READY),
        # A known word and then neither an end nor an argument: no answer at all.
        (b"names%", b""),
        (b"name %", b""),
        (b"dut %", b""),
        (b"dutx%", b""),
        (b"lsx%", b""),
    ],
)
def test_the_menu_takes_the_first_word_a_command_begins_with(sent: bytes, answer: bytes) -> None:
    assert Bench().ask(sent) == answer


def test_two_commands_at_once_are_answered_in_turn() -> None:
    assert Bench().ask(b"checkbaud%bogus%") == b"baud is: 9600\n" + READY + READY


def test_a_file_plays_to_its_end_and_commands_wait() -> None:
    bench = Bench()
    assert bench.ask(b"play test.wav%checkbaud%") == b"Attempting to play test.wav\n"
    assert bench.ask(b"", 1.0) == b"succeeded.\n" + READY + b"baud is: 9600\n" + READY
    assert b"Error playing file" in bench.ask(b"play none%")


def test_setbaud_writes_the_flash_and_restarts_the_board_each_time() -> None:
    bench = Bench()
    for writes in (1, 2):
        assert bench.ask(b"setbaud 9600%", 0.05) == b"set baud to: 9600\n" + READY
        assert bench.board.flash_writes == writes
        assert bench.ask(b"name%") == b"", "it restarts"
        bench.clock.sleep(RESET_NS / 1e9)
        assert bench.ask(b"checkbaud%") == b"baud is: 9600\n" + READY


@pytest.mark.parametrize(
    ("set_to", "baud"), [(b"115200", 115200), (b"2000001", 9600), (b"0", 9600), (b"-1", 9600)]
)
def test_a_speed_that_cannot_be_is_the_default_after_the_restart(set_to: bytes, baud: int) -> None:
    bench = Bench()
    bench.ask(b"setbaud " + set_to + b"%", 2.0)
    assert bench.ask(b"checkbaud%") == f"baud is: {baud}\n".encode() + READY


@pytest.mark.parametrize("argument", [b"", b" fast"])
def test_a_speed_that_is_no_number_stops_the_board(argument: bytes) -> None:
    bench = Bench()
    assert bench.ask(b"setbaud" + argument + b"%", 5.0) == b""
    assert bench.ask(b"name%") == b""
    bench.board.press_reset()
    assert bench.ask(b"", 2.0) == b""
    assert READY in bench.ask(b"name%")


def test_boot_lines_wait_in_the_queue_and_put_every_answer_one_command_late() -> None:
    bench = Bench().fed()
    echo = b"m-dut-passthrough(name)\r\nm-ready\r\n"
    assert bench.ask(b"dut name%") == echo + BOOT
    late = b"[dut]: m-name-dut-[virtual twin]\r\n[dut]: m-ready\r\n"
    assert bench.ask(b"dut profile%") == b"m-dut-passthrough(profile)\r\nm-ready\r\n" + late


def test_a_reset_of_the_board_forgets_the_boot_lines() -> None:
    bench = Bench().fed()
    bench.ask(b"setbaud 9600%", 2.0)
    assert bench.ask(b"dut name%").endswith(b"[dut]: m-name-dut-[virtual twin]\r\n[dut]: m-ready\r\n")


def test_without_m_ready_of_the_dut_nothing_gets_through_any_more() -> None:
    bench = Bench()
    assert bench.ask(b"dut name%", 60.0) == b"m-dut-passthrough(name)\r\nm-ready\r\n"
    assert bench.ask(b"name%" * 30) == b""
    assert bench.board.dropped == 30 * 5 - QUEUE_BYTES
    assert bench.fed().ask(b"").startswith(BOOT), "a DUT that boots ends the wait"


@pytest.mark.parametrize(
    "ready", [b"m-ready\r\r\n", b"m-ready\n", b"Supplied buffer size\nm-ready\r\n", b"m-ready \r\n"]
)
def test_an_m_ready_with_anything_else_on_its_line_is_none(ready: bytes) -> None:
    bench = Bench()
    bench.faults.corrupt["dut>io"] = lambda data: data.replace(b"m-ready\r\n", ready)
    bench.fed().ask(b"dut profile%", 3.0)
    assert bench.ask(b"name%") == b""


def test_bytes_beyond_the_queue_are_dropped_without_a_word() -> None:
    bench = Bench().fed()
    bench.ask(b"dut help%", 2.0)  # ends with the boot's `m-ready`; the answer overflows the queue
    assert bench.board.dropped > 100
    answer = bench.ask(b"dut name%")
    assert answer.count(b"[dut]: m-ready") == 1
    assert b"m-name-dut-[virtual twin]" in answer


def test_long_answers_at_full_speed_outrun_the_line_to_the_host() -> None:
    bench = Bench(dut_baud=115_200, wanted_baud=115_200).opened()
    before = bench.board.dropped
    bench.device.command("db load 490", bench.within())
    assert len(bench.device.read_back(490, bench.within())) == 490
    assert bench.board.dropped == before
    bench.device.command("db load 20000", bench.within())
    bench.ask(b"dut db print%", 30.0)
    assert bench.board.dropped > before


def test_detections_are_in_ms_and_close_ones_are_left_out() -> None:
    bench = Bench()
    bench.ask(b"record_detections%", 0.1)
    for wait_s in (0.0, 0.005, 0.0, 0.5):
        bench.clock.sleep(wait_s)
        bench.world.pin_falls()
    rows = bench.ask(b"print_detections%").split(b"\r\n")[1:-2]
    first, last = (int(row.rstrip(b",")) for row in rows)
    assert last - first == pytest.approx(505, abs=1)


def test_only_so_many_detections_are_kept() -> None:
    bench = Bench()
    bench.ask(b"record_detections%", 0.1)
    for _ in range(MOST_DETECTIONS + 5):
        bench.clock.sleep(0.011)
        bench.world.pin_falls()
    assert bench.ask(b"print_detections%", 20.0).count(b",") == MOST_DETECTIONS


def test_m_ready_stands_on_the_line_of_the_last_stop_times() -> None:
    bench = Bench()
    bench.board.rises[:] = range(0, 90, 10)
    bench.board.falls[:] = range(4, 94, 10)
    answer = bench.ask(b"print_dutycycle%")
    assert answer.endswith(b"\r\n84, m-ready\r\n")
    assert answer.count(b"\r\n") == 6 + 1 - 1
    bench.board.falls.pop()
    assert bench.ask(b"print_dutycycle%").endswith(b"74, \r\nm-ready\r\n"), "a full line is ended first"


def test_the_duty_cycle_record_holds_both_edges_of_each_pulse_in_ticks_of_10_us() -> None:
    bench = Bench()
    bench.ask(b"record_detections%", 0.1)
    for _ in range(2):
        bench.world.pin_falls()
        bench.clock.sleep(0.25)
    first, second = bench.board.falls
    assert second - first == pytest.approx(25_000, abs=3)
    for fall, rise in zip(bench.board.falls, bench.board.rises, strict=True):
        assert rise - fall == pytest.approx(100, abs=1)
    bench.ask(b"record_detections%", 0.1)
    assert not bench.board.falls
    assert not bench.board.rises


def test_an_edge_while_the_answer_to_record_detections_is_on_its_way_is_lost() -> None:
    bench = Bench()
    bench.ask(b"", 0.0)
    bench.board.port.receive(b"record_detections%")
    bench.clock.sleep(0.003)
    bench.world.pin_falls()
    assert bench.board.falls
    bench.clock.sleep(0.1)
    assert not bench.board.falls


def test_only_100_edges_of_each_direction_are_kept_and_nothing_tells_of_more() -> None:
    bench = Bench()
    bench.ask(b"record_detections%", 0.1)
    for _ in range(MOST_EDGES + 7):
        bench.clock.sleep(0.011)
        bench.world.pin_falls()
    assert bench.ask(b"print_dutycycle%", 1.0).count(b", ") == 2 * MOST_EDGES


def test_the_timer_wraps_after_42949_seconds() -> None:
    bench = Bench()
    bench.ask(b"record_detections%", 0.1)
    bench.clock.sleep(42_955.0)
    bench.world.pin_falls()
    bench.clock.sleep(0.1)
    assert bench.board.falls[0] < 1_000_000
