# SPDX-License-Identifier: Apache-2.0
"""The supply of a 2450: set, confirmed, limited, and off when it is told to be."""

import pytest

from instruments.errors import Refused, TimedOut, Unavailable
from instruments.roles import SupplySettings
from tests.support.keithley_bench import smu


def test_power_is_switched_and_confirmed() -> None:
    bench = smu(2, ideal=False).open()
    bench.configure()
    assert not bench.world.powered
    bench.feed()
    assert bench.world.powered
    assert 0 < abs(bench.world.voltage_v - 3.0) < 3.0 * 0.00015 + 2.4e-3
    supply = bench.instrument.supply()
    assert supply.measured_voltage_v(bench.within()) == pytest.approx(3.0, abs=5e-3)
    supply.off(bench.within())
    supply.off(bench.within())
    assert not bench.world.powered


def test_a_voltage_can_be_measured_after_binary_readings() -> None:
    """The data format holds for measurements, too."""
    bench = smu().ready()
    bench.world.pin_falls()
    bench.log(0.5)
    bench.stop()
    assert bench.instrument.supply().measured_voltage_v(bench.within()) == pytest.approx(3.0)
    bench.instrument.start(bench.within())  # and it measures current again
    bench.world.pin_falls()
    assert bench.log(0.5)


def test_no_voltage_is_measured_while_the_current_is() -> None:
    bench = smu().ready()
    assert bench.instrument.supply().measured_voltage_v(bench.within()) is None
    bench.world.pin_falls()
    assert bench.log(0.5)


@pytest.mark.parametrize(
    "settings", [SupplySettings(0.0), SupplySettings(20.5), SupplySettings(3.0, 0.11), SupplySettings(3.0, 0.0)]
)
def test_an_impossible_supply_is_refused_before_anything_is_sent(settings: SupplySettings) -> None:
    bench = smu().open()
    before = len(bench.sent)
    with pytest.raises(Refused):
        bench.instrument.supply().configure(settings, bench.within())
    assert len(bench.sent) == before


def test_the_limit_is_that_of_the_range_or_as_asked_for() -> None:
    bench = smu(range_a=0.01).open()
    supply = bench.instrument.supply()
    assert supply.configure(SupplySettings(3.0), bench.within()).current_limit_a == 0.01
    assert supply.configure(SupplySettings(3.0, 0.002), bench.within()).current_limit_a == 0.002
    assert bench.twin._limit_a == 0.002


def test_a_protection_that_another_program_left_is_put_back() -> None:
    bench = smu()
    bench.world.faults.left_over = {"PROT": "PROT2"}
    bench.ready()
    assert bench.world.voltage_v == pytest.approx(3.0)
    bench.twin._others["PROT"] = "PROT2"  # the twin's part
    bench.twin._feed()
    assert bench.world.voltage_v == pytest.approx(2.0)


def test_power_off_works_in_the_middle_of_an_acquisition_and_ends_it() -> None:
    bench = smu().ready()
    bench.world.pin_falls()
    bench.log(1.0)
    bench.instrument.supply().off(bench.within())
    assert not bench.world.powered
    assert bench.twin._state == "ABORTED"
    bench.clock.sleep(1.0)
    assert bench.log(0.5) == []
    assert bench.stop() == []


def test_a_welded_relay_is_found_by_the_voltage() -> None:
    bench = smu().ready()
    bench.world.faults.power_stays_on = True
    deadline = bench.within(5.0)
    with pytest.raises(Refused, match=r"is at 3\.0"):
        bench.instrument.supply().off(deadline)
    assert bench.clock.now_ns() <= deadline.at_ns


def test_a_silent_instrument_is_switched_off_without_a_confirmation() -> None:
    bench = smu().ready()
    bench.world.faults.silent.add("monitor")
    deadline = bench.within(5.0)
    with pytest.raises(TimedOut, match="3 times"):
        bench.instrument.supply().off(deadline)
    assert bench.clock.now_ns() == deadline.at_ns
    assert not bench.world.powered


@pytest.mark.parametrize("refused", [{"OUTP OFF"}, {"OUTP OFF", "OUTP:STAT"}])
def test_a_refused_off_is_tried_in_other_ways(refused: set[str]) -> None:
    bench = smu().ready()
    bench.world.faults.refuse |= refused
    if len(refused) == 1:
        bench.instrument.supply().off(bench.within())
        assert not bench.world.powered
    else:  # the last try sets the voltage to zero, but the state says on
        with pytest.raises(Refused, match="3 times"):
            bench.instrument.supply().off(bench.within())
        assert bench.world.voltage_v == pytest.approx(0.0, abs=0.01)


def test_an_unplugged_instrument_is_unavailable() -> None:
    bench = smu().ready()
    bench.world.faults.unplugged.add("monitor")
    for call in (bench.instrument.poll, bench.instrument.stop, bench.instrument.supply().off):
        with pytest.raises(Unavailable):
            call(bench.within())
    bench.instrument.close()


def test_a_supply_that_another_program_left_on_is_found_on_and_ends_with_the_set_up() -> None:
    bench = smu()
    bench.world.faults.stale_stream = True
    identity = bench.instrument.open(bench.within())
    assert dict(identity.detail)["output"] == "on"
    assert bench.world.powered
    bench.configure()
    assert not bench.world.powered
