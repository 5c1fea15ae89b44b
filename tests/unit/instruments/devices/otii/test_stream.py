# SPDX-License-Identifier: Apache-2.0
"""The account of a recording: what time stamps and the recorded time show to be missing, edges on the axis."""

import numpy as np
import pytest

from instruments.devices.otii.protocol import Analog
from instruments.devices.otii.stream import RecordingAccount, in_readings
from instruments.roles import Edge, Lost, Note, OverRange, Samples

PERIOD_S, EACH = 1e-3, 4


def block(account: RecordingAccount, index: int, start_s: float, count: int = 10, value: float = 1.0) -> list:
    current = Analog(start_s, PERIOD_S / EACH, np.full(count * EACH, value))
    return list(account.block(index, current, Analog(start_s, PERIOD_S, np.full(count, 3.0))))


@pytest.fixture
def account() -> RecordingAccount:
    found = RecordingAccount(PERIOD_S, EACH, pin_high=True)
    assert [type(item) for item in block(found, 0, 0.25)] == [Samples]
    return found


def test_a_block_in_its_place_is_samples_alone(account: RecordingAccount) -> None:
    [samples] = block(account, 10, 0.26)
    assert (samples.first, samples.count) == (10, 10 * EACH)
    assert [set(values.tolist()) for values in samples.values] == [{1.0}, {3.0}]
    assert in_readings(samples, EACH).first == 10 * EACH


def test_what_is_handed_over_counts_in_readings_of_the_current() -> None:
    found = [
        in_readings(one, EACH)
        for one in (Lost(10, 17, 7, ""), OverRange(3, 2, ""), Note("", after=5), Edge(2.25, 0.25))
    ]
    assert found == [Lost(40, 68, 28, ""), OverRange(12, 8, ""), Note("", after=20), Edge(9.0, 1.0)]


def test_a_time_stamp_ahead_is_a_loss_of_known_size(account: RecordingAccount) -> None:
    lost, samples = block(account, 10, 0.26 + 7 * PERIOD_S)
    assert isinstance(lost, Lost)
    assert (lost.after, lost.before, lost.missing) == (10, 17, 7)
    assert samples.first == 17


def test_a_time_stamp_behind_is_noted(account: RecordingAccount) -> None:
    note, samples = block(account, 10, 0.26 - 2 * PERIOD_S)
    assert isinstance(note, Note)
    assert (note.about, note.suspicious, samples.first) == ("surplus-samples", True, 10)


def test_half_a_sample_is_neither(account: RecordingAccount) -> None:
    for off in (-0.4, 0.4):
        assert [type(item) for item in block(account, 10, 0.26 + off * PERIOD_S)] == [Samples]


def test_voltage_on_another_axis_is_noted() -> None:
    account = RecordingAccount(PERIOD_S, EACH, pin_high=True)
    current = Analog(0.0, PERIOD_S / EACH, np.ones(4))
    note, _ = account.block(0, current, Analog(0.1, PERIOD_S, np.ones(1)))
    assert isinstance(note, Note)
    assert "voltage begins" in note.text


def test_no_number_is_over_range_where_it_was(account: RecordingAccount) -> None:
    values = np.ones(40)
    values[[9, 21, 22]] = np.nan  # beside readings 2 and 5 of the voltage
    current = Analog(0.26, PERIOD_S / EACH, values)
    samples, *over = account.block(10, current, Analog(0.26, PERIOD_S, np.ones(10)))
    assert [(type(one), one.at, one.count) for one in over] == [(OverRange, 12, 1), (OverRange, 15, 1)]
    assert np.flatnonzero(np.isnan(samples.values[0])).tolist() == [9, 21, 22]


@pytest.mark.parametrize(("recorded", "missing"), [(100, 0), (103, 0), (104, 4), (1100, 1000)])
def test_recorded_time_without_samples_is_a_loss(account: RecordingAccount, recorded: int, missing: int) -> None:
    found = account.shortage(90, 100, (recorded + 0.5) * PERIOD_S)
    assert (found.missing if found else 0) == missing
    if found:
        assert (found.after, found.before) == (90, 100 + missing)


def test_falling_edges_alone_count_and_lie_on_the_axis(account: RecordingAccount) -> None:
    account.changes([(0.0, True), (0.26, False), (0.261, True)])
    account.changes([(0.2705, False), (0.2706, False), (0.28, True)])
    found = list(account.edges())
    assert [edge.position for edge in found] == pytest.approx([10.0, 20.5])
    assert {edge.half_width for edge in found} == {0.25}
    assert list(account.edges()) == []


def test_a_pin_that_was_low_at_the_start_falls_only_once_it_rose() -> None:
    account = RecordingAccount(PERIOD_S, EACH, pin_high=False)
    account.changes([(0.0, False), (0.1, True), (0.2, False)])
    assert list(account.edges()) == []  # the axis is not known before the first reading
    block(account, 0, 0.0)
    assert [edge.position for edge in account.edges()] == pytest.approx([200.0])
