# SPDX-License-Identifier: Apache-2.0
"""The six reference models behind the monitor, byte by byte through its grammar, against tflite-micro.

The oracle shares nothing with the firmware: conversion of stimuli in numpy, the tflite-micro interpreter,
dequantization in double precision. Only kws01's official stimuli are at hand; the others are drawn here, in the
benchmark's own format and range.
"""

import subprocess

import numpy as np
import pytest

from energy_runner.benchmarks.catalogue import load_benchmark
from instruments.clock import RealClock
from instruments.devices.dut.driver import Dut
from instruments.devices.dut.serial_port import DutSerialPort
from instruments.twin_bench.cosim.host_dut import HostDut, HostDutLink
from tests.support.dut_build import READY, booted, built, needs_gcc, needs_valgrind
from tests.support.network_oracle import Oracle

pytestmark = needs_gcc
CLOCK = RealClock()


@pytest.fixture
def model(reference):
    return lambda task: reference / "models" / f"{task}.tflite"


def images(size):
    """Smooth pictures and noise: what a network makes of them differs."""
    generator = np.random.default_rng(size)
    for _ in range(2):
        yield generator.bytes(size)
        phase = np.arange(size) * generator.uniform(0.001, 0.05)
        yield (128 + 100 * np.sin(phase) + generator.normal(0, 8, size)).clip(0, 255).astype(np.uint8).tobytes()


def features(size):
    generator = np.random.default_rng(size)
    for spread in (2, 9, 40):
        yield generator.normal(0, spread, size).cumsum().clip(-128, 127).astype(np.int8).tobytes()


def recording_windows():
    """Overlapping windows of one long recording, as an accuracy run of ad01 sends them."""
    benchmark = load_benchmark("ad01")
    columns = np.random.default_rng(1).normal(0, 6, (20, 128)).cumsum(axis=0) - np.linspace(10, 45, 128)
    recording = columns.astype("<f4").tobytes()
    for at in range(0, len(recording) - benchmark.input_bytes + 1, benchmark.stride_bytes):
        yield recording[at : at + benchmark.input_bytes]


STIMULI = {
    "ad01": recording_windows,
    "ic01": lambda: images(3072),
    "ic02": lambda: list(images(3072))[:2],
    "sww01": lambda: features(1200),
    "vww01": lambda: images(27648),
}


@pytest.mark.deep
@pytest.mark.parametrize("task", STIMULI)
def test_printed_results_equal_the_interpreters(model, task):
    dut, oracle = booted("energy", model(task), task), Oracle(model(task), task)
    said = set()
    for stimulus in STIMULI[task]():
        dut.load(stimulus)
        answer = dut.ask(b"infer 1 0%")
        assert answer.endswith(oracle.line(stimulus) + READY)
        said.add(answer)
    assert len(said) > 1, "one answer to everything proves nothing"


@pytest.mark.deep
def test_accuracy_of_all_1000_keyword_stimuli_through_the_driver(model, reference):
    """An accuracy run on the host port: 901 of 1000, and every result to its last digit."""
    oracle = Oracle(model("kws01"), "kws01")
    built_host = built("libdut_host.so", "performance", model("kws01"), "kws01")
    port = DutSerialPort(HostDutLink(HostDut(built_host)), CLOCK)
    port.open(CLOCK.deadline(5.0))
    dut = Dut(port, CLOCK)
    dut.wait_for_boot(CLOCK.deadline(5.0))
    files = sorted((reference / "stimuli" / "kws01").glob("*.bin"))
    correct = 0
    for file in files:
        stimulus = file.read_bytes()
        assert dut.load(stimulus, CLOCK.deadline(20.0)) == 1
        results = dut.infer(1, 0, CLOCK.deadline(20.0)).results
        # Outputs are multiples of 1/256; ties such as 0.0625 are printed to even on both sides.
        assert results == tuple(float(f"{np.float32(value):.3f}") for value in oracle.values(stimulus)), file.name
        correct += int(np.argmax(results)) == int(file.stem.rsplit("_", 1)[1])
    assert (correct, len(files)) == (901, 1000)


@needs_valgrind
@pytest.mark.deep
@pytest.mark.parametrize("task", ["ad01", "kws01"])
def test_valgrind_finds_nothing_with_a_network(model, reference, tmp_path, task):
    oracle = Oracle(model(task), task)
    stimulus = (
        next(iter(recording_windows()))
        if task == "ad01"
        else (reference / "stimuli" / "kws01" / "tst_000000_Stop_7.bin").read_bytes()
    )
    program = built("dut_console", "energy", model(task), task, sanitize=False)
    sent = b"db load %d%%" % len(stimulus)
    sent += b"".join(b"db " + stimulus[at : at + 38].hex().encode() + b"%" for at in range(0, len(stimulus), 38))
    done = subprocess.run(
        ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", program],
        input=sent + b"infer 2 1%results%",
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.endswith((oracle.line(stimulus) + READY) * 2)
