# SPDX-License-Identifier: Apache-2.0
"""The twin's grammar, byte by byte: what the reference monitor answers, quirks included.

Source: protocols, "DUT monitor: answers of the reference parser, as run natively on Linux".
"""

import re
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from instruments.devices.dut.twin import DutOptions, VirtualDut
from instruments.devices.dut.twin_line import VirtualDutLine
from instruments.devices.dut.twin_monitor import MAX_INPUT_BYTES, c_atoi, format_results
from instruments.devices.dut.twin_profile import load_network
from instruments.world.world import World

BAUD = 115200
READY = b"m-ready\r\n"
WARMUP = b"m-warmup-start-10\r\nm-warmup-done\r\n"


class Echo:
    """A classifier that answers with what it was given, so that a test sees the tensor."""

    description = "echo"

    def __init__(self) -> None:
        self.seen = b""

    def infer(self, stimulus: bytes) -> list[float]:
        self.seen = stimulus
        return [0.0079, 1.0, 0.5]


class Line:
    """A DUT on a serial line: bytes in, bytes out, virtual time in between."""

    def __init__(self, mode: str = "energy", network: str = "kws01") -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock, ideal=True)
        self.classifier = Echo()
        options = DutOptions(mode=mode, baud=BAUD, name="unspecified")
        self.dut = VirtualDut(self.world, load_network(network), options, self.classifier)
        self.port = VirtualDutLine(self.world, "dut", self.dut, BAUD).port
        self.edges: list[int] = []
        self.world.on_edge(self.edges.append)
        self.port.open()

    def boot(self) -> bytes:
        self.world.set_supply(True, 3.0)
        return self.hear()

    def hear(self, limit_s: float = 1000.0) -> bytes:
        """Return everything that comes until nothing more is planned."""
        end_ns = self.clock.now_ns() + round(limit_s * 1e9)
        while (due_ns := self.clock.next_event_ns()) is not None and due_ns <= end_ns:
            self.clock.advance_to(due_ns)
        return self.port.take(1 << 20)

    def ask(self, data: bytes) -> bytes:
        self.port.receive(data)
        return self.hear()


@pytest.fixture
def line() -> Line:
    line = Line()
    line.boot()
    return line


# --- boot ---------------------------------------------------------------------------------------------------


def test_boot_lines_of_an_energy_build() -> None:
    line = Line()
    assert line.boot() == b"m-timestamp-mode-energy\r\nm-init-done\r\nm-ready\r\n"
    assert len(line.edges) == 1  # a pulse instead of a lap line


def test_boot_lines_of_a_performance_build() -> None:
    line = Line("performance")
    mode, lap, rest = line.boot().split(b"\r\n", 2)
    assert mode == b"m-timestamp-mode-performance"
    assert lap.removeprefix(b"m-lap-us-").isdigit()
    assert rest == b"m-init-done\r\nm-ready\r\n"
    assert line.edges == []


def test_commands_that_end_before_the_boot_does_are_ignored() -> None:
    line = Line()
    line.world.set_supply(True, 3.0)
    assert line.ask(b"name%pro") == b"m-timestamp-mode-energy\r\nm-init-done\r\nm-ready\r\n"
    assert line.ask(b"file%").startswith(b"m-profile-[")  # assembled meanwhile, as the reference does


def test_without_supply_nothing_answers() -> None:
    assert Line().ask(b"name%") == b""


# --- answers ------------------------------------------------------------------------------------------------

PROFILE = b"m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[kws01]\r\n"
NAME = b"m-name-dut-[unspecified]\r\n"


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"name%", NAME),
        (b" name%", NAME),
        (b"name %", NAME),
        (b"name extra%", NAME),
        (b"  name   a  b %", NAME),
        (b"profile%", PROFILE),
        (b"timestamp%", b""),
        (b"results%", b"m-results-[" + b",".join([b"0.000"] * 12) + b"]\r\n"),
        (b"db%", b"e-[Command 'db' requires a subcommand]\r\n"),
        (b"db load%", b"e-[Command 'db load' requires the # of bytes]\r\n"),
        (b"db load 0%", b"e-[Command 'db load' must be >0 bytes]\r\n"),
        (b"db load abc%", b"e-[Command 'db load' must be >0 bytes]\r\n"),
        (b"db load -1%", b"Supplied buffer size -1 exceeds maximum of 27648\n"),
        (b"db load 30000%", b"Supplied buffer size 30000 exceeds maximum of 27648\n"),
        (b"db load 20%", b"m-[Expecting 20 bytes]\r\n"),
        (b"db load 20x%", b"m-[Expecting 20 bytes]\r\n"),
        (b"db load 27648%", b"m-[Expecting 27648 bytes]\r\n"),
        (b"db 0g%", b"e-[Invalid hex digit '0g']\r\n"),
        (b"db 123%", b"e-[Insufficent number of hex digits]\r\n"),
        (b"db 00ff%", b""),
        (b"infer 0%", b"e-[Inference iterations must be >0]\r\n"),
        (b"infer -3%", b"e-[Inference iterations must be >0]\r\n"),
        (b"infer abc%", b"e-[Inference iterations must be >0]\r\n"),
        (b"infer 2 -1%", b"e-[Inference warmup must be >=0]\r\n"),
        (b"infer 0 -1%", b"e-[Inference iterations must be >0]\r\n"),
        (b"bogus%", b"e-[Unknown command: bogus]\r\n"),
        (b"bogus of course%", b"e-[Unknown command: bogus]\r\n"),
        (b"NAME%", b"e-[Unknown command: NAME]\r\n"),
        (b"names%", b"e-[Unknown command: names]\r\n"),
        (b"%", b"e-[Unknown command: (null)]\r\n"),
        (b"   %", b"e-[Unknown command: (null)]\r\n"),
        (b"\0name%", b"e-[Unknown command: (null)]\r\n"),
        (b"name\0s%", NAME),
        (b"\r\nname%", b"e-[Unknown command: \r\nname]\r\n"),
        (b"name\t%", b"e-[Unknown command: name\t]\r\n"),
        (b"\xe4%", b"e-[Unknown command: \xe4]\r\n"),
        (b"x" * 200 + b"%", b"e-[Unknown command: " + b"x" * 80 + b"]\r\n"),
        (b"db " + b"0" * 80 + b"%", b"e-[Insufficent number of hex digits]\r\n"),
        (b"db " + b"0" * 76 + b"%", b""),
    ],
)
def test_answers_of_the_reference_parser(line: Line, sent: bytes, answer: bytes) -> None:
    assert line.ask(sent) == answer + READY


def test_help_has_twelve_lines_with_the_references_spelling(line: Line) -> None:
    lines = line.ask(b"help%").removesuffix(READY).split(b"\r\n")[:-1]
    assert len(lines) == 12
    assert lines[0] == b"ULPMark for tinyML Firmware V0.0.1"
    assert lines[1] == b""
    assert lines[4] == b"timestsamp   : Generate a timetsamp"


def test_a_line_end_after_a_command_belongs_to_the_next_one(line: Line) -> None:
    assert line.ask(b"name%\r\n") == NAME + READY
    assert line.ask(b"profile%") == b"e-[Unknown command: \r\nprofile]\r\n" + READY


def test_a_command_may_come_in_pieces(line: Line) -> None:
    assert line.ask(b"na") == b""
    assert line.ask(b"me%") == NAME + READY


def test_two_commands_at_once_are_answered_in_order(line: Line) -> None:
    assert line.ask(b"name%profile%") == NAME + READY + PROFILE + READY


# --- stimuli ------------------------------------------------------------------------------------------------


def test_loading_counts_bytes_and_ignores_the_surplus(line: Line) -> None:
    assert line.ask(b"db load 4%") == b"m-[Expecting 4 bytes]\r\n" + READY
    assert line.ask(b"db 00aA%") == READY
    assert line.ask(b"db FF0102%") == b"m-load-done\r\n" + READY
    assert line.ask(b"db print%") == b"m-buffer-00-aa-ff-01\r\n\r\n" + READY


@pytest.mark.parametrize(
    ("size", "lines"),
    [
        (8, [b"m-buffer-00-01-02-03-04-05-06-07"]),
        (3, [b"m-buffer-00-01-02", b""]),
        (16, [b"m-buffer-00-01-02-03-04-05-06-07", b"m-buffer-08-09-0a-0b-0c-0d-0e-0f"]),
        (10, [b"m-buffer-00-01-02-03-04-05-06-07", b"m-buffer-08-09", b""]),
    ],
)
def test_printing_adds_an_empty_line_unless_the_size_is_a_multiple_of_eight(
    line: Line, size: int, lines: list[bytes]
) -> None:
    line.ask(f"db load {size}%".encode())
    assert line.ask(b"db " + bytes(range(size)).hex().encode() + b"%") == b"m-load-done\r\n" + READY
    answer = b"".join(text + b"\r\n" for text in lines) + READY
    assert line.ask(b"db print%") == answer
    assert line.ask(b"db print 2 1%") == answer  # its arguments are ignored


def test_printing_goes_by_the_announced_size_even_if_nothing_was_loaded(line: Line) -> None:
    line.ask(b"db load 9%")
    assert line.ask(b"db print%") == b"m-buffer-" + b"-".join([b"00"] * 8) + b"\r\nm-buffer-00\r\n\r\n" + READY


def test_an_excessive_size_is_kept_all_the_same(line: Line) -> None:
    line.ask(b"db load 30000%")
    assert line.ask(b"db 00%") == READY  # still expecting: no load-done
    assert line.ask(b"db print%").count(b"m-buffer-") == MAX_INPUT_BYTES // 8


def test_bytes_before_a_bad_digit_stay_loaded(line: Line) -> None:
    line.ask(b"db load 3%")
    assert line.ask(b"db 010g%") == b"e-[Invalid hex digit '0g']\r\n" + READY
    assert line.ask(b"db 0203%") == b"m-load-done\r\n" + READY
    assert line.ask(b"db print%") == b"m-buffer-01-02-03\r\n\r\n" + READY


def test_digits_after_load_done_are_taken_silently(line: Line) -> None:
    line.ask(b"db load 2%")
    line.ask(b"db 0102%")
    assert line.ask(b"db 030405%") == READY
    line.ask(b"infer 1 0%")
    assert line.classifier.seen[:6] == b"\1\2\3\4\5\0"


def test_the_network_gets_what_was_loaded(line: Line) -> None:
    stimulus = bytes(range(256)) + bytes(234)
    assert line.ask(b"db load 490%") == b"m-[Expecting 490 bytes]\r\n" + READY
    for at in range(0, 490, 38):
        answer = line.ask(b"db " + stimulus[at : at + 38].hex().encode() + b"%")
    assert answer == b"m-load-done\r\n" + READY
    line.ask(b"infer 1 0%")
    assert line.classifier.seen == stimulus


# --- inference ----------------------------------------------------------------------------------------------

DONE = b"m-infer-done\r\nm-results-[0.008,1.000,0.500]\r\n" + READY


@pytest.mark.parametrize(
    ("sent", "warmups", "inferences"),
    [
        (b"infer%", 10, 1),
        (b"infer 3%", 10, 3),
        (b"infer 3 2%", 2, 3),
        (b"infer 2 xyz%", 0, 2),
        (b"infer 1 0 9%", 0, 1),
    ],
)
def test_an_energy_build_pulls_the_pin_twice_and_prints_no_laps(
    line: Line, sent: bytes, warmups: int, inferences: int
) -> None:
    start_edges = len(line.edges)
    assert line.ask(sent) == (
        f"m-warmup-start-{warmups}\r\nm-warmup-done\r\nm-infer-start-{inferences}\r\n".encode() + DONE
    )
    assert len(line.edges) == start_edges + 2
    assert line.ask(b"results%") == b"m-results-[0.008,1.000,0.500]\r\n" + READY


def test_a_performance_build_prints_laps_and_leaves_the_pin_alone() -> None:
    line = Line("performance")
    line.boot()
    answer = line.ask(b"infer 3%")
    head, tail = WARMUP + b"m-infer-start-3\r\n", DONE
    assert answer.startswith(head)
    assert answer.endswith(tail)
    first, second = answer.removeprefix(head).removesuffix(tail).splitlines()
    elapsed_us = int(second.removeprefix(b"m-lap-us-")) - int(first.removeprefix(b"m-lap-us-"))
    # The first lap line is printed inside the window, as the reference does.
    assert elapsed_us == pytest.approx(3 * 43400 + len(first + b"\r\n") * 10 / BAUD * 1e6, abs=2)
    assert line.edges == []
    assert line.ask(b"timestamp%").startswith(b"m-lap-us-")


def test_a_timestamp_of_an_energy_build_is_one_pulse(line: Line) -> None:
    before = len(line.edges)
    assert line.ask(b"timestamp%") == READY
    assert len(line.edges) == before + 1


def test_the_laps_wrap_at_32_bits() -> None:
    line = Line("performance")
    line.boot()
    line.clock.advance_to(2**32 * 1000 - 1_000_000)
    laps = [int(line.ask(b"timestamp%").split()[0].removeprefix(b"m-lap-us-")) for _ in range(3)]
    assert laps[0] > 2**32 - 2000
    assert laps[-1] < 10_000
    assert all((b - a) & 0xFFFFFFFF < 10_000 for a, b in pairwise(laps))


@pytest.mark.parametrize("inferences", [1_000_000_000, 2**31 - 1])
def test_a_billion_inferences_cost_nothing_before_their_time(line: Line, inferences: int) -> None:
    line.port.receive(f"infer {inferences} 0%".encode())
    assert line.hear(1.0).endswith(f"m-infer-start-{inferences}\r\n".encode())


def test_what_arrives_while_busy_waits_in_a_buffer_of_64_bytes(line: Line) -> None:
    line.port.receive(b"infer 1 0%")
    line.clock.sleep(0.02)
    line.port.receive(b"name%" + b"x" * 59 + b"%name%")
    answers = line.hear().split(READY)
    assert answers[1] == NAME
    assert answers[2:] == [b""]  # 59 x fill the buffer; their % is lost
    assert line.ask(b"%") == b"e-[Unknown command: " + b"x" * 59 + b"]\r\n" + READY


# --- pieces that have no line of their own ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        ("+12", 12),
        ("-7x", -7),
        ("\t 5", 5),
        ("5-5", 5),
        ("", 0),
        ("-", 0),
        ("--1", 0),
        ("abc", 0),
        ("4294967297", 1),
        ("2147483648", -(2**31)),
        ("9" * 70, -1),
        ("-" + "9" * 70, 0),
    ],
)
def test_numbers_are_read_as_c_reads_them(text: str, number: int) -> None:
    assert c_atoi(text) == number


def test_results_have_three_decimals() -> None:
    assert format_results([0.0079, 1.0, -0.5]) == "m-results-[0.008,1.000,-0.500]\r\n"


# --- whatever comes -----------------------------------------------------------------------------------------

WORDS = st.sampled_from([*b"name profile db load print infer results timestamp 00ff 3 -1 %".split(), b" ", b"%"])
STREAM = st.lists(WORDS | st.binary(max_size=5), max_size=20).map(b"".join)


@settings(max_examples=150)
@given(STREAM, st.sampled_from(["energy", "performance"]))
def test_each_command_gets_one_ready_once_the_dut_is_idle(data: bytes, mode: str) -> None:
    assume(not re.search(rb"\d{4}", data))  # "infer 333333" would keep it busy for hours
    line = Line(mode)
    line.boot()
    *commands, rest = data.split(b"%")
    for command in commands:
        answer = line.ask(command + b"%")
        assert answer.endswith(READY)
        assert answer.count(READY) == 1
    assert line.ask(rest) == b""


@settings(max_examples=100)
@given(st.lists(st.tuples(STREAM, st.integers(0, 50_000_000)), max_size=6))
def test_the_twin_survives_any_bytes_at_any_moment(bursts: list[tuple[bytes, int]]) -> None:
    assume(not re.search(rb"\d{4}", b"".join(data for data, _ in bursts)))
    line = Line()
    line.world.set_supply(True, 3.0)
    for data, pause_ns in bursts:
        line.port.receive(data)
        line.clock.advance_to(line.clock.now_ns() + pause_ns)
    line.hear()
    line.ask(b"%")  # end a half command
    assert line.ask(b"name%") == NAME + READY
