# SPDX-License-Identifier: Apache-2.0
"""Loss in the log of the N6705: every sample that is missing is told, and later ones stay in place."""

import numpy as np
import pytest

from instruments.errors import TimedOut
from instruments.links.stream_scpi import StreamScpiLink
from instruments.roles import Lost, Note, OverRange, Samples
from tests.support.monitor import MonitorSettings
from tests.support.n6705_bench import (
    PERIOD_S,
    check_indexes,
    make,
    of,
)


def test_an_overflown_fifo_is_noticed() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    items = bench.log(5.0)
    bench.clock.sleep(31.0)
    items += [*bench.log(1.0), *bench.monitor.stop(bench.within())]
    (lost,) = of(Lost, items)
    assert lost.missing == pytest.approx(11.1 / PERIOD_S, rel=0.02)
    assert check_indexes(items) == pytest.approx(37.0 / PERIOD_S, rel=1e-3)


def test_a_barely_overflown_fifo_is_noticed() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    items = bench.log(1.0)
    bench.clock.sleep(20.0)
    items += bench.log(0.1)
    assert len(of(Lost, items)) == 1


def test_a_swept_buffer_is_noticed_and_later_samples_stay_in_place() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    start_ns = bench.clock.now_ns()
    bench.world.faults.drop_buffer_at_ns = start_ns + 2_000_000_000
    bench.clock.call_at(start_ns + 5_000_000_000, lambda: bench.world.draw(0.02))
    items = [*bench.log(6.0), *bench.monitor.stop(bench.within())]
    (lost,) = of(Lost, items)
    assert lost.missing == pytest.approx(1.0 / PERIOD_S, rel=0.15)
    step = next(
        s.first + int(np.argmax(s.values[0] > 0.015)) for s in of(Samples, items) if s.values[0].max() > 0.015
    )
    assert step * PERIOD_S == pytest.approx(5.0, abs=0.15)


def test_an_answer_lost_on_the_way_is_a_loss() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    items = bench.log(1.0)
    bench.clock.sleep(0.05)
    bench.world.faults.silent.add("monitor")
    with pytest.raises(TimedOut):
        bench.monitor.poll(bench.within(0.2))
    bench.world.faults.silent.clear()
    items += bench.log(1.0)
    (lost,) = of(Lost, items)
    assert "lost in transit" in lost.detail
    assert check_indexes(items) == pytest.approx(2.25 / PERIOD_S, rel=0.1)


def test_a_log_that_goes_silent_is_a_loss_at_the_end() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    items = bench.log(1.0)
    bench.twin._log.fetch(10**6)
    bench.world.faults.drop_buffer_at_ns = bench.clock.now_ns()
    items += [*bench.log(0.9), *bench.monitor.stop(bench.within())]
    (lost,) = of(Lost, items)
    assert lost.missing == pytest.approx(0.9 / PERIOD_S, rel=0.01)


def test_no_loss_is_reported_without_one() -> None:
    bench = make(3, ideal=False).ready()
    bench.clock.sleep(45.0)
    bench.world.pin_falls()
    items = [*bench.log(30.0, 1.7), *bench.log(20.0, 0.013), *bench.monitor.stop(bench.within())]
    assert {type(item) for item in items} == {Samples}


def test_currents_above_the_range_are_flagged_and_become_no_numbers() -> None:
    bench = make()
    bench.world.faults.over_range_above_a = 0.02
    bench.ready()
    bench.world.pin_falls()
    items = bench.log(0.5)
    bench.world.draw(0.05)
    items += bench.log(0.01)
    bench.world.draw(0.01)
    items += [*bench.log(1.5), *bench.monitor.stop(bench.within())]
    values = np.concatenate([s.values[0] for s in of(Samples, items)])
    bad = np.flatnonzero(np.isnan(values))
    flagged, status = of(OverRange, items)
    assert (flagged.at, flagged.count) == (bad[0], len(bad))
    assert flagged.count == pytest.approx(0.01 / PERIOD_S, abs=2)
    assert "OC" in status.detail
    assert status.at <= bad[0]
    assert bad[-1] < status.at + status.count


def test_a_current_at_the_limit_is_reported() -> None:
    bench = make().ready(MonitorSettings(3.0, current_limit_a=0.05))
    bench.world.pin_falls()
    bench.world.draw(0.06)
    assert any("LIM+" in item.detail for item in of(OverRange, bench.log(1.5)))


def test_errors_during_the_log_are_noted() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    StreamScpiLink(bench.link).write_line("FOO", bench.within())
    (note,) = of(Note, bench.log(1.5))
    assert "-113" in note.text
    assert note.suspicious
