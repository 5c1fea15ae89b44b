# SPDX-License-Identifier: Apache-2.0
"""What was measured of a region, and how it is written for JSON."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from energy_runner.wording import rounded

SCHEMA = "energy-runner/region/1"


@dataclass(frozen=True)
class Histogram:
    """How many samples lie between each two `edges_w` (W) that follow each other; one edge more than `counts`."""

    edges_w: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, repr=False)
class Region:
    """A stretch of a trace, from `start_s` to `stop_s` in seconds since sample 0; everything else is in SI units.

    `energy_j` is exact from the samples, missing ones replaced by the mean of the others, with its standard and
    its expanded uncertainty (95 %), whose contributions `parts` names. It is None where every sample is missing.
    `complete` says that the uncertainty leaves nothing out, else `incomplete` says what. `on_edges` says that the
    region begins and ends at edges of windows.

    `samples` counts those that the region touches, `missing` and `over_range` those of them. Bounds, median,
    standard deviation and `histogram` are of the samples inside; none of these is a measure of noise alone.

    `inferences` counts the whole ones inside, of the windows `windows` (from 0); an inference there takes
    `energy_per_inference_j`, which need not be the region's energy over their number. `mean_current_a`, `charge_c`
    and `mean_voltage_v` are there where these were recorded, means over the region's time.
    """

    session_id: str
    virtual: bool
    rail: str | None
    start_s: float
    stop_s: float
    duration_s: float
    on_edges: bool
    energy_j: float | None
    u_j: float | None
    U_j: float | None
    k: float | None
    complete: bool
    incomplete: tuple[str, ...]
    mean_power_w: float | None
    min_w: float | None
    max_w: float | None
    median_w: float | None
    std_w: float | None
    samples: int
    missing: int
    over_range: int
    period_s: float
    mean_current_a: float | None
    charge_c: float | None
    mean_voltage_v: float | None
    inferences: int
    windows: tuple[int, ...]
    energy_per_inference_j: float | None
    U_per_inference_j: float | None
    per_inference_incomplete: tuple[str, ...]
    histogram: Histogram
    parts: tuple[tuple[str, float], ...]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        value, spread = rounded((self.energy_j or math.nan) * 1e3, (self.U_j or 0.0) * 1e3)
        energy = "no energy" if self.energy_j is None else f"({value} ± {spread}) mJ"
        return f"<Region {self.start_s:.6g} s to {self.stop_s:.6g} s: {energy}, {self.samples} samples>"

    def document(self) -> dict[str, Any]:
        """Return the region for JSON: plain values in SI, None for what is not known."""
        found = asdict(self)
        parts = [{"name": name, "u_j": u_j} for name, u_j in found.pop("parts")]
        histogram = {name: list(values) for name, values in found.pop("histogram").items()}
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}
        return {"schema": SCHEMA, **plain, "histogram": histogram, "parts": parts}
