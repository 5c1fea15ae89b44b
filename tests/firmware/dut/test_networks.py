# SPDX-License-Identifier: Apache-2.0
"""Networks of our own behind the monitor, byte by byte through its grammar, against tflite-micro.

The oracle shares nothing with the firmware: conversion of stimuli in numpy, the tflite-micro interpreter,
dequantization in double precision. tests/reference has the same for the official models.
"""

import subprocess

import numpy as np
import pytest

from energy_runner.benchmarks.catalogue import load_benchmark
from instruments.clock import RealClock
from instruments.devices.dut.driver import Dut
from instruments.devices.dut.serial_port import DutSerialPort
from instruments.twin_bench.cosim.host_dut import HostDut, HostDutLink
from tests.support.demo_data import labels, network, stimuli
from tests.support.dut_build import READY, booted, built, needs_gcc, needs_valgrind
from tests.support.network_oracle import Oracle

pytestmark = needs_gcc
CLOCK = RealClock()


@pytest.mark.deep
@pytest.mark.parametrize("name", ["demo-figure", "demo-keywords", "demo-machine", "demo-shapes"])
def test_printed_results_equal_the_interpreters(name):
    benchmark = load_benchmark(name)
    dut, oracle = booted("energy", network(benchmark), name), Oracle(network(benchmark), name)
    said = set()
    for stimulus in stimuli(benchmark)[:6]:
        dut.load(stimulus)
        answer = dut.ask(b"infer 1 0%")
        assert answer.endswith(oracle.line(stimulus) + READY)
        said.add(answer)
    assert len(said) > 1, "one answer to everything proves nothing"


@pytest.mark.deep
def test_accuracy_of_all_keyword_stimuli_through_the_driver():
    """An accuracy run on the host port: every result to its last digit."""
    oracle = Oracle(network(), "demo-keywords")
    host = HostDut(built("libdut_host.so", "performance", network(), "demo-keywords"))
    port = DutSerialPort(HostDutLink(host), CLOCK)
    port.open(CLOCK.deadline(5.0))
    dut = Dut(port, CLOCK)
    dut.wait_for_boot(CLOCK.deadline(5.0))
    correct = 0
    for stimulus, label in zip(stimuli(), labels(), strict=True):
        assert dut.load(stimulus, CLOCK.deadline(20.0)) == 1
        results = dut.infer(1, 0, CLOCK.deadline(20.0)).results
        # Outputs are multiples of 1/256; ties such as 0.0625 are printed to even on both sides.
        assert results == tuple(float(f"{np.float32(value):.3f}") for value in oracle.values(stimulus))
        correct += int(np.argmax(results)) == label
    assert correct == 120


@needs_valgrind
@pytest.mark.deep
@pytest.mark.parametrize("name", ["demo-keywords", "demo-machine"])
def test_valgrind_finds_nothing_with_a_network(name):
    benchmark = load_benchmark(name)
    oracle, stimulus = Oracle(network(benchmark), name), stimuli(benchmark)[0]
    program = built("dut_console", "energy", network(benchmark), name, sanitize=False)
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
