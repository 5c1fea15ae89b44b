# SPDX-License-Identifier: Apache-2.0
"""A second model of a monitor's errors, that reads no table of the budget's.

`ErrorModel` describes an instrument as an engineer would, by its parts: a front end with a bandwidth, an output
with a resistance, parts with temperature coefficients, a converter that is not quite straight and looks at points
in time, a crystal that warms up, noise with a memory. `install` puts it between a twin and the world: the twin
then sees the current as its parts let it through, and draws none of the errors of its own specification table.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from energy_runner.bench import Bench
from instruments.devices.lpm01a.twin_stream import ShieldErrors
from instruments.world.history import CurrentHistory, FloatArray
from instruments.world.world import World

_NODES, _WEIGHTS = np.polynomial.laguerre.laggauss(4)
_MEMORIES_S = (0.01, 0.1, 1.0, 10.0)  # of the coloured noise, in equal parts
_POINT_NS = 200.0  # a converter's aperture


@dataclass(frozen=True)
class ErrorModel:
    """One instrument. Currents in A, times in s, temperatures in K since switching on."""

    gain: float = 0.0
    offset_a: float = 0.0
    low_pass_s: float = 0.0
    output_ohm: float = 0.0
    supply: float = 0.0
    voltage_gain: float = 0.0
    voltage_offset_v: float = 0.0
    gain_per_k: float = 0.0
    offset_per_k_a: float = 0.0
    warm_up_k: float = 0.0
    warm_up_s: float = 60.0
    bow_a: float = 0.0  # amplitude of the converter's curvature
    bow_over_a: float = 0.02
    points: int = 0  # how often the converter looks in each sample; 0: always
    crystal: float = 0.0
    crystal_warms: float = 0.0
    crystal_wanders: float = 0.0
    white_a: float = 0.0  # standard deviation of one sample
    coloured_a: float = 0.0


@dataclass
class SeenHistory:
    """The world's current as the instrument sees it, with the integrals that a twin asks for."""

    true: CurrentHistory
    model: ErrorModel
    rng: np.random.Generator
    _began_ns: float | None = None
    _slow_a: FloatArray = field(default_factory=lambda: np.zeros(len(_MEMORIES_S)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.true, name)

    def charge_c(self, at_ns: FloatArray) -> FloatArray:
        """Return a running charge whose differences are the samples, each as it is measured."""
        at_ns = np.asarray(at_ns, dtype=np.float64)
        if len(at_ns) < 2:
            return np.zeros(len(at_ns))
        if self._began_ns is None:
            self._began_ns = float(at_ns[0])
        period_s = np.diff(at_ns) * 1e-9
        since_s = (at_ns - self._began_ns) * 1e-9
        current_a = self._mean_a(at_ns + 1e9 * self._late_s(since_s))
        warm_k = self.model.warm_up_k * (1 - np.exp(-since_s[:-1] / self.model.warm_up_s))
        seen_a = current_a * (1 + self.model.gain + self.model.gain_per_k * warm_k)
        seen_a += self.model.offset_a + self.model.offset_per_k_a * warm_k
        seen_a += self.model.bow_a * np.sin(math.pi * current_a / self.model.bow_over_a)
        seen_a += self._noise_a(period_s)
        return np.concatenate(([0.0], np.cumsum(seen_a * period_s)))

    def energy_j(self, at_ns: FloatArray) -> FloatArray:
        """Return the true energy; the truth is asked of the same history."""
        return self.true.energy_j(at_ns)

    def mean_a(self, at_ns: FloatArray) -> FloatArray:
        """Return the true mean current between the moments."""
        return np.diff(self.true.charge_c(at_ns)) / (np.diff(at_ns) * 1e-9)

    def _late_s(self, since_s: FloatArray) -> FloatArray:
        """Return by how much the instrument's clock lags behind: a crystal that warms up, and wanders."""
        model = self.model
        warming = model.warm_up_s * (1 - np.exp(-since_s / model.warm_up_s))
        wandering = 7.0 / math.tau * np.sin(math.tau * since_s / 7.0)
        late: FloatArray = (
            model.crystal * since_s + model.crystal_warms * warming + model.crystal_wanders * wandering
        )
        return late

    def _mean_a(self, at_ns: FloatArray) -> FloatArray:
        if not self.model.points:
            return np.diff(self._passed_c(at_ns)) / (np.diff(at_ns) * 1e-9)
        found = np.zeros(len(at_ns) - 1)
        for point in range(self.model.points):
            here_ns = at_ns[:-1] + np.diff(at_ns) * ((point + 0.5) / self.model.points)
            there_c = self._passed_c(here_ns + _POINT_NS) - self._passed_c(here_ns)
            found += there_c / (_POINT_NS * 1e-9) / self.model.points
        return found

    def _passed_c(self, at_ns: FloatArray) -> FloatArray:
        """Return the charge behind a low-pass: the mean over delays that are distributed exponentially."""
        if not self.model.low_pass_s:
            return self.true.charge_c(at_ns)
        total = np.zeros(len(at_ns))
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            total += weight * self.true.charge_c(at_ns - 1e9 * self.model.low_pass_s * node)
        return total

    def _noise_a(self, period_s: FloatArray) -> FloatArray:
        noise = self.model.white_a * self.rng.standard_normal(len(period_s))
        if not self.model.coloured_a:
            return noise
        from scipy.signal import lfilter

        each_a = self.model.coloured_a / math.sqrt(len(_MEMORIES_S))
        for k, memory_s in enumerate(_MEMORIES_S):
            kept = math.exp(-float(period_s[0]) / memory_s)
            drive = each_a * math.sqrt(1 - kept**2) * self.rng.standard_normal(len(period_s))
            slow, _ = lfilter([1.0], [1.0, -kept], drive, zi=[kept * self._slow_a[k]])
            self._slow_a[k] = slow[-1]
            noise += slow
        return noise


@dataclass
class SeenVoltage:
    """The output voltage as a meter at the instrument's terminals sees it: lower while current flows."""

    set_v: CurrentHistory
    seen: SeenHistory
    model: ErrorModel

    def __getattr__(self, name: str) -> Any:
        return getattr(self.set_v, name)

    def charge_c(self, at_ns: FloatArray) -> FloatArray:
        """Return the integral of the voltage as it is measured."""
        at_ns = np.asarray(at_ns, dtype=np.float64)
        period_s = np.diff(at_ns) * 1e-9
        true_v = np.diff(self.set_v.charge_c(at_ns)) / period_s
        true_v = true_v * (1 + self.model.supply) - self.model.output_ohm * self.seen.mean_a(at_ns)
        seen_v = true_v * (1 + self.model.voltage_gain) + self.model.voltage_offset_v
        return np.concatenate(([0.0], np.cumsum(seen_v * period_s)))


class SeenWorld:
    """The world, but for its current."""

    def __init__(self, world: World, history: SeenHistory) -> None:
        self._true = world
        self.history = history

    def __getattr__(self, name: str) -> Any:
        return getattr(self._true, name)


def install(bench: Bench, model: ErrorModel, seed: int) -> None:
    """Put `model` between the monitor's twin and the world, and take away the errors of the twin's own table."""
    assert bench.twin is not None
    assert bench.players.sampler is not None
    twin = bench.twin.twins[bench.players.sampler.instrument]
    world = bench.twin.world
    seen = SeenHistory(world.history, model, np.random.default_rng([seed, 77]))
    if hasattr(twin, "_log"):
        log = twin._log
        errors = log._errors
        errors.scale = errors.clock = errors.voltage_gain = errors.voltage_offset_v = 0.0
        errors.gain, errors.offset_a = np.zeros_like(errors.gain), np.zeros_like(errors.offset_a)
        output = twin.outputs[0] if hasattr(twin, "outputs") else twin._channels[0].rail
        output._set_gain = output._set_offset_v = 0.0
        log._world = SeenWorld(world, seen)
        log._voltage = SeenVoltage(log._voltage, seen, model)
    else:
        twin.errors = ShieldErrors()
        twin.world = SeenWorld(world, seen)


def true_energies_j(bench: Bench, model: ErrorModel) -> list[float]:
    """Return the energy of each `infer` command at the DUT, at the voltage that the output's resistance leaves."""
    assert bench.twin is not None
    found = []
    history = bench.twin.world.history
    for window in bench.twin.world.truth():
        starts_ns, current_a = history.levels(window.start_ns, window.stop_ns)
        bounds_ns = np.append(np.maximum(starts_ns, window.start_ns), window.stop_ns)
        lost_j = model.output_ohm * float(np.sum(current_a**2 * np.diff(bounds_ns))) * 1e-9
        found.append(window.energy_j * (1 + model.supply) - lost_j)
    return found
