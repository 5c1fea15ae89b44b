# SPDX-License-Identifier: Apache-2.0
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.lpm01a.protocol import (
    MAX_LINE_BYTES,
    Event,
    EventMark,
    Garbage,
    Lpm01aDecoder,
    PowerState,
    Text,
    TimeStamp,
    number,
)
from instruments.devices.lpm01a.stream import Lpm01aStream
from instruments.roles import Edge, Lost, Note, OverRange, Samples, StreamItem, TimeMark
from instruments.shell.events import Ack, End, ErrorDetail, ErrorReply, SampleRun, SummaryText
from instruments.specifications import load

PROMPT = b"PowerShield > "


def decode(*parts: bytes) -> list[object]:
    """Return events with every sample on its own, so that the way the bytes were cut does not show."""
    decoder = Lpm01aDecoder()
    flat: list[object] = []
    for part in parts:
        for event in decoder.feed(part):
            flat += event.values.tolist() if isinstance(event, SampleRun) else [event]
    return flat


def in_single_bytes(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


# --- the grammar -----------------------------------------------------------------------------------------

SUMMARY = SummaryText((1e-8, 2345e-7), (1e-8, 1e-7))
LINES = [
    (b"6409-07\r\n", [640.9e-6]),
    (b"1579-08\r\n", [1579e-8]),
    (b"1579-08\n", [1579e-8]),
    (b"15\x0079-08\r\0\n", [1579e-8]),
    (b"3292+02\r\n", [329200.0]),
    (b"1579-30\r\n9999+99\r\n", [1579e-30, 9999e99]),
    (b"\r\nTimeStamp: 003s 120ms, buff 02%\r\n\0", [TimeStamp(3120, 2, " ")]),
    (b"TimeStamp:>999s 999ms, buff 100%\r\n", [TimeStamp(999999, 100, ">")]),
    (b"Timestamp:<1203s 000ms, buff 07%\r\n", [TimeStamp(1203000, 7, "<")]),
    (b"event 00 ris\r\n", [EventMark(0, "ris")]),
    (b"event 123 fal\r\n", [EventMark(123, "fal")]),
    (PROMPT + b"ack volt get 3292-03\r\n", [Ack("volt get 3292-03")]),
    (PROMPT + b"ack version: 1.0.6\r\n", [Ack("version: 1.0.6")]),
    (PROMPT + PROMPT + b"ack htc\r\n\0", [Ack("htc")]),
    (PROMPT + b"error pwr off\r\nError detail: no\r\n", [ErrorReply("pwr off"), ErrorDetail("no")]),
    (b"err\r\n", [ErrorReply("")]),
    (b"\r\nerroroverrun detected\r\n", [ErrorReply("overrun detected")]),
    (b"\r\npwr on\r\n", [PowerState(on=True)]),
    (b"pwr off\r\n", [PowerState(on=False)]),
    (PROMPT + b"Acquisition completed\r\n", [End("Acquisition completed")]),
    (b"end\r\nsummary beg\r\n0001-08\r\n2345-07\r\nsummary end\r\n", [End("end"), SUMMARY]),
    (b"summary begin\r\nsummary end\r\n", [SummaryText((), ())]),
    (b"help: volt freq\r\n", [Text("help: volt freq")]),
    (b"\r\n \r\n\0\r\n", []),
    (PROMPT + b"\r\n", []),
]
GLUED = [
    (b"1579-081580-08\r\n", [1579e-8, 1580e-8]),
    (b"1579-08\r1580-08\r\n", [1579e-8, 1580e-8]),
    (b"1579-08event 03 ris\r\n", [1579e-8, EventMark(3, "ris")]),
    (b"event 03 ris1580-08\r\n", [EventMark(3, "ris"), 1580e-8]),
    (b"1579-08TimeStamp: 001s 000ms, buff 00%1580-08\r\n", [1579e-8, TimeStamp(1000, 0, " "), 1580e-8]),
    (b"1579-08" + PROMPT + b"ack pwr off\r\n", [1579e-8, Ack("pwr off")]),
    (b"1579-08error voltage drop\r\n", [1579e-8, ErrorReply("voltage drop")]),
    (b"1579-08end\r\n", [1579e-8, End("end")]),
]
DAMAGED = [
    (b"579-08\r\n", [Garbage(b"579-08")]),
    (b"1579-0\r\n", [Garbage(b"1579-0")]),
    (b"1579-08x\r\n", [Garbage(b"1579-08x")]),
    (b"?1579-08\r\n", [Garbage(b"?1579-08")]),
    (b"x1579-08\r\n", [Garbage(b"x1579-08")]),
    (b"15#9-08\r\n", [Garbage(b"15#9-08")]),
    (b"11579-08\r\n", [Garbage(b"11579-08")]),
    # Of `1579-0` and `1580-08` with the line end lost, `1579-01` must not come out as a sample.
    (b"1579-01580-08\r\n", [Garbage(b"1579-01580-08")]),
    (b"1579-08 1580-08\r\n", [Garbage(b"1579-08 1580-08")]),
    (b"15event 03 ris79-08\r\n", [Garbage(b"15"), EventMark(3, "ris"), Garbage(b"79-08")]),
    (b"15" + PROMPT + b"79-08\r\n", [Garbage(b"15"), Garbage(b"79-08")]),
    (b"\xff\xfe\r\n", [Garbage(b"\xff\xfe")]),
    (b"caf\xc3\xa9\r\n", [Garbage(b"caf\xc3\xa9")]),
    (b"summary beg\r\n0001-08\r\nevent 00 ris\r\n", [Garbage(b"summary beg 0001-08"), EventMark(0, "ris")]),
    (
        b"summary beg\r\n0001-08\r\n0002-08\r\n0003-08\r\nsummary end\r\n",
        [Garbage(b"summary beg 0001-08 0002-08"), 3e-8, Text("summary end")],
    ),
]


@pytest.mark.parametrize(("data", "events"), LINES + GLUED + DAMAGED)
def test_line(data: bytes, events: list[object]):
    assert decode(data) == events
    assert decode(*in_single_bytes(data)) == events


@given(st.integers(0, 9999), st.sampled_from("+-"), st.integers(0, 99))
def test_value_is_the_nearest_float_to_what_is_printed(mantissa, sign, exponent):
    text = f"{mantissa:04d}{sign}{exponent:02d}"
    assert decode(text.encode() + b"\r\n") == [float(f"{mantissa}e{sign}{exponent}")]
    assert number(text) == float(f"{mantissa}e{sign}{exponent}")


@pytest.mark.parametrize("text", ["", "3.292", "3292", "3292-3", "x3292-03", "3292-03 ", "32920-03"])
def test_number_refuses_other_notations(text):
    with pytest.raises(ValueError, match="DDDD-EE"):
        number(text)


# --- hostile bytes ---------------------------------------------------------------------------------------

hostile = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from([line for line, _ in LINES + GLUED + DAMAGED])
        | st.sampled_from([PROMPT, b"\0", b"\r", b"\n", b"15", b"79-08\r\n", b"event 0", b"TimeSt", b"9" * 3000])
        | st.binary(max_size=4),
        max_size=12,
    ).map(b"".join),
)


@given(hostile, st.lists(st.integers(0, 10_000), max_size=8))
def test_any_bytes_give_the_same_events_however_they_are_cut(data, places):
    whole = decode(data)
    assert decode(*in_single_bytes(data)) == whole
    assert decode(*cut(data, places)) == whole


@given(st.lists(st.sampled_from([line for line, _ in LINES + GLUED]), min_size=1, max_size=5).map(b"".join))
def test_a_stream_cut_in_two_at_every_byte(data):
    whole = decode(data)
    assert all(decode(data[:i], data[i:]) == whole for i in range(len(data) + 1))


@given(
    st.lists(st.integers(1000, 9999), min_size=1, max_size=20, unique=True),
    st.integers(0, 10_000),
    st.sampled_from([bytes([i]) for i in range(256) if i not in b"\0\r\n"]),
)
def test_an_extra_byte_never_makes_a_sample(mantissas, place, extra):
    data = b"".join(b"%04d-08\r\n" % mantissa for mantissa in mantissas)
    place %= len(data) + 1
    sent = [float(f"{mantissa}e-8") for mantissa in mantissas]
    samples = [event for event in decode(data[:place] + extra + data[place:]) if isinstance(event, float)]
    assert set(samples) <= set(sent)
    assert len(samples) >= len(sent) - 1


@given(st.lists(st.integers(1000, 9999), min_size=2, max_size=20), st.integers(0, 10_000))
def test_a_lost_byte_never_makes_a_sample(mantissas, place):
    data = b"".join(b"%04d-08\r\n" % mantissa for mantissa in mantissas)
    place %= len(data)
    samples = [event for event in decode(data[:place] + data[place + 1 :]) if isinstance(event, float)]
    assert set(samples) <= {float(f"{mantissa}e-8") for mantissa in mantissas}
    assert len(samples) >= len(mantissas) - 2


def test_an_endless_line_is_kept_in_bounds_and_returned_whole():
    decoder = Lpm01aDecoder()
    returned = b""
    for _ in range(100):
        for event in decoder.feed(b"1579-08" * 1000):
            assert isinstance(event, Garbage)
            assert len(event.data) <= MAX_LINE_BYTES
            returned += event.data
        assert len(decoder._tail) <= MAX_LINE_BYTES
    for event in decoder.feed(b"1579-08\r\n"):
        assert isinstance(event, Garbage)
        returned += event.data
    assert returned == b"1579-08" * 100_001 + b"\r"
    assert len(decoder.feed(b"1579-08\r\n")) == 1


# --- the account of one acquisition ----------------------------------------------------------------------


def run(stream: Lpm01aStream, *events: Event) -> list[StreamItem]:
    return [item for event in events for item in stream.take(event)]


def samples(count: int) -> SampleRun:
    return SampleRun(np.full(count, 1e-5))


def of_type(items: list[StreamItem], kind: type) -> list:
    return [item for item in items if isinstance(item, kind)]


def suspicious(items: list[StreamItem]) -> list[str]:
    return [item.text for item in items if isinstance(item, Note) and item.suspicious]


def test_samples_count_on_and_edges_stand_in_the_sample_in_progress():
    items = run(Lpm01aStream(1000, 1.0), samples(5), EventMark(0, "ris"), samples(2), EventMark(1, "ris"))
    assert [item.first for item in of_type(items, Samples)] == [0, 5]
    assert of_type(items, Samples)[0].values[0].dtype == np.float32
    assert of_type(items, Edge) == [Edge(5.5, 0.5, 0), Edge(7.5, 0.5, 1)]
    assert suspicious(items) == []


def test_a_full_count_between_time_stamps_is_no_loss_at_any_rate_and_past_the_wrap():
    for rate_hz, step_ms in [(5000, 200), (1000, 1000), (20, 50_000), (1, 1_000_000)]:
        stream = Lpm01aStream(rate_hz, 1.0)
        marks = []
        for i in range(1, 1003):
            items = run(stream, samples(1000), TimeStamp(i * step_ms % 1_000_000, 1, " "))
            assert len(items) == 2
            marks += of_type(items, TimeMark)
        assert marks[-1] == TimeMark(1_002_000, 1_002_000 / rate_hz, 0.01)


@pytest.mark.parametrize("missing", [1, 7, 999, 2500])
def test_missing_samples_are_counted_and_later_indices_are_right(missing):
    stream = Lpm01aStream(1000, 1.0)
    run(stream, samples(1000), TimeStamp(1000, 0, " "))
    seconds = 2 + missing // 1000
    items = run(stream, samples(seconds * 1000 - 1000 - missing), TimeStamp(seconds * 1000, 0, " "), samples(1))
    (lost,) = of_type(items, Lost)
    assert (lost.after, lost.before, lost.missing) == (1000, seconds * 1000, missing)
    assert of_type(items, TimeMark)[0].at == seconds * 1000
    assert of_type(items, Samples)[-1].first == seconds * 1000


def test_surplus_samples_are_suspicious_and_hide_no_later_loss():
    stream = Lpm01aStream(1000, 1.0)
    items = run(stream, samples(1001), TimeStamp(1000, 0, " "))
    assert len(suspicious(items)) == 1
    assert of_type(items, Lost) == []
    items = run(stream, samples(999), TimeStamp(2000, 0, " "))
    assert [lost.missing for lost in of_type(items, Lost)] == [1]


def test_a_time_stamp_that_never_came_is_no_loss():
    items = run(Lpm01aStream(1000, 1.0), samples(2000), TimeStamp(2000, 0, " "))
    assert of_type(items, Lost) == []
    assert suspicious(items) == []


def test_event_counter_wraps_and_a_jump_is_a_lost_edge():
    stream = Lpm01aStream(1000, 1.0)
    items = run(stream, *[EventMark(i % 100, "ris") for i in range(205)])
    assert suspicious(items) == []
    assert len(of_type(items, Edge)) == 205
    items = run(stream, EventMark(7, "ris"))
    assert len(of_type(items, Edge)) == 1
    assert suspicious(items) == [
        "lost edge: the event counter went from 04 to 07, 2 event(s) are missing before sample 0"
    ]
    (text,) = suspicious(
        run(stream, EventMark(7, "ris"))
    )  # the same number again: 99 are missing, or one is doubled
    assert text.startswith("lost edge")


def test_a_full_buffer_is_suspicious():
    stream = Lpm01aStream(1000, 1.0)
    assert suspicious(run(stream, samples(1000), TimeStamp(1000, 90, " "))) == []
    assert len(suspicious(run(stream, samples(1000), TimeStamp(2000, 91, " ")))) == 1


@pytest.mark.parametrize("text", ["overcurrent", "Current over range", "range overload"])
def test_an_error_line_over_range_marks_the_sample_before_it(text):
    items = run(Lpm01aStream(1000, 1.0), samples(10), ErrorReply(text))
    assert [(item.at, item.count) for item in of_type(items, OverRange)] == [(9, 1)]


def test_samples_at_the_limit_count_as_over_range_until_three_are_lower():
    stream = Lpm01aStream(1000, 1.0)
    values = np.array([0.5, 0.49, 0.46, 0.3, 0.3, 0.5, 0.3, 0.3, 0.3, 0.5])
    items = run(stream, SampleRun(np.array([0.1, 0.5])), ErrorReply("overcurrent"), SampleRun(values))
    assert [(item.at, item.count) for item in of_type(items, OverRange)] == [(1, 1), (2, 6)]
    assert of_type(run(stream, SampleRun(np.array([0.5]))), OverRange) == []


@pytest.mark.parametrize("split", range(1, 400))
def test_a_sample_that_is_low_by_its_noise_does_not_end_an_overcurrent(split):
    """The swarm found it at 100 kHz: one of 4430 samples was 10 % lower, and all others counted as measured."""
    stream = Lpm01aStream(100e3, 1.0)
    values = np.full(400, 0.5)
    values[[50, 51, 130, 149]] = 0.4  # none stays low for 1 ms
    values[250:351] = 0.1
    report = SampleRun(np.array([0.1, 0.5])), ErrorReply("overcurrent")
    items = run(stream, *report, SampleRun(values[:split]), SampleRun(values[split:]))
    over = {item.at + k for item in of_type(items, OverRange) for k in range(item.count)}
    least = set(range(1, 252))  # and no more than those of the last ms, where a block ends in it
    assert least <= over <= least | set(range(252, 352))
    assert over == least or 250 < split < 350


def test_a_reported_sample_that_is_misread_does_not_hide_the_limit():
    """The swarm found it: the sample at the report read ten times too much, so no other was at the limit."""
    stream = Lpm01aStream(1000, 9.0)
    values = np.array([0.5, 0.5, 0.46, 0.3, 0.3, 0.3, 0.5])
    items = run(stream, SampleRun(np.array([0.1, 5.0])), ErrorReply("overcurrent"), SampleRun(values))
    assert [(item.at, item.count) for item in of_type(items, OverRange)] == [(1, 1), (2, 3)]
    nothing = run(stream, SampleRun(np.array([5.0])), ErrorReply("overcurrent"), SampleRun(np.zeros(3)))
    assert [(item.at, item.count) for item in of_type(nothing, OverRange)] == [(9, 1)]


@pytest.mark.parametrize(
    "event",
    [
        ErrorReply("voltage drop"),
        ErrorReply("overrun detected"),
        ErrorDetail("x"),
        Text("x"),
        Garbage(b"x"),
        PowerState(False),
    ],
)
def test_what_belongs_to_no_sample_is_suspicious(event):
    assert len(suspicious(run(Lpm01aStream(1000, 1.0), event))) == 1


def test_samples_above_what_the_shield_can_supply_are_over_range():
    values = np.array([1e-5, 9.0, 9.5, 1e-5, 9999e99, 1e-5])
    items = run(Lpm01aStream(1000, 6.6e-4), samples(10), SampleRun(values))
    assert [(item.at, item.count) for item in of_type(items, OverRange)] == [(11, 2), (14, 1)]
    assert of_type(items, Samples)[1].count == 6


def test_an_end_that_nobody_asked_for_is_a_loss():
    stream = Lpm01aStream(1000, 1.0)
    items = run(stream, samples(10), End("end"))
    assert stream.ended
    assert len(suspicious(items)) == 1
    assert [lost.after for lost in of_type(items, Lost)] == [10]


# --- the accuracy table ----------------------------------------------------------------------------------


def test_accuracy_table_names_a_source_for_every_limit():
    accuracy = load("instruments.devices.lpm01a")
    names = [term.name for term in accuracy.terms]
    unknown = ["range_changes", "temperature"]
    sized = ["clock", "edge_latency", "gain", "noise", "offset", "quantisation", "supply_voltage"]
    assert sorted(names) == sorted(sized + unknown)
    assert all(term.source for term in accuracy.terms)
    for term in accuracy.terms:
        assert (term.relative > 0) + (term.absolute > 0) == (term.name in sized)
    assert accuracy.assumptions


def test_unknown_accuracy_table():
    with pytest.raises(FileNotFoundError):
        load("instruments.links")
