"""A frozen plan of one run: benchmark and options in, everything the director needs out."""

from dataclasses import dataclass

from energy_runner.bench.spec import Mode
from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.benchmarks.stimuli import Stimulus, StimulusFolder

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
    seconds of idle recorded before the first and after the last command.
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

    @property
    def window_s(self) -> float:
        """Return how long a window is planned to be, in seconds."""
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
) -> RunPlan:
    """Return the plan of a run; raise `ConfigurationError` for stimuli that are missing or do not fit.

    Energy and performance take the first five files of the label file, accuracy takes all of them (or the
    first `limit`), and every window of a sliding benchmark.
    """
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
    )
