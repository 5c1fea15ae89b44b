# SPDX-License-Identifier: Apache-2.0
"""The DUT firmware's monitor in C, in this process: boot, commands, and where it is stricter than the reference.

Source: protocols, "DUT monitor: answers of the reference parser, as run natively on Linux"; the differences are
those of the table in dut_firmware/README.md.
"""

import re

import pytest

from tests.support.dut_build import NAME, PROFILE, READY, Firmware, booted, built, needs_gcc

pytestmark = needs_gcc


@pytest.fixture
def energy() -> Firmware:
    return booted("energy")


# --- boot ----


def test_boot_lines_of_an_energy_build() -> None:
    firmware = Firmware(built("libdut_host.so", "energy"))
    assert firmware.boot_lines() == b"m-timestamp-mode-energy\r\nm-init-done\r\nm-ready\r\n"
    assert firmware.events() == "v_^_"


def test_boot_lines_of_a_performance_build() -> None:
    said = Firmware(built("libdut_host.so", "performance")).boot_lines()
    assert re.fullmatch(rb"m-timestamp-mode-performance\r\nm-lap-us-\d{1,10}\r\nm-init-done\r\nm-ready\r\n", said)


def test_before_the_boot_nothing_answers() -> None:
    assert Firmware(built("libdut_host.so", "energy")).ask(b"name%") == b""


def test_a_second_boot_forgets_the_stimulus(energy: Firmware) -> None:
    energy.ask(b"db load 4%db 01020304%na")
    energy.boot_lines()
    assert energy.ask(b"db print%") == READY
    assert energy.ask(b"name%") == NAME + READY


# --- answers ----


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
        (b"results%", b"m-results-[0.000,0.000,0.000]\r\n"),
        (b"db%", b"e-[Command 'db' requires a subcommand]\r\n"),
        (b"db load%", b"e-[Command 'db load' requires the # of bytes]\r\n"),
        (b"db load 0%", b"e-[Command 'db load' must be >0 bytes]\r\n"),
        (b"db load 20%", b"m-[Expecting 20 bytes]\r\n"),
        (b"db  load  +20%", b"m-[Expecting 20 bytes]\r\n"),
        (b"db load 27648%", b"m-[Expecting 27648 bytes]\r\n"),
        (b"db 0g%", b"e-[Invalid hex digit '0g']\r\n"),
        (b"db 123%", b"e-[Insufficent number of hex digits]\r\n"),
        (b"infer 0%", b"e-[Inference iterations must be >0]\r\n"),
        (b"infer -3%", b"e-[Inference iterations must be >0]\r\n"),
        (b"infer 2 -1%", b"e-[Inference warmup must be >=0]\r\n"),
        (b"infer 0 -1%", b"e-[Inference iterations must be >0]\r\n"),
        (b"bogus%", b"e-[Unknown command: bogus]\r\n"),
        (b"bogus of course%", b"e-[Unknown command: bogus]\r\n"),
        (b"NAME%", b"e-[Unknown command: NAME]\r\n"),
        (b"names%", b"e-[Unknown command: names]\r\n"),
        (b"nam%", b"e-[Unknown command: nam]\r\n"),
        (b"x" * 80 + b"%", b"e-[Unknown command: " + b"x" * 80 + b"]\r\n"),
    ],
)
def test_answers_of_the_reference_parser(energy: Firmware, sent: bytes, answer: bytes) -> None:
    assert energy.ask(sent) == answer + READY


# Each row: what is sent, what the reference does, what this firmware answers. The README holds the same list.
STRICTER = [
    (b"%", "crashes", b"e-[Empty command]\r\n"),
    (b"   %", "crashes", b"e-[Empty command]\r\n"),
    (b"db load abc%", "reads 0", b"e-[Not a whole number: abc]\r\n"),
    (b"db load 20x%", "reads 20", b"e-[Not a whole number: 20x]\r\n"),
    (b"db load -%", "reads 0", b"e-[Not a whole number: -]\r\n"),
    (b"db load 4294967297%", "reads 1", b"e-[Not a whole number: 4294967297]\r\n"),
    (b"db load 2147483648%", "undefined", b"e-[Not a whole number: 2147483648]\r\n"),
    (b"db load -1%", "keeps the size", b"e-[Command 'db load' must be >0 bytes]\r\n"),
    (b"db load 27649%", "keeps it", b"e-[Supplied buffer size 27649 exceeds maximum of 27648]\r\n"),
    (b"db 00ff%", "takes it", b"e-[Too many bytes: 2 came, 0 of 0 are still expected]\r\n"),
    (b"db 00 ff%", "loses the ff", b"e-[Hex digits must not be separated]\r\n"),
    (b"infer abc%", "reads 0", b"e-[Not a whole number: abc]\r\n"),
    (b"infer 2 xyz%", "no warm-up", b"e-[Not a whole number: xyz]\r\n"),
    (b"x" * 81 + b"%", "cuts it", b"e-[The command is too long]\r\n"),
    (b"db " + b"0" * 80 + b"%", "cuts it", b"e-[The command is too long]\r\n"),
    (b"name" + b" " * 9999 + b"%", "cuts it", b"e-[The command is too long]\r\n"),
    (b"\0name%", "crashes", b"e-[A NUL byte is in the command]\r\n"),
    (b"name\0s%", "name", b"e-[A NUL byte is in the command]\r\n"),
    (b"\r\nname%", "breaks the line", b"e-[Unknown command: \\x0d\\x0aname]\r\n"),
    (b"\r\nm-ready\r\n%", "a false m-ready", b"e-[Unknown command: \\x0d\\x0am-ready\\x0d\\x0a]\r\n"),
    (b"name\t%", "echoes it", b"e-[Unknown command: name\\x09]\r\n"),
    (b"\xff%", "echoes it", b"e-[Unknown command: \\xff]\r\n"),
    (b"db \r\n%", "breaks the line", b"e-[Invalid hex digit '\\x0d\\x0a']\r\n"),
]


@pytest.mark.parametrize(("sent", "reference", "answer"), STRICTER, ids=lambda value: repr(value)[:30])
def test_where_it_is_stricter_than_the_reference(
    energy: Firmware, sent: bytes, reference: str, answer: bytes
) -> None:
    assert energy.ask(sent) == answer + READY, f"the reference {reference}"
    assert energy.ask(b"name%") == NAME + READY  # nothing of it is left over


def test_help_has_twelve_lines(energy: Firmware) -> None:
    lines = energy.ask(b"help%").removesuffix(READY).split(b"\r\n")[:-1]
    assert lines[:2] == [b"ULPMark for tinyML Firmware V0.0.1", b""]
    assert [line.split()[0] for line in lines[2:6]] == [b"help", b"name", b"timestamp", b"db"]
    assert len(lines) == 12


def test_a_command_may_come_in_pieces_and_two_at_once(energy: Firmware) -> None:
    assert energy.ask(b"na") == b""
    assert energy.ask(b"me%") == NAME + READY
    assert energy.ask(b"name%profile%") == NAME + READY + PROFILE + READY
