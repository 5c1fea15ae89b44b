# SPDX-License-Identifier: Apache-2.0
"""Make the frozen plan of one run from a benchmark and options: everything that the director needs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from energy_runner.bench.spec import Mode
from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.benchmarks.stimuli import Stimulus, StimulusFolder
from energy_runner.director.plan_checks import CHECKS, checked
from energy_runner.director.preparation import Preparation
from energy_runner.errors import Argument, ConfigurationError

# A window is planned this much longer than it must be, because the DUT's speed in the trial and the clock
# that timed the trial (an UNO's resonator: 0.5 %) are only roughly known.
WINDOW_RESERVE = 1.03
# A trial shorter than this is repeated with more inferences: its own edges would be too coarse.
TRIAL_S = 0.5


@dataclass(frozen=True)
class PlannedInput:
    """One input of the DUT: stimulus `number` (from 0), or the window of it that begins at `offset`."""

    number: int
    stimulus: Stimulus
    offset: int = 0

    @property
    def file(self) -> str:
        """Return the file's name as the label file gives it."""
        return self.stimulus.file

    def read(self) -> bytes:
        """Return the bytes for the DUT."""
        return self.stimulus.input_at(self.offset)


@dataclass(frozen=True)
class RunPlan:
    """What one run does.

    `inferences` None means that a short trial finds a number that fills a window. `head_s` and `tail_s` are
    seconds of idle recorded before the first and after the last command. Raises `ConfigurationError` for values
    that no run can have, so that no plan ever switches a supply on in vain. `labels_sha256` is that of the label
    file, empty where the inputs come from none, and `labels` how many files it lists. The run waits before it
    switches the supply on until the temperature is in the range `wait_temperature_c` (lowest and highest, °C), for
    `wait_temperature_s` seconds at most. `preparation` is what the DUT gets before its first stimulus.
    """

    benchmark: Benchmark
    mode: Mode
    inputs: tuple[PlannedInput, ...]
    inferences: int | None = None
    warmups: int = 1
    read_back: bool = True
    seed: int = 0
    head_s: float = 0.5
    tail_s: float = 0.5
    labels_sha256: str = ""
    labels: int = 0
    wait_temperature_c: tuple[float, float] | None = None
    wait_temperature_s: float = 3600.0
    preparation: Preparation = field(default_factory=Preparation)

    def __post_init__(self) -> None:
        given = {name: getattr(self, name) for name in CHECKS if name != "limit"}
        for name, value in checked(given).items():  # numpy's integers become Python's, which JSON can hold
            if value is None and name not in ("inferences", "wait_temperature_c"):
                raise ConfigurationError(Argument(name, "None"), ": a plan needs it")
            object.__setattr__(self, name, value)
        if self.wait_temperature_c is not None and self.mode != "energy":
            raise ConfigurationError(
                Argument("wait_temperature_c", "{:g} {:g}".format(*self.wait_temperature_c)),
                ": only a run in energy mode uses the thermometer. Try: ",
                Argument("mode", "energy"),
            )

    def __repr__(self) -> str:
        each = f", {self.inferences} inferences each" if self.inferences is not None else ""
        return f"<RunPlan {self.benchmark.id}, {self.mode}: {len(self.inputs)} inputs{each}, seed {self.seed}>"

    @property
    def window_s(self) -> float:
        """Return the planned duration of a window, in seconds."""
        return self.benchmark.run.min_window_s * WINDOW_RESERVE

    def inferences_for(self, inference_s: float) -> int:
        """Return how many inferences of `inference_s` seconds fill a window and satisfy the rules."""
        return max(self.benchmark.run.min_inferences, int(self.window_s / inference_s) + 1)


def plan_run(
    benchmark: Benchmark,
    mode: Mode,
    folder: StimulusFolder,
    *,
    inferences: int | None = None,
    warmups: int | None = None,
    read_back: bool = True,
    seed: int = 0,
    limit: int | None = None,
    wait_temperature_c: Sequence[float] | None = None,
    wait_temperature_s: float | None = None,
    preparation: Preparation | None = None,
) -> RunPlan:
    """Return the plan of a run; raise `ConfigurationError` for stimuli that are missing or do not fit.

    Energy and performance take the first five files of the label file, accuracy takes all of them (or the
    first `limit`), and every window of a sliding benchmark.
    """
    limit = checked({"limit": limit})["limit"]
    if limit is not None and mode != "accuracy":
        raise ConfigurationError(
            Argument("limit", str(limit)),
            ": only a run in accuracy mode takes so many files. Try: ",
            Argument("mode", "accuracy"),
        )
    if mode == "accuracy":
        count = min(limit, len(folder.labels)) if limit else len(folder.labels)
        inputs = tuple(
            PlannedInput(number, stimulus, offset)
            for number, stimulus in enumerate(folder.first(count))
            for offset in stimulus.offsets
        )
    else:
        inputs = tuple(
            PlannedInput(number, stimulus) for number, stimulus in enumerate(folder.first(benchmark.run.windows))
        )
    return RunPlan(
        benchmark=benchmark,
        mode=mode,
        inputs=inputs,
        inferences=inferences,
        warmups=benchmark.run.warmups if warmups is None else warmups,
        read_back=read_back,
        seed=seed,
        labels_sha256=folder.labels_sha256,
        labels=len(folder.labels),
        preparation=preparation or Preparation(),
        **_waiting(wait_temperature_c, wait_temperature_s),
    )


def _waiting(range_c: Sequence[float] | None, limit_s: float | None) -> dict[str, Any]:
    """Return what was given of the wait for a temperature; the plan checks it."""
    if limit_s is not None and range_c is None:
        raise ConfigurationError(
            Argument("wait_temperature_s", f"{limit_s}"),
            ": for which temperature? Try: ",
            Argument("wait_temperature_c", "21 25"),
        )
    given = {"wait_temperature_c": range_c, "wait_temperature_s": limit_s}
    return {name: value for name, value in given.items() if value is not None}
