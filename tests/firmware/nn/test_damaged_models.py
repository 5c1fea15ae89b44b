# SPDX-License-Identifier: Apache-2.0
"""Damaged copies of a network: a clear refusal, or a network that runs without a fault."""

import re
import subprocess

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dut_firmware.nn.generate.benchmarks import BENCHMARKS
from dut_firmware.nn.generate.errors import UnusableModel
from dut_firmware.nn.generate.tflite_to_c import generate
from tests.support.demo_data import network
from tests.support.dut_build import READY, make, needs_gcc, run_make

SMALLEST = "demo-keywords"
BYTES = network().stat().st_size


@pytest.fixture(scope="module")
def model():
    return network()


def damaged(data, edits):
    content = bytearray(data)
    for position, bit in edits:
        content[position % len(data)] ^= 1 << bit
    return bytes(content)


def refused(content, folder):
    """Whether the generator refuses it; it must do so in one line, and write nothing."""
    try:
        generate(content, "damaged", folder, benchmark=SMALLEST)
    except UnusableModel as error:
        assert re.fullmatch(r"[ -~]+", str(error))
        assert not list(folder.glob("er_network.*"))
        return True
    return False


# The last four bytes of the file are the version of its last operator, which tells the generator nothing.
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(0, BYTES - 5))
def test_every_truncated_model_is_refused(model, tmp_path, size):
    assert refused(model.read_bytes()[:size], tmp_path)


# Offsets, tables and quantization lie at both ends of the file; weights, where any bit is as good, between them.
PLACES = st.integers(0, 4000) | st.integers(-14_000, -1) | st.integers(0, BYTES - 1)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(PLACES, st.integers(0, 7)), min_size=1, max_size=8))
def test_flipped_bits_give_a_refusal_or_a_network(model, tmp_path_factory, edits):
    folder = tmp_path_factory.mktemp("flipped")
    if not refused(damaged(model.read_bytes(), edits), folder):
        assert "er_network_invoke" in (folder / "er_network.c").read_text()


@needs_gcc
@pytest.mark.deep
def test_what_is_accepted_in_spite_of_damage_runs_clean_under_the_sanitizers(model, tmp_path):
    """Seeded, so that the same damage is tried each time: the first four files that the generator accepts."""
    data, generator = model.read_bytes(), np.random.default_rng(3)
    ran = 0
    for number in range(200):
        edits = zip(generator.integers(0, len(data), 3), generator.integers(0, 8, 3), strict=True)
        content = damaged(data, [(int(position), int(bit)) for position, bit in edits])
        if refused(content, tmp_path / f"trial{number}"):
            continue
        network = tmp_path / f"damaged{number}.tflite"
        network.write_bytes(content)
        out = make(tmp_path / f"out{number}", "dut_console", NETWORK=network, BENCHMARK=SMALLEST)
        size = BENCHMARKS[SMALLEST].stimulus_bytes
        stimulus = generator.bytes(size)
        sent = b"db load %d%%" % size
        sent += b"".join(b"db " + stimulus[at : at + 35].hex().encode() + b"%" for at in range(0, size, 35))
        done = subprocess.run(
            [out / "dut_console"], input=sent + b"infer 1 0%", capture_output=True, check=False, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert re.search(rb"m-results-\[[-0-9.,]+\]\r\n" + READY + b"$", done.stdout)
        ran += 1
        if ran == 4:
            return
    pytest.fail(f"only {ran} of 200 damaged models were accepted")


@needs_gcc
def test_make_shows_the_refusal_and_leaves_nothing_behind(model, tmp_path):
    data = model.read_bytes()
    (tmp_path / "half.tflite").write_bytes(data[: len(data) // 2])
    done = run_make(f"OUT={tmp_path}/out", f"NETWORK={tmp_path}/half.tflite", f"BENCHMARK={SMALLEST}", "library")
    assert done.returncode != 0
    assert re.search(r"half\.tflite: error: (damaged|not a \.tflite) .*\n", done.stderr)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out" / "network").exists()
