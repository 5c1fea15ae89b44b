# SPDX-License-Identifier: Apache-2.0
"""`result.json`: every figure derived from a session's facts, with its uncertainty and its verdicts.

No path, host name or time of analysis is in it: the same facts always give the same bytes.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool

from energy_runner import notebook
from energy_runner.session.budget import Component, Derived, Score, Stated, Uncertainty, WindowUncertainty
from energy_runner.session.document import READ, Model
from energy_runner.session.evidence import ExchangeCheck, StimuliStanding
from energy_runner.session.judged import Judged, JudgedSession
from energy_runner.session.layers import LayerResult, Layers
from energy_runner.session.levels import LevelResult, Levels
from energy_runner.session.summed import SummaryCheck, SummedFigure
from energy_runner.session.verdict import Verdict

__all__ = [
    "SCHEMA",
    "AccuracyResult",
    "AlignmentResult",
    "Component",
    "CrossCheck",
    "Derived",
    "EdgeCount",
    "Finding",
    "Integration",
    "Judged",
    "JudgedSession",
    "LayerResult",
    "Layers",
    "LevelResult",
    "Levels",
    "NetEnergy",
    "RailResult",
    "Result",
    "SampleClock",
    "Score",
    "Stated",
    "SummaryCheck",
    "SummedFigure",
    "TraceCount",
    "Uncertainty",
    "Verdict",
    "WindowResult",
    "WindowUncertainty",
]

SCHEMA = "energy-runner/result/1"
FACTS_CHANGED = "facts-changed"  # the finding that facts are not as they were sealed
RAW_BYTES_THINNED = "raw-bytes-thinned"  # the finding that `stream.bin` was removed by a policy; no rule fails
_METRICS = {"top1": "{value:.1f} % Top-1", "auc": "AUC {value:.2f}"}
_SHOWN = 5  # failed rules in a notebook
_COLUMNS = ("#", "Stimulus", "Inferences", "Duration s", "µJ per inference")

# Written only where it is false.
Known = Annotated[StrictBool, Field(exclude_if=lambda known: known)]


class WindowResult(Model):
    """One timed window. A figure that could not be measured is null, and a finding says why."""

    index: int
    """Number of the window, from 0."""
    stimulus: int
    """Index of its stimulus in the record's `stimuli`."""
    file: str
    """File of the stimulus."""
    start_s: float | None = None
    """Its first edge in the monitor's timebase, s from the start of the acquisition; null in a performance run."""
    stop_s: float | None = None
    """Its second edge, s, likewise."""
    duration_s: float | None = None
    """Duration between the edges, s."""
    inferences: int
    """Inferences in the window."""
    energy_j: float | None = None
    """Energy between the edges, J."""
    energy_per_inference_j: float | None = None
    """Energy of one inference, J."""
    mean_power_w: float | None = None
    """Mean power between the edges, W."""
    throughput_per_s: float | None = None
    """Inferences per second."""
    samples_expected: int | None = None
    """Samples that the window touches."""
    samples_received: int | None = None
    """Samples of these that arrived."""
    samples_missing: int | None = None
    """Samples of these that did not; the likeliest number where the exact one cannot be known."""
    samples_missing_known: Known = True
    """False where the exact number of missing samples cannot be known; not written where it is true."""
    samples_over_range: int | None = None
    """Samples of these that were beyond the monitor's range."""
    uncertainty: WindowUncertainty | None = None
    """Uncertainty budget of `energy_per_inference_j`."""

    def __repr__(self) -> str:
        lasts = f", {self.duration_s:.4f} s" if self.duration_s is not None else ""
        each = self.energy_per_inference_j
        energy = f", {each * 1e6:.6g} µJ per inference" if each is not None else ""
        return f"<Window {self.index + 1}, {self.file!r}: {self.inferences} inferences{lasts}{energy}>"

    __str__ = __repr__

    def cells(self) -> tuple[str, ...]:
        """Return the window as a row of a small table with the columns `_COLUMNS`."""
        lasts, each = self.duration_s, self.energy_per_inference_j
        return (
            str(self.index + 1),
            self.file,
            str(self.inferences),
            "" if lasts is None else f"{lasts:.4f}",
            "" if each is None else f"{each * 1e6:.3f}",
        )


class RailResult(Model):
    """One of several supply rails of the DUT."""

    name: str
    """Its name in the bench file."""
    voltage_v: float
    """Voltage that was set, V."""
    energy_per_inference_j: Score | None = None
    """Its energy of one inference, J; null where it cannot be defended."""
    share: float | None = None
    """Its share of the sum of all rails."""
    windows: list[WindowResult] = Field(default_factory=list)
    """Its windows, in order."""
    uncertainty: Uncertainty | None = None
    """Uncertainty budget of its energy."""


class AccuracyResult(Model):
    """The value of the benchmark's metric."""

    metric: Literal["top1", "auc"]
    """`top1`: share of right classes; `auc`: area under the receiver operating characteristic."""
    value: float | None
    """Unrounded: percent for `top1`, a fraction for `auc`; null if withheld."""
    target: float
    """The benchmark's target, in the same unit."""
    stimuli: int
    """Stimuli that were answered."""
    stimuli_expected: int
    """Stimuli of the plan."""


class Integration(Model):
    """How the samples of a window became energy."""

    kind: Literal["mean", "instant"]
    """What a sample is: the mean over its period, or the value at an instant."""
    method: str
    """The method, in words."""
    second_method: str
    """Another method, which is wrong in other ways."""
    difference: float
    """Energy by the second method over that by the first, less 1: of the windows, the one farthest from 0."""


class AlignmentResult(Model):
    """How edges were placed in the monitor's timebase."""

    method: str
    """The method, in words."""
    rate_correction: float | None = None
    """Factor on durations by the IO manager's clock; null where the monitor captures the edges itself."""
    rate_u: float | None = None
    """Relative standard uncertainty of that factor."""


class EdgeCount(Model):
    """Edges seen against edges that the commands should have made."""

    seen: int
    """Edges seen."""
    expected: int
    """Edges that the commands should have made."""
    exact: StrictBool
    """True if they match one to one, in order and in place."""


class CrossCheck(Model):
    """Durations of the windows by the IO manager's laps (rate corrected) over those by the monitor."""

    windows: int
    """Windows compared."""
    ratio: float
    """Median of the ratios."""
    spread: float
    """Largest ratio less the smallest."""


class SampleClock(Model):
    """The monitor's sample period as seen by the host's clock over the one stated: near 1 if nothing is lost."""

    ratio: float
    """Period by the host's clock over the period stated."""
    u: float
    """Standard uncertainty of the ratio."""
    specified: float | None = None
    """Relative limit of the monitor's clock by its specification; null where that states none."""
    corrected: StrictBool = False
    """True if the two disagree beyond doubt, so that durations and energies are those by the host's clock."""
    steady: StrictBool = True
    """False if they do so in some parts of the run only, as where samples are lost unnoticed."""


class TraceCount(Model):
    """How often the trace repeats in a window against the inferences stated: of the window that differs most."""

    windows: int
    """Windows in which something repeats clearly."""
    stated: int
    """Inferences by the facts."""
    found: float
    """Repetitions in the trace."""
    u: float
    """Standard uncertainty of `found`."""
    least: float
    """Fewest repetitions that the stated number allows."""
    most: float
    """Most of them."""
    agrees: StrictBool | None
    """Whether they do; null where a harmless structure explains another number."""
    note: str = ""
    """Which; empty for none."""


class NetEnergy(Model):
    """The energy of an inference above idle: the score less the idle power over the same time."""

    value_j: float
    """Energy above idle, J per inference; negative where the DUT draws more while it waits."""
    u_j: float
    """Standard uncertainty, J: an upper bound, for the monitor's errors at idle count as independent ones."""
    U_j: float
    """Expanded uncertainty, J, for 95 %."""
    k: float
    """Coverage factor."""
    dof: float | None = None
    """Effective degrees of freedom (Welch-Satterthwaite); null for infinitely many."""
    idle_w: float
    """The idle power, W."""
    complete: bool = False
    """True if the score's uncertainty is complete."""


class Finding(Model):
    """Something that the analysis noticed in the facts and that has a consequence."""

    id: str
    """Short id."""
    detail: str
    """What exactly."""
    window: int | None = None
    """The window it concerns, from 0; null if it concerns none or all."""


class Result(Model):
    """A session's result: figures, uncertainty, findings and verdicts."""

    schema_: str = Field(default=SCHEMA, alias="schema")
    """Kind and major version of this document."""
    benchmark: str
    """Id of the benchmark."""
    mode: Literal["energy", "performance", "accuracy"]
    """What was measured."""
    virtual: StrictBool
    """True if anything on the bench was simulated: then nothing here is a measurement."""
    valid: StrictBool = False
    """True if the run completed, at least one binding rule was asked, and all of them have passed."""
    outcome: str
    """How the run ended: `completed`, `bench-fault`, `interrupted`, `failed`, or `killed`."""
    energy_per_inference_j: Score | None = None
    """Energy mode: the score, J; null where it cannot be defended."""
    throughput_per_s: float | None = None
    """Median inferences per second."""
    throughput: Derived | None = None
    """The same with its uncertainty."""
    energy_delay_product: Derived | None = None
    """Energy mode: energy of an inference times its mean duration, J·s."""
    accuracy: AccuracyResult | None = None
    """Accuracy mode: the metric."""
    rails: list[RailResult] = Field(default_factory=list, exclude_if=lambda rails: not rails)
    """Energy mode, a DUT with several supply rails: each rail; the figures beside are those of their sum."""
    windows: list[WindowResult] = Field(default_factory=list)
    """The timed windows, in order."""
    between_windows_w: list[float | None] = Field(default_factory=list)
    """Mean power from the end of each window to the start of the next, W."""
    alignment: AlignmentResult | None = None
    """How edges were placed in the samples."""
    integration: Integration | None = None
    """How the samples became energy."""
    edges: EdgeCount | None = None
    """Edges seen against edges expected."""
    edges_cross_check: CrossCheck | None = None
    """The windows by the IO manager's laps against those by the monitor's edges."""
    sample_clock: SampleClock | None = None
    """The monitor's sample period by the host's clock."""
    monitor_summary: SummaryCheck | None = None
    """Energy mode: the monitor's own summary against the recorded samples; null where it gave none."""
    inferences_in_trace: TraceCount | None = None
    """How often the trace repeats against the inferences stated; null where nothing repeats clearly."""
    exchange: ExchangeCheck | None = None
    """The events against the exchanged bytes; null for a session that holds no bytes to compare."""
    stimuli: StimuliStanding | None = None
    """Whether the stimuli are the benchmark's own; null in results that older versions wrote."""
    layers: Layers | None = None
    """Energy of each layer; only from a bench that marks the layers."""
    levels: Levels | None = None
    """Energy mode: power outside the windows."""
    net_energy_per_inference_j: NetEnergy | None = None
    """Energy mode: energy of an inference above idle, J; it accompanies the score and is not judged."""
    uncertainty: Uncertainty | None = None
    """Uncertainty budget of the score."""
    findings: list[Finding] = Field(default_factory=list)
    """What was noticed."""
    rule_set: str | None = None
    """Id of the rule set that judged; null if none did."""
    rule_set_sha256: str | None = None
    """SHA-256 of the file of a rule set of your own; null for one that comes with energy-runner."""
    verdicts: list[Verdict] = Field(default_factory=list)
    """The verdict of each rule."""
    judged_by: Judged | None = None
    """What the result was derived from and judged by; null where that was not yet recorded."""
    sha256: str | None = None
    """SHA-256 of `result.json`, with zeros in the place of these digits."""

    model_config = ConfigDict(**READ, allow_inf_nan=False, populate_by_name=True, serialize_by_alias=True)

    def __repr__(self) -> str:
        virtual = ", virtual" if self.virtual else ""
        return notebook.seen(
            f"<Result {self.benchmark}, {self.mode}{virtual}: {self.headline()}, {self.judged()}>"
        )

    __str__ = __repr__

    def _repr_html_(self) -> str:
        failed = [one.id for one in self.verdicts if one.binding and not one.passed]
        facts = [("Verdict", self.judged()), ("Rule set", self.rule_set or "none")]
        if failed:
            more = f" and {len(failed) - _SHOWN} more" if len(failed) > _SHOWN else ""
            facts.append(("Failed", ", ".join(failed[:_SHOWN]) + more))
        if self.outcome != "completed":
            facts.append(("Outcome", self.outcome))
        return notebook.table(
            f"{self.benchmark}, {self.mode}: {self.headline()}",
            facts,
            virtual=self.virtual,
            columns=_COLUMNS if self.windows else (),
            rows=[window.cells() for window in self.windows],
        )

    def headline(self) -> str:
        """Return the figure that the run was made for, or that there is none."""
        if self.mode == "energy" and self.energy_per_inference_j is not None:
            return self.energy_per_inference_j.quoted()
        if self.mode == "performance" and self.throughput_per_s is not None:
            return f"{self.throughput_per_s:.5g} inferences per second"
        if self.mode == "accuracy" and self.accuracy is not None and self.accuracy.value is not None:
            return _METRICS[self.accuracy.metric].format(value=self.accuracy.value)
        return "no score"

    def judged(self) -> str:
        """Return whether the result is valid, and how many rules failed if it is not."""
        if self.valid:
            return "VALID"
        failed = sum(one.binding and not one.passed for one in self.verdicts)
        return f"NOT VALID, {failed} of {len(self.verdicts)} rules failed" if failed else "NOT VALID"

    def with_verdicts(self, verdicts: list[Verdict], **changes: Any) -> "Result":
        """Return this result judged.

        It is valid if the run completed, its facts are not known to be changed, at least one binding rule was
        asked, and none of them failed. A rule set may leave rules out; that makes no broken run a valid one.
        """
        binding = [verdict.passed for verdict in verdicts if verdict.binding]
        changed = any(finding.id == FACTS_CHANGED for finding in self.findings)
        valid = self.outcome == "completed" and not changed and bool(binding) and all(binding)
        return self.model_copy(update={"verdicts": verdicts, "valid": valid, **changes})
