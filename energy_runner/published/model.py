"""A session as another runner left it: its facts, what it printed, and what the same rules give again."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from energy_runner.published.figures import Figure

Mode = Literal["energy", "performance", "accuracy"]


@dataclass
class InferCommand:
    """One `infer` command; times are milliseconds of the runner's log, None where the log does not tell.

    `results` are the outputs of the network, empty if the line was lost; `laps_us` those of the DUT's clock.
    """

    file: str
    offset: int
    size: int | None
    inferences: int
    warmups: int | None
    sent_ms: int
    loaded_ms: int | None = None
    start_ms: int | None = None
    done_ms: int | None = None
    end_ms: int | None = None
    results: list[float] = field(default_factory=list)
    garbled: bool = False
    laps_us: list[int] = field(default_factory=list)
    announced: int | None = None
    label: int | None = None

    @property
    def finished_ms(self) -> int:
        """Return the latest time at which the command is known to have been at work."""
        return max(ms for ms in (self.sent_ms, self.start_ms, self.done_ms, self.end_ms) if ms is not None)


@dataclass(frozen=True)
class MonitorEdge:
    """A falling edge at `position` ± `half_width` samples, and the monitor's own number of it."""

    position: float
    half_width: float
    counter: int | None = None


@dataclass
class Recording:
    """What the power monitor recorded. `samples_j` holds joule for each sample; missing ones are NaN.

    `arrivals` are (sample index, ms): so many samples had arrived by then. `late_edges` are edges that only the
    log tells of, in samples.
    """

    instrument: str
    rate_hz: float
    samples_j: npt.NDArray[np.float32]
    edges: list[MonitorEdge]
    started_ms: int
    stopped_ms: int
    voltage_v: float | None = None
    arrivals: list[tuple[int, int]] = field(default_factory=list)
    late_edges: list[MonitorEdge] = field(default_factory=list)


@dataclass(frozen=True)
class Note:
    """What was noticed while reading: `wrong` tells a fault from a remark that changes no figure."""

    id: str
    detail: str
    wrong: bool = True


@dataclass
class Published:
    """One session of another runner, read as far as it can be read."""

    folder: Path
    runner: str
    mode: Mode
    benchmark: str
    version: str = ""
    stamp: str = ""
    dut_name: str = ""
    profile: str = ""
    model: str = ""
    timestamp_mode: str = ""
    boot_lines: list[str] = field(default_factory=list)
    boot_ms: int | None = None
    files: list[Path] = field(default_factory=list)
    commands: list[InferCommand] = field(default_factory=list)
    sync_ms: int | None = None
    boot_edges: int = 0
    power: list[tuple[int, bool]] = field(default_factory=list)
    io_laps: list[tuple[int, int]] = field(default_factory=list)
    recording: Recording | None = None
    ended_ms: int | None = None
    figures: list[Figure] = field(default_factory=list)
    reproduced: list[Figure] = field(default_factory=list)
    score_field: str = ""
    unit: str = ""
    notes: list[Note] = field(default_factory=list)
    labels_from: str = ""
    simulated: bool = False

    def note(self, name: str, detail: str, *, wrong: bool = True) -> None:
        """Add a note."""
        self.notes.append(Note(name, detail, wrong))
