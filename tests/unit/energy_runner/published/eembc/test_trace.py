# SPDX-License-Identifier: Apache-2.0
"""Traces and timestamps of the EEMBC runner: absurd rates, odd samples, any bytes at all."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.errors import SessionError
from energy_runner.published.eembc.trace import parse_samples, parse_timestamps
from tests.support.published_sessions import write_trace


@pytest.mark.parametrize("rate_hz", [0.0, -1000.0, float("nan"), float("inf"), 1e30, 1e-30])
def test_an_absurd_sample_rate_is_refused(tmp_path: Path, rate_hz: float) -> None:
    write_trace(tmp_path, [1.0, 2.0], rate_hz)
    with pytest.raises(SessionError, match=r"sample rate of .* Hz is absurd"):
        parse_samples((tmp_path / "trace1-energy.bin").read_bytes(), "trace1-energy.bin")


def test_what_is_odd_about_samples_is_named(tmp_path: Path) -> None:
    write_trace(tmp_path, [1.0, float("nan"), float("inf"), float("-inf"), -2.0])
    with (tmp_path / "trace1-energy.bin").open("ab") as file:
        file.write(b"\x01\x02")
    trace = parse_samples((tmp_path / "trace1-energy.bin").read_bytes(), "trace1-energy.bin")
    assert len(trace.samples_uj) == 5
    assert [text.partition(": ")[2] for text in trace.oddities] == [
        "truncated, 2 bytes of a sample are left at its end",
        "1 samples are NaN and 2 infinite",
        "1 samples are negative",
    ]


@pytest.mark.parametrize("data", [b"\xf1", b"\xf1\x00\x00\x7a\x44", b"\x00" * 100, b"hello, world, hello"])
def test_what_is_no_trace_is_refused(data: bytes) -> None:
    with pytest.raises(SessionError, match=r"trace1-energy\.bin"):
        parse_samples(data, "trace1-energy.bin")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_trace_or_refused(data: bytes) -> None:
    try:
        trace = parse_samples(struct.pack("<Bf", 0xF1, 1000.0) + data, "trace1-energy.bin")
    except SessionError:
        assert len(data) < 4
    else:
        assert len(trace.samples_uj) == len(data) // 4


@pytest.mark.parametrize(
    "text", ["[" * 10**6, '{"a": 1}', "[1, [2]]", '["x"]', "[" + "9" * 5000 + "", "nonsense", "[1,"]
)
def test_what_is_no_list_of_numbers_is_refused(text: str) -> None:
    with pytest.raises(SessionError, match=r"trace1-timestamps\.json: is not a list of numbers"):
        parse_timestamps(text.encode(), "trace1-timestamps.json")


@given(st.binary(max_size=60))
def test_any_bytes_are_timestamps_or_refused(data: bytes) -> None:
    try:
        stamps = parse_timestamps(data, "trace1-timestamps.json")
    except SessionError:
        return
    assert all(isinstance(value, float) for value in stamps)
