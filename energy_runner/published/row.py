# SPDX-License-Identifier: Apache-2.0
"""The row of an audit: what was found out about one published session, as data for people and programs."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from energy_runner.session.json_text import finite

SCHEMA = "energy-runner/audit/2"
State = Literal["holds", "does-not-reproduce", "breaks-a-rule", "doubtful", "cannot-be-judged"]
# `wrong` and `doubtful` decide the state, `informs` never does.
Severity = Literal["wrong", "doubtful", "informs"]
# A row has one state: that of the first of these that one of its findings calls for.
STATES: tuple[State, ...] = ("does-not-reproduce", "breaks-a-rule", "doubtful", "cannot-be-judged", "holds")
IN_WORDS: dict[State, str] = {
    "holds": "holds",
    "does-not-reproduce": "does not reproduce",
    "breaks-a-rule": "breaks a rule",
    "doubtful": "doubtful",
    "cannot-be-judged": "cannot be judged",
}
_MODEL = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Evidence(BaseModel):
    """Where something was seen."""

    model_config = _MODEL

    file: str
    """The file, as a path below the session's folder."""
    line: int | None = None
    """Its line, from 1; null for a file without lines."""
    time: str | None = None
    """The time that the line states, as it states it."""
    text: str | None = None
    """What stands there, cut to 200 characters."""


class AuditFinding(BaseModel):
    """One fact about a session, with evidence."""

    model_config = _MODEL

    id: str
    """What kind of finding it is; stable from version to version."""
    severity: Severity
    """`wrong` and `doubtful` decide the state; what only `informs` does not."""
    state: State = "holds"
    """The state that it calls for."""
    text: str
    """The sentence for people, with the direction of each ratio."""
    measured: float | str | None = None
    """What was found, in the unit that the sentence names."""
    limit: float | str | None = None
    """What was asked for."""
    clause: str = ""
    """The rule or the document that asks for it."""
    evidence: list[Evidence] = []
    """Where it was seen."""
    because_of: str | None = None
    """The id of the finding of this session that it follows from; null for a cause."""
    apart: SkipJsonSchema[frozenset[str]] = Field(default=frozenset(), exclude=True)
    """Kinds that are known not to be its cause, while a row is made; in no document."""


class AuditWindow(BaseModel):
    """The figure of one window, in the unit of its row."""

    model_config = _MODEL

    number: int
    """Its number, from 1."""
    published: float | None = None
    """The figure that was published."""
    reproduced: float | None = None
    """The same by the original's arithmetic from its own data."""
    ours: float | None = None
    """By our own analysis."""
    ours_u: float | None = None
    """Its expanded uncertainty."""
    start_s: float | None = None
    """Where it begins in the trace, s."""
    stop_s: float | None = None
    """Where it ends, s."""
    placed_by: str = ""
    """How its edges were found, where not as recorded; such a window does not vote in the median."""


class Curve(BaseModel):
    """The power over a session, thinned out for drawing."""

    model_config = _MODEL

    step_s: float
    """Duration of one column, s."""
    low_w: list[float | None]
    """Least power of each column, W; null where nothing was recorded."""
    high_w: list[float | None]
    """Largest power of each column, W."""


class AuditRow(BaseModel):
    """What an audit says about one session. Figures are in `unit`; null where there is none."""

    model_config = _MODEL

    session: str
    """Its path below the folder that was given."""
    root: str = ""
    """The folder that was given."""
    round: str = ""
    """The round of the benchmark by the tree, such as `v1.2`; empty if the tree does not tell."""
    division: str = ""
    """`closed` or `open` by the tree."""
    submitter: str = ""
    """Who submitted it, by the tree."""
    system: str = ""
    """The system, by the tree."""
    benchmark: str = ""
    """Id of the benchmark."""
    mode: str = ""
    """`energy`, `performance` or `accuracy`."""
    runner: str = ""
    """The program that measured it."""
    unit: str = ""
    """Unit of the figures."""
    published: float | None = None
    """The figure that was printed."""
    reproduced: float | None = None
    """The same by the original's arithmetic from its own data."""
    ours: float | None = None
    """The figure by our own analysis."""
    ours_u: float | None = None
    """Its expanded uncertainty (95 %)."""
    corrected: float | None = None
    """The figure where what is known to be wrong is put right; null where nothing has to be, or can be."""
    corrected_u: float | None = None
    """Its expanded uncertainty (95 %)."""
    corrected_how: str = ""
    """How it was obtained."""
    state: State = "cannot-be-judged"
    """The one word for the session."""
    findings: list[AuditFinding] = []
    """What was found, causes before consequences."""
    windows: list[AuditWindow] = []
    """Window by window."""
    figures: int = 0
    """How many printed figures were compared."""
    figures_reproduced: int = 0
    """How many of them were reproduced to the last digit."""
    throughput_per_s: float | None = None
    """Throughput by our own analysis, inferences per second."""
    rule_set: str = ""
    """The rule set that judged."""
    basis: str = ""
    """What our figure rests on."""
    curve: Curve | None = None
    """The trace, thinned out."""

    @property
    def deviation(self) -> float | None:
        """Return by which share the figure that should stand there differs from the published one."""
        ours = self.corrected if self.corrected is not None else self.ours
        return None if ours is None or not self.published else ours / self.published - 1

    @property
    def good(self) -> bool:
        """Return whether nothing is known to be wrong: it holds, or cannot be judged."""
        return self.state in ("holds", "cannot-be-judged")

    def document(self) -> dict[str, Any]:
        """Return the row as JSON holds it: what is no number is null."""
        document: dict[str, Any] = finite(self.model_dump())
        return document
