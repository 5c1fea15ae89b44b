# SPDX-License-Identifier: Apache-2.0
"""A night that never was: the rows of a sweep with known energies and errors drawn from a seed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from energy_runner.sweep.rows import PointRow, RowComponent, Scalar

START = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)
ROOT3 = math.sqrt(3)


@dataclass(frozen=True)
class Monitor:
    """A monitor's limits, and its own errors as parts of them; `offset_w` in watt."""

    name: str = "js220 1001"
    gain: float = 0.004
    voltage: float = 0.002
    offset_w: float = 4e-6
    drawn: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @classmethod
    def some(cls, rng: np.random.Generator, name: str = "js220 1001", **limits: float) -> "Monitor":
        """Return a monitor whose errors are drawn within its limits."""
        drawn = rng.uniform(-1, 1, 3)
        return cls(name, **limits, drawn=(float(drawn[0]), float(drawn[1]), float(drawn[2])))


def energy_of(values: Mapping[str, Scalar]) -> tuple[float, float]:
    """Return energy of an inference, J, and its duration, s, by voltage and clock: CV² and leakage."""
    clock_hz = float(values.get("clock_mhz", 48)) * 1e6
    voltage_v = float(values.get("voltage_v", 3.0))
    cycles = {"kws": 2.1e6, "vww": 6.3e6}.get(str(values.get("model", "kws")), 2.1e6)
    latency_s = cycles / clock_hz
    return cycles * 3.2e-11 * voltage_v**2 + 1.1e-3 * voltage_v * latency_s, latency_s


def measured(
    row: PointRow,
    monitor: Monitor,
    rng: np.random.Generator,
    *,
    scatter: float = 0.002,
    own: float = 0.0003,
    factor: float = 1.0,
) -> PointRow:
    """Return the row measured: true energy times `factor`, with run-to-run scatter and the monitor's errors."""
    true_j, latency_s = energy_of(row.values)
    true_j *= factor
    offset = monitor.offset_w * latency_s
    gain, voltage, zero = monitor.drawn
    energy_j = true_j * math.exp(scatter * rng.standard_normal() + own * rng.standard_normal())
    energy_j += true_j * (gain * monitor.gain + voltage * monitor.voltage) + zero * offset
    shared = (
        ("gain of the current measurement", energy_j * monitor.gain / ROOT3),
        ("supply voltage (as set, not measured)", energy_j * monitor.voltage / ROOT3),
        ("offset of the current measurement \u00d7 time", offset / ROOT3),
    )
    components = tuple(RowComponent(name, u_j, True, "B", "rectangular") for name, u_j in shared)
    components += (RowComponent("noise of the samples", energy_j * own, False, "B"),)
    u_j = math.sqrt(sum(one.u_j**2 for one in components))
    return replace(
        row,
        state="done",
        outcome="completed",
        valid=True,
        complete=True,
        virtual=False,
        benchmark="kws01",
        mode="energy",
        monitor=monitor.name,
        energy_j=energy_j,
        u_j=u_j,
        U_j=1.8 * u_j,
        k=1.8,
        components=components,
        latency_s=latency_s,
        u_latency_s=latency_s * 2e-5,
        session=f"{row.sweep}-{row.order:04}",
        folder=f"sessions/{row.sweep}-{row.order:04}",
        software="energy-runner 0.1.0",
        attempts=1,
    )


def planned(axes: Mapping[str, Sequence[Scalar]], repeats: int = 3, sweep: str = "night") -> list[PointRow]:
    """Return the waiting points of a product of axes, in the order of the plan."""
    settings: list[dict[str, Scalar]] = [{}]
    for name, values in axes.items():
        settings = [{**one, name: value} for one in settings for value in values]
    both = [(setting, repeat) for repeat in range(1, repeats + 1) for setting in settings]
    return [
        PointRow(sweep, number, number, "point", repeat, setting, "waiting", bench="desk-1")
        for number, (setting, repeat) in enumerate(both, start=1)
    ]


def night(
    axes: Mapping[str, Sequence[Scalar]],
    monitor: Monitor,
    seed: int = 1,
    *,
    repeats: int = 3,
    reference_every: int = 0,
    drift: float = 0.0,
    scatter: float = 0.002,
    factor: float = 1.0,
    sweep: str = "night",
) -> list[PointRow]:
    """Return a whole night in random order, three minutes a point; `drift` is the relative change per hour."""
    rng = np.random.default_rng(seed)
    points = planned(axes, repeats, sweep)
    order = [points[index] for index in rng.permutation(len(points))]
    if reference_every:
        values = points[0].values
        spots = range(0, len(order) + 1, reference_every)
        for count, spot in enumerate(spots):
            one = PointRow(sweep, count + 1, 0, "reference", count + 1, values, "waiting", bench="desk-1")
            order.insert(spot + count, one)
    rows = []
    for place, row in enumerate(order, start=1):
        hours = (place - 1) * 0.05
        done = measured(
            replace(row, order=place), monitor, rng, scatter=scatter, factor=factor * (1 + drift * hours)
        )
        started = (START + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
        temperature_c = 23.0 + 1.5 * math.sin(hours / 2)
        rows.append(replace(done, started_utc=started, temperature_c=temperature_c, bench_trust="trusted"))
    return rows
