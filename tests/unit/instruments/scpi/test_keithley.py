# SPDX-License-Identifier: Apache-2.0
"""What Keithley instruments share: blocks without a length, timed readings, states, the language."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.links.stream_scpi import StreamScpiLink
from instruments.scpi.blocks import format_block
from instruments.scpi.keithley import decode_plain, decode_timed, ended
from instruments.scpi.session import ScpiSession
from tests.support.keithley_bench import Bench, meter, smu
from tests.unit.instruments.devices.ngu.test_protocol import Scripted

MAKES: tuple[Callable[[], Bench], ...] = (meter, smu)
floats = st.lists(st.floats(min_value=-100, max_value=100, width=32), max_size=12)


def asked(data: bytes, length: int, pieces: list[int]) -> bytes:
    """Return what is read of the answer `data`, which arrives in pieces, if it is to hold `length` bytes."""
    clock = VirtualClock()
    session = ScpiSession(StreamScpiLink(Scripted(clock, data, pieces)), "meter")
    session.in_step = True
    return session.ask_known_block("TRAC:DATA? 1,3", length, clock.deadline(1.0))


# --- blocks ----------------------------------------------------------------------------------------------


@given(floats)
def test_a_block_without_a_length_split_at_every_byte_is_the_same(values: list[float]) -> None:
    data = np.array(values, dtype=">f4").tobytes()
    for at in range(len(data) + 4):
        read = asked(b"#0" + data + b"\n", len(data), [at])
        assert decode_plain(read).records.values[0].tolist() == values


def test_a_block_that_tells_its_length_is_read_too() -> None:
    assert asked(format_block(b"12345678") + b"\n", 8, []) == b"12345678"


@pytest.mark.parametrize("answer", [format_block(b"1234"), b"#0123456789", b"#x", b"12345678"])
def test_another_length_than_asked_for_is_a_violation(answer: bytes) -> None:
    with pytest.raises((ProtocolViolation, TimedOut)):
        asked(answer + b"\n", 8, [])


@given(st.binary(max_size=96), st.integers(0, 40), st.lists(st.integers(0, 96), max_size=6))
def test_any_answer_is_that_many_bytes_or_a_violation(data: bytes, length: int, pieces: list[int]) -> None:
    outcomes = []
    for split in ([], pieces, list(range(len(data)))):
        try:
            outcomes.append(asked(data, length, split))
            assert len(outcomes[-1]) == length
        except (ProtocolViolation, TimedOut) as error:
            outcomes.append(type(error).__name__.encode())
    assert outcomes[0] == outcomes[1] == outcomes[2]


# --- readings --------------------------------------------------------------------------------------------


@given(st.binary(max_size=80))
def test_any_bytes_are_timed_readings_or_a_violation(data: bytes) -> None:
    try:
        readings = decode_timed(data)
    except ProtocolViolation:
        return
    assert readings.times_s is not None
    assert readings.records.count == len(readings.times_s) == len(data) // 16
    assert np.all(np.isfinite(readings.times_s))


@given(st.binary(max_size=40))
def test_a_block_with_part_of_a_reading_is_a_violation(data: bytes) -> None:
    if len(data) % 4:
        with pytest.raises(ProtocolViolation):
            decode_plain(data)


def test_timed_readings_are_pairs_and_an_overflow_is_no_number() -> None:
    pairs = [(0.01, 0.0), (9.9e37, 0.001), (math.nan, 0.002), (-0.5, 3600.0005)]
    readings = decode_timed(np.array(pairs, dtype=">f8").tobytes())
    assert readings.records.bad.tolist() == [False, True, True, False]
    assert readings.times_s is not None
    assert readings.times_s.tolist() == [time for _, time in pairs]  # to the microsecond after an hour
    assert readings.records.values[0][0] == np.float32(0.01)


@pytest.mark.parametrize("time_s", [-1.0, math.nan, math.inf, 1e9])
def test_a_time_that_is_none_is_a_violation(time_s: float) -> None:
    with pytest.raises(ProtocolViolation):
        decode_timed(np.array([(0.01, time_s)], dtype=">f8").tobytes())


def test_states_of_the_trigger_model() -> None:
    assert ended("RUNNING;RUNNING;3") == ended("waiting;WAITING;2") == ended("BUILDING;BUILDING;0") == ""
    assert "IDLE" in ended("IDLE;IDLE;3")
    assert "ABORTED" in ended("ABORTED;ABORTED;1")
    assert "no state" in ended("")


# --- language and model ----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize("language", ["TSP", "SCPI2400"])
def test_another_command_set_is_refused_with_the_way_to_change_it(make, language: str) -> None:
    bench = make()
    bench.world.faults.left_over = {"*LANG": language}
    with pytest.raises(Refused, match=rf"{language}, not SCPI.*\*LANG SCPI.*restart"):
        bench.open()
    assert not bench.twin.port.is_open
    assert b"*LANG SCPI\n" not in bench.sent  # it would need a restart, and the user's word


def test_one_that_is_silent_before_its_language_is_known_is_told_by_its_answer() -> None:
    """Whether a TSP instrument takes two common commands in one line is not known."""
    bench = meter()
    bench.world.faults.left_over = {"*LANG": "TSP"}
    listen = bench.world.faults.corrupt["host>monitor"]
    bench.world.faults.corrupt["host>monitor"] = lambda data: b"" if b"*ESE" in data else listen(data)
    with pytest.raises(Refused, match=r"\*LANG SCPI"):
        bench.open()


@pytest.mark.parametrize("make", MAKES)
def test_a_silent_instrument_is_not_taken_for_one_in_another_language(make) -> None:
    bench = make()
    bench.world.faults.silent.add("monitor")
    deadline = bench.within(3.0)
    with pytest.raises(TimedOut):
        bench.instrument.open(deadline)
    assert bench.clock.now_ns() <= deadline.at_ns


@pytest.mark.parametrize("make", MAKES)
def test_another_model_is_refused_and_named(make) -> None:
    bench = make()
    other = bench.twin.model.encode()
    bench.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"MODEL " + other, b"MODEL 2400")
    with pytest.raises(Refused, match="2400 answers"):
        bench.open()


@pytest.mark.parametrize("make", MAKES)
def test_a_byte_order_that_is_not_read_back_is_refused(make) -> None:
    bench = make().open()
    bench.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"NORM\n", b"SWAP\n")
    with pytest.raises(Refused, match="byte order"):
        bench.configure()


@pytest.mark.parametrize("make", MAKES)
def test_nothing_is_reset_or_cleared_but_the_buffer(make) -> None:
    bench = make().ready()
    bench.world.pin_falls()
    bench.log(0.5)
    bench.stop()
    bench.instrument.close()
    bench.instrument.close()
    lines = [line for data in bench.sent for line in data.split(b"\n")]
    assert len(lines) > 30
    assert not [line for line in lines if line.startswith((b"*RST", b"*CLS", b"SYST:CLE", b"SYST:LOC"))]
