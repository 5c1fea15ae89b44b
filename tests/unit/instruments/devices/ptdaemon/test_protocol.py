# SPDX-License-Identifier: Apache-2.0
"""What a PTDaemon says: samples as published logs print them, answers; any line is an event or a violation."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.ptdaemon import protocol
from instruments.devices.ptdaemon.protocol import Answer, Count, Notice, Reading, parse_line, periods
from instruments.devices.ptdaemon.stream import MeasurementAccount
from instruments.errors import ProtocolViolation
from instruments.links.lines import LineSplitter
from instruments.roles import Lost, Note, Samples

SAMPLE = "Time,12-23-2020 10:21:51.496,Watts,23.430000,Volts,228.370000,Amps,0.204280,PF,0.502300,Mark,work"
STREAM = f"Hello, PTDaemon here!\r\nLast 2 samples\r\n{SAMPLE}\r\nNo data\r\n".encode()


def fed(*pieces: bytes) -> list[object]:
    lines = LineSplitter()
    return [parse_line(line) for piece in pieces for line in lines.feed(piece)]


def test_each_line_is_what_it_says() -> None:
    reading = parse_line(SAMPLE)
    assert reading == Reading(10 * 3600 + 21 * 60 + 51.496, 23.43, "work")
    assert parse_line(f"{SAMPLE},Ch1,Watts,1.0") == reading
    assert parse_line(SAMPLE.replace("23.430000", "-1.000000")) == Reading(reading.at_s, None, "work")
    assert parse_line("Time,12-23-2020 10:21:51.496,ERROR,no analyzer") == Notice("ERROR", "no analyzer")
    assert parse_line("Last 17 samples") == Count(17)
    assert parse_line("No data") == Count(0)
    assert parse_line("Range A changed") == Answer("Range A changed")


@pytest.mark.parametrize("at", range(len(STREAM)))
def test_split_anywhere_they_are_the_same(at: int) -> None:
    assert fed(STREAM[:at], STREAM[at:]) == fed(STREAM)


NO_SAMPLES = ["Time,now,Watts,1", "Last x samples", "Last 99999999 samples", SAMPLE.replace("Mark", "Mask")]
NO_SAMPLES += [SAMPLE.replace("23.430000", number) for number in ("nan", "1e5", "")]


@pytest.mark.parametrize("line", NO_SAMPLES)
def test_what_begins_like_a_sample_and_is_none_is_a_violation(line: str) -> None:
    with pytest.raises(ProtocolViolation):
        parse_line(line)


@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_a_violation(data: bytes) -> None:
    with contextlib.suppress(ProtocolViolation):
        assert all(isinstance(one, Reading | Notice | Count | Answer) for one in fed(data + b"\r\n"))


def test_who_answers_and_its_ranges() -> None:
    model, version, named = protocol.identity("Yokogawa WT310,1,0,version=1.11.1-abc,OS=Linux,mode=power,na")
    assert (model, version, named["OS"]) == ("Yokogawa WT310", "1.11.1-abc", "Linux")
    assert protocol.ranges("Ranges,0,0.5,1,300.0") == {"A": "0.5", "V": "Auto"}
    assert protocol.ranges("Ranges,-1,-1.0,0,-1.0") == {"A": "Auto", "V": "Auto"}


@given(st.text(max_size=40))
@pytest.mark.parametrize("read", [protocol.identity, protocol.ranges])
def test_any_other_answer_is_a_violation(read, answer: str) -> None:
    with contextlib.suppress(ProtocolViolation):
        read(answer)


@pytest.mark.parametrize(
    ("earlier_s", "later_s", "host_s", "steps"),
    [
        (10.0, 11.009, 1.1, 1),
        (10.0, 13.0, 3.2, 3),
        (86399.2, 0.2, 1.0, 1),  # midnight
        (7199.5, 3600.5, 1.0, 1),  # an hour was put back
        (10.0, 7211.0, 7201.3, 7201),
        (10.0, 9.99, 0.1, 0),
    ],
)
def test_the_hosts_clock_tells_the_hour(earlier_s: float, later_s: float, host_s: float, steps: int) -> None:
    assert periods(earlier_s, later_s, 1.0, host_s) == steps


def test_a_measurement_counts_by_its_time_stamps() -> None:
    account = MeasurementAccount(1.0, "mine")
    taken = [
        item
        for at_s, power_w, mark in [
            (5.0, 1.0, "mine"),
            (5.5, 9.0, "theirs"),
            (6.01, 2.0, "mine"),
            (8.99, 3.0, "mine"),  # two are missing
            (10.0, None, "mine"),
            (10.2, 9.0, "mine"),  # too soon
            (11.0, 4.0, "mine"),
        ]
        for item in account.take(Reading(at_s, power_w, mark), at_s)
    ]
    kinds = [(type(item), item.first if isinstance(item, Samples) else None) for item in taken]
    assert [kind for kind, _ in kinds] == [Samples, Samples, Lost, Samples, Lost, Note, Samples]
    assert [first for _, first in kinds if first is not None] == [0, 1, 4, 6]
    losses = [(item.after, item.before, item.missing) for item in taken if isinstance(item, Lost)]
    assert losses == [(2, 4, 2), (5, 6, 1)]
    [note] = [item for item in taken if isinstance(item, Note)]
    assert note.about == "surplus-samples"
