# SPDX-License-Identifier: Apache-2.0
"""Our own driver talks to the firmware's host port over a real pseudo-terminal through the real pyserial."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from instruments.clock import Deadline, RealClock
from instruments.devices.dut.driver import Dut
from instruments.devices.dut.serial_port import DutSerialPort
from instruments.errors import Refused
from instruments.links.serial_link import SerialLink
from tests.support.demo_data import labels, network, stimuli
from tests.support.dut_build import booted, built, needs_gcc

pytestmark = [
    pytest.mark.wire,
    needs_gcc,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals"),
]
CLOCK = RealClock()


def within(after_s: float = 20.0) -> Deadline:
    return CLOCK.deadline(after_s)


class Board:
    """The host port as a process, its port open, its power off: opening a port throws away what came before."""

    def __init__(self, program: Path) -> None:
        self.process = subprocess.Popen(
            [program, "--off"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.port = DutSerialPort(
            SerialLink("DUT", self.process.stdout.readline().decode().strip(), 115200), CLOCK
        )
        self.port.open(within())
        self.dut = Dut(self.port, CLOCK)

    def power_cycle(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def close(self) -> str:
        """End the process; return what the sanitizers had to say."""
        self.port.close()
        self.process.terminate()
        _, complaints = self.process.communicate(timeout=20.0)
        return complaints.decode()


@pytest.fixture(scope="module", params=["energy", "performance"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def program(mode: str) -> Path:
    return built("dut_host", mode)


@pytest.fixture
def board(program: Path) -> Iterator[Board]:
    board = Board(program)
    try:
        board.power_cycle()
        board.dut.wait_for_boot(within())
        yield board
    finally:
        complaints = board.close()
    assert complaints == ""


def test_the_driver_hears_the_boot_and_the_mode(board: Board, mode: str) -> None:
    board.power_cycle()
    answer = board.dut.wait_for_boot(within())
    assert answer.text("timestamp-mode") == mode
    assert answer.text("init-done") == ""


def test_it_says_that_it_is_no_board(board: Board) -> None:
    identity = board.dut.identify(within())
    assert identity.make == "host port, no network"
    assert identity.model == "kws01"


def test_load_read_back_infer(board: Board, mode: str) -> None:
    stimulus = bytes(range(256)) + bytes(233) + b"\x80"
    assert board.dut.load(stimulus, within()) == 1
    assert board.dut.read_back(len(stimulus), within()) == stimulus
    inference = board.dut.infer(1000, 3, within())
    assert inference.results == (sum(stimulus) / 256, -1.0, 0.5)
    if mode == "energy":
        assert inference.laps_us == ()
    else:
        start_us, stop_us = inference.laps_us
        assert (stop_us - start_us) % 2**32 < 20_000_000
    assert board.dut.command("results", within()).text("results") is None  # numbers, not text
    board.dut.timestamp(within())


def test_a_refusal_reaches_the_user_and_the_next_command_works(board: Board) -> None:
    with pytest.raises(Refused, match="exceeds maximum of 27648"):
        board.dut.command("db load 30000", within())
    with pytest.raises(Refused, match="Too many bytes"):
        board.dut.command("db 00", within())
    assert board.dut.load(b"\x01\x02\x03", within()) == 1


def test_without_being_asked_it_boots_by_itself(program: Path) -> None:
    process = subprocess.Popen([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        port = DutSerialPort(SerialLink("DUT", process.stdout.readline().decode().strip(), 115200), CLOCK)
        port.open(within())
        assert Dut(port, CLOCK).identify(within()).model == "kws01"
        port.close()
    finally:
        process.terminate()
        process.communicate(timeout=20.0)


def test_an_unknown_option_is_refused(program: Path) -> None:
    run = subprocess.run([program, "--on"], capture_output=True, text=True, check=False, timeout=20.0)
    assert run.returncode == 2
    assert "usage" in run.stderr


def test_the_port_may_be_closed_and_opened_again(board: Board) -> None:
    board.port.close()
    board.port.open(within())
    assert board.dut.identify(within()).model == "kws01"


def test_a_real_network_classifies_over_the_wire_as_in_process() -> None:
    stimulus, label = stimuli()[7], labels()[7]
    board = Board(built("dut_host", "performance", network(), "demo-keywords"))
    try:
        board.power_cycle()
        board.dut.wait_for_boot(within())
        assert board.dut.identify(within()).make == "host port, not a board"
        board.dut.load(stimulus, within())
        inference = board.dut.infer(10, 1, within())
    finally:
        complaints = board.close()
    assert complaints == ""
    assert inference.results.index(max(inference.results)) == label
    in_process = booted("performance", network(), "demo-keywords")
    in_process.load(stimulus)
    printed = ",".join(f"{value:.3f}" for value in inference.results)
    assert f"m-results-[{printed}]\r\n".encode() in in_process.ask(b"infer 10 1%")
