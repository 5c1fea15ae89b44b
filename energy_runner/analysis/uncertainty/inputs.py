# SPDX-License-Identifier: Apache-2.0
"""What an uncertainty budget is made from: a specification, and what was seen of each window."""

import math
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from energy_runner.analysis.uncertainty.combine import Cause
from energy_runner.analysis.uncertainty.edges import EdgeView, Share
from energy_runner.errors import SessionError

BEYOND = "calibration_beyond"  # the term for readings beyond the outermost points of a calibration
SHIFT_UNITS = ("s", "sample")  # of terms by which all edges may be late
_OF_EDGES = ("edge_latency", "trigger_latency")
NO_ERROR = "none:"  # how the document of a monitor begins that exists only in software and has no error at all


class Term(BaseModel):
    """One term of a specification: errors up to ± (`relative` × reading + `absolute` in `unit`).

    A term without either is a known cause of unknown size. What grows with the temperature, `relative_per_k` and
    `absolute_per_k`, is in `relative` and `absolute` for a change of `change_k` kelvin. `above` says that the term
    counts only while the reading is larger than so many `unit`, and for `hold_s` seconds after that. Keys that are
    not known here are kept: they may state a size.
    """

    model_config = ConfigDict(allow_inf_nan=False, extra="allow")

    name: str
    relative: float = Field(default=0.0, ge=0, le=1e3)
    absolute: float = Field(default=0.0, ge=0, le=1e6)
    unit: str = ""
    source: str = ""
    above: float = Field(default=0.0, ge=0, le=1e6)
    hold_s: float = Field(default=0.0, ge=0, le=1e3)
    assumed: StrictBool = False
    relative_per_k: float = Field(default=0.0, ge=0, le=1e3)
    absolute_per_k: float = Field(default=0.0, ge=0, le=1e6)
    change_k: float = Field(default=0.0, ge=0, le=1e3)

    @property
    def known(self) -> bool:
        """Return whether the term states a size."""
        return bool(self.relative or self.absolute)

    @property
    def of_edges(self) -> bool:
        """Return whether the term is about when edges were captured, and not about readings."""
        return self.name in _OF_EDGES or bool(self.unit in SHIFT_UNITS and self.absolute)

    def at(self, change_k: float | None) -> "Term":
        """Return the term for the change of temperature that was recorded, where that is the larger one (K)."""
        per_k = self.relative_per_k or self.absolute_per_k
        if not per_k or change_k is None or change_k <= self.change_k:
            return self
        more_k = change_k - self.change_k
        return self.model_copy(
            update={
                "relative": self.relative + self.relative_per_k * more_k,
                "absolute": self.absolute + self.absolute_per_k * more_k,
                "change_k": change_k,
                "source": f"{self.source}; the thermometer recorded a change of {change_k:.3g} K",
            }
        )


class Point(BaseModel):
    """One point of a calibration: at the reading `value`, `correction` is to be added, both in `unit`.

    It holds for readings from `low` to `high`. `U` is the expanded uncertainty with the coverage factor `k`.
    """

    model_config = ConfigDict(allow_inf_nan=False, extra="ignore")

    quantity: Literal["current", "voltage", "power", "energy"]
    unit: str
    low: float = Field(ge=-1e6, le=1e6)
    high: float = Field(ge=-1e6, le=1e6)
    value: float = Field(ge=-1e6, le=1e6)
    correction: float = Field(ge=-1e6, le=1e6)
    U: float = Field(gt=0, le=1e6)
    k: float = Field(ge=1, le=10)
    date: str = ""
    laboratory: str = ""
    certificate: str = ""

    @property
    def u(self) -> float:
        """Return the standard uncertainty of the correction."""
        return self.U / self.k


class Delay(BaseModel):
    """How late edges are placed among the samples, as `bench doctor` measured it with the same instruments.

    `delay_s` and its standard uncertainty `u_s`, from `count` edges.
    """

    model_config = ConfigDict(allow_inf_nan=False, extra="allow")

    delay_s: float = Field(ge=-1, le=1)
    u_s: float = Field(gt=0, le=1)
    count: int = Field(gt=0)
    date: str = ""
    instruments: str = ""

    @property
    def counted_s(self) -> float:
        """Return the standard uncertainty (s) that stands for a delay that is not corrected."""
        return math.hypot(self.delay_s, self.u_s)


class Limits(BaseModel):
    """The specification of a monitor as configured, as its journal entry states it."""

    model_config = ConfigDict(extra="allow")

    document: str = ""
    terms: list[Term] = Field(default_factory=list)
    assumptions: list[str] = Field(default_factory=list)
    assumed: StrictBool = False
    points: list[Point] = Field(default_factory=list, max_length=1000)
    replaced: list[str] = Field(default_factory=list)
    delay: Delay | None = None

    @property
    def without_error(self) -> bool:
        """Return whether it states that the monitor has no error, which is not the same as stating nothing."""
        return not self.terms and not self.unread and self.document.startswith(NO_ERROR)

    @property
    def unread(self) -> list[str]:
        """Return the keys that this version does not know and cannot count."""
        parts: list[BaseModel] = [self, *self.terms, *([self.delay] if self.delay is not None else [])]
        return sorted({key for part in parts for key in part.model_extra or {}})

    def at(self, change_k: float | None) -> "Limits":
        """Return the specification for the change of temperature (K) that a run recorded; None: there is none."""
        return self.model_copy(update={"terms": [term.at(change_k) for term in self.terms]})

    def stated(self, limit: float | None) -> "Limits":
        """Return the specification with what the monitor itself stated in a run: each reading's limit of error.

        `limit` is relative; None: it stated none. It replaces a gain that was only assumed, and an offset of
        unknown size, which it includes. What a document or a calibration states stays as it is.
        """
        assumed = [term for term in self.terms if term.name == "gain" and (term.assumed or self.assumed)]
        if limit is None or not assumed:
            return self
        source = "the monitor's own statement of this run: the largest limit of any reading, range included"
        terms = [
            Term(name="gain", relative=limit, source=source) if term in assumed else term
            for term in self.terms
            if term.name != "offset" or term.known
        ]
        return self.model_copy(update={"terms": terms})

    @classmethod
    def of(cls, specification: dict[str, Any]) -> "Limits":
        """Return the specification in a `monitor-configured` event; raises `SessionError` for anything else.

        Journals call that field `accuracy`; everywhere else the word means the benchmark's metric.
        """
        try:
            return cls.model_validate(specification)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise SessionError(f"the monitor's specification is damaged ({place}: {first['msg']})") from None


@dataclass(frozen=True)
class Measured:
    """What the budget needs of one window.

    `missing_share` is the share of its duration whose samples are missing, `spread_w` the range of the others
    (only determined where some are missing). `shares_above` maps powers in watt to the share of
    the window, by time and by energy, that was above each.

    `second_j` is the energy by the second method of integration, `unexplained_j` what the samples that hold the
    start and the stop edge have in them beyond a mix of their neighbours, `droop_w` a limit of what the product of
    the mean current and the mean voltage of a sample is larger than their mean product, and `change_w` the
    standard deviation of what readings at an instant do not follow. `coarse` says that these are too far apart,
    and `stimulus` which of the plan the window was measured with. `doubtful_j` is what samples that may be misread
    add or take, and `mean_square_w2` the mean square of the power (0 where no term in ohm asks for it).
    """

    energy_j: float
    inferences: int
    duration_s: float
    samples: int
    start: EdgeView
    stop: EdgeView
    missing_share: float = 0.0
    spread_w: float = 0.0
    shares_above: dict[float, Share] = field(default_factory=dict)
    second_j: float | None = None
    unexplained_j: tuple[float, float] = (0.0, 0.0)
    droop_w: float = 0.0
    change_w: float = 0.0
    coarse: bool = False
    stimulus: int | None = None
    doubtful_j: float = 0.0
    mean_square_w2: float = 0.0

    @property
    def per_inference_j(self) -> float:
        """Return the energy of one inference."""
        return self.energy_j / self.inferences


@dataclass(frozen=True)
class Conditions:
    """What holds for all windows of a session.

    `signals` are the names of what was recorded, `voltage_v` the supply as set. `rate_u` is the relative
    standard uncertainty of the IO manager's clock where its laps placed the windows, else None; of it `host_limit`
    is the largest error of the host's clock, and `laps` how many messages it rests on: those of the laps, or with
    `recorded_laps` the DUT's lines about them. `clock_u` is that of the
    monitor's clock where the run measured and corrected it, else None; `clock_off` is how far the run found it off
    1. `tied_by_host` says that laps and samples are tied together by the times at which they reached the host, and
    `unwitnessed` that nothing but their own source tells where the edges lie.
    `virtual` says that the monitor is a twin, whose errors are those of its table and no others. `kinds` are those
    of the signals, `voltage_of_another` says that the sampler does not feed the DUT itself. `identified` says that
    the sampler told what it is, as every instrument does since 0.1.0. `further` are causes that were derived
    elsewhere, with what they lack and assume.
    """

    limits: Limits
    signals: tuple[str, ...]
    voltage_v: float
    rate_u: float | None = None
    clock_u: float | None = None
    clock_off: float = 0.0
    host_limit: float = 0.0
    laps: int = 0
    recorded_laps: bool = False
    virtual: bool = False
    tied_by_host: bool = False
    unwitnessed: bool = False
    kinds: tuple[str, ...] = ()
    voltage_of_another: bool = False
    identified: bool = True
    further: tuple[Cause, ...] = ()
    further_doubts: tuple[str, ...] = ()
    further_notes: tuple[str, ...] = ()

    @property
    def delay_s(self) -> float:
        """Return how late or early all edges may be (s), as the budget counts it; 0 where nobody measured it."""
        return self.limits.delay.counted_s if self.limits.delay is not None else 0.0

    def at_chosen_places(self) -> "Conditions":
        """Return what holds for a stretch between places that somebody chose among the samples.

        Nothing places them wrongly: no edge is late, no laps drift, and no witness is needed. The clock of the
        monitor says how long the stretch is.
        """
        terms = [term for term in self.limits.terms if not term.of_edges]
        return replace(
            self,
            limits=self.limits.model_copy(update={"terms": terms, "delay": None}),
            rate_u=None,
            laps=0,
            recorded_laps=False,
            tied_by_host=False,
            unwitnessed=False,
        )

    def threshold_w(self, term: Term) -> float | None:
        """Return the power above which `term` counts; None for a unit that is no measure of power."""
        factor = {"A": self.voltage_v, "W": 1.0}.get(term.unit)
        return None if factor is None else term.above * factor

    @property
    def resistive(self) -> bool:
        """Return whether a term is a resistance, so that the mean square of the power must be known."""
        return any(term.unit == "Ohm" and term.known for term in self.limits.terms)

    def thresholds_w(self) -> dict[float, float]:
        """Return the powers of which a window's share above must be known, each with the longest `hold_s`."""
        found: dict[float, float] = {}
        for term in self.limits.terms:
            threshold_w = self.threshold_w(term) if term.above and term.known else None
            if threshold_w is not None:
                found[threshold_w] = max(term.hold_s, found.get(threshold_w, 0.0))
        return found
