# SPDX-License-Identifier: Apache-2.0
import pytest

from instruments.world.cable import CableLink
from tests.support.lpm01a_bench import CURRENT_A, Bench, bench

# --- the twin's own grammar ------------------------------------------------------------------------------


def say(b: Bench, *commands: str) -> bytes:
    """Return what the twin answers to the last command."""
    if not b.twin.port.is_open:
        b.twin.port.open()
    for command in commands:
        b.heard.clear()
        b.twin.port.receive(command.encode() + b"\r\n")
    return bytes(b.heard)


@pytest.mark.parametrize(
    ("commands", "answer"),
    [
        (["echo hello"], b"ack echo hello"),
        (["powershield"], b"ack powershield twin-1-0"),
        (["version"], b"ack version: 1.0.6"),
        (["status"], b"ack status ok"),
        (["htc", "volt 9", "status"], b"ack status error: value out of range"),
        (["htc", "volt 9", "status", "status"], b"ack status ok"),
        (["freq 1k"], b"Error detail: host control not taken"),
        (["htc", "acqtime inf", "freq 20k"], b"error freq 20k\r\nError detail: frequency too high"),
        (["htc", "acqtime 0", "freq 5k"], b"ack freq 5k"),
        (["htc", "acqtime 500m", "freq 20k"], b"ack freq 20k"),
        (["htc", "freq 20k", "acqtime inf", "start"], b"error start"),
        (["htc", "output energy", "freq 2+4"], b"error freq 2+4"),
        (["htc", "freq 3k"], b"error freq 3k"),
        (["htc", "volt 2500-3"], b"ack volt 2500-3"),
        (["htc", "volt two"], b"Error detail: not a number"),
        (["htc", "temp degc"], b"ack temp degc 28.0"),
        (["htc", 'lcd 1 "MLPerf Tiny"'], b'ack lcd 1 "MLPerf Tiny"'),
        (["htc", "format bin_hexa", "start"], b"ack start"),
        (["stop"], b"error stop"),
        (["dance"], b"Error detail: unknown command"),
        (["htc", "pwr on nostatus", "pwr get"], b"ack pwr get on"),
        (["htc", "pwr off", "volt get"], b"ack volt get 0000-"),
        (["htc", "psrst", "pwr get"], b""),
        (["help"], b"eventsrc"),
    ],
)
def test_answers_of_the_shell(commands, answer):
    heard = say(bench(), *commands)
    assert answer in heard
    assert bool(heard) == bool(answer)


def test_after_a_hardware_reset_the_shell_answers_again():
    b = bench()
    say(b, "htc", "pwr on", "psrst")
    assert not b.world.powered
    b.clock.sleep(5)
    assert b"ack version" in say(b, "version")
    assert b"host control" in say(b, "pwr get")


def test_a_limited_acquisition_ends_by_itself():
    b = bench(ideal=True, dialect="end")
    say(b, "htc", "acqtime 100m", "freq 100", "trigdelay 0", "pwr on", "start")
    b.world.draw(CURRENT_A)
    b.clock.sleep(1)
    assert b.twin.port.pending()
    assert bytes(b.heard).count(b"1235-05\r\n") == 12  # ten samples and the two of the summary
    assert b"\r\nend\r\n\r\nsummary beg\r\n" in b.heard


def test_an_acquisition_can_start_on_an_edge():
    b = bench(ideal=True)
    say(b, "htc", "acqtime inf", "freq 1k", "trigdelay 0", "trigsrc d7", "pwr on", "start")
    b.clock.sleep(1)
    assert not b.twin.port.pending() or b"-0" not in b.heard
    b.world.pin_falls()
    b.clock.sleep(0.0105)
    b.twin.port.pending()
    assert bytes(b.heard).count(b"0000-14\r\n") == 10


def test_a_target_reset_switches_the_supply_off_for_a_while():
    b = bench().streaming()
    b.twin.port.receive(b"targrst 100m\n")
    assert not b.world.powered
    b.clock.sleep(0.2)
    assert b.world.powered


def test_waiting_ends_with_the_first_byte():
    b = bench(ideal=True).streaming()
    link = CableLink("monitor", b.clock, b.twin.port)
    before_ns = b.clock.now_ns()
    data = link.read(b.deadline())
    assert data.count(b"\n") == 1
    assert 1_000_000 <= b.clock.now_ns() - before_ns <= 1_000_010
