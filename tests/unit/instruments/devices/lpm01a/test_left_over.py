# SPDX-License-Identifier: Apache-2.0
"""What another program left set in the shield is put back before a measurement."""

import pytest

from instruments.roles import Samples
from tests.support.lpm01a_bench import CURRENT_A, VOLTAGE_V, bench, clean, joined, of_type

LEFT = [
    {"acqmode": "stat"},
    {"funcmode": "high", "output": "current"},
    {"pwrend": "off"},
    {"format": "bin_hexa", "trigsrc": "d7", "eventsrc": "d7 ris", "acqtime": "1", "trigdelay": "2"},
    {"acqmode": "stat", "funcmode": "high", "output": "current", "freq": "100k", "pwrend": "off"},
]


@pytest.mark.parametrize("left", LEFT)
def test_left_over_settings_change_no_figure(left: dict[str, str]) -> None:
    shield = bench(ideal=True)
    shield.world.faults.left_over = left
    shield.streaming(1000)
    items = shield.record(2.0)
    before_off_v = shield.monitor.measured_voltage_v(shield.deadline())
    items += shield.stop()
    assert clean(items)
    assert sum(block.count for block in of_type(items, Samples)) >= 1999
    assert joined(items).mean() == pytest.approx(CURRENT_A * VOLTAGE_V / 1000, rel=1e-3)
    assert shield.monitor.measured_voltage_v(shield.deadline()) == before_off_v


def test_a_shield_in_static_mode_gives_one_mean_and_ends() -> None:
    """The twin's part: without the driver's set-up, the setting makes a difference."""
    shield = bench(ideal=True).configured(1000)
    shield.monitor.power_on(shield.deadline())
    shield.world.draw(CURRENT_A)
    shield.twin._settings["acqmode"] = "stat"
    shield.monitor.start(shield.deadline())
    assert sum(block.count for block in of_type(shield.record(2.0), Samples)) == 1


def test_a_shield_that_switches_off_at_the_end_measures_no_voltage_after_it() -> None:
    shield = bench(ideal=True).streaming(1000)
    shield.twin._settings["pwrend"] = "off"
    shield.stop()
    assert shield.monitor.measured_voltage_v(shield.deadline()) == 0.0


def test_high_speed_mode_ends_at_ten_milliamperes() -> None:
    shield = bench(ideal=True).configured(1000)
    shield.monitor.power_on(shield.deadline())
    shield.world.draw(CURRENT_A)
    shield.twin._settings |= {"funcmode": "high", "output": "current"}
    shield.monitor.start(shield.deadline())
    assert joined(shield.record(1.0)).max() == pytest.approx(10e-3)
