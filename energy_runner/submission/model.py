# SPDX-License-Identifier: Apache-2.0
"""A submission as plain data: what the stages of an export hand on."""

from dataclasses import dataclass

from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.session.events import InferenceDone
from energy_runner.session.folder import Session
from energy_runner.session.result import Result, Verdict

# The folder of each benchmark in results/, as the checker knows them.
FOLDERS = {"ad01": "ad", "ic01": "ic", "ic02": "ic2", "kws01": "kws", "vww01": "vww"}
MODES = ("accuracy", "performance", "energy")
REQUIRED_MODES = ("accuracy", "performance")


@dataclass(frozen=True)
class Firmware:
    """How the DUT answers who it is."""

    name: str
    profile: str
    model: str

    def __str__(self) -> str:
        return " / ".join((self.name, self.profile, self.model))


@dataclass(frozen=True)
class Run:
    """One session of a submission, judged, with what its journal tells.

    `name` is how messages and files call it. `virtual` tells whether anything in the session is a twin, whatever
    its record says. `inferences` are those that count: the windows, or every input in accuracy mode. `monitor` are
    make, model, serial number and firmware of the power monitor, as far as they are known; `voltages_v` were
    measured. `utc_offset_ns` turns its times into UTC, and `ended_ns` is that of its end. `failed` are the
    verdicts that make it invalid, `stimuli` file and SHA-256 of every stimulus of the windows, or of the label
    file in accuracy mode.
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
    """One benchmark of a submission: its runs by mode, accuracy and performance always, energy perhaps.

    `folder` is the benchmark's in results/ and code/. `label_files` are the lengths of the label files that count
    as whole.
    """

    benchmark: Benchmark
    folder: str
    runs: dict[str, Run]
    label_files: tuple[int, ...]


@dataclass(frozen=True)
class Figure:
    """The one figure of a run: `text` is what the files say, digit by digit, in `unit`."""

    run: str
    text: str
    unit: str

    @property
    def value(self) -> float:
        """Return the number that a reader of the files gets."""
        return float(self.text)
