# SPDX-License-Identifier: Apache-2.0
"""The record of an interface board, read again out of the bytes that passed: each edge once."""

from energy_runner.analysis.exchanged.dialogue import Dialogue
from energy_runner.session.stream import Passed

RECORDED = b"Duty cycle start times (s)\r\n120, %b\r\nDuty cycle stop times (s)\r\n20, %bm-ready\r\n"
ONE, TWO = RECORDED % (b"", b""), RECORDED % (b"320, ", b"220, ")


def heard(*exchanges: tuple[bytes, bytes]) -> Dialogue:
    """Return what is known after commands and their answers, each byte of which came by itself."""
    dialogue = Dialogue()
    for number, (command, answer) in enumerate(exchanges):
        dialogue.passed(Passed(number, "board", "tx", command))
        for at in range(len(answer)):
            dialogue.passed(Passed(number, "board", "rx", answer[at : at + 1]))
    return dialogue


def test_each_edge_of_a_record_is_one_lap_however_often_it_is_printed() -> None:
    printed = b"print_dutycycle%"
    dialogue = heard((printed, ONE), (printed, ONE), (printed, TWO), (printed, TWO))
    assert list(dialogue.laps_us) == [205, 2205]
    assert not dialogue.with_dut


def test_a_new_record_begins_with_its_first_edge() -> None:
    began = (b"record_detections%", b"Now recording detections\r\nm-ready\r\n")
    dialogue = heard((b"print_dutycycle%", ONE), began, (b"print_dutycycle%", TWO))
    assert list(dialogue.laps_us) == [205, 205, 2205]


def test_a_record_that_the_driver_refused_holds_no_lap() -> None:
    dialogue = heard((b"print_dutycycle%", ONE.replace(b"20, m", b"20m")), (b"print_dutycycle%", b"m-ready\r\n"))
    assert list(dialogue.laps_us) == []


def test_the_same_lines_as_an_answer_to_something_else_are_no_record() -> None:
    assert list(heard((b"name%", ONE)).laps_us) == []
    half = ONE[: len(ONE) // 2]
    assert list(heard((b"print_dutycycle%", half), (b"name%", b"\r\nm-ready\r\n")).laps_us) == []
