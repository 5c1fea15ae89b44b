# SPDX-License-Identifier: Apache-2.0
"""Edges of the timestamp pin in what the auxiliary voltmeter logs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.n6705.aux_pin import PinEdges
from instruments.errors import Refused
from instruments.roles import Edge, SamplingSettings, SupplySettings
from tests.support.n6705_bench import make

HIGH_V = 3.0


def volts(count: int, falls: list[float], width: float) -> np.ndarray:
    """Return the means over `count` samples of a pin that is low for `width` samples from each of `falls`."""
    edges = np.arange(count + 1, dtype=float)
    low = sum((np.clip(edges, fall, fall + width) for fall in falls), np.zeros(count + 1))
    return (HIGH_V * (1 - np.diff(low))).astype(np.float32)


@given(st.lists(st.floats(1.0, 8.0), min_size=1, max_size=5), st.floats(1.6, 9.0), st.integers(1, 40))
def test_each_fall_is_one_edge_within_its_half_width_however_the_samples_come(gaps, width, piece) -> None:
    falls, at = [], 2.0
    for gap in gaps:
        at += gap
        falls.append(at)
        at += width + 2.0
    samples = volts(int(at) + 5, falls, width)
    pin, found = PinEdges(HIGH_V), []
    for first in range(0, len(samples), piece):
        found += pin.feed(first, samples[first : first + piece])
    assert len(found) == len(falls)
    for edge, fall in zip(found, falls, strict=True):
        assert edge.half_width == 0.5
        assert abs(edge.position - fall) <= edge.half_width + 1e-6


def test_beside_missing_samples_an_edge_is_less_certain() -> None:
    pin = PinEdges(HIGH_V)
    samples = volts(30, [12.3], 10.0)
    samples[10:15] = np.nan
    assert pin.feed(0, samples) == [Edge(12.5, 3.0)]
    pin = PinEdges(HIGH_V)
    whole = volts(30, [12.3], 10.0)
    assert pin.feed(0, whole[:10]) == []
    assert pin.feed(15, whole[15:]) == [Edge(12.5, 3.0)]


def test_a_pin_that_is_low_from_the_first_has_not_fallen() -> None:
    assert PinEdges(HIGH_V).feed(0, np.zeros(10, np.float32)) == []
    assert PinEdges(HIGH_V).feed(0, np.full(10, np.nan, np.float32)) == []


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
