"""`record.json`: what was planned and who took part. Written at the start, completed at the end."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from energy_runner.session.events import Outcome

SCHEMA = "energy-runner/record/1"
# The tables of a bench file's short form, by the names that their instruments have elsewhere.
_SHORT_FORM = {"monitor": "monitor", "io-manager": "io_manager", "dut": "dut"}


class Model(BaseModel):
    """Base of everything in `record.json`: frozen, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StimulusFile(Model):
    """One stimulus of the plan; `label` is the class of the label file."""

    file: str
    label: int
    offset: int = 0
    size: int
    sha256: str


class BenchmarkFacts(Model):
    """The benchmark's definition, copied so that the session stands on its own."""

    id: str
    task: str
    model_string: str
    input_bytes: int
    classes: int
    metric: Literal["top1", "auc"]
    target: float
    stride_bytes: int | None = None


class RunFacts(Model):
    """What the run was asked to do. `inferences` is None where a trial decides."""

    mode: Literal["energy", "performance", "accuracy"]
    windows: int
    inferences: int | None
    warmups: int
    min_window_s: float
    min_inferences: int
    read_back: bool
    seed: int


class TruthWindow(Model):
    """A virtual bench's closed-form energy between the edges of one `infer` command."""

    start_s: float
    stop_s: float
    inferences: int
    energy_j: float


class OriginFile(Model):
    """A file of the session that was imported; `name` is its name there."""

    name: str
    size: int
    sha256: str


class PublishedFigure(Model):
    """A figure as another runner printed it, digit by digit; `window` is None for the whole session."""

    field: str
    window: int | None
    text: str


class Origin(Model):
    """Where an imported session comes from, and what was published of it.

    `session` is its path there, `stamp` the runner's own name for it, `findings` what was wrong with it when it
    was read, and `remarks` what was noticed besides.
    """

    runner: str
    version: str
    session: str
    stamp: str
    instrument: str
    labels_from: str = ""
    files: list[OriginFile] = Field(default_factory=list)
    published: list[PublishedFigure] = Field(default_factory=list)
    findings: list[str] = Field(default_factory=list)
    remarks: list[str] = Field(default_factory=list)


class Record(Model):
    """The session's card. `outcome` is "running" until the run has ended; a killed run leaves it so."""

    schema_: str = Field(default=SCHEMA, alias="schema")
    session_id: str
    software: str
    started_utc: str
    virtual: bool
    bench: dict[str, Any]
    benchmark: BenchmarkFacts
    run: RunFacts
    stimuli: list[StimulusFile]
    alignment: str | None = None
    outcome: Outcome | Literal["running"] = "running"
    reason: str = ""
    supply_off_confirmed: bool | None = None
    truth: list[TruthWindow] | None = None
    notes: list[str] = Field(default_factory=list)
    origin: Origin | None = None

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    def instrument(self, name: str) -> Mapping[str, Any]:
        """Return what the bench file says of the instrument called `name`; empty for nothing."""
        instruments = self.bench.get("instruments")
        table = instruments.get(name) if isinstance(instruments, Mapping) else None
        table = table or self.bench.get(_SHORT_FORM.get(name, ""))
        return table if isinstance(table, Mapping) else {}
