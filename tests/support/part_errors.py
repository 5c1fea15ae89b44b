# SPDX-License-Identifier: Apache-2.0
"""Errors of the meters that read levels or instants, from the parts they are built of and no table of ours.

`other_errors` does the same for three monitors whose twins ask for means. Here a twin sees a current that the
parts of its front end have bent: gain with a temperature coefficient while it warms up, an offset that wanders, a
converter that is not straight. A resistance in the supply line takes voltage from the DUT that nothing measures.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from energy_runner.bench import Bench
from instruments.devices.ppk2.twin_stream import Ppk2Errors
from instruments.world.history import CurrentHistory, FloatArray
from tests.support.other_errors import SeenWorld

_WANDERS_S = 7.0
_BOW_A = 0.02


@dataclass(frozen=True)
class Parts:
    """One instrument; `line_ohm` lies before the DUT and behind where the voltage is known."""

    gain: float = 0.0
    offset_a: float = 0.0
    gain_per_k: float = 0.0
    warm_up_k: float = 0.0
    warm_up_s: float = 60.0
    bow_a: float = 0.0
    wander_a: float = 0.0
    crystal: float = 0.0
    voltage_gain: float = 0.0
    voltage_offset_v: float = 0.0
    line_ohm: float = 0.0


class SeenLevels:
    """The world's current as the front end passes it on, level by level, and its exact integral."""

    def __init__(self, true: CurrentHistory, parts: Parts) -> None:
        self._true = true
        self._parts = parts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._true, name)

    def levels(self, start_ns: int, stop_ns: int) -> tuple[FloatArray, FloatArray]:
        """Return the levels that overlap [start, stop), as they are seen."""
        times, true_a = self._true.levels(start_ns, stop_ns)
        return times, self._seen(times, true_a)

    def charge_c(self, at_ns: FloatArray) -> FloatArray:
        """Return the charge that is seen up to each time."""
        at_ns = np.asarray(at_ns, dtype=np.float64)
        times, seen_a = self.levels(0, int(np.max(at_ns)) + 1)
        total = np.concatenate(([0.0], np.cumsum(seen_a[:-1] * np.diff(times)))) * 1e-9
        segment = np.maximum(0, np.searchsorted(times, at_ns, side="right") - 1)
        charge_c: FloatArray = total[segment] + seen_a[segment] * (at_ns - times[segment]) * 1e-9
        return charge_c

    def _seen(self, times: FloatArray, true_a: FloatArray) -> FloatArray:
        parts, since_s = self._parts, times * 1e-9
        warm_k = parts.warm_up_k * (1 - np.exp(-since_s / parts.warm_up_s))
        seen_a: FloatArray = true_a * (1 + parts.gain + parts.gain_per_k * warm_k) + parts.offset_a
        seen_a = seen_a + parts.bow_a * np.sin(math.pi * true_a / _BOW_A)
        return seen_a + parts.wander_a * np.sin(math.tau * since_s / _WANDERS_S)


def _keithley(twin: Any, parts: Parts, world: SeenWorld) -> None:
    twin._drawn = {range_a: np.zeros(2) for range_a in twin._drawn}
    twin.clock_error, twin.world = parts.crystal, world


def _ppk2(twin: Any, parts: Parts, world: SeenWorld) -> None:
    twin.errors, twin.world = Ppk2Errors(clock=parts.crystal, noise=1.0), world


def _metered(errors: Any, parts: Parts) -> None:
    errors.gain, errors.offset_a = np.zeros_like(errors.gain), np.zeros_like(errors.offset_a)
    errors.voltage_gain, errors.voltage_offset_v = parts.voltage_gain, parts.voltage_offset_v
    errors.clock = parts.crystal


def _joulescope(twin: Any, parts: Parts, world: SeenWorld) -> None:
    streams = twin._streams
    _metered(streams._errors, parts)
    streams._world, streams._hz = world, twin._model.base_hz * (1 + parts.crystal)


def _otii(twin: Any, parts: Parts, world: SeenWorld) -> None:
    _metered(twin._errors, parts)
    twin.world = world


_INSTALL: dict[str, Callable[[Any, Parts, SeenWorld], None]] = {
    "dmm7510": _keithley,
    "smu2400": _keithley,
    "ppk2": _ppk2,
    "js220": _joulescope,
    "otii-ace": _otii,
}


def install(bench: Bench, parts: Parts) -> None:
    """Put `parts` between the sampler's twin and the world, and take away the errors of the twin's own table."""
    assert bench.twin is not None
    assert bench.players.sampler is not None
    name = bench.players.sampler.instrument
    world = bench.twin.world
    seen = SeenWorld(world, SeenLevels(world.history, parts))  # type: ignore[arg-type]
    _INSTALL[bench.players.instruments[name].driver](bench.twin.twins[name], parts, seen)


def true_energies_j(bench: Bench, parts: Parts) -> list[float]:
    """Return the energy that reached the DUT in each window: what the resistance in its line took is not in it."""
    assert bench.twin is not None
    found = []
    for window in bench.twin.world.truth():
        starts_ns, current_a = bench.twin.world.history.levels(window.start_ns, window.stop_ns)
        bounds_ns = np.append(np.maximum(starts_ns, window.start_ns), window.stop_ns)
        lost_j = parts.line_ohm * float(np.sum(current_a**2 * np.diff(bounds_ns))) * 1e-9
        found.append(window.energy_j - lost_j)
    return found
