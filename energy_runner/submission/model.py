# SPDX-License-Identifier: Apache-2.0
"""A submission as plain data, passed from stage to stage of an export."""

from dataclasses import dataclass

from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.session.events import InferenceDone
from energy_runner.session.folder import Session
from energy_runner.session.result import Result, Verdict

# The folder of each benchmark in results/, as the checker expects it.
FOLDERS = {"ad01": "ad", "ic01": "ic", "ic02": "ic2", "kws01": "kws", "vww01": "vww"}
MODES = ("accuracy", "performance", "energy")
REQUIRED_MODES = ("accuracy", "performance")


@dataclass(frozen=True)
class Firmware:
    """The identity that the DUT reported."""

    name: str
    profile: str
    model: str

    def __str__(self) -> str:
        return " / ".join((self.name, self.profile, self.model))


@dataclass(frozen=True)
class Run:
    """One session of a submission, judged, with the facts from its journal.

    `name` is the run's name in messages and files. `virtual` says whether anything in the session is a twin,
    whatever its record says. `inferences` are those that count: the windows, or every input in accuracy mode.
    `monitor` holds make, model, serial number and firmware of the power monitor, as far as known; `voltages_v`
    were measured. `utc_offset_ns` turns the run's times into UTC; `ended_ns` is when it ended. `failed` are the
    verdicts that make it invalid. `stimuli` holds file and SHA-256 of every stimulus of the windows, or of the
    plan in accuracy mode.
    """

    name: str
    mode: str
    session: Session
    result: Result
    firmware: Firmware
    virtual: bool
    inferences: tuple[InferenceDone, ...]
    monitor: tuple[str, ...]
    voltage_set_v: float | None
    voltages_v: tuple[float, ...]
    utc_offset_ns: int
    ended_ns: int
    failed: tuple[Verdict, ...]
    stimuli: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Entry:
    """One benchmark of a submission: its runs by mode, always accuracy and performance, optionally energy.

    `folder` is its name in results/ and code/. `label_files` are the lengths that a complete label file may have.
    """

    benchmark: Benchmark
    folder: str
    runs: dict[str, Run]
    label_files: tuple[int, ...]


@dataclass(frozen=True)
class Figure:
    """The figure of a run: `text` is written into the files as it stands, in `unit`."""

    run: str
    text: str
    unit: str

    @property
    def value(self) -> float:
        """Return the number that a program reads from the files."""
        return float(self.text)
