# SPDX-License-Identifier: Apache-2.0
"""How the reference point drifted over the night, with the temperature where it was measured.

Energies are shown as deviations from the bench's own median, and error bars are what differs from one measurement
to the next: errors that a monitor has in all of them make no drift, and would hide it.
"""

import math
import statistics
from collections.abc import Sequence

from energy_runner.report.units import number
from energy_runner.session.days import epoch_s
from energy_runner.sweep.reading.averages import FACTOR
from energy_runner.sweep.reading.plots.model import (
    MICRO,
    Mark,
    Panel,
    Picture,
    Series,
    hover,
    virtual_note,
    with_energy,
    without_energy,
)
from energy_runner.sweep.reading.settings import key_of
from energy_runner.sweep.reading.shared_errors import own_variance
from energy_runner.sweep.rows import PointRow

LEAST = 2  # measurements that make a drift
HOURS, ORDER = "time since the first point of the night (h)", "place in the night"


def drift_picture(rows: Sequence[PointRow]) -> Picture | None:
    """Return the deviation of the reference point over the night; None where it was not measured twice."""
    references = [row for row in rows if row.kind == "reference"]
    groups: dict[object, list[PointRow]] = {}
    for row in with_energy(references):
        groups.setdefault((row.bench, row.monitor, row.benchmark, key_of(row, sorted(row.values))), []).append(row)
    drifting = {
        key: sorted(group, key=lambda row: row.order) for key, group in groups.items() if len(group) >= LEAST
    }
    if not drifting:
        return None
    times = _times(rows)
    label = HOURS if times is not None else ORDER
    series, notes = (
        [],
        ["Deviation from the bench's own median; error bars (95 %) leave out what all points share."],
    )
    for group in drifting.values():
        median_j = statistics.median(row.energy_j or math.nan for row in group)
        name = group[0].bench or "bench"
        marks = tuple(_mark(row, _place(row, times), median_j) for row in group)
        series.append(Series(name, marks, line=True))
        stated = [row.U_j for row in group if row.U_j]
        whole = f" ± {number(MICRO * statistics.median(stated), 2)}" if stated else ""
        notes.append(f"{name}: median {number(MICRO * median_j, 5)}{whole} µJ of {len(group)} measurements.")
    failed = [row for row in without_energy(references) if row.state in {"done", "set-aside"}]
    if failed:
        lost = tuple(Mark(_place(row, times), None, "missing", text=hover(row)) for row in failed)
        series.append(Series("without an energy", lost))
    panels = [Panel("energy against its median (%)", tuple(series))]
    warm = [row for row in rows if row.temperature_c is not None]
    if len(warm) >= LEAST:
        warm.sort(key=lambda row: row.order)
        marks = tuple(Mark(_place(row, times), row.temperature_c, text=hover(row)) for row in warm)
        panels.append(Panel("temperature (°C)", (Series("surroundings", marks, line=True, bare=True),)))
    virtual, mixed = virtual_note(references)
    return Picture(
        name="drift",
        title="Drift of the reference point",
        x_label=label,
        panels=tuple(panels),
        notes=(*notes, *mixed),
        virtual=virtual,
    )


def _mark(row: PointRow, at: float, median_j: float) -> Mark:
    energy_j = row.energy_j or math.nan
    percent = 100 * (energy_j / median_j - 1)
    return Mark(
        x=at,
        y=percent,
        look="plain" if row.valid else "invalid",
        y_error=100 * FACTOR * math.sqrt(own_variance(row)) * energy_j / median_j,
        text=hover(row, f"{percent:+.3f} %", f"{number(MICRO * energy_j, 6)} µJ"),
    )


def _times(rows: Sequence[PointRow]) -> dict[int, float] | None:
    """Return the hours since the first point by the identity of the row; None where some do not tell."""
    measured = [row for row in rows if row.state in {"done", "set-aside"}]
    found = {id(row): epoch_s(row.started_utc) for row in measured}
    known = {key: value for key, value in found.items() if value is not None}
    if len(known) < len(found) or not known:
        return None
    first = min(known.values())
    return {key: (value - first) / 3600 for key, value in known.items()}


def _place(row: PointRow, times: dict[int, float] | None) -> float:
    return float(row.order) if times is None else times.get(id(row), 0.0)
