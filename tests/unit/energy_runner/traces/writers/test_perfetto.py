# SPDX-License-Identifier: Apache-2.0
"""Perfetto traces: tracks with what happened, power as thinned counters, and a writer of varints."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.traces.writers import perfetto_file, protobuf
from energy_runner.traces.writers.model import Curve, Item
from tests.support.outgoing import HOSTILE, PerfettoTrace, fields, outgoing, track, written

BEGIN, END, INSTANT, COUNTER = 1, 2, 3, 4


@given(st.integers(0, 2**64 - 1), st.floats(), st.text())
def test_fields_read_back(number: int, value: float, text: str) -> None:
    told = protobuf.number(1, number) + protobuf.double(99, value) + protobuf.text(16, text)
    (a, first), (b, second), (c, third) = fields(told)
    assert (a, b, c) == (1, 99, 16)
    assert first == number
    assert second == value or math.isnan(value)
    assert third.decode() == text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("value", [-(2**63) - 1, 2**64])
def test_a_number_beyond_64_bits_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        protobuf.varint(value)


def test_the_bytes_of_known_varints() -> None:
    # The examples of https://protobuf.dev/programming-guides/encoding/
    assert protobuf.number(1, 150) == b"\x08\x96\x01"
    assert protobuf.text(2, "testing") == b"\x12\x07testing"
    assert protobuf.varint(-2) == b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"


@given(count=st.integers(1, 400), most=st.sampled_from([3, 30, 300]), gone=st.sets(st.integers(0, 399)))
def test_counters_hold_mean_least_and_largest(count, most, gone, tmp_path_factory) -> None:
    values = np.random.default_rng(count).uniform(0, 1, count).astype(np.float32)
    values[[k for k in gone if k < count]] = np.nan
    path = tmp_path_factory.mktemp("pf") / "t.pftrace"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(perfetto_file, "MOST_POINTS", most)
        told = written(outgoing(values), path, "perfetto")
    trace = PerfettoTrace(path)
    assert told.rows <= most
    per = math.ceil(count / (most // 3))
    wanted = []
    for first in range(0, count, per):
        part = values[first : first + per].astype(np.float64)
        if not np.isnan(part).all():
            wanted.append((first * 1_000_000, np.nanmean(part), np.nanmin(part), np.nanmax(part)))
    for column, kind in enumerate(("mean", "least", "largest"), start=1):
        got = [(at, value) for type_, at, _, value in trace.of(f"power, {kind}") if type_ == COUNTER]
        assert [at for at, _ in got] == [row[0] for row in wanted]
        assert [value for _, value in got] == pytest.approx([row[column] for row in wanted], rel=1e-12)


def test_a_million_samples_are_not_a_million_points(tmp_path) -> None:
    told = written(outgoing(np.ones(1_000_000)), tmp_path / "t.pftrace", "perfetto")
    assert told.rows <= 100_000
    assert (tmp_path / "t.pftrace").stat().st_size < 4_000_000
    assert any("each 31 samples" in one for one in told.remarks)


@given(
    spans=st.lists(st.tuples(st.integers(-50, 1000), st.integers(0, 300)), max_size=40).map(sorted),
    lanes=st.sampled_from([2, 64]),
)
def test_slices_of_one_row_never_overlap(spans, lanes, tmp_path_factory) -> None:
    items = [
        Item(start / 1000, (start + length) / 1000, str(k), str(k)) for k, (start, length) in enumerate(spans)
    ]
    path = tmp_path_factory.mktemp("pf") / "t.pftrace"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(perfetto_file, "MOST_LANES", lanes)
        told = written(outgoing(np.ones(10), tracks=(track("a", items, "Spans"),)), path, "perfetto")
    trace = PerfettoTrace(path)
    shown = 0
    for number, events in trace.events.items():
        if not trace.names[number].startswith("Spans"):
            continue
        depth, last = 0, -1
        for type_, at, _, _ in events:
            assert at >= last
            last = at
            depth += {BEGIN: 1, END: -1}.get(type_, 0)
            shown += type_ in (BEGIN, INSTANT)
            assert depth in (0, 1)
        assert depth == 0
    left_out = sum(int(one.split(" of ")[0]) for one in told.remarks if one.endswith("are left out"))
    assert shown + left_out == len(items)
    assert left_out == 0 or lanes == 2


def test_what_happened_before_the_first_sample_has_a_place_too(tmp_path) -> None:
    lines = [Item(-2.5, -2.5, "m-ready", "from dut: m-ready")]
    curve = Curve("temperature, room", "°C", np.array([-1.0, 2.0]), np.array([21.5, np.nan]))
    out = outgoing(np.ones(10), tracks=(track("uart", lines, "UART lines"),), curves=(curve,))
    written(out, tmp_path / "t.pftrace", "perfetto")
    trace = PerfettoTrace(tmp_path / "t.pftrace")
    assert trace.of("UART lines") == [(INSTANT, 0, "m-ready", None)]
    assert trace.of("power, mean")[0][1] == 2_500_000_000
    assert trace.of("temperature, room") == [(COUNTER, 1_500_000_000, "", 21.5)]
    assert set(trace.units.values()) == {"W", "°C"}


def test_times_that_no_run_can_have_stand_at_the_ends(tmp_path) -> None:
    items = [Item(-1e300, -1e299, "a", ""), Item(0.0, 1e300, "b", ""), Item(2.0, 3.0, "c", "")]
    out = outgoing(np.ones(10), tracks=(track("losses", items, "Lost samples"),))
    written(out, tmp_path / "t.pftrace", "perfetto")
    trace = PerfettoTrace(tmp_path / "t.pftrace")
    assert [event[1:3] for event in trace.of("Lost samples") if event[0] == BEGIN] == [
        (0, "a"), (10**15, "b")
    ]  # fmt: skip
    assert trace.of("Lost samples")[-1][1] == 2**62  # 146 years; 2**63 is negative to readers
    assert trace.of("Lost samples 2")[0] == (BEGIN, 10**15 + 2 * 10**9, "c", None)


def test_a_simulated_session_says_so_in_its_tracks(tmp_path) -> None:
    written(outgoing(np.ones(10), virtual=True), tmp_path / "t.pftrace", "perfetto")
    names = PerfettoTrace(tmp_path / "t.pftrace").names
    assert names[1].startswith("SIMULATED trace of made-by-hand")
    assert names[2].startswith("SIMULATED")
    written(outgoing(np.ones(10)), tmp_path / "u.pftrace", "perfetto")
    assert "SIMULATED" not in " ".join(PerfettoTrace(tmp_path / "u.pftrace").names.values())


def test_a_session_without_samples_shows_what_happened(tmp_path) -> None:
    items = [Item(0.0, 1.0, "load", "phase load")]
    out = outgoing(np.zeros(0), signals=(), tracks=(track("journal", items, "Phases of the run"),))
    written(out, tmp_path / "t.pftrace", "perfetto")
    trace = PerfettoTrace(tmp_path / "t.pftrace")
    assert [event[:3] for event in trace.of("Phases of the run")] == [(BEGIN, 0, "load"), (END, 10**9, "")]


def test_hostile_texts_are_printable_and_bounded(tmp_path) -> None:
    items = [Item(1.0, 2.0, HOSTILE * 50, HOSTILE * 50)]
    out = outgoing(np.ones(10), session=HOSTILE, tracks=(track("uart", items, "UART lines"),), remarks=(HOSTILE,))
    written(out, tmp_path / "t.pftrace", "perfetto")
    trace = PerfettoTrace(tmp_path / "t.pftrace")
    assert all(text.isprintable() and len(text) <= 300 for text in (*trace.texts, *trace.names.values()))


def test_no_time_is_beyond_what_readers_count_in(tmp_path) -> None:
    items = [Item(0.0, 1e300, "long", ""), Item(1e300, 1e300, "late", "")]
    written(outgoing(np.ones(10), tracks=(track("journal", items),)), tmp_path / "t.pftrace", "perfetto")
    times = [at for events in PerfettoTrace(tmp_path / "t.pftrace").events.values() for _, at, _, _ in events]
    assert max(times) < 2**63


def test_values_of_a_curve_that_are_left_out_are_said(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(perfetto_file, "MOST_POINTS", 300)
    at_s = np.arange(1000) * 1e-3
    few = Curve("few", "V", at_s[:300], at_s[:300])
    out = outgoing(np.ones(10), curves=(Curve("supply", "V", at_s, at_s), few))
    told = written(out, tmp_path / "t.pftrace", "perfetto")
    said = [one for one in told.remarks if "left out" in one]
    assert said == ["of supply one value in 4 is there; those between are left out"]


def test_a_power_of_which_each_sample_is_there_is_not_called_thinned(tmp_path) -> None:
    told = written(outgoing(np.ones(10)), tmp_path / "t.pftrace", "perfetto")
    assert not any("thinned" in one for one in told.remarks)
