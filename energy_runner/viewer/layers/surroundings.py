# SPDX-License-Identifier: Apache-2.0
"""What surrounds the DUT: the voltage at its supply and the temperature, as they were measured now and then."""

from array import array
from collections.abc import Iterable

import numpy as np

from energy_runner.session.events import TemperatureMeasured, VoltageMeasured
from energy_runner.viewer.layers.items import Curve, Family, FloatArray, curves
from energy_runner.viewer.layers.seen import Seen
from energy_runner.viewer.plain_text import finite, told

_MOST_CURVES = 50


def voltage(seen: Seen) -> Family:
    """Return a curve for each rail: the voltage at the output of its supply, V."""
    events = seen.journal.of(VoltageMeasured)
    found = ((one.rail or "supply", one.t_ns, one.voltage_v) for one in events)
    return _curves(seen, found, "no voltage was measured at the supply")


def temperature(seen: Seen) -> Family:
    """Return a curve for each thermometer, °C."""
    events = seen.journal.of(TemperatureMeasured)
    found = ((one.thermometer or "thermometer", one.t_ns, one.temperature_c) for one in events)
    return _curves(seen, found, "no temperature was measured: this bench has no thermometer")


def _curves(seen: Seen, measured: Iterable[tuple[str, int, float]], why_none: str) -> Family:
    times_ns: dict[str, array[int]] = {}
    values: dict[str, array[float]] = {}
    for given, t_ns, value in measured:
        name = told(given, 48)
        if not np.isfinite(value) or (name not in values and len(values) == _MOST_CURVES):
            continue
        times_ns.setdefault(name, array("q")).append(t_ns)
        values.setdefault(name, array("d")).append(value)
    if not values:
        return curves((), why_none)
    found = []
    for name, of_one in values.items():
        at_s = seen.times.places(np.array(times_ns[name], dtype=np.int64))
        order = np.argsort(at_s, kind="stable")[: int(np.count_nonzero(np.isfinite(at_s)))]
        found.append(Curve(name, at_s[order], np.array(of_one)[order], finite(_limit(seen, at_s[order]))))
    return curves(found, seen.times.why_not)


def _limit(seen: Seen, at_s: FloatArray) -> float:
    """Return the limit of the error of the place of all values of a curve, s."""
    return float(np.max(seen.times.limits(at_s))) if len(at_s) else seen.times.u_s
