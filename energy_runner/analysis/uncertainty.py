"""The first uncertainty budget of a score: what the data sheet allows, and what the run itself shows.

Limits of error are taken as rectangular distributions, u = limit / √3 (GUM, JCGM 100:2008, 4.3.7). All
windows are measured by the same instrument on the same day, so its errors do not shrink with their number;
only noise is averaged, over the samples of a window.
"""

import math
import statistics
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from energy_runner.errors import SessionError
from energy_runner.session.result import Component, Score, Uncertainty

COVERAGE = 2.0
_BEYOND_REASON = 1e6
_MEDIAN_FACTOR = 1.253  # standard deviation of a median over that of a mean, √(π/2), normal distribution


class _Term(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)

    name: str
    relative: float = Field(default=0.0, ge=0, le=1e3)
    absolute: float = Field(default=0.0, ge=0, le=1e6)
    unit: str = ""
    source: str = ""


class Limits(BaseModel):
    """The limits of error of a monitor as configured, as its journal entry states them."""

    document: str = ""
    terms: list[_Term] = Field(default_factory=list)
    assumptions: list[str] = Field(default_factory=list)

    @classmethod
    def of(cls, accuracy: dict[str, Any]) -> "Limits":
        """Return the limits in a `MonitorConfigured.accuracy`; raises `SessionError` for anything else."""
        try:
            return cls.model_validate(accuracy)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise SessionError(f"the monitor's limits of error are damaged ({place}: {first['msg']})") from None


@dataclass(frozen=True)
class Measured:
    """What the budget needs of one window.

    `level_w` is the largest power around its two edges, `step_w` the larger change of power there.
    """

    energy_j: float
    inferences: int
    start_s: float
    duration_s: float
    samples: int
    edge_half_width_s: float
    level_w: float
    step_w: float
    missing_share: float
    spread_w: float

    @property
    def per_inference_j(self) -> float:
        """Return the energy of one inference."""
        return self.energy_j / self.inferences


def budget(
    windows: list[Measured], limits: Limits, voltage_v: float, rate_u: float | None
) -> tuple[Score, Uncertainty]:
    """Return the median over `windows` (at least one, of positive energy) with its uncertainty.

    `rate_u` is the relative standard uncertainty of the IO manager's rate where laps placed the windows.
    Raises `SessionError` if the limits or the windows are beyond all reason.
    """
    median_j = statistics.median(window.per_inference_j for window in windows)
    power_w = statistics.median(window.energy_j / window.duration_s for window in windows)
    samples = min(window.samples for window in windows)
    readings = {
        "W": power_w,
        "V": voltage_v,
        "A": power_w / voltage_v if voltage_v > 0 else 0.0,
        "J": statistics.median(window.energy_j / window.samples for window in windows),
    }
    found: list[tuple[str, float, str]] = []
    notes = list(limits.assumptions)
    for term in limits.terms:
        reading = readings.get(term.unit, 0.0)
        if term.absolute and not reading > 0:
            notes.append(f"not counted: {term.name} of {term.absolute} {term.unit or 'without unit'}")
        limit = term.relative + (term.absolute / reading if reading > 0 else 0.0)
        shrink = math.sqrt(samples) if term.name == "noise" else 1.0
        found.append((term.name, limit / math.sqrt(3) / shrink, term.source or limits.document))
    found += _of_the_run(windows, rate_u)
    if not limits.terms:
        notes.append("the monitor's limits of error are unknown: U counts only what the run itself shows")
    if not all(value < _BEYOND_REASON for _, value, _ in found):
        raise SessionError(
            "the uncertainty of the score is beyond all reason; something in this session is damaged"
        )
    relative = math.sqrt(sum(value**2 for _, value, _ in found))
    u = median_j * relative
    components = [
        Component(name=name, relative=value, value_j=value * median_j, source=source)
        for name, value, source in found
    ]
    score = Score(median=median_j, u=u, U=COVERAGE * u, k=COVERAGE)
    return score, Uncertainty(components=components, notes=notes)


def _of_the_run(windows: list[Measured], rate_u: float | None) -> list[tuple[str, float, str]]:
    """Return the components that do not come from a data sheet; of the windows the worst one counts.

    An edge taken too early adds power from outside, one too late leaves out power from inside: at most the
    larger of the two for the time it is off. Where one clock shifts both edges, the one gains what the other
    loses, and only the step in power is left.
    """
    edges = max(w.edge_half_width_s * math.sqrt(2 / 3) * w.level_w / w.energy_j for w in windows)
    found = [("edges", edges, "both ends: limit of the edge's position times the power there")]
    if rate_u is not None:
        rate = max(rate_u * (1 + w.start_s * w.step_w / w.energy_j) for w in windows)
        found.append(("alignment rate", rate, "IO manager's clock: duration, and shift of the window"))
    missing = max(w.missing_share * w.spread_w * w.duration_s / math.sqrt(12) / w.energy_j for w in windows)
    if missing:
        found.append(("missing samples", missing, "their share times the range of power in the window"))
    if len(windows) > 1:
        each = [window.per_inference_j for window in windows]
        spread = statistics.stdev(each) / statistics.median(each)
        repeatability = _MEDIAN_FACTOR * spread / math.sqrt(len(each))
        found.append(("repeatability", repeatability, "1.253 s/√n of the windows, for their median"))
    return found
