# SPDX-License-Identifier: Apache-2.0
"""The auxiliary voltmeter sees the timestamp pin while it logs, and only then."""

import pytest

from instruments.errors import Refused
from instruments.roles import SamplingSettings, SupplySettings
from tests.support.n6705_bench import make


def test_the_output_is_measured_on_the_main_input_after_the_log() -> None:
    bench = make(aux_edges=True)
    device, now = bench.monitor.instrument, bench.within
    device.open(now())
    device.supply().configure(SupplySettings(3.0), now())
    applied = device.configure(SamplingSettings(), now())
    assert [signal.name for signal in applied.signals] == ["current"]
    assert not device.capabilities.starts_on_edge
    names = {term.name for term in device.specification().terms}
    assert "supply_voltage" in names
    assert "voltage_gain" not in names
    device.supply().on(now())
    device.start(now())
    assert bench.twin._others["VOLT:INP"] == "AUX"
    bench.log(0.2)
    bench.world.faults.power_stays_on = True
    bench.world.pin_falls()
    with pytest.raises(Refused, match="but the output is at"):  # read at the pin, which is low, it would seem off
        device.supply().off(bench.within(0.0005))
    bench.world.faults.power_stays_on = False
    device.supply().off(now())
    assert bench.twin._others["VOLT:INP"] == "MAIN"


@pytest.mark.parametrize("module", ["N6782A", "N6785A"])
def test_only_an_n6781a_has_the_input(module: str) -> None:
    bench = make(aux_edges=True)
    bench.twin._channels[0].module = module
    with pytest.raises(Refused, match=f"a {module} has none"):
        bench.monitor.instrument.open(bench.within())
