# SPDX-License-Identifier: Apache-2.0
"""The DUT firmware's stimulus and the `db` command, in this process.

Source: protocols, "DUT monitor: answers of the reference parser, as run natively on Linux"; the differences are
those of the table in dut_firmware/README.md.
"""

import pytest

from tests.support.dut_build import MAX_INPUT_BYTES, READY, Firmware, booted, needs_gcc

pytestmark = needs_gcc


@pytest.fixture
def energy() -> Firmware:
    return booted("energy")


@pytest.mark.parametrize("size", [1, 3, 8, 10, 16, 490])
def test_what_is_loaded_is_printed_eight_bytes_a_line(energy: Firmware, size: int) -> None:
    stimulus = bytes((7 * at + 3) % 256 for at in range(size))
    energy.ask(f"db load {size}%".encode())
    for at in range(0, size, 38):
        answer = energy.ask(b"db " + stimulus[at : at + 38].hex().encode() + b"%")
        assert answer == (b"m-load-done\r\n" if at + 38 >= size else b"") + READY
    lines = [b"m-buffer-" + stimulus[at : at + 8].hex("-").encode() for at in range(0, size, 8)]
    lines += [b""] if size % 8 else []
    assert energy.ask(b"db print%") == b"\r\n".join([*lines, READY])
    assert energy.ask(b"db print 2 1%") == b"\r\n".join([*lines, READY])  # its arguments are ignored


def test_the_largest_stimulus_fits_to_its_last_byte_and_no_further(energy: Firmware) -> None:
    energy.ask(b"db load %d%%" % MAX_INPUT_BYTES)
    answers = [energy.ask(b"db " + b"Aa" * 36 + b"%") for _ in range(MAX_INPUT_BYTES // 36)]
    assert answers == [READY] * (len(answers) - 1) + [b"m-load-done\r\n" + READY]
    assert energy.ask(b"db 00%").startswith(b"e-[Too many bytes: 1 came, 0 of 27648")
    assert energy.ask(b"db print%").count(b"aa") == MAX_INPUT_BYTES


def test_a_refused_line_loads_nothing(energy: Firmware) -> None:
    energy.ask(b"db load 3%")
    assert energy.ask(b"db 010g%") == b"e-[Invalid hex digit '0g']\r\n" + READY
    assert energy.ask(b"db 01020304%").startswith(b"e-[Too many bytes: 4 came, 3 of 3")
    assert energy.ask(b"db 0102030%").startswith(b"e-[Insuff")
    assert energy.ask(b"db print%") == b"m-buffer-00-00-00\r\n\r\n" + READY
    assert energy.ask(b"db aAFf01%") == b"m-load-done\r\n" + READY
    assert energy.ask(b"db print%") == b"m-buffer-aa-ff-01\r\n\r\n" + READY


def test_a_refused_load_leaves_no_place_for_its_bytes(energy: Firmware) -> None:
    energy.ask(b"db load 4%")
    energy.ask(b"db load 30000%")
    assert energy.ask(b"db 01%").startswith(b"e-[Too many bytes")
    assert energy.ask(b"db print%") == READY


def test_nothing_of_an_earlier_stimulus_is_seen_in_a_later_one(energy: Firmware) -> None:
    energy.ask(b"db load 4%db 01020304%db load 4%")
    assert energy.ask(b"db print%") == b"m-buffer-00-00-00-00\r\n\r\n" + READY


def test_half_a_stimulus_is_not_inferred(energy: Firmware) -> None:
    energy.ask(b"db load 4%db 0102%")
    assert energy.ask(b"infer 1 0%") == b"e-[The stimulus is incomplete]\r\n" + READY
    assert energy.events() == ""


def test_a_stimulus_of_the_wrong_size_is_not_inferred() -> None:
    firmware = booted("energy", defines="-DER_HOST_INPUT_SIZE=4")
    firmware.ask(b"db load 3%db 010203%")
    refusal = b"e-[The stimulus has not the size of the model's input]\r\n"
    assert firmware.ask(b"infer 1 0%") == refusal + READY
    firmware.ask(b"db load 4%db 01020304%")
    assert b"m-infer-done" in firmware.ask(b"infer 1 0%")
