# SPDX-License-Identifier: Apache-2.0
"""The facts of a run, as they happen: one small frozen event a line of `journal.jsonl`.

Three timebases appear and are never mixed: `t_ns` is host time (monotonic, ns) of every event; `*_us` are
microseconds of the DUT or of the IO manager; `position`, `first` and `at` count the monitor's samples.
Events are only ever added to this file; a field's meaning never changes. A reader ignores fields that it does
not know, and keeps an event whose kind it does not know as an `UnknownEvent`: a later version may add both.
"""

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StrictBool, TypeAdapter

Purpose = Literal["boot", "sync", "trial", "window", "accuracy"]
Outcome = Literal["completed", "bench-fault", "interrupted", "failed"]


class Event(BaseModel):
    """The base of all events, with the host time in nanoseconds."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings")

    t_ns: int
    """Host time, ns: monotonic, from any origin; `utc_ns` of the first event ties it to the calendar."""


class RunStarted(Event):
    """The run begins; `utc_ns` ties host time to the calendar."""

    kind: Literal["run-started"] = "run-started"
    utc_ns: int
    """Calendar time at `t_ns`, ns since 1970-01-01 UTC."""
    benchmark: str
    """Id of the benchmark."""
    mode: str
    """`energy`, `performance` or `accuracy`."""


class Phase(Event):
    """A phase of the run begins; `done_s` and `total_s` are estimates, where they are given."""

    kind: Literal["phase"] = "phase"
    name: str
    """Name of the phase."""
    detail: str = ""
    """What exactly, for people."""
    done_s: float | None = None
    """Estimated duration of the phases that are done, s."""
    total_s: float | None = None
    """Estimated duration of the run, s."""


class Exchange(Event):
    """Bytes on a port: `text` if they are printable ASCII with line ends, otherwise `base64`."""

    kind: Literal["exchange"] = "exchange"
    box: str
    """The device whose link it is."""
    direction: Literal["tx", "rx"]
    """`tx` from the host, `rx` to it."""
    text: str | None = None
    """The bytes as text, where all are printable ASCII, tabs or line ends."""
    base64: str | None = None
    """The bytes otherwise."""


class StreamChunk(Event):
    """Bytes that passed links and lie in `stream.bin`: `length` bytes of it from `offset` on.

    They hold `exchanges` frames (see `session/stream.py`), and `devices` names whose links they passed. All of
    them passed after the journal's line before this one was written, and no later than `t_ns`.
    """

    kind: Literal["stream-chunk"] = "stream-chunk"
    offset: int = Field(ge=0)
    """Where they begin in `stream.bin`, in bytes."""
    length: int = Field(ge=1)
    """How many bytes of `stream.bin` they take."""
    exchanges: int = Field(ge=1)
    """How many frames these bytes hold."""
    devices: list[str]
    """Names of the devices whose links they passed."""


class BoxIdentified(Event):
    """A device answered with its identity."""

    kind: Literal["box-identified"] = "box-identified"
    box: str
    """Name of the device in the bench."""
    identity: dict[str, Any]
    """What it answered: `make`, `model`, `serial`, `firmware`, `virtual` and anything else that it reported."""


class MonitorConfigured(Event):
    """The sampler reported its settings; `accuracy` holds the specification that goes with them.

    `sampler` and `supply` name the instruments that play these roles; an empty `supply` means that no instrument
    on the bench feeds the DUT.
    """

    kind: Literal["monitor-configured"] = "monitor-configured"
    voltage_set_v: float
    """Output voltage that was set, V."""
    period_s: float
    """Sample period, s."""
    signals: list[dict[str, Any]]
    """Signals in the trace, each with `name`, `unit`, `kind` (mean or instant) and `period_s`."""
    captures_edges: StrictBool
    """True if it sees the edges of the timestamp pin."""
    starts_on_edge: StrictBool
    """True if its acquisition starts at the first edge."""
    accuracy: dict[str, Any]
    """The specification that goes with these settings, with its sources."""
    sampler: str = "monitor"
    """Name of the instrument that samples."""
    supply: str = "monitor"
    """Name of the instrument that feeds the DUT; empty if none on the bench does."""


class SupplySwitched(Event):
    """The DUT's supply was switched, and the instrument that feeds it confirmed it."""

    kind: Literal["supply-switched"] = "supply-switched"
    on: StrictBool
    """True: on; false: off."""


class VoltageMeasured(Event):
    """The monitor measured the voltage at its output."""

    kind: Literal["voltage-measured"] = "voltage-measured"
    voltage_v: float
    """Voltage at the output, V."""


class TemperatureMeasured(Event):
    """The thermometer measured the temperature of the surroundings."""

    kind: Literal["temperature-measured"] = "temperature-measured"
    temperature_c: float
    """Temperature, °C."""
    u_k: float
    """Its standard uncertainty, K."""


class SwitchTurned(Event):
    """The switch was turned and confirmed it."""

    kind: Literal["switch-turned"] = "switch-turned"
    on: StrictBool
    """True: on; false: off."""


class DutBooted(Event):
    """The DUT said `m-ready` after power-up."""

    kind: Literal["dut-booted"] = "dut-booted"
    timestamp_mode: str
    """How the DUT marks its timestamps, as it reported."""
    lines: list[str]
    """What it printed."""


class DutIdentified(Event):
    """The DUT's own answers to `name` and `profile`."""

    kind: Literal["dut-identified"] = "dut-identified"
    name: str
    """Answer to `name`."""
    profile: str
    """Answer to `profile`."""
    model: str
    """The model that the profile names."""


class StimulusLoaded(Event):
    """A stimulus is in the DUT's buffer; `read_back` says whether it was compared byte for byte."""

    kind: Literal["stimulus-loaded"] = "stimulus-loaded"
    index: int
    """Index in the record's `stimuli`."""
    file: str
    """File of the stimulus."""
    offset: int
    """Offset in the file, bytes."""
    size: int
    """Size, bytes."""
    sha256: str
    """SHA-256 of the file."""
    read_back: StrictBool
    """True if it was read back and compared byte for byte."""


class EdgesExpected(Event):
    """The next command makes the DUT pull its timestamp pin low `count` times."""

    kind: Literal["edges-expected"] = "edges-expected"
    purpose: Purpose
    """What the command is for."""
    count: int
    """Falling edges that it makes."""


class InferenceDone(Event):
    """An `infer` command ended; the host times say when it was sent and when its lines arrived."""

    kind: Literal["inference-done"] = "inference-done"
    purpose: Purpose
    """What the command was for."""
    stimulus: int
    """Index in the record's `stimuli`."""
    offset: int = 0
    """Offset of the input in the file, bytes."""
    inferences: int
    """Inferences asked for."""
    warmups: int
    """Warm-up inferences before them."""
    sent_ns: int
    """Host time at which the command was sent, ns."""
    start_line_ns: int | None
    """Host time at which its first line arrived, ns."""
    done_line_ns: int | None
    """Host time at which its last line arrived, ns."""
    results: list[float]
    """Outputs of the last inference."""
    dut_laps_us: list[int]
    """Timestamps by the DUT's own clock, µs modulo 2³²."""


class PhasesMarked(Event):
    """Where the DUT's phases (the layers of its network) began within a window, on a bench that can see them."""

    kind: Literal["phases-marked"] = "phases-marked"
    window: int
    """Number of the window, from 0."""
    names: list[str]
    """Name of each phase of one inference."""
    operations: list[int]
    """Multiply-accumulates of each phase."""
    offsets_ns: list[int]
    """Beginning of each phase of each inference, after the window's first edge, ns."""
    stop_ns: int
    """The window's second edge, after its first, ns."""


class AcquisitionStarted(Event):
    """The monitor acknowledged the start (or the arming) of its acquisition."""

    kind: Literal["acquisition-started"] = "acquisition-started"


class AcquisitionStopped(Event):
    """The acquisition ended; `samples` is the length of the timebase, lost samples included."""

    kind: Literal["acquisition-stopped"] = "acquisition-stopped"
    samples: int
    """Length of the timebase in samples, lost ones included."""
    received: int
    """Samples that arrived."""


class SamplesArrived(Event):
    """Samples up to index `end` had arrived by `t_ns`; ties sample time to host time, loosely."""

    kind: Literal["samples-arrived"] = "samples-arrived"
    end: int
    """Samples before this index had arrived by `t_ns`."""


class EdgeCaptured(Event):
    """The monitor saw a falling edge at `position` ± `half_width` (both in samples)."""

    kind: Literal["edge-captured"] = "edge-captured"
    position: float
    """Place of the edge, in samples."""
    half_width: float
    """The edge lies within ± this of `position`, in samples."""
    counter: int | None
    """The monitor's own number of the edge, if it has one."""


class LapCaptured(Event):
    """The IO manager saw a falling edge at `lap_us` of its own clock."""

    kind: Literal["lap-captured"] = "lap-captured"
    lap_us: int
    """The IO manager's clock, µs modulo 2³²."""


class SamplesLost(Event):
    """`missing` samples were lost somewhere between the indices `after` and `before`."""

    kind: Literal["samples-lost"] = "samples-lost"
    after: int
    """Index of the last sample before the gap."""
    before: int
    """Index of the first sample after it."""
    missing: int
    """Samples that are missing."""
    detail: str
    """What the monitor reported."""


class SamplesOverRange(Event):
    """`count` samples from index `at` on were outside the monitor's range."""

    kind: Literal["samples-over-range"] = "samples-over-range"
    at: int
    """Index of the first."""
    count: int
    """How many."""
    detail: str
    """What the monitor reported."""


class MonitorTime(Event):
    """The monitor stated its elapsed time at sample index `at`."""

    kind: Literal["monitor-time"] = "monitor-time"
    at: int
    """Sample index."""
    device_time_s: float
    """Elapsed time by the monitor's clock, s."""
    buffer_fill: float | None
    """Share of its buffer in use; null if it does not say."""


class Remark(Event):
    """Something worth keeping: an unsolicited message of a device, or a decision of the director."""

    kind: Literal["remark"] = "remark"
    box: str
    """The device, or `director`."""
    text: str
    """What was said."""
    suspicious: StrictBool = False
    """True if it was not expected."""


class Problem(Event):
    """What went wrong: the error's class, what was asked, what came, what to try."""

    kind: Literal["problem"] = "problem"
    error: str
    """Class of the error."""
    asked: str
    """What was asked."""
    came: str
    """What came."""
    try_this: str = ""
    """What to try."""


class TearDownStep(Event):
    """One undo step ran; `error` is empty if it did its job."""

    kind: Literal["tear-down-step"] = "tear-down-step"
    name: str
    """Name of the step."""
    error: str = ""
    """Why it failed; empty if it did not."""


class RunStopped(Event):
    """The run ended; `supply_off_confirmed` says whether the supply is known to be off."""

    kind: Literal["run-stopped"] = "run-stopped"
    outcome: Outcome
    """How the run ended."""
    reason: str
    """Why, in one line; empty if completed."""
    supply_off_confirmed: StrictBool | None  # None: this bench has no supply to switch
    """True: read back as off; false: not confirmed; null: this bench has no supply to switch."""


class UnknownEvent(Event):
    """An event of a kind that this version does not know, such as a later one may write."""

    kind: str = Field(pattern=r"^[a-z][a-z0-9-]{0,59}$")
    """Its kind."""
    line: int
    """Its line in the journal, from 1."""
    fields: dict[str, Any]
    """Its other fields, as they were read."""


KnownEvent = Annotated[
    RunStarted
    | Phase
    | Exchange
    | StreamChunk
    | BoxIdentified
    | MonitorConfigured
    | SupplySwitched
    | VoltageMeasured
    | TemperatureMeasured
    | SwitchTurned
    | DutBooted
    | DutIdentified
    | StimulusLoaded
    | EdgesExpected
    | InferenceDone
    | PhasesMarked
    | AcquisitionStarted
    | AcquisitionStopped
    | SamplesArrived
    | EdgeCaptured
    | LapCaptured
    | SamplesLost
    | SamplesOverRange
    | MonitorTime
    | Remark
    | Problem
    | TearDownStep
    | RunStopped,
    Field(discriminator="kind"),
]

AnyEvent = KnownEvent | UnknownEvent

EVENT: TypeAdapter[KnownEvent] = TypeAdapter(KnownEvent)
KINDS = frozenset(event.model_fields["kind"].default for event in get_args(get_args(KnownEvent)[0]))
