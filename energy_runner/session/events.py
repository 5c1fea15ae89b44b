"""The facts of a run, as they happen: one small frozen event a line of `journal.jsonl`.

Three timebases appear and are never mixed: `t_ns` is host time (monotonic, ns) of every event; `*_us` are
microseconds of the DUT or of the IO manager; `position`, `first` and `at` count the monitor's samples.
Events are only ever added to this file; a field's meaning never changes.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Purpose = Literal["boot", "sync", "trial", "window", "accuracy"]
Outcome = Literal["completed", "bench-fault", "interrupted", "failed"]


class Event(BaseModel):
    """What all events have: the host time in nanoseconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    t_ns: int


class RunStarted(Event):
    """The run begins; `utc_ns` ties host time to the calendar."""

    kind: Literal["run-started"] = "run-started"
    utc_ns: int
    benchmark: str
    mode: str


class Phase(Event):
    """A phase of the run begins; `done` of `total` steps are behind it, `remaining_s` is an estimate."""

    kind: Literal["phase"] = "phase"
    name: str
    detail: str = ""
    done_s: float | None = None
    total_s: float | None = None


class Exchange(Event):
    """Bytes on a port: `text` if they are printable ASCII with line ends, otherwise `base64`."""

    kind: Literal["exchange"] = "exchange"
    box: str
    direction: Literal["tx", "rx"]
    text: str | None = None
    base64: str | None = None


class StreamChunk(Event):
    """Bytes that passed links and lie in `stream.bin`: `length` bytes of it from `offset` on.

    They hold `exchanges` frames (see `session/stream.py`), and `devices` names whose links they passed. All of
    them passed after the journal's line before this one was written, and no later than `t_ns`.
    """

    kind: Literal["stream-chunk"] = "stream-chunk"
    offset: int = Field(ge=0)
    length: int = Field(ge=1)
    exchanges: int = Field(ge=1)
    devices: list[str]


class BoxIdentified(Event):
    """A box said who it is."""

    kind: Literal["box-identified"] = "box-identified"
    box: str
    identity: dict[str, Any]


class MonitorConfigured(Event):
    """The power monitor reported its settings; `accuracy` holds the limits of error that go with them."""

    kind: Literal["monitor-configured"] = "monitor-configured"
    voltage_set_v: float
    period_s: float
    signals: list[dict[str, str]]
    captures_edges: bool
    starts_on_edge: bool
    accuracy: dict[str, Any]


class SupplySwitched(Event):
    """The DUT's supply was switched and the monitor confirmed it."""

    kind: Literal["supply-switched"] = "supply-switched"
    on: bool


class VoltageMeasured(Event):
    """The monitor measured the voltage at its output."""

    kind: Literal["voltage-measured"] = "voltage-measured"
    voltage_v: float


class DutBooted(Event):
    """The DUT said `m-ready` after power-up."""

    kind: Literal["dut-booted"] = "dut-booted"
    timestamp_mode: str
    lines: list[str]


class DutIdentified(Event):
    """The DUT's own answers to `name` and `profile`."""

    kind: Literal["dut-identified"] = "dut-identified"
    name: str
    profile: str
    model: str


class StimulusLoaded(Event):
    """A stimulus is in the DUT's buffer; `read_back` tells whether it was compared byte for byte."""

    kind: Literal["stimulus-loaded"] = "stimulus-loaded"
    index: int
    file: str
    offset: int
    size: int
    sha256: str
    read_back: bool


class EdgesExpected(Event):
    """The next command makes the DUT pull its timestamp pin low `count` times."""

    kind: Literal["edges-expected"] = "edges-expected"
    purpose: Purpose
    count: int


class InferenceDone(Event):
    """An `infer` command ended; the host times say when it was sent and when its lines arrived."""

    kind: Literal["inference-done"] = "inference-done"
    purpose: Purpose
    stimulus: int
    offset: int = 0
    inferences: int
    warmups: int
    sent_ns: int
    start_line_ns: int | None
    done_line_ns: int | None
    results: list[float]
    dut_laps_us: list[int]


class PhasesMarked(Event):
    """Where the DUT's phases (the layers of its network) began within window `window`, on a bench that sees it.

    `names` and `operations` (multiply-accumulates) hold one entry a phase of one inference; `offsets_ns` tell
    how long after the window's first edge each phase of each inference began, `stop_ns` when its second came.
    """

    kind: Literal["phases-marked"] = "phases-marked"
    window: int
    names: list[str]
    operations: list[int]
    offsets_ns: list[int]
    stop_ns: int


class AcquisitionStarted(Event):
    """The monitor acknowledged the start (or the arming) of its acquisition."""

    kind: Literal["acquisition-started"] = "acquisition-started"


class AcquisitionStopped(Event):
    """The acquisition ended; `samples` is the length of the timebase, lost samples included."""

    kind: Literal["acquisition-stopped"] = "acquisition-stopped"
    samples: int
    received: int


class SamplesArrived(Event):
    """Samples up to index `end` had arrived by `t_ns`; ties sample time to host time, loosely."""

    kind: Literal["samples-arrived"] = "samples-arrived"
    end: int


class EdgeCaptured(Event):
    """The monitor saw a falling edge at `position` ± `half_width` (both in samples)."""

    kind: Literal["edge-captured"] = "edge-captured"
    position: float
    half_width: float
    counter: int | None


class LapCaptured(Event):
    """The IO manager saw a falling edge at `lap_us` of its own clock."""

    kind: Literal["lap-captured"] = "lap-captured"
    lap_us: int


class SamplesLost(Event):
    """`missing` samples were lost somewhere between the indices `after` and `before`."""

    kind: Literal["samples-lost"] = "samples-lost"
    after: int
    before: int
    missing: int
    detail: str


class SamplesOverRange(Event):
    """`count` samples from index `at` on were outside the monitor's range."""

    kind: Literal["samples-over-range"] = "samples-over-range"
    at: int
    count: int
    detail: str


class MonitorTime(Event):
    """The monitor stated its elapsed time at sample index `at`."""

    kind: Literal["monitor-time"] = "monitor-time"
    at: int
    device_time_s: float
    buffer_fill: float | None


class Remark(Event):
    """Something worth keeping: chatter of a box, or a decision of the director."""

    kind: Literal["remark"] = "remark"
    box: str
    text: str
    suspicious: bool = False


class Problem(Event):
    """What went wrong: the error's class, what was asked, what came, what to try."""

    kind: Literal["problem"] = "problem"
    error: str
    asked: str
    came: str
    try_this: str = ""


class TearDownStep(Event):
    """One undo step ran; `error` is empty if it did its job."""

    kind: Literal["tear-down-step"] = "tear-down-step"
    name: str
    error: str = ""


class RunStopped(Event):
    """The run ended and the supply is off unless `supply_off_confirmed` says otherwise."""

    kind: Literal["run-stopped"] = "run-stopped"
    outcome: Outcome
    reason: str
    supply_off_confirmed: bool | None  # None: this bench has no supply to switch


AnyEvent = Annotated[
    RunStarted
    | Phase
    | Exchange
    | StreamChunk
    | BoxIdentified
    | MonitorConfigured
    | SupplySwitched
    | VoltageMeasured
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

EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
