# SPDX-License-Identifier: Apache-2.0
"""Repeats of one setting as one point: mean energy and latency with their uncertainties."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from energy_runner.analysis.uncertainty.coverage import Part
from energy_runner.sweep.reading.settings import key_of
from energy_runner.sweep.reading.shared_errors import (
    Scatter,
    Weighed,
    degrees,
    own_variance,
    scatters,
    systematic,
    t_factor,
)
from energy_runner.sweep.rows import PointRow, Scalar

FACTOR = 2.0  # of a mean: U = 2 u, about 95 %; more where few repeats tell the scatter


@dataclass(frozen=True)
class Average:
    """The repeats of one setting: mean energy, J, and latency, s, each with its expanded uncertainty.

    `own_j` is the expanded uncertainty without the errors that all points of the monitor share, J: by so much two
    points may differ that are alike. `valid` says whether each of them is valid, `monitor` is that of all of them.
    """

    values: Mapping[str, Scalar]
    rows: tuple[PointRow, ...]
    energy_j: float
    expanded_j: float
    own_j: float
    latency_s: float | None
    latency_expanded_s: float
    valid: bool
    monitor: str | None

    @property
    def virtual(self) -> bool:
        """Return whether any of them is virtual."""
        return any(row.virtual for row in self.rows)


def averages(rows: Iterable[PointRow], axes: Sequence[str]) -> list[Average]:
    """Return an average for each setting of these axes among rows with an energy.

    Valid and invalid points of one setting are two averages. The scatter from run to run is pooled over all
    settings, as far as anything was repeated; one that scatters more than the others has its own.
    """
    groups: dict[object, list[PointRow]] = {}
    for row in rows:
        if row.energy_j is not None and row.energy_j > 0:
            key = (row.benchmark, key_of(row, axes), bool(row.valid))
            groups.setdefault(key, []).append(row)
    valid = [group for group in groups.values() if group[0].valid]
    pooled, own = scatters([[group] for group in valid])
    alone = {id(group): one for group, one in zip(valid, own, strict=True) if one is not None}
    return [_average(group, axes, alone.get(id(group), pooled)) for group in groups.values()]


def _average(rows: Sequence[PointRow], axes: Sequence[str], scatter: Scatter) -> Average:
    count = len(rows)
    energy_j = math.exp(math.fsum(math.log(row.energy_j or 1.0) for row in rows) / count)
    known = systematic(Weighed(row, 1 / count) for row in rows).u
    own = scatter.variance if scatter.dof else math.fsum(own_variance(row) for row in rows) / count
    random = Part("t", math.sqrt(own / count), scatter.dof or math.inf)
    u = math.hypot(known, random.u)
    latencies = [(row.latency_s, row.u_latency_s or 0.0) for row in rows if row.latency_s]
    latency_s, latency_expanded_s = _mean(latencies)
    expanded_j = _factor(random, u) * u * energy_j
    if count == 1 and not scatter.dof and rows[0].U_j is not None:
        expanded_j = rows[0].U_j  # whose factor knows the shapes of its components
    monitors = {row.monitor for row in rows}
    return Average(
        values={name: rows[0].values[name] for name in axes if name in rows[0].values},
        rows=tuple(rows),
        energy_j=energy_j,
        expanded_j=expanded_j,
        own_j=_factor(random, random.u) * random.u * energy_j,
        latency_s=latency_s,
        latency_expanded_s=latency_expanded_s,
        valid=all(row.valid for row in rows),
        monitor=monitors.pop() if len(monitors) == 1 else None,
    )


def _factor(random: Part, u: float) -> float:
    """Return the coverage factor of `u`, of which `random` has few degrees of freedom."""
    return max(FACTOR, t_factor(degrees([random], u)))


def _mean(values: Sequence[tuple[float, float]]) -> tuple[float | None, float]:
    """Return the mean and its expanded uncertainty; what each states is taken to be one error of all."""
    if not values:
        return None, 0.0
    count = len(values)
    mean = math.fsum(value for value, _ in values) / count
    stated = math.fsum(u for _, u in values) / count
    if count == 1:
        return mean, FACTOR * stated
    variance = math.fsum((value - mean) ** 2 for value, _ in values) / (count - 1)
    random = Part("t", math.sqrt(variance / count), count - 1)
    u = math.hypot(stated, random.u)
    return mean, _factor(random, u) * u
