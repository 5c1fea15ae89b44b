# SPDX-License-Identifier: Apache-2.0
"""What `infer`, `timestamp` and `results` of the DUT firmware do and print, in this process.

Source: protocols, "DUT monitor: answers of the reference parser, as run natively on Linux"; the differences are
those of the table in dut_firmware/README.md.
"""

import ctypes
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.dut_build import READY, Firmware, booted, needs_gcc

pytestmark = needs_gcc


@pytest.fixture
def energy() -> Firmware:
    return booted("energy")


@pytest.fixture
def performance() -> Firmware:
    return booted("performance")


@pytest.mark.parametrize(
    ("sent", "warmups", "inferences", "events"),
    [
        (b"infer%", 10, 1, "L" + "i" * 10 + "vt<i^_>v_^"),
        (b"infer 3%", 10, 3, "L" + "i" * 10 + "vt<i^ii>v_^"),
        (b"infer 3 2%", 2, 3, "Lii" + "vt<i^ii>v_^"),
        (b"infer 2 0 9%", 0, 2, "Lvt<i^i>v_^"),
    ],
)
def test_between_the_two_edges_is_nothing_but_inference(
    energy: Firmware, sent: bytes, warmups: int, inferences: int, events: str
) -> None:
    assert energy.ask(sent) == (
        f"m-warmup-start-{warmups}\r\nm-warmup-done\r\nm-infer-start-{inferences}\r\nm-infer-done\r\n".encode()
        + b"m-results-[0.000,0.000,0.000]\r\n"
        + READY
    )
    assert energy.events() == events  # v fall, t timer, ^ rise, _ hold: `host.h`


def test_a_performance_build_prints_both_laps_after_the_window(performance: Firmware) -> None:
    answer = performance.ask(b"infer 3 1%")
    laps = re.fullmatch(
        rb"m-warmup-start-1\r\nm-warmup-done\r\nm-infer-start-3\r\nm-lap-us-(\d+)\r\nm-lap-us-(\d+)\r\n"
        rb"m-infer-done\r\nm-results-\[0.000,0.000,0.000\]\r\nm-ready\r\n",
        answer,
    )
    assert laps
    assert (int(laps[2]) - int(laps[1])) % 2**32 < 10_000_000
    assert performance.events() == "Liv<iii>v"


def test_timestamps_on_request(energy: Firmware, performance: Firmware) -> None:
    assert energy.ask(b"timestamp%") == READY
    assert energy.events() == "v_^_"
    assert re.fullmatch(rb"m-lap-us-\d{1,10}\r\nm-ready\r\n", performance.ask(b"timestamp%"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stimulus=st.binary(min_size=1, max_size=38))
def test_results_are_rounded_as_c_and_python_round_them(energy: Firmware, stimulus: bytes) -> None:
    energy.ask(f"db load {len(stimulus)}%db {stimulus.hex()}%".encode())
    total, alternating = sum(stimulus), sum(stimulus[::2]) - sum(stimulus[1::2])
    values = [f"{value / 256:.3f}" for value in (total, alternating, stimulus[-1])]
    line = f"m-results-[{','.join(values)}]\r\n".encode()
    assert energy.ask(b"infer 1 0%").endswith(line + READY)
    assert energy.ask(b"results%") == line + READY


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.floats(-2e6, 2e6, width=32) | st.sampled_from([0.0005, 0.0625, 0.9995, 1.0]), max_size=16)
)
def test_any_results_are_printed_with_three_decimals(energy: Firmware, values: list[float]) -> None:
    exact = [ctypes.c_float(value).value + 0.0 for value in values]  # + 0.0: no negative zero
    assert energy.print_results(values) == f"m-results-[{','.join(f'{value:.3f}' for value in exact)}]\r\n"


def test_results_that_are_no_numbers_cannot_be_taken_for_some(energy: Firmware) -> None:
    values = [float("nan"), float("inf"), float("-inf"), -3e38]
    assert energy.print_results(values) == "m-results-[nan,inf,-inf,-inf]\r\n"


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (b"%d", ctypes.c_int(-(2**31)), "-2147483648"),
        (b"%ld", ctypes.c_long(-(2**31)), "-2147483648"),
        (b"%05d", ctypes.c_int(-42), "-0042"),
        (b"%u", ctypes.c_uint(2**32 - 1), "4294967295"),
        (b"%lu", ctypes.c_ulong(0), "0"),
        (b"%x", ctypes.c_uint(0xBEEF), "beef"),
        (b"%02x", ctypes.c_uint(7), "07"),
        (b"%lx", ctypes.c_ulong(0xBEEF), "beef"),
        (b"<%s>", ctypes.c_char_p(b""), "<>"),
        (b"%c%%", ctypes.c_int(65), "A%"),
        (b"%f", ctypes.c_int(1), "%f"),
        (b"%", ctypes.c_int(1), "%"),
        (b"%l", ctypes.c_int(1), "%l"),
    ],
)
def test_formats(energy: Firmware, form: bytes, value: object, text: str) -> None:
    assert energy.printf(form, value) == text
