# SPDX-License-Identifier: Apache-2.0
"""Samples and edges of the EEMBC runner, byte by byte and edge by edge; its log at the ends of what it keeps."""

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from energy_runner.errors import SessionError
from energy_runner.published.eembc.log import EembcLog, _numbers, _printable, _text, read_log
from energy_runner.published.eembc.recording import make_recording
from energy_runner.published.eembc.trace import Samples, parse_samples, parse_timestamps
from energy_runner.published.model import EEMBC, InferCommand, PublishedSession
from energy_runner.published.reproduce.eembc_windows import cut_windows, runtimes
from energy_runner.published.reproduce.wake_words import count_detections

# --- files ----------------------------------------------------------------------------------------------


def trace(*samples: float, rate_hz: float = 1000.0, tail: bytes = b"", magic: int = 0xF1) -> bytes:
    return struct.pack("<Bf", magic, rate_hz) + struct.pack(f"<{len(samples)}f", *samples) + tail


def test_samples_follow_a_byte_and_the_rate() -> None:
    read = parse_samples(trace(1.5, 2.5), "t")
    assert (read.rate_hz, read.samples_uj.tolist(), read.oddities) == (1000.0, [1.5, 2.5], ())
    for rate_hz in (1.0, 4e6):
        assert parse_samples(trace(1.0, rate_hz=rate_hz), "t").rate_hz == rate_hz


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is not a trace of the EEMBC runner (it begins with )"),
        (trace()[:4], "is not a trace of the EEMBC runner (it begins with f1 00 00 7a)"),
        (trace(1.0, magic=0xF0), "is not a trace of the EEMBC runner (it begins with f0 00 00 7a 44)"),
        (trace(), "holds no samples"),
        (trace(tail=b"abc"), "holds no samples"),
        (trace(1.0, rate_hz=0.99), "a sample rate of 0.99 Hz is absurd"),
        (trace(1.0, rate_hz=4.1e6), "a sample rate of 4.1e+06 Hz is absurd"),
        (trace(1.0, rate_hz=math.nan), "a sample rate of nan Hz is absurd"),
    ],
)
def test_files_that_are_no_trace_say_why(data: bytes, why: str) -> None:
    with pytest.raises(SessionError) as refused:
        parse_samples(data, "t")
    assert str(refused.value) == f"t: {why}"


def test_oddities_of_a_trace_are_counted() -> None:
    read = parse_samples(trace(1.0, math.nan, math.inf, -math.inf, -1.0, -2.0, 0.0, tail=b"abc"), "t")
    assert read.oddities == (
        "t: truncated, 3 bytes of a sample are left at its end",
        "t: 1 samples are NaN and 2 infinite",
        "t: 2 samples are negative",
    )
    assert parse_samples(trace(-math.inf), "t").oddities == ("t: 0 samples are NaN and 1 infinite",)
    assert parse_timestamps(b"[1, 2.5, NaN]", "t")[:2] == [1.0, 2.5]
    with pytest.raises(SessionError, match="is not a list of numbers"):
        parse_timestamps(b"{}", "t")
    assert len(parse_timestamps(b"[" + b"1," * 99_999 + b"1]", "t")) == 100_000
    with pytest.raises(SessionError, match="100001 timestamps are too many"):
        parse_timestamps(b"[" + b"1," * 100_000 + b"1]", "t")


# --- the recording --------------------------------------------------------------------------------------


def log(**more: Any) -> EembcLog:
    return EembcLog(**({"trace_on_ms": 100, "trace_off_ms": 900, "instrument": "lpm01a"} | more))


def samples(count: int = 8, rate_hz: float = 1000.0) -> Samples:
    return Samples(rate_hz, np.arange(count, dtype=np.float32))


@pytest.mark.parametrize(
    ("instrument", "rate_hz", "position", "half_width"),
    [
        ("lpm01a", 1000.0, 2.5, 0.5),
        ("js110", 1000.0, 3.0, 0.5),
        ("other", 1000.0, 2.75, 0.75),
        ("lpm01a", 4000.0, 11.5, 2.0),
        ("lpm01a", 500.0, 1.0, 0.5),
    ],
)
def test_edges_lie_as_each_monitor_dates_them(
    instrument: str, rate_hz: float, position: float, half_width: float
) -> None:
    made = make_recording(log(instrument=instrument), samples(rate_hz=rate_hz), [0.003])
    assert made is not None
    (edge,) = made.edges
    assert (edge.position, edge.half_width) == (pytest.approx(position), half_width)


def test_edges_that_no_trace_has_are_left_out() -> None:
    times = [math.nan, math.inf, -0.0011, -0.0009, 0.0, 0.017, 0.0171, 0.018]
    made = make_recording(log(), samples(), times)
    assert made is not None
    assert [edge.position for edge in made.edges] == [0.0, 0.0, pytest.approx(16.5)]


def test_laps_that_no_timestamp_tells_of_are_late_edges() -> None:
    laps = [(1, 1000), (2, 3400), (3, 3600), (4, 7000)]
    made = make_recording(log(monitor_laps=laps), samples(), [0.001, 0.002])
    assert made is not None
    assert [edge.position for edge in made.late_edges] == pytest.approx([3.1, 6.5])


@pytest.mark.parametrize(
    ("known", "stopped_ms"),
    [({}, 900), ({"trace_off_ms": None, "last_ms": 700}, 700), ({"trace_off_ms": None}, 108)],
)
def test_a_recording_ends_when_the_log_says_or_when_its_samples_end(
    known: dict[str, Any], stopped_ms: int
) -> None:
    made = make_recording(log(**known), samples(), [])
    assert made is not None
    assert (made.started_ms, made.stopped_ms, made.voltage_v) == (100, stopped_ms, None)
    long = make_recording(log(trace_off_ms=None), samples(5000, 500.0), [])
    assert long is not None
    assert long.stopped_ms == 10_100
    by_voltage = make_recording(log(voltage_mv=1800), samples(), [])
    assert by_voltage is not None
    assert by_voltage.voltage_v == 1.8


def test_samples_are_joule_and_what_is_no_number_is_missing() -> None:
    odd = Samples(1000.0, np.array([2.0, math.inf, math.nan], dtype=np.float32))
    made = make_recording(log(), odd, [])
    assert made is not None
    assert made.samples_j[0] == np.float32(2e-6)
    assert np.isnan(made.samples_j[1:]).all()
    assert make_recording(log(), None, []) is None
    assert make_recording(log(trace_on_ms=None), odd, []) is None


# --- log ------------------------------------------------------------------------------------------------


def test_numbers_may_end_with_a_comma_and_are_bounded() -> None:
    assert _numbers(b"1, 2.5,") == [1.0, 2.5]
    assert _numbers(b"") == []
    assert _numbers(b"1,,2") is None
    assert _numbers(b"x") is None
    assert len(_numbers(b"1," * 5000) or []) == 4096


@pytest.mark.parametrize(
    ("data", "printable", "text"),
    [
        (b"a b", True, "a b"),
        (b"a\tb", True, "a\ufffdb"),
        (b"a\x01b ", False, "a\ufffdb"),
        (b"a\xff", False, "a\ufffd"),
        (b"x" * 500, True, "x" * 400),
    ],
)
def test_what_cannot_be_printed_is_replaced(data: bytes, printable: bool, text: str) -> None:
    assert _printable(data) is printable
    assert _text(data) == text


def test_a_clock_that_runs_backwards_is_counted_and_each_list_is_bounded() -> None:
    lines = [b"00002.000 dut: m-ready", b"00001.000 dut: m-ready", b"00001.000 dut: m-ready", b"00000.999 io: x"]
    read = read_log([*lines, *(b"00003.000 emon: m-lap-us-%d" % k for k in range(205))])
    assert (read.backwards, read.lines, read.prefixed) == (2, 209, 209)
    assert len(read.monitor_laps) == 200
    boot = read_log(
        [b'00001.000 parser: Command "emon power on"', *(b"00001.100 dut: line %d" % k for k in range(205))]
    )
    assert boot.boot_lines == [f"line {k}" for k in range(200)]


def test_power_trace_and_sync_keep_their_first_or_last_time() -> None:
    read = read_log(
        [
            b'00001.000 parser: Command "dut timestamp"',
            b'00002.000 parser: Command "io dut timestamp"',
            b"00003.000 emon: m-trace[on] m-power[on]",
            b"00004.000 emon: m-trace[on]",
            b"00005.000 emon: m-trace[off]",
            b"00006.000 emon: m-trace[off] m-power[off]",
            b"00007.000 sequencer: m-sequencer-stop",
            b"00008.000 sequencer: m-sequencer-stop",
        ]
    )
    assert (read.sync_ms, read.trace_on_ms, read.trace_off_ms, read.ended_ms) == (1000, 3000, 6000, 7000)
    assert read.power == [(3000, True), (6000, False)]
    later = read_log([b"00007.000 sequencer: m-sequencer-stop", b"00009.000 session: m-session-stop-id[1]"])
    assert later.ended_ms == 9000


def test_a_command_executes_until_the_last_of_its_lines() -> None:
    sent = b'00010.000 parser: Command "dut infer 5 2"'
    for lines, ms in (
        ([], 10_000),
        ([b"00010.100 dut: m-infer-start-5"], 10_100),
        ([b"00010.100 dut: m-infer-start-5", b"00011.000 dut: m-infer-done"], 11_000),
        ([b"00010.100 dut: m-infer-start-5", b"00011.000 dut: m-infer-done", b"00012.000 dut: m-ready"], 12_000),
        ([b"00010.050 dut: m-ready"], 10_000),
    ):
        (command,) = read_log([sent, *lines]).commands
        assert command.finished_ms == ms
        assert (command.inferences, command.warmups) == (5, 2)
    (bare,) = read_log([b'00010.000 parser: Command "dut infer 5"']).commands
    assert bare.warmups is None


# --- figures of the runner ------------------------------------------------------------------------------


def test_windows_are_cut_from_the_first_sample_at_a_timestamp_to_the_one_before_the_next() -> None:
    uj = np.arange(1.0, 21.0)
    windows = cut_windows(uj, 10.0, [0.05, 0.2, 0.5, 0.75, 1.4, 1.9], [4, 5])
    first, second = windows
    assert (first.number, first.inferences, first.at_s) == (2, 4, pytest.approx(0.1))
    assert first.energy_uj == 3.0 + 4.0 + 5.0
    assert (first.for_s, first.runtime_s) == (pytest.approx(0.3), pytest.approx(0.3))
    assert first.power_uw == pytest.approx(12.0 / 0.3)
    assert first.per_inference_uj == 3.0
    assert (second.number, second.inferences, second.at_s) == (4, 5, pytest.approx(0.7))
    assert second.energy_uj == sum(range(9, 15))
    assert (second.runtime_s, second.for_s) == (pytest.approx(0.65), pytest.approx(0.6))


@pytest.mark.parametrize(
    ("stamps", "numbers"),
    [
        ([0.0, 0.0, 0.5], []),
        ([0.0, 0.1, 0.1], []),
        ([0.0, 0.1, math.nan, 0.3, 0.5], [4]),
        ([0.0, 0.1, 2.0], [2]),
        ([0.0, 0.1, 2.1], []),
        ([0.0, 0.5, 0.1], []),
        ([0.0, 0.1], []),
    ],
)
def test_a_window_that_the_trace_does_not_hold_is_left_out(stamps: list[float], numbers: list[int]) -> None:
    assert [window.number for window in cut_windows(np.ones(20), 10.0, stamps, [1])] == numbers
    bare = cut_windows(np.ones(20), 10.0, [0.0, 0.1, 0.5], [])
    assert (bare[0].inferences, math.isnan(bare[0].per_inference_uj)) == (0, True)


def test_runtimes_are_those_between_two_laps_in_order() -> None:
    def command(inferences: int, *laps_us: int) -> InferCommand:
        return InferCommand("f", 0, None, inferences, None, 0, laps_us=list(laps_us))

    commands = [command(5, 1_000_000, 3_500_000), command(6, 4_000_000, 4_000_001, 9_000_000, 9_500_000, 7)]
    for mode, found in (("performance", [(2, 5, 2.5), (4, 6, pytest.approx(1e-6)), (6, 6, 0.5)]), ("energy", [])):
        session = PublishedSession(Path("x"), EEMBC, mode, "kws01", commands=commands)  # type: ignore[arg-type]
        assert runtimes(session) == found


@pytest.mark.parametrize(
    ("detections", "counts"),
    [
        (
            [0, 1000, 4000],
            (1, 1, 0),
        ),  # both find the first word, which ends at 2 s; two seconds after it still count
        ([0, 999, 4001], (0, 2, 2)),
        ([500, 1500, 8_500], (2, 0, 0)),
        ([0, 20_000, 21_000, 21_001, 23_000], (0, 2, 3)),
        ([0], (0, 2, 0)),
        ([], (0, 2, 0)),
    ],
)
def test_words_are_found_until_two_seconds_after_them(
    detections: list[float], counts: tuple[int, int, int]
) -> None:
    found = count_detections(detections, [(1.0, 2.0), (7.0, 8.0)])
    assert (found.true_positives, found.false_negatives, found.false_positives) == counts
