# SPDX-License-Identifier: Apache-2.0
"""The uncertainty of a figure in `result.json`: the score as it is stated, and the budgets behind it."""

from typing import Literal

from pydantic import Field

from energy_runner.session.document import Model
from energy_runner.wording import rounded


class Stated(Model):
    """A value as a person quotes it: U with two significant digits, the value to the same digit."""

    value: str
    """The value, rounded to the last digit of `U`."""
    u: str
    """Standard uncertainty."""
    U: str
    """Expanded uncertainty."""
    unit: str
    """Unit of the three."""
    text: str
    """The whole statement, with "uncertainty incomplete: ..." where it is incomplete."""


class Score(Model):
    """The median over the windows with its standard uncertainty `u` and its expanded one, `U` = `k` · `u`."""

    median: float
    """Median of the windows' energy per inference, J."""
    u: float
    """Standard uncertainty of the median, J."""
    U: float
    """Expanded uncertainty, J."""
    k: float
    """Coverage factor that gives `probability` for the distribution of the combined error."""
    dof: float | None = None
    """Effective degrees of freedom; null for infinitely many."""
    k_t: float | None = None
    """The factor that the t distribution gives for `dof`, for comparison."""
    probability: float = 0.95
    """Coverage probability of ± `U`."""
    complete: bool = False
    """True if nothing is known to be missing from the uncertainty."""
    incomplete: list[str] = Field(default_factory=list)
    """What is missing from it, in words."""
    stated: Stated | None = None
    """The score as a person quotes it."""

    def __repr__(self) -> str:
        return f"<Score {self.quoted()}>"

    __str__ = __repr__

    def quoted(self) -> str:
        """Return the score as it is quoted: `1440 ± 34 µJ per inference`."""
        if self.stated is not None:
            return f"{self.stated.value} ± {self.stated.U} {self.stated.unit} per inference"
        return f"{' ± '.join(rounded(self.median * 1e6, self.U * 1e6))} µJ per inference"


class Component(Model):
    """One input quantity of an uncertainty budget."""

    name: str
    """What it is."""
    relative: float
    """Its contribution, as a share of the measured value."""
    value_j: float
    """Its contribution: `u` times `sensitivity`, J per inference."""
    source: str
    """Where its uncertainty comes from."""
    value: float = 0.0
    """Its estimate, in `unit`."""
    unit: str = ""
    """Unit of `value`, `limit` and `u`; empty for shares."""
    distribution: str = "rectangular"
    """Distribution of its error."""
    limit: float | None = None
    """Largest error that its specification allows, in `unit`; null where `u` was not derived from one."""
    divisor: float | None = None
    """`limit` over `u`, by the distribution."""
    u: float | None = None
    """Standard uncertainty, in `unit`."""
    sensitivity: float | None = None
    """J per inference for an error of one `unit`."""
    dof: float | None = None
    """Degrees of freedom of `u`; null for infinitely many."""
    kind: Literal["A", "B"] = "B"
    """Type of evaluation in the sense of the GUM."""
    correlated: bool = True
    """True if all windows share the same error, so that it does not shrink with their number."""


class WindowUncertainty(Model):
    """The uncertainty budget of one window's energy per inference; the fields are those of the score."""

    u: float
    """Standard uncertainty, J."""
    U: float
    """Expanded uncertainty, J."""
    k: float
    """Coverage factor."""
    dof: float | None = None
    """Effective degrees of freedom; null for infinitely many."""
    k_t: float | None = None
    """The factor that the t distribution gives for `dof`."""
    complete: bool = False
    """True if nothing is known to be missing from the uncertainty."""
    stated: Stated
    """The window's energy per inference as a person quotes it."""
    components: list[Component] = Field(default_factory=list)
    """The input quantities."""


class Derived(Model):
    """A figure derived from others, with its uncertainty."""

    value: float
    """The figure, in `unit`."""
    u: float
    """Its standard uncertainty."""
    U: float
    """Its expanded uncertainty, for a coverage probability of 95 %."""
    k: float
    """`U` over `u`."""
    unit: str
    """Unit of the three."""
    incomplete: list[str] = Field(default_factory=list)
    """What is missing from the uncertainty, in words; empty if nothing is known to be missing."""


class Uncertainty(Model):
    """The uncertainty budget of the score."""

    components: list[Component] = Field(default_factory=list)
    """The input quantities."""
    notes: list[str] = Field(default_factory=list)
    """What was assumed."""
    method: list[str] = Field(default_factory=list)
    """How the components were combined."""
