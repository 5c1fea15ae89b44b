# SPDX-License-Identifier: Apache-2.0
"""Recorded devices: the same commands get the same bytes at the same times, anything else ends the replay."""

import pytest

from instruments.clock import VirtualClock
from instruments.errors import TimedOut, Unavailable
from instruments.links.replay import Recorded, ReplayError, ReplayLink
from instruments.links.stream_scpi import StreamScpiLink

START_NS = 7_000_000_000_000  # a recording begins whenever the host's clock was started
RECORDING = [
    Recorded(START_NS, "rx", b"hello\n"),
    Recorded(START_NS + 1_000_000_000, "tx", b"name?\n"),
    Recorded(START_NS + 1_200_000_000, "rx", b"de"),
    Recorded(START_NS + 1_300_000_000, "rx", b"vice\n"),
    Recorded(START_NS + 2_000_000_000, "tx", b"start\n"),
    Recorded(START_NS + 2_000_000_000, "tx", b"go\n"),
    Recorded(START_NS + 2_500_000_000, "rx", b"data"),
]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def link(clock: VirtualClock) -> ReplayLink:
    link = ReplayLink("device", clock, RECORDING)
    link.open(clock.deadline(1.0))
    return link


def test_bytes_come_as_long_after_the_command_as_they_did(clock: VirtualClock, link: ReplayLink) -> None:
    assert link.read(clock.deadline(5.0)) == b"hello\n"
    assert clock.now_ns() == 0
    clock.sleep(3.0)  # later than in the recording
    link.write(b"name?\n", clock.deadline(1.0))
    assert link.read(clock.deadline(0.1)) == b""
    assert clock.now_ns() == 3_100_000_000
    assert link.read(clock.deadline(5.0)) == b"de"
    assert clock.now_ns() == 3_200_000_000
    assert link.read(clock.deadline(5.0)) == b"vice\n"
    assert clock.now_ns() == 3_300_000_000


def test_an_answer_never_comes_before_its_question(clock: VirtualClock, link: ReplayLink) -> None:
    assert link.read(clock.deadline(5.0)) == b"hello\n"
    assert link.read(clock.deadline(50.0)) == b""
    assert clock.now_ns() == 50_000_000_000


def test_what_was_due_stays_due_when_the_driver_writes_first(clock: VirtualClock, link: ReplayLink) -> None:
    link.write(b"name?\n", clock.deadline(1.0))
    link.write(b"start\ngo\n", clock.deadline(1.0))
    got = b""
    while piece := link.read(clock.deadline(5.0)):
        got += piece
    assert got == b"hello\ndevice\ndata"
    assert link.left == 0


def test_how_commands_are_cut_does_not_matter(clock: VirtualClock, link: ReplayLink) -> None:
    for piece in (b"na", b"me?\nsta", b"rt\ngo", b"\n"):
        link.write(piece, clock.deadline(1.0))
    assert link.left == 4  # all that is to be received


def test_no_more_is_returned_than_asked_for(clock: VirtualClock, link: ReplayLink) -> None:
    assert [link.read(clock.deadline(1.0), 4), link.read(clock.deadline(1.0), 4)] == [b"hell", b"o\n"]


@pytest.mark.parametrize(
    ("sent", "says"),
    [(b"nam!\n", r"'nam!\\n' where the recording has 'name\?\\n'"), (b"start\n", "'start")],
)
def test_another_command_ends_the_replay(clock: VirtualClock, link: ReplayLink, sent: bytes, says: str) -> None:
    with pytest.raises(ReplayError, match=says):
        link.write(sent, clock.deadline(1.0))


def test_a_command_after_the_end_ends_the_replay(clock: VirtualClock, link: ReplayLink) -> None:
    link.write(b"name?\nstart\ngo\n", clock.deadline(1.0))
    with pytest.raises(ReplayError, match="nothing more"):
        link.write(b"again\n", clock.deadline(1.0))


def test_a_recorded_device_closes_and_goes_on(clock: VirtualClock, link: ReplayLink) -> None:
    link.close()
    with pytest.raises(Unavailable, match="not open"):
        link.read(clock.deadline(1.0))
    with pytest.raises(Unavailable, match="not open"):
        link.write(b"name?\n", clock.deadline(1.0))
    link.open(clock.deadline(1.0))
    assert link.read(clock.deadline(1.0)) == b"hello\n"


def test_an_empty_recording_is_a_silent_device(clock: VirtualClock) -> None:
    link = ReplayLink("device", clock, [])
    link.open(clock.deadline(1.0))
    assert link.read(clock.deadline(1.0)) == b""
    assert link.left == 0


def test_scpi_can_be_replayed(clock: VirtualClock) -> None:
    scpi = StreamScpiLink(
        ReplayLink(
            "psu", clock, [Recorded(0, "tx", b"*IDN?\n"), Recorded(5_000_000, "rx", b"ACME,PSU-1,42,1.0\n")]
        )
    )
    scpi.open(clock.deadline(1.0))
    scpi.write_line("*IDN?", clock.deadline(1.0))
    assert scpi.read_line(clock.deadline(1.0)) == "ACME,PSU-1,42,1.0"
    with pytest.raises(TimedOut):
        scpi.read_line(clock.deadline(1.0))
