# SPDX-License-Identifier: Apache-2.0
"""A session as another runner left it: plain data, made by reading and used by every later stage."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.published.row import Evidence

Mode = Literal["energy", "performance", "accuracy"]
FloatArray = npt.NDArray[np.float64]

EEMBC = "EEMBC EnergyRunner"
MLCOMMONS = "MLCommons runner"
WAKE_WORDS = "sww01"  # a benchmark with rules of its own, which no definition of ours describes


@dataclass(frozen=True)
class Figure:
    """One printed figure: `field` of `window` (None for the whole session), digit by digit in `text`.

    `line` is that of the results file, from 1, and `time` the one that it states; two figures are equal wherever
    they stand.
    """

    field: str
    window: int | None
    text: str
    line: int | None = dataclasses.field(default=None, compare=False)
    time: str | None = dataclasses.field(default=None, compare=False)


@dataclass
class InferCommand:
    """One `infer` command; times are milliseconds of the runner's log, None where the log does not say.

    `results` are the outputs of the network, empty if the line was lost; `laps_us` those of the DUT's clock.
    `laps_ms` are the times at which the host heard of these laps. `finished_ms` is the latest time at which the
    command is known to have been executing. `line` is that of the log in which it was sent, from 1, and
    `lap_lines` are those of the laps, `load_line` is that in which its stimulus was loaded. `warmed` says whether
    the DUT told of its warm-ups.
    """

    file: str
    offset: int
    size: int | None
    inferences: int
    warmups: int | None
    sent_ms: int
    load_begun_ms: int | None = None
    loaded_ms: int | None = None
    start_ms: int | None = None
    done_ms: int | None = None
    end_ms: int | None = None
    finished_ms: int = 0
    results: list[float] = field(default_factory=list)
    garbled: bool = False
    laps_us: list[int] = field(default_factory=list)
    laps_ms: list[int] = field(default_factory=list)
    lap_lines: list[int] = field(default_factory=list)
    load_line: int | None = None
    warmed: bool = False
    announced: int | None = None
    label: int | None = None
    line: int | None = None


@dataclass(frozen=True)
class MonitorEdge:
    """A falling edge at `position` ± `half_width` samples, and the monitor's own number for it."""

    position: float
    half_width: float
    counter: int | None = None


@dataclass(frozen=True)
class Recording:
    """What the power monitor recorded. `samples_j` holds joule for each sample; missing ones are NaN.

    `late_edges` are edges that only the log has, in samples.
    """

    instrument: str
    rate_hz: float
    samples_j: npt.NDArray[np.float32]
    edges: list[MonitorEdge]
    started_ms: int
    stopped_ms: int
    voltage_v: float | None = None
    late_edges: list[MonitorEdge] = field(default_factory=list)


@dataclass(frozen=True)
class Note:
    """What was noticed while reading: a fault if `wrong`, else a remark that changes no figure.

    `seen` is where it was noticed, `measured` what was found there and `limit` what was asked for.
    """

    id: str
    detail: str
    wrong: bool = True
    seen: tuple[Evidence, ...] = ()
    measured: float | str | None = None
    limit: float | str | None = None


@dataclass(frozen=True)
class EembcTrace:
    """The trace that the EEMBC runner computed its figures from: µJ a sample, timestamps in seconds."""

    samples_uj: npt.NDArray[np.float32]
    rate_hz: float
    timestamps_s: list[float]


@dataclass(frozen=True)
class MlcommonsPass:
    """What the MLCommons runner computed its figures from, for one pass of its loop.

    `samples_j` are joule in each millisecond (None without a monitor), `edges` counts of samples, `words_s` the
    beginnings and ends of the wake words that were played, and `at_work_s` the times at which the DUT's processing
    pin rose and fell.
    """

    inferences: int
    elapsed_us: int | None = None
    samples_j: FloatArray | None = None
    edges: tuple[int, ...] = ()
    detections_ms: tuple[float, ...] = ()
    words_s: tuple[tuple[float, float], ...] | None = None
    at_work_s: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())


@dataclass(frozen=True)
class Answers:
    """The answers of an accuracy session, a row of `outputs` for each of `labels`, from `files` stimuli."""

    outputs: FloatArray
    labels: npt.NDArray[np.int_]
    files: int = 0


@dataclass(frozen=True)
class PublishedSession:
    """One session of another runner, read as far as it can be read.

    `names` are its files by role.

    `benchmark` is the id in the session, `definition` our benchmark of that id, None for one that is not ours.
    `figures` are those that were printed, `beside` those of performance sessions in the folder next to this one.
    The figures are reproduced from `trace`, `passes`, `errors` and `answers`, as far as these are present.
    """

    folder: Path
    runner: str
    mode: Mode
    benchmark: str
    definition: Benchmark | None = None
    version: str = ""
    stamp: str = ""
    dut_name: str = ""
    profile: str = ""
    model: str = ""
    timestamp_mode: str = ""
    boot_lines: list[str] = field(default_factory=list)
    boot_ms: int | None = None
    files: list[Path] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    commands: list[InferCommand] = field(default_factory=list)
    sync_ms: int | None = None
    boot_edges: int = 0
    power: list[tuple[int, bool]] = field(default_factory=list)
    io_laps: list[tuple[int, int]] = field(default_factory=list)
    recording: Recording | None = None
    ended_ms: int | None = None
    figures: list[Figure] = field(default_factory=list)
    beside: list[list[Figure]] = field(default_factory=list)
    score_field: str = ""
    unit: str = ""
    notes: list[Note] = field(default_factory=list)
    labels_from: str = ""
    simulated: bool = False
    trace: EembcTrace | None = None
    passes: list[MlcommonsPass] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    answers: Answers | None = None
