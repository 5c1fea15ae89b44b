"""`result.json`: every figure derived from a session's facts, with its uncertainty and its verdicts.

No path, host name or time of analysis is in it: the same facts always give the same bytes.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from energy_runner.session import brief

SCHEMA = "energy-runner/result/1"


class Model(BaseModel):
    """Base of everything in `result.json`: frozen, nothing unknown, no NaN and no infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Stated(Model):
    """A value as a person quotes it: U with two significant digits, the value to the same digit, in `unit`.

    `text` is the whole statement, "uncertainty incomplete: ..." included where it is.
    """

    value: str
    u: str
    U: str
    unit: str
    text: str


class Score(Model):
    """The median over the windows with its standard uncertainty `u` and its expanded one, `U` = `k` · `u`.

    `k` is the factor that gives `probability` for the distribution of the combined error; `k_t` is the one
    that the t distribution gives for the effective degrees of freedom `dof` (None: infinitely many), for
    comparison. The uncertainty is `complete` if nothing is known to be missing from it; otherwise
    `incomplete` says in words what is.
    """

    median: float
    u: float
    U: float
    k: float
    dof: float | None = None
    k_t: float | None = None
    probability: float = 0.95
    complete: bool = False
    incomplete: list[str] = Field(default_factory=list)
    stated: Stated | None = None

    def __repr__(self) -> str:
        return f"<Score {brief.of_score(self)}>"

    __str__ = __repr__


class Component(Model):
    """One input quantity of an uncertainty budget.

    Its estimate is `value` in `unit`, with a standard uncertainty of `u` = `limit` / `divisor` (`limit` is
    None where `u` was not obtained from a limit of error) and `dof` degrees of freedom (None: infinitely
    many). Times `sensitivity` (joule per inference and unit) that is its contribution `value_j`, in joule per
    inference, or `relative` to the measured value. `correlated` says that one and the same error is in all
    windows, so that it does not shrink with their number. `kind` is the GUM's type of evaluation, A or B.
    """

    name: str
    relative: float
    value_j: float
    source: str
    value: float = 0.0
    unit: str = ""
    distribution: str = "rectangular"
    limit: float | None = None
    divisor: float | None = None
    u: float | None = None
    sensitivity: float | None = None
    dof: float | None = None
    kind: Literal["A", "B"] = "B"
    correlated: bool = True


class WindowUncertainty(Model):
    """The uncertainty budget of one window's energy per inference, in joule; the fields are those of `Score`."""

    u: float
    U: float
    k: float
    dof: float | None = None
    k_t: float | None = None
    complete: bool = False
    stated: Stated
    components: list[Component] = Field(default_factory=list)


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
    uncertainty: WindowUncertainty | None = None

    def __repr__(self) -> str:
        return brief.of_window(self)

    __str__ = __repr__


class AccuracyResult(Model):
    """The value of the benchmark's metric: percent for `top1`, a fraction for `auc`; None if withheld."""

    metric: Literal["top1", "auc"]
    value: float | None
    target: float
    stimuli: int
    stimuli_expected: int


class Uncertainty(Model):
    """The uncertainty budget of the score, how it was combined (`method`), and what was assumed for it."""

    components: list[Component] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    method: list[str] = Field(default_factory=list)


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


class LayerResult(Model):
    """One layer of the network, per inference: its operations (multiply-accumulates), time and energy.

    `u_j` is the standard uncertainty from the scatter of the fit and the place of the edges; the monitor's
    errors, which are the same for all layers, are those of the score.
    """

    name: str
    operations: int
    duration_s: float
    energy_j: float
    u_j: float


class Layers(Model):
    """The energy of each layer, fitted to all `inferences` whose marks are known, and what they add up to."""

    inferences: int
    energy_per_inference_j: float
    layers: list[LayerResult] = Field(default_factory=list)


class Finding(Model):
    """Something that was noticed: a short id, what exactly, and the window it concerns, if any."""

    id: str
    detail: str
    window: int | None = None


class Verdict(Model):
    """What one rule says. `binding` is False for a rule that only informs and never makes a run invalid.

    `known` is False where the session lacks the facts to judge by; then nothing has passed either.
    """

    id: str
    passed: bool
    binding: bool = True
    known: bool = True
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
    layers: Layers | None = None
    uncertainty: Uncertainty | None = None
    findings: list[Finding] = Field(default_factory=list)
    rule_set: str | None = None
    verdicts: list[Verdict] = Field(default_factory=list)

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        populate_by_name=True,
        serialize_by_alias=True,
    )

    def __repr__(self) -> str:
        return brief.of_result(self)

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return brief.html_of_result(self)

    def with_verdicts(self, verdicts: list[Verdict], **changes: Any) -> "Result":
        """Return this result judged: valid if at least one rule was asked and no binding one failed."""
        valid = bool(verdicts) and all(v.passed for v in verdicts if v.binding)
        return self.model_copy(update={"verdicts": verdicts, "valid": valid, **changes})
