# SPDX-License-Identifier: Apache-2.0
"""Do the stated intervals hold the truth as often as they say? Seeded virtual runs, counted.

Every run draws a new instrument (gain, offset, clocks, ...) from its accuracy table, a new DUT, new noise and
new phases of the edges, goes the whole way through director, journal, trace and analysis, and is then compared
with the closed-form truth. The virtual host's clock is perfect; the error that the budget allows it is drawn
here and put on the truth instead: a second that is longer for the host is a truth that is smaller for it.
"""

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from energy_runner import api
from energy_runner.analysis.placing.clock import HOST_CLOCK_LIMIT
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.benchmarks.demo import write_demo_stimuli
from energy_runner.benchmarks.stimuli import find_stimuli
from energy_runner.director.plan import RunPlan, plan_run
from tests.support.no_report import no_report
from tests.support.small import small_benchmark, small_stimuli, twin_bench

MONITORS = ("virtual-lpm01a", "virtual-n6705c")
WINDOWS = 5


@dataclass(frozen=True)
class Compared:
    """One figure with its uncertainty beside the truth, in J per inference."""

    value: float
    u: float
    expanded: float
    truth: float

    @property
    def error(self) -> float:
        """Return the relative error."""
        return self.value / self.truth - 1

    @property
    def held(self) -> bool:
        """Return whether the interval holds the truth."""
        return abs(self.value - self.truth) <= self.expanded


@dataclass(frozen=True)
class Tally:
    """What many runs of one monitor came to; relative figures."""

    runs: int
    held: int
    bias: float
    bias_u: float
    scatter: float
    u: float

    @classmethod
    def of(cls, figures: Iterable[Compared]) -> "Tally":
        """Count how many intervals hold, and how the errors are distributed."""
        found = list(figures)
        errors = np.array([figure.error for figure in found])
        return cls(
            runs=len(found),
            held=sum(figure.held for figure in found),
            bias=float(errors.mean()),
            bias_u=float(errors.std(ddof=1) / np.sqrt(len(errors))),
            scatter=float(errors.std(ddof=1)),
            u=median(figure.u / figure.value for figure in found),
        )

    @property
    def coverage(self) -> float:
        """Return the share of intervals that hold the truth."""
        return self.held / self.runs


def short_plan(folder: Path) -> RunPlan:
    """Return a plan of five windows of half a second."""
    benchmark = small_benchmark(WINDOWS)
    folder.mkdir()
    return plan_run(benchmark, "energy", small_stimuli(folder, benchmark), inferences=12, read_back=False)


def whole_plan(folder: Path) -> RunPlan:
    """Return a plan by the rules: five windows of at least ten seconds."""
    folder.mkdir()
    write_demo_stimuli(folder)
    benchmark = load_benchmark("kws01")
    return plan_run(benchmark, "energy", find_stimuli(folder, benchmark), inferences=240, read_back=False)


def compare(name: str, plan: RunPlan, seed: int) -> tuple[Compared, Compared]:
    """Run once; return the score and the first window, each with its truth."""
    rng = np.random.default_rng([seed, 4])
    head_s, host_error = 0.5 + rng.uniform(0, 5e-3), rng.uniform(-HOST_CLOCK_LIMIT, HOST_CLOCK_LIMIT)
    bench = twin_bench(name, seed=seed)
    folder = Path(tempfile.mkdtemp(prefix="coverage-"))
    try:
        with no_report():
            session = api.run(bench, replace(plan, seed=seed, head_s=head_s), out=folder / "session")
        result, truth = session.result(), session.record.truth
    finally:
        shutil.rmtree(folder)
    score, window = result.energy_per_inference_j, result.windows[0]
    assert score is not None, (seed, result.findings)
    assert truth is not None
    assert window.uncertainty is not None
    assert window.energy_per_inference_j is not None
    scale = 1.0 if bench.edges is not None and bench.edges.timebase == "samples" else 1 / (1 + host_error)
    true_j = [true.energy_j / true.inferences * scale for true in truth]
    return (
        Compared(score.median, score.u, score.U, median(true_j)),
        Compared(window.energy_per_inference_j, window.uncertainty.u, window.uncertainty.U, true_j[0]),
    )
