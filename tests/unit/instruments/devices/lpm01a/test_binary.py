# SPDX-License-Identifier: Apache-2.0
"""Binary output of the LPM01A: its bytes whole, split, lost and random, and the driver that asks for it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from instruments.conformance import CHECKS, on_twin
from instruments.devices.lpm01a.binary import SwitchingDecoder
from instruments.devices.lpm01a.dialect import Options
from instruments.devices.lpm01a.driver import Lpm01a
from instruments.devices.lpm01a.protocol import (
    EventMark,
    Garbage,
    Information,
    Misaligned,
    PowerState,
    TimeStamp,
)
from instruments.devices.lpm01a.twin import VirtualLpm01a
from instruments.devices.lpm01a.twin_binary import sample_words
from instruments.errors import Refused
from instruments.registry import drivers
from instruments.roles import Lost, Note, OverRange, Samples, SamplingSettings, SupplySettings
from instruments.shell.events import Ack, End, ErrorReply, SampleRun
from instruments.world.cable import CableLink
from instruments.world.world import World

ACK = b"\0PowerShield > ack start\r\n\0"
END = b"\xf0\xf4\xff\xff"
CURRENT_A = 0.0123457


def stamp(ms: int, percent: int = 0) -> bytes:
    return b"\xf0\xf3" + ms.to_bytes(4, "big") + bytes((percent,)) + b"\xff\xff"


def frame(number: int, count: int = 1000) -> bytes:
    return sample_words(np.linspace(1e-6, 0.05, count)).tobytes() + stamp(10 * (number + 1))


def decoded(*pieces: bytes) -> list[object]:
    """Return the events, runs and garbage put together."""
    decoder = SwitchingDecoder()
    found: list[object] = []
    for piece in pieces:
        for event in decoder.feed(piece):
            if isinstance(event, SampleRun):
                if found and isinstance(found[-1], list):
                    found[-1] += event.values.tolist()
                else:
                    found.append(event.values.tolist())
            elif isinstance(event, Garbage) and found and isinstance(found[-1], Garbage):
                found[-1] = Garbage(found[-1].data + event.data)
            else:
                found.append(event)
    return found


def started(*parts: bytes) -> list[object]:
    return decoded(ACK + stamp(0) + b"".join(parts))[2:]


def test_the_examples_of_the_manual():
    [values, end] = started(bytes.fromhex("52A0 3145"), END)
    assert values == pytest.approx([640.869e-6, 79.35e-3], rel=1e-4)
    assert isinstance(end, End)


def test_it_is_binary_from_the_acknowledgement_to_the_end():
    began, ended = b"\0PowerShield > ack freq 100k\r\n\0", b"PowerShield > ack hrc\r\n"
    events = decoded(began, ACK + stamp(0) + frame(0) + END + ended)
    kinds = [type(event).__name__ for event in events]
    assert kinds == ["Ack", "Ack", "TimeStamp", "list", "TimeStamp", "End", "Ack"]
    assert events[4] == TimeStamp(10, 0, " ")
    assert events[-1] == Ack("hrc")
    assert len(events[3]) == 1000  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "event"),
    [
        (b"\xf0\xf1voltage drop\r\n\xff\xff", ErrorReply("voltage drop")),
        (b"\xf0\xf2summary of it\r\n\xff\xff", Information("summary of it")),
        (stamp(1234, 87), TimeStamp(1234, 87, " ")),
        (b"\xf0\xf3\x80\x00\x00\x05\x01\xff\xff", TimeStamp(5, 1, "overflow")),
        (stamp(0xFFFF, 3), TimeStamp(0xFFFF, 3, " ")),
        (b"\xf0\xf5\xff\xff", ErrorReply("overcurrent")),
        (b"\xf0\xf6\xff\xff", PowerState(on=False)),
        (b"\xf0\xf7\x0c\xe4\xff\xff", Information("voltage 3300 mV")),
        (b"\xf0\xf7\xff\xff\xff\xff", Information("voltage 65535 mV")),
        (b"\xf0\xf8\x00\x1c\xff\xff", Information("temperature 28 °C")),
        (b"\xf0\xf9\x01\xff\xff", PowerState(on=True)),
    ],
)
def test_messages_between_the_samples(data, event):
    assert started(b"\x52\xa0", data, b"\x31\x45", END)[1] == event


def test_split_at_every_byte():
    data = (
        ACK
        + stamp(0)
        + frame(0, 40)
        + b"\xf0\xf1oh\r\n\xff\xff"
        + frame(1, 7)[1:]
        + frame(2, 30)
        + END
        + b"\r\nack x\r\n"
    )
    whole = decoded(data)
    assert any(isinstance(event, Misaligned) for event in whole)
    assert any(isinstance(event, Garbage) for event in whole)
    assert decoded(*(data[i : i + 1] for i in range(len(data)))) == whole
    for cut in range(len(data)):
        assert decoded(data[:cut], data[cut:]) == whole


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300), cut=st.integers(0, 300))
def test_random_bytes_are_events_however_they_are_split(data, cut):
    data = ACK + stamp(0) + data
    assert decoded(data[:cut], data[cut:]) == decoded(data)


def test_samples_before_a_lost_byte_are_doubted_and_those_after_the_next_time_stamp_are_not():
    whole = frame(0)
    events = started(whole[:1001] + whole[1002:], frame(1), END)
    kinds = [type(event).__name__ for event in events]
    assert kinds[-4:] == ["TimeStamp", "list", "TimeStamp", "End"]
    assert "Misaligned" in kinds
    assert events[-3] == started(frame(1), END)[0]


def test_without_time_stamps_nothing_goes_on_for_ever():
    events = started(b"\x52\xa0" * 5000)
    assert [type(event).__name__ for event in events] == ["list", "Misaligned", "Garbage"]
    assert len(events[0]) < 1100  # type: ignore[arg-type]


@given(st.lists(st.floats(1e-9, 0.2), min_size=1, max_size=50))
def test_what_the_twin_writes_is_read_within_half_a_step(values):
    [read, _] = started(sample_words(values).tobytes(), END)
    assert read == pytest.approx(values, rel=0.002, abs=1e-17)


# --- the driver ----------------------------------------------------------------------------------------------


class Bench:
    def __init__(self, seed: int = 1, *, ideal: bool = False, rate_hz: float | None = None) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock, seed, ideal=ideal)
        self.twin = VirtualLpm01a(self.world)
        self.box = Lpm01a(CableLink("monitor", self.clock, self.twin.port), self.clock, Options(format="bin_hexa"))
        self.rate_hz = rate_hz

    def deadline(self):
        return self.clock.deadline(20.0)

    def streaming(self):
        self.box.open(self.deadline())
        self.box.supply().configure(SupplySettings(3.0), self.deadline())
        self.applied = self.box.configure(SamplingSettings(self.rate_hz), self.deadline())
        self.box.supply().on(self.deadline())
        self.world.draw(CURRENT_A)
        self.box.start(self.deadline())
        return self

    def record(self, duration_s):
        items = []
        for _ in range(round(duration_s / 0.1)):
            self.clock.sleep(0.1)
            items += self.box.poll(self.deadline())
        return items

    def stop(self):
        return list(self.box.stop(self.deadline()))


def of(kind, items):
    return [item for item in items if isinstance(item, kind)]


@pytest.mark.parametrize("rate_hz", [None, 10_000, 100_000])
def test_a_quiet_acquisition_is_complete_and_right(rate_hz):
    b = Bench(ideal=True, rate_hz=rate_hz).streaming()
    [signal] = b.applied.signals
    assert (signal.name, signal.unit, signal.period_s) == ("current", "A", 1 / (rate_hz or 100_000))
    items = b.record(1.0) + b.stop()
    values = np.concatenate([block.values[0] for block in of(Samples, items)])
    assert len(values) == pytest.approx(1.0 / signal.period_s, rel=0.01)
    assert np.allclose(values, CURRENT_A, rtol=0.002)
    assert not of(Lost, items)
    assert not of(OverRange, items)
    assert not [note for note in of(Note, items) if note.suspicious]


@pytest.mark.parametrize("rate_hz", [1000, 5000, 100_001])
def test_rates_that_text_is_for_are_refused(rate_hz):
    b = Bench(rate_hz=rate_hz)
    with pytest.raises(Refused, match="one of 100000"):
        b.streaming()


def test_edges_are_refused_in_plain_words():
    with pytest.raises(Refused, match="not documented"):
        Bench().box.edges()
    assert drivers()["lpm01a"].plays({"format": "bin_hexa"}) == ("supply", "sampler")
    assert drivers()["lpm01a"].plays({}) == ("supply", "sampler", "edges")


def test_edges_on_the_pin_do_not_harm_the_stream():
    b = Bench().streaming()
    b.world.pin_falls()
    items = b.record(0.3) + b.stop()
    assert not of(Lost, items)
    assert not of(EventMark, items)


def test_lost_samples_are_counted_by_the_time_stamps():
    b = Bench(ideal=True)
    b.world.faults.drop_sample_every = 2500
    items = b.streaming().record(1.0) + b.stop()
    assert sum(lost.missing for lost in of(Lost, items)) == 40
    assert not of(OverRange, items)


def test_a_lost_byte_is_noticed_and_what_it_may_have_spoilt_is_over_range():
    b = Bench(ideal=True)
    b.world.faults.garble_sample_every = 20_000
    items = b.streaming().record(1.0) + b.stop()
    assert 4 <= len(of(Lost, items)) <= 5
    doubted = {i for one in of(OverRange, items) for i in range(one.at, one.at + one.count)}
    lost = [(one.after, one.before) for one in of(Lost, items)]
    for block in of(Samples, items):
        wrong = np.flatnonzero(~np.isclose(block.values[0], CURRENT_A, rtol=0.002)) + block.first
        for i in wrong.tolist():
            assert i in doubted or any(a <= i < z for a, z in lost)


def test_a_stall_is_counted():
    b = Bench().streaming()
    b.world.faults.drop_buffer_at_ns = b.clock.now_ns() + 300_000_000
    items = b.record(1.0) + b.stop()
    assert sum(lost.missing for lost in of(Lost, items)) == pytest.approx(25_000, abs=3)


def test_switching_off_ends_a_binary_acquisition_first_and_its_samples_are_kept():
    b = Bench(ideal=True).streaming()
    b.clock.sleep(0.3)
    b.box.supply().off(b.deadline())
    assert not b.world.powered
    items = b.stop()
    assert sum(block.count for block in of(Samples, items)) >= 30_000
    assert not [note for note in of(Note, items) if note.suspicious]


def test_its_coding_stands_in_the_specification():
    terms = [term for term in Bench().box.specification().terms if term.name == "quantisation"]
    assert [term.relative for term in terms] == [0.002]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_every_promise(check):
    spec = drivers()["lpm01a"]

    def make():
        subject = on_twin(spec)
        box = spec.build(subject.instrument._link, subject.clock, Options(format="bin_hexa"))
        return replace(subject, instrument=box, roles=("supply", "sampler"))

    check(make)
