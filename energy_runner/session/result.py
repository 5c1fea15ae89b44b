"""`result.json`: every figure derived from a session's facts, with its uncertainty and its verdicts.

No path, host name or time of analysis is in it: the same facts always give the same bytes.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = "energy-runner/result/1"


class Model(BaseModel):
    """Base of everything in `result.json`: frozen, nothing unknown, no NaN and no infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Score(Model):
    """The median over the windows with its standard uncertainty `u` and its expanded one, `U` = `k` · `u`."""

    median: float
    u: float
    U: float
    k: float


class WindowResult(Model):
    """One timed window.

    `start_s` and `stop_s` are in the monitor's timebase, from the start of its acquisition; a performance
    run has none. What could not be measured is None, and a finding says why.
    """

    index: int
    stimulus: int
    file: str
    start_s: float | None = None
    stop_s: float | None = None
    duration_s: float | None = None
    inferences: int
    energy_j: float | None = None
    energy_per_inference_j: float | None = None
    mean_power_w: float | None = None
    throughput_per_s: float | None = None
    samples_expected: int | None = None
    samples_received: int | None = None
    samples_missing: int | None = None
    samples_over_range: int | None = None


class AccuracyResult(Model):
    """The value of the benchmark's metric: percent for `top1`, a fraction for `auc`; None if withheld."""

    metric: Literal["top1", "auc"]
    value: float | None
    target: float
    stimuli: int
    stimuli_expected: int


class Component(Model):
    """One cause of uncertainty: its standard uncertainty, relative to the score and in joule per inference."""

    name: str
    relative: float
    value_j: float
    source: str


class Uncertainty(Model):
    """The uncertainty budget of the score, and what was assumed for it."""

    components: list[Component] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)


class AlignmentResult(Model):
    """How edges were placed in the monitor's timebase.

    `rate_correction` multiplies durations on the IO manager's clock, `rate_u` is its relative standard
    uncertainty; both are None where the monitor captures the edges itself.
    """

    method: str
    rate_correction: float | None = None
    rate_u: float | None = None


class EdgeCount(Model):
    """Edges seen against edges that the commands should have made; `exact` if they match one to one."""

    seen: int
    expected: int
    exact: bool


class CrossCheck(Model):
    """Durations of the windows by the IO manager's laps (rate corrected) over those by the monitor."""

    windows: int
    ratio: float
    spread: float


class SampleClock(Model):
    """The monitor's sample period as seen by the host's clock over the one stated: near 1 if nothing is lost."""

    ratio: float
    u: float


class Finding(Model):
    """Something that was noticed: a short id, what exactly, and the window it concerns, if any."""

    id: str
    detail: str
    window: int | None = None


class Verdict(Model):
    """What one rule says. `binding` is False for a rule that only informs and never makes a run invalid."""

    id: str
    passed: bool
    binding: bool = True
    measured: str | float | int | None
    limit: str | float | int | None
    clause: str
    note: str = ""


class Result(Model):
    """Everything in `result.json`."""

    schema_: str = Field(default=SCHEMA, alias="schema")
    benchmark: str
    mode: Literal["energy", "performance", "accuracy"]
    virtual: bool
    valid: bool = False
    outcome: str
    energy_per_inference_j: Score | None = None
    throughput_per_s: float | None = None
    accuracy: AccuracyResult | None = None
    windows: list[WindowResult] = Field(default_factory=list)
    between_windows_w: list[float | None] = Field(default_factory=list)
    alignment: AlignmentResult | None = None
    edges: EdgeCount | None = None
    edges_cross_check: CrossCheck | None = None
    sample_clock: SampleClock | None = None
    uncertainty: Uncertainty | None = None
    findings: list[Finding] = Field(default_factory=list)
    verdicts: list[Verdict] = Field(default_factory=list)

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        populate_by_name=True,
        serialize_by_alias=True,
    )

    def with_verdicts(self, verdicts: list[Verdict], **changes: Any) -> "Result":
        """Return this result judged: valid if at least one rule was asked and no binding one failed."""
        valid = bool(verdicts) and all(v.passed for v in verdicts if v.binding)
        return self.model_copy(update={"verdicts": verdicts, "valid": valid, **changes})
