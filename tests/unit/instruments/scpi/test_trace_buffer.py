# SPDX-License-Identifier: Apache-2.0
"""A buffer that fills and is read by index: nothing is lost on the way, and what is missing is counted."""

from collections.abc import Callable

import numpy as np
import pytest

from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.roles import Lost, Note, OverRange, Samples, SamplingSettings
from instruments.scpi.trace_buffer import runs_of_places
from instruments.scpi.twin_core import header_pattern
from tests.support.keithley_bench import Bench, joined, meter, smu
from tests.support.n6705_bench import busy, check_indexes, of

MAKES: tuple[Callable[..., Bench], ...] = (meter, smu)
PERIODS = {meter: 1e-4, smu: 1e-3}
both = pytest.mark.parametrize("make", MAKES)


def test_runs_of_places() -> None:
    assert runs_of_places(np.array([], dtype=np.int64)) == []
    assert runs_of_places(np.array([4])) == [(0, 1)]
    assert runs_of_places(np.array([0, 1, 2, 5, 6, 9])) == [(0, 3), (3, 2), (5, 1)]


@both
def test_the_samples_do_not_depend_on_how_often_the_host_reads(make) -> None:
    logs = []
    for every_s in (0.01, 0.137, 1.9):
        bench = make(5, ideal=False).ready()
        busy(bench.world, 4.0)
        bench.world.pin_falls()
        items = [*bench.log(2.9, every_s), *bench.stop()]
        assert {type(item) for item in items} == {Samples}
        check_indexes(items)
        logs.append(joined(items)[:2800])
    assert np.array_equal(logs[0], logs[1])
    assert np.array_equal(logs[0], logs[2])


@both
def test_a_long_silence_of_the_host_loses_nothing(make) -> None:
    bench = make().ready()
    bench.world.pin_falls()
    bench.clock.sleep(30.0)
    items = [*bench.log(0.1), *bench.stop()]
    assert {type(item) for item in items} == {Samples}
    assert check_indexes(items) * PERIODS[make] == pytest.approx(30.1, abs=0.01)


@both
def test_an_answer_that_is_lost_on_its_way_is_asked_for_again(make) -> None:
    bench = make().ready()
    bench.world.pin_falls()
    items = bench.log(0.5)
    bench.world.faults.corrupt["monitor>host"] = lambda data: b"" if data.startswith(b"#0") else data
    with pytest.raises(TimedOut):
        bench.log(0.1)
    bench.world.faults.corrupt.pop("monitor>host")
    items += [*bench.log(0.5), *bench.stop()]
    assert {type(item) for item in items} == {Samples}
    assert check_indexes(items) * PERIODS[make] >= 1.0


@both
def test_readings_that_were_not_stored_are_lost_and_counted(make) -> None:
    bench = make().ready()
    bench.world.pin_falls()
    bench.world.faults.drop_buffer_at_ns = bench.clock.now_ns() + 2_000_000_000
    items = [*bench.log(6.0), *bench.stop()]
    (lost,) = of(Lost, items)
    assert check_indexes(items) * PERIODS[make] == pytest.approx(6.0, abs=0.1)
    if make is smu:  # its readings carry their times
        assert (lost.after, lost.missing) == (2000, 1000)
        assert "own times" in lost.detail
    else:
        assert lost.missing * PERIODS[make] == pytest.approx(1.0, abs=0.11)
        assert "host's clock" in lost.detail


@both
def test_a_full_buffer_ends_the_acquisition_and_the_rest_is_lost(make) -> None:
    bench = make().open()
    bench.configure()
    bench.twin._capacity = bench.instrument._log.capacity = 1500
    bench.feed()
    bench.instrument.start(bench.within())
    bench.world.pin_falls()
    items = [*bench.log(4.0), *bench.stop()]
    assert len(joined(items)) == 1500
    (note,) = [item for item in of(Note, items) if "full" in item.text]
    assert (note.about, note.suspicious, note.after) == ("ended", True, 1500)
    assert any(item.about == "ended" and "4915" in item.text for item in of(Note, items))
    assert not any(item.about == "error" for item in of(Note, items))
    lost = of(Lost, items)[-1]
    assert check_indexes(items) == lost.before
    assert lost.before * PERIODS[make] == pytest.approx(4.0, abs=0.15)


@both
def test_an_acquisition_that_stops_by_itself_says_so(make) -> None:
    bench = make().ready()
    bench.world.pin_falls()
    items = bench.log(1.0)
    bench.twin._abort()  # as the key at the front panel does
    items += bench.log(2.0)
    (note,) = of(Note, items)
    assert note.about == "ended"
    assert "ABORTED" in note.text
    assert of(Lost, bench.stop())[0].missing * PERIODS[make] == pytest.approx(2.0, abs=0.15)


@both
def test_a_trigger_model_that_does_not_wait_is_refused(make) -> None:
    bench = make().open()
    bench.configure()
    bench.feed()
    bench.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"WAITING", b"FAILED")
    with pytest.raises(Refused, match="FAILED"):
        bench.instrument.start(bench.within())
    assert bench.stop() == []


@both
def test_another_program_that_clears_the_buffer_is_noticed(make) -> None:
    bench = make().ready()
    bench.world.pin_falls()
    bench.log(1.0)
    bench.twin._clear()
    with pytest.raises(ProtocolViolation, match="no other program"):
        bench.log(0.1)


@both
def test_an_overflow_is_over_range_and_no_number(make) -> None:
    bench = make()
    bench.world.faults.over_range_above_a = 0.02
    bench.ready()
    bench.world.pin_falls()
    items = bench.log(0.5)
    bench.world.draw(0.05)
    items += bench.log(0.05)
    bench.world.draw(0.01)
    items += [*bench.log(1.0), *bench.stop()]
    bad = np.flatnonzero(np.isnan(joined(items)))
    flagged = of(OverRange, items)
    assert sum(item.count for item in flagged) == len(bad)
    assert flagged[0].at == bad[0]
    assert len(bad) * PERIODS[make] == pytest.approx(0.05, abs=2.1 * PERIODS[make])


@both
def test_a_rate_that_is_not_the_reported_one_is_noticed(make) -> None:
    bench = make()
    bench.twin.clock_error = -0.05
    bench.ready()
    bench.world.pin_falls()
    with pytest.raises(ProtocolViolation, match="count the logged records"):
        bench.log(30.0)


@both
def test_an_error_of_the_instrument_is_noted_where_it_happened(make) -> None:
    bench = make()
    bench.world.faults.error_at_ns = 3_000_000_000
    bench.ready()
    bench.world.pin_falls()
    items = [*bench.log(5.0), *bench.stop()]
    (note,) = of(Note, items)
    assert (note.about, note.suspicious) == ("error", True)
    assert "-310" in note.text
    assert note.after is not None
    assert note.before is not None
    assert note.after * PERIODS[make] < 3.0 < note.before * PERIODS[make] + 0.5


@both
def test_an_unfinished_acquisition_and_late_bytes_of_another_program_are_put_aside(make) -> None:
    bench = make()
    bench.world.faults.stale_stream = True
    bench.open()
    assert bench.twin._state == "ABORTED"
    bench.configure()
    assert (bench.twin._fill, bench.twin._order) == ("ONCE", "NORM")
    bench.feed()
    bench.instrument.start(bench.within())
    assert bench.log(0.5) == []
    bench.world.pin_falls()
    assert np.allclose(joined([*bench.log(0.5), *bench.stop()]), 0.010)


@both
@pytest.mark.parametrize("left", [{"REL": "ON"}, {"MATH": "ON"}])
def test_arithmetic_that_another_program_left_is_put_back(make, left: dict[str, str]) -> None:
    bench = make()
    bench.world.faults.left_over = left
    bench.ready()
    bench.world.pin_falls()
    assert np.allclose(joined(bench.log(0.5)), 0.010)
    bench.twin._others |= left  # the twin's part: it would halve the readings
    assert np.allclose(joined(bench.log(0.5))[-100:], 0.005)


@both
def test_only_the_first_edge_after_arming_counts(make) -> None:
    bench = make().open()
    bench.configure()
    bench.feed()
    bench.world.pin_falls()
    bench.instrument.start(bench.within())
    assert bench.log(0.5) == []
    bench.world.pin_falls()
    items = bench.log(1.0)
    bench.world.pin_falls()
    items += [*bench.log(1.0), *bench.stop()]
    assert check_indexes(items) * PERIODS[make] == pytest.approx(2.0, abs=2.1 * PERIODS[make])


@both
def test_an_impossible_rate_is_refused_before_anything_is_sent(make) -> None:
    bench = make().open()
    before = len(bench.sent)
    for rate_hz in (0.0, 0.5, 2e6):
        with pytest.raises(Refused, match="Hz"):
            bench.instrument.configure(SamplingSettings(rate_hz), bench.within())
    assert len(bench.sent) == before


@both
@pytest.mark.parametrize("held", ["-1", "12.5", "9.9E37", "90000000", "NAN"])
def test_a_buffer_that_says_it_holds_what_it_cannot_is_not_read(make, held: str) -> None:
    bench = make().ready()
    bench.world.pin_falls()
    bench.log(0.5)
    bench.sent.clear()
    bench.twin._core._table.insert(0, (header_pattern("TRACe:ACTual?"), lambda call: held))
    with pytest.raises(ProtocolViolation):
        bench.log(0.1)
    assert not [line for line in bench.sent if line.startswith(b"TRAC:DATA?")]
