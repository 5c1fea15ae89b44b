# SPDX-License-Identifier: Apache-2.0
"""The log of a twin: pieces, a FIFO that forgets, and records that do not depend on who reads them when."""

from dataclasses import replace

import numpy as np
import pytest

from instruments.clock import VirtualClock
from instruments.scpi.twin_log import MeterErrors, MeterTable, VirtualLog
from instruments.world.history import CurrentHistory
from instruments.world.world import World

PERIOD_S = 1e-3
COLUMNS = ["CURR", "VOLT", "STRAY"]
METER = MeterTable(
    name="test",
    ranges=np.array([(0.1, 0.001, 1e-5, 2e-6), (1.0, 0.002, 1e-4, 2e-5)]),
    voltage=(0.001, 1e-3, 1e-4),
    clock=0.0,
    aperture_s=PERIOD_S,
    over_range=9.9e37,
)


def started(*, ideal: bool = True, fifo_s: float = 10.0, piece_s: float = 0.0) -> tuple[World, VirtualLog]:
    """Return a world that feeds 3 V and draws 10 mA, and a log that runs from now on."""
    world = World(VirtualClock(), 1, ideal=ideal)
    world.set_supply(True, 3.0)
    world.draw(0.01)
    voltage = CurrentHistory()
    voltage.append(0, 3.0, 0.0)
    log = VirtualLog(world, voltage, MeterErrors(world, METER), fifo_s=fifo_s, piece_s=piece_s)
    log.arm(COLUMNS, PERIOD_S)
    log.trigger(0)
    return world, log


def test_an_ideal_log_holds_the_truth() -> None:
    world, log = started()
    world.clock.sleep(1.0)
    table = log.fetch(10_000)
    assert table.shape == (1000, 3)
    assert table[:, 0] == pytest.approx(0.01)
    assert table[:, 1] == pytest.approx(3.0)
    assert not table[:, 2].any()
    assert not log.waiting


def test_records_become_readable_piece_by_piece() -> None:
    world, log = started(piece_s=0.25)
    assert log.piece == 250
    world.clock.sleep(0.249)
    assert not log.waiting
    assert len(log.fetch(1000)) == 0
    world.clock.sleep(0.3)
    assert log.waiting
    assert len(log.fetch(1000)) == 500
    assert not log.take_lost()


@pytest.mark.parametrize("piece_s", [0.0, 0.25])
def test_the_fifo_forgets_the_oldest_and_says_so_once(piece_s: float) -> None:
    world, log = started(fifo_s=2.0, piece_s=piece_s)
    world.clock.sleep(1.0)
    assert not log.take_lost()
    world.clock.sleep(2.0)
    assert log.take_lost()
    assert not log.take_lost()
    assert len(log.fetch(10_000)) == 2000


def test_a_swept_buffer_is_a_gap() -> None:
    world, log = started()
    world.faults.drop_buffer_at_ns = 1_500_000_000
    world.clock.sleep(3.0)
    assert len(log.fetch(10_000)) == 2000  # a second is gone
    assert log.take_lost()


def test_noise_does_not_depend_on_the_reading() -> None:
    tables = []
    for step_s in (0.01, 0.7, 2.0):
        world, log = started(ideal=False)
        parts = []
        while world.clock.now_ns() < 2_000_000_000:
            world.clock.sleep(min(step_s, 2.0 - world.clock.now_ns() / 1e9))
            parts.append(log.fetch(10_000))
        tables.append(np.concatenate(parts))
    assert np.array_equal(tables[0], tables[1])
    assert np.array_equal(tables[0], tables[2])
    assert tables[0][:, 0].std() == pytest.approx(2e-6, rel=0.1)


def test_above_the_largest_range_stands_the_instruments_word_for_it() -> None:
    world, log = started()
    world.draw(1.5)
    world.clock.sleep(0.01)
    assert (log.fetch(100)[:, 0] == METER.over_range).all()
    assert log.over_range_seen


def test_nothing_before_the_trigger_and_after_the_end() -> None:
    world, log = started()
    log.arm(COLUMNS, PERIOD_S)
    world.clock.sleep(1.0)
    assert not log.waiting
    log.trigger(world.clock.now_ns())
    log.trigger(0)  # only the first counts
    world.clock.sleep(1.0)
    assert len(log.fetch(10_000)) == 1000
    world.clock.sleep(1.0)
    log.abort()
    assert not log.waiting
    assert len(log.fetch(10_000)) == 0


@pytest.mark.parametrize("step_s", [0.001, 0.0031, 0.1])
def test_a_range_stays_in_use_for_a_while_however_often_it_is_read(step_s: float) -> None:
    """A burst of a millisecond at 0.5 A needs the larger range, in which the ten after it are measured."""
    world = World(VirtualClock(), 1)
    world.set_supply(True, 3.0)
    for level_a, lasts_s in ((0.01, 0.02), (0.5, 0.001), (0.01, 0.029)):
        world.draw(level_a)
        world.clock.sleep(lasts_s)
    voltage = CurrentHistory()
    voltage.append(0, 3.0, 0.0)
    table = replace(METER, hold_s=0.01, ranges=np.array([(0.1, 0.0, 1e-5, 0.0), (1.0, 0.0, 1e-4, 0.0)]))
    errors = MeterErrors(world, table)
    errors.offset_a = np.array([1e-5, 1e-4])
    log = VirtualLog(world, voltage, errors, fifo_s=10.0)
    log.arm(["CURR"], PERIOD_S)
    log.trigger(0)
    found = np.concatenate([log.fetch(max(1, round(step_s / PERIOD_S))) for _ in range(50)])[:, 0]
    added_a = found - np.where(np.arange(len(found)) == 20, 0.5, 0.01)
    assert added_a == pytest.approx([1e-5] * 20 + [1e-4] * 11 + [1e-5] * 19)
