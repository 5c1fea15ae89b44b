# SPDX-License-Identifier: Apache-2.0
"""How the DUT firmware prints results: by integers, and digit by digit what C's %.3f and Python's .3f print."""

import itertools
import math
import os
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.dut_build import FIRMWARE, Firmware, booted, needs_gcc

pytestmark = needs_gcc
LARGEST = 2147483.5  # the largest float that is printed as a number; from the next one on it is `inf`
TIE = 0.0625  # 62.5 thousandths: odd multiples of it are the only floats that lie halfway


@pytest.fixture(scope="module")
def energy() -> Firmware:
    return booted("energy")


def float_of(bits: int) -> float:
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def expected(value: float) -> str:
    """What a float is printed as; `value` is exact in double precision, so Python rounds the same number."""
    if math.isnan(value):
        return "nan"
    if abs(value) > LARGEST:
        return "-inf" if value < 0 else "inf"
    return f"{value + 0.0:.3f}"  # + 0.0: zero has no sign


def printed(firmware: Firmware, values: list[float]) -> list[str]:
    line = firmware.print_results(values)
    return line.removeprefix("m-results-[").removesuffix("]\r\n").split(",")


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bits=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=64))
@example(bits=[0, 1, 0x80000000, 0x80000001, 0x007FFFFF, 0x00800000, 0x807FFFFF])  # zeros and subnormals
@example(bits=[0x4A03126E, 0x4A03126F, 0xCA03126E, 0xCA03126F, 0x7F7FFFFF])  # the largest that is printed
@example(bits=[0x7F800000, 0xFF800000, 0x7F800001, 0x7FC00000, 0xFFC00000, 0xFFFFFFFF])  # infinities, NaNs
def test_any_bits_of_a_float_are_printed_as_python_prints_them(energy: Firmware, bits: list[int]) -> None:
    values = [float_of(word) for word in bits]
    assert printed(energy, values) == [expected(value) for value in values]


def test_ties_go_to_the_even_digit(energy: Firmware) -> None:
    values = [sign * TIE * odd for odd in range(1, 100_001, 2) for sign in (1, -1)]
    assert printed(energy, values[:4]) == ["0.062", "-0.062", "0.188", "-0.188"]
    assert printed(energy, values) == [expected(value) for value in values]


def test_the_neighbours_of_ties_and_of_thousandths_go_to_the_nearer_digit(energy: Firmware) -> None:
    middles = np.concatenate([np.arange(1, 4001) / 1000, np.arange(1, 4001) * TIE / 4]).astype(np.float32)
    values = [
        float(value)
        for middle in middles
        for value in (np.nextafter(middle, np.float32(0)), middle, np.nextafter(middle, np.float32(9e9)))
    ]
    assert printed(energy, values) == [expected(value) for value in values]


def test_every_magnitude_and_sign(energy: Firmware) -> None:
    """Random mantissas with every exponent: 200,000 values, fewer of which would miss a wrong shift."""
    mantissas = np.random.default_rng(11).integers(0, 1 << 23, 400)
    words = itertools.product((0, 1 << 31), range(256), (int(mantissa) for mantissa in mantissas))
    values = [float_of(sign | exponent << 23 | mantissa) for sign, exponent, mantissa in words]
    assert printed(energy, values) == [expected(value) for value in values]


def test_what_an_int8_network_can_answer(energy: Firmware) -> None:
    """Softmax outputs in steps of 1/256, and dequantized logits of some scale."""
    values = [step / 256 for step in range(257)]
    values += [float(np.float32(0.0917) * np.float32(step - 17)) for step in range(-128, 128)]
    assert printed(energy, values) == [expected(value) for value in values]


@pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None and not os.environ.get("ENERGY_RUNNER_CI"),
    reason="arm-none-eabi-gcc is missing: install the packages gcc-arm-none-eabi and libnewlib-arm-none-eabi",
)
def test_a_part_without_an_fpu_needs_no_floating_point_library(tmp_path: Path) -> None:
    """The smallest Cortex-M calls its compiler's library for each operation on a float or a double."""
    compiled = tmp_path / "er_results.o"
    command = ["arm-none-eabi-gcc", "-std=c11", "-Os", "-mcpu=cortex-m0", "-mthumb", "-ffreestanding"]
    subprocess.run([*command, "-c", FIRMWARE / "dut" / "er_results.c", "-o", compiled], check=True, timeout=60)
    listing = subprocess.run(["arm-none-eabi-nm", "-u", compiled], capture_output=True, text=True, check=True)
    wanted = set(listing.stdout.split()) - {"U"}
    assert "th_printf" in wanted
    assert not {
        name for name in wanted if name.startswith(("__aeabi_d", "__aeabi_f", "__aeabi_i2", "__aeabi_ui2"))
    }
