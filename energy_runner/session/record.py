# SPDX-License-Identifier: Apache-2.0
"""`record.json`: what was planned and which devices took part. Written at the start, completed at the end."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from energy_runner import software
from energy_runner.session.document import READ
from energy_runner.session.events import Outcome
from energy_runner.session.seal import Seal

SCHEMA = "energy-runner/record/1"
# The tables of a bench file's short form, by the names that their instruments have elsewhere.
_SHORT_FORM = {"monitor": "monitor", "io-manager": "io_manager", "dut": "dut"}


def instrument_of(player: str) -> str:
    """Return the name of the instrument without the channel that plays: `psu` for `psu:1`."""
    return player.partition(":")[0]


class Model(BaseModel):
    """Base of everything in `record.json`: frozen; keys that a later version adds are ignored."""

    model_config = READ


class StimulusFile(Model):
    """One stimulus of the plan; `label` is the class of the label file."""

    file: str
    """File name."""
    label: int
    """Class by the label file."""
    offset: int = 0
    """Offset in the file, bytes."""
    size: int
    """Size, bytes."""
    sha256: str
    """SHA-256 of the file."""


class LabelFile(Model):
    """The label file that named the stimuli and their classes."""

    file: str
    """Its name."""
    sha256: str
    """SHA-256 of its bytes."""
    stimuli: int
    """How many files it lists."""


class BenchmarkFacts(Model):
    """The benchmark's definition, copied so that the session stands on its own."""

    id: str
    """Id of the benchmark."""
    task: str
    """What the network does."""
    model_string: str
    """The model that the DUT's answer to `profile` has to name."""
    input_bytes: int
    """Size of one input, bytes."""
    classes: int
    """Outputs of the network."""
    metric: Literal["top1", "auc"]
    """`top1`: percent of right classes; `auc`: area under the ROC curve."""
    target: float
    """Target of the metric, in its unit."""
    stride_bytes: int | None = None
    """Distance between inputs in one file, bytes; null for one input a file."""


class FlashFacts(Model):
    """The program that was to flash the DUT."""

    command: list[str]
    """The program and its arguments."""
    image: str = ""
    """File that it flashes; empty where the plan names none."""
    image_sha256: str = ""
    """SHA-256 of that file when the plan was made; empty where the plan names none."""
    timeout_s: float
    """How long it was to take at most, s."""


class RunFacts(Model):
    """What the run was asked to do. `inferences` is None where a trial decides."""

    mode: Literal["energy", "performance", "accuracy"]
    """What was measured."""
    windows: int
    """Timed windows of the plan."""
    inferences: int | None
    """Inferences in a window; null where a trial decided."""
    warmups: int
    """Warm-up inferences before each window."""
    min_window_s: float
    """Least duration of a window, s."""
    min_inferences: int
    """Least number of inferences in a window."""
    read_back: StrictBool
    """True if stimuli were to be read back and compared; what was done is in the journal."""
    seed: int
    """Seed of a virtual bench."""
    wait_temperature_c: list[float] | None = None
    """Lowest and highest temperature that the run waited for, °C; null where it did not wait."""
    wait_temperature_s: float | None = None
    """How long it was to wait at most, s."""
    commands: list[str] = Field(default_factory=list, exclude_if=lambda value: not value)
    """Commands that were to be sent to the DUT before its first stimulus; absent where there were none."""
    flash: FlashFacts | None = Field(default=None, exclude_if=lambda value: value is None)
    """The program that was to flash the DUT first; absent where there was none."""
    cool_down_s: float | None = Field(default=None, exclude_if=lambda value: value is None)
    """How long the DUT was to be without power before the power-up, s; absent where the plan says nothing."""
    settle_s: float | None = Field(default=None, exclude_if=lambda value: value is None)
    """How long the voltage was to be near the set one after the power-up, s; absent where nobody waited for it."""
    settle_v: float | None = Field(default=None, exclude_if=lambda value: value is None)
    """How near, V; absent where a share says it."""
    settle_share: float | None = Field(default=None, exclude_if=lambda value: value is None)
    """How near, as a share of the set voltage; absent where `settle_v` says it."""
    settle_timeout_s: float | None = Field(default=None, exclude_if=lambda value: value is None)
    """How long to wait for it at most, s."""


class TruthWindow(Model):
    """A virtual bench's closed-form energy between the edges of one `infer` command."""

    start_s: float
    """First edge, s of the virtual clock."""
    stop_s: float
    """Second edge, s of the virtual clock."""
    inferences: int
    """Inferences between them."""
    energy_j: float
    """Energy between them in closed form, J."""


class OriginFile(Model):
    """A file of the session that was imported; `name` is its name there."""

    name: str
    """Name of the file in the published session."""
    size: int
    """Size, bytes."""
    sha256: str
    """SHA-256 of the file."""


class PublishedFigure(Model):
    """A figure as another runner printed it, digit by digit; `window` is None for the whole session."""

    field: str
    """Name of the figure, as printed."""
    window: int | None
    """Number of the window; null for the whole session."""
    text: str
    """The figure, digit by digit."""


class Origin(Model):
    """Where an imported session comes from, and what was published about it.

    `session` is its path there, `stamp` the runner's own name for it, `findings` what was wrong with it when it
    was read, and `remarks` what else was noticed.
    """

    runner: str
    """The program that made the session."""
    version: str
    """Its version."""
    session: str
    """Path of the session where it was published."""
    stamp: str
    """The runner's own name for it."""
    instrument: str
    """The power monitor, as far as it is named."""
    labels_from: str = ""
    """Where the classes of the stimuli come from."""
    files: list[OriginFile] = Field(default_factory=list)
    """Its files."""
    published: list[PublishedFigure] = Field(default_factory=list)
    """The figures that were published."""
    findings: list[str] = Field(default_factory=list)
    """What was wrong with it when it was read."""
    remarks: list[str] = Field(default_factory=list)
    """What else was noticed."""
    format: str = Field(default="", exclude_if=lambda value: not value)
    """Format of the trace file; absent for a session of another runner, which is more than a trace."""
    began_told: StrictBool = Field(default=False, exclude_if=lambda value: not value)
    """True if the user stated when it began, and no file recorded it; absent otherwise."""


class Environment(Model):
    """The software that recorded a session."""

    commit: str | None = None
    """Commit of energy-runner, with `-dirty` where files were changed since; null where it is not known."""
    python: str
    """Version of Python."""
    platform: str
    """Operating system and processor."""
    libraries: dict[str, str] = Field(default_factory=dict)
    """Versions of the libraries that take part."""


def environment() -> Environment:
    """Return the software that runs now."""
    return Environment(
        commit=software.commit(),
        python=software.python(),
        platform=software.machine(),
        libraries=software.libraries(),
    )


class SweepFacts(Model):
    """The point of a sweep that a session was made for: enough to find it again without the catalogue."""

    sweep: str
    """Id of the sweep."""
    plan: str
    """The text of its plan."""
    point: int
    """Number of the point in the plan, from 1."""
    kind: Literal["point", "reference"] = "point"
    """Whether it is one of the plan's points or a measurement of its reference point."""
    repeat: int = 1
    """Which repeat of its settings it is, from 1."""
    order: int
    """Its place in the night, from 1."""
    epoch: int
    """Epoch of the lease under which it was measured."""
    attempt: int = 1
    """Which attempt at the point it is, from 1."""
    values: dict[str, str | StrictBool | int | float]
    """The settings of its axes by name."""
    bench: str
    """The bench as the sweep calls it."""
    worker: str
    """The process that measured, as `HOST:PID-DIGITS`; the digits were drawn at random."""
    started_utc: str
    """Beginning by the host's clock, ISO 8601."""
    bench_trust: str = "not watched"
    """State of the bench: `trusted`, `out of control` or `not watched`."""
    recovery: list[str] = Field(default_factory=list)
    """The steps of recovery that were taken before this attempt."""


class Record(Model):
    """The record of a session. `outcome` is "running" until the run has ended; a killed run leaves it so."""

    schema_: str = Field(default=SCHEMA, alias="schema")
    """Kind and major version of this document."""
    session_id: str
    """Name of the folder when it was created."""
    software: str
    """Name and version of the program that ran."""
    started_utc: str
    """Beginning, ISO 8601; on a virtual bench by the virtual clock."""
    virtual: StrictBool
    """True if anything on the bench was simulated."""
    bench: dict[str, Any]
    """The keys of the bench file."""
    benchmark: BenchmarkFacts
    """The benchmark's definition."""
    run: RunFacts
    """What the run was asked to do."""
    stimuli: list[StimulusFile]
    """The stimuli of the plan."""
    label_file: LabelFile | None = None
    """The label file of the stimuli; null where the session does not tell."""
    alignment: str | None = None
    """How edges are placed among the samples; null where there are none."""
    outcome: Outcome | Literal["running"] = "running"
    """How the run ended; `running` until then, and permanently if it was killed."""
    reason: str = ""
    """Why, in one line; empty if completed."""
    supply_off_confirmed: StrictBool | None = None
    """True: read back as off; false: not confirmed; null: this bench has no supply to switch."""
    truth: list[TruthWindow] | None = None
    """Virtual benches: the energy of each window in closed form."""
    notes: list[str] = Field(default_factory=list)
    """Remarks of an importer."""
    origin: Origin | None = None
    """Where an imported session comes from."""
    environment: Environment | None = None
    """The software that recorded; null where that was not yet recorded."""
    sweep: SweepFacts | None = Field(default=None, exclude_if=lambda value: value is None)
    """The point of a sweep that it was made for; absent for a session of its own."""
    seal: Seal | None = None
    """The digests of all facts, taken when the run ended; null until then."""

    model_config = ConfigDict(**READ, populate_by_name=True, serialize_by_alias=True)

    def instrument(self, name: str) -> Mapping[str, Any]:
        """Return the bench file's table of the instrument called `name`; empty if it has none.

        A channel of an instrument (`psu:1`) has the instrument's table.
        """
        instruments = self.bench.get("instruments")
        own = instruments if isinstance(instruments, Mapping) else {}
        table = own.get(name) or own.get(instrument_of(name))
        table = table or self.bench.get(_SHORT_FORM.get(name, ""))
        return table if isinstance(table, Mapping) else {}
