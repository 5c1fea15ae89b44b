# SPDX-License-Identifier: Apache-2.0
"""The supply of the NGU: its state and its voltage are not known at once after switching."""

import re

import pytest

from instruments.errors import Refused, TimedOut, Unavailable
from tests.support.n6705_bench import SETTINGS
from tests.support.ngu_bench import make


def test_power_is_switched_and_confirmed() -> None:
    bench = make(2, ideal=False)
    bench.monitor.open(bench.within())
    bench.monitor.configure(SETTINGS, bench.within())
    assert not bench.world.powered
    bench.monitor.power_on(bench.within())
    assert bench.world.powered
    assert bench.world.voltage_v == pytest.approx(3.0, abs=5e-3)
    assert bench.world.voltage_v != 3.0
    assert bench.monitor.measured_voltage_v(bench.within()) == pytest.approx(3.0, abs=8e-3)
    bench.monitor.power_off(bench.within())
    assert not bench.world.powered
    bench.monitor.power_off(bench.within())


def no_voltage(data: bytes) -> bytes:
    """Let every measured voltage be the word for none."""
    return b"NaN\n" if re.fullmatch(rb"[0-9.]+e[+-][0-9]+\n", data) else data


def test_no_voltage_is_not_taken_for_a_low_one() -> None:
    bench = make().ready()
    bench.world.faults.corrupt["monitor>host"] = no_voltage
    with pytest.raises(Refused, match="is at nan V"):
        bench.monitor.power_off(bench.within(3.0))
    assert not bench.world.powered  # switched off, but never confirmed


def test_a_voltage_that_never_comes_is_refused() -> None:
    bench = make().ready()
    bench.world.faults.corrupt["monitor>host"] = no_voltage
    with pytest.raises(Refused, match="NaN"):
        bench.monitor.measured_voltage_v(bench.within())


def test_an_output_that_does_not_come_on_is_refused_with_the_reason() -> None:
    bench = make()
    bench.monitor.open(bench.within())
    bench.monitor.configure(SETTINGS, bench.within())
    bench.twin.outputs[0].protection_v = 2.0
    with pytest.raises(Refused, match="OVP"):
        bench.monitor.power_on(bench.within())


def test_power_off_works_in_the_middle_of_a_log_and_ends_it() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    bench.log(1.0)
    bench.monitor.power_off(bench.within())
    assert not bench.world.powered
    bench.clock.sleep(3.0)
    assert bench.monitor.poll(bench.within()) == []
    assert bench.monitor.stop(bench.within()) == []


def test_a_welded_relay_is_found_by_the_voltage() -> None:
    bench = make().ready()
    bench.world.faults.power_stays_on = True
    deadline = bench.within(5.0)
    with pytest.raises(Refused, match=r"is at 3\.0"):
        bench.monitor.power_off(deadline)
    assert bench.clock.now_ns() <= deadline.at_ns


def test_a_silent_instrument_is_switched_off_without_a_confirmation() -> None:
    bench = make().ready()
    bench.world.faults.silent.add("monitor")
    deadline = bench.within(5.0)
    with pytest.raises(TimedOut, match="3 times"):
        bench.monitor.power_off(deadline)
    assert bench.clock.now_ns() == deadline.at_ns
    assert not bench.world.powered


@pytest.mark.parametrize("refused", [{"OUTP 0"}, {"OUTP 0", "OUTP:GEN 0"}])
def test_a_refused_off_is_tried_in_other_ways(refused: set[str]) -> None:
    bench = make().ready()
    bench.world.faults.refuse |= refused
    if len(refused) == 1:
        bench.monitor.power_off(bench.within())
        assert not bench.world.powered
    else:  # the last try sets the voltage to zero, but the state says on
        with pytest.raises(Refused, match="3 times"):
            bench.monitor.power_off(bench.within())
        assert bench.world.voltage_v == pytest.approx(0.0, abs=0.01)


def test_an_unplugged_instrument_is_unavailable() -> None:
    bench = make().ready()
    bench.world.faults.unplugged.add("monitor")
    for call in (bench.monitor.poll, bench.monitor.stop, bench.monitor.power_off):
        with pytest.raises(Unavailable):
            call(bench.within())
    bench.monitor.close()


def test_a_stale_log_is_ended_and_its_late_bytes_thrown_away() -> None:
    bench = make()
    bench.world.faults.stale_stream = True
    identity = bench.monitor.open(bench.within())
    assert dict(identity.detail)["output"] == "on"
    assert bench.world.powered
    assert not bench.twin._log.running
    bench.monitor.configure(SETTINGS, bench.within())
    assert not bench.world.powered


def test_closing_gives_the_front_panel_back_and_can_be_repeated() -> None:
    bench = make().ready()
    bench.monitor.close()
    bench.monitor.close()
    assert not bench.twin.port.is_open
