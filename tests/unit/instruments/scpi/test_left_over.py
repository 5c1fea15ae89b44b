# SPDX-License-Identifier: Apache-2.0
"""What another program left set in a SCPI instrument is put back, where the model knows the setting."""

import pytest

from instruments.errors import Refused
from instruments.roles import Samples
from tests.support import n6705_bench, ngu_bench
from tests.support.n6705_bench import SETTINGS, Bench, of

N6705 = [{"VOLT:MODE": "ARB"}, {"CURR:MODE": "LIST"}, {"VOLT:INP": "AUX"}, {"VOLT:RANG:AUTO": "OFF"}]
NGU = [{"ARB": "1"}, {"RES:STAT": "1"}, {"OUTP:MODE": "SINK"}, {"VOLT:RAMP": "1"}]


def logged_v(bench: Bench) -> float:
    """Return the mean of the logged voltage in half a second after an edge."""
    bench.ready()
    bench.world.pin_falls()
    blocks = of(Samples, bench.log(1.5))
    voltage = 1 if isinstance(bench.twin, n6705_bench.VirtualN6705) else 0  # the order of their signals
    return float(blocks[-1].values[voltage].mean())


@pytest.mark.parametrize(
    ("make", "left"),
    [*((n6705_bench.make, left) for left in N6705), *((ngu_bench.make, left) for left in NGU)],
)
def test_left_over_settings_change_no_voltage(make, left: dict[str, str]) -> None:
    bench = make()
    bench.world.faults.left_over = left
    assert logged_v(bench) == pytest.approx(3.0, abs=1e-3)
    assert bench.monitor.measured_voltage_v(bench.within()) == pytest.approx(3.0, abs=1e-3)
    (name,) = left
    assert bench.twin._others[name] != left[name]


@pytest.mark.parametrize(
    ("make", "left"),
    [
        (n6705_bench.make, {"VOLT:MODE": "ARB"}),
        (n6705_bench.make, {"VOLT:INP": "AUX"}),
        (n6705_bench.make, {"VOLT:RANG:AUTO": "OFF"}),
        (ngu_bench.make, {"ARB": "1"}),
        (ngu_bench.make, {"RES:STAT": "1"}),
        (ngu_bench.make, {"OUTP:MODE": "SINK"}),
    ],
)
def test_left_as_they_are_they_change_it(make, left: dict[str, str]) -> None:
    """The twins' part: each of these settings makes a difference."""
    bench = make()
    bench.monitor.open(bench.within())
    bench.monitor.configure(SETTINGS, bench.within())
    bench.twin._others.update(left)
    bench.monitor.power_on(bench.within())
    bench.world.draw(0.010)
    bench.monitor.start(bench.within())
    bench.world.pin_falls()
    voltage = 1 if make is n6705_bench.make else 0
    assert min(item.values[voltage].min() for item in of(Samples, bench.log(1.5))) < 2.9


@pytest.mark.parametrize("code", [-113, 310])
def test_a_model_that_does_not_know_a_setting_has_nothing_to_undo(code: int) -> None:
    bench = n6705_bench.make()
    bench.world.faults.corrupt["host>monitor"] = lambda data: data.replace(b"SENS:VOLT:INP", b"SENS:VOLT:XXX")
    if code == 310:
        bench.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"-113,", b"+310,")
    assert logged_v(bench) == pytest.approx(3.0, abs=1e-3)


def test_any_other_refusal_ends_the_set_up() -> None:
    bench = n6705_bench.make()
    bench.world.faults.refuse.add("VOLT:MODE")
    bench.monitor.open(bench.within())
    with pytest.raises(Refused, match=r"another program may have left \(VOLT:MODE FIX,\(@1\)\)"):
        bench.monitor.configure(SETTINGS, bench.within())
