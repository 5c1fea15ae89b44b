# SPDX-License-Identifier: Apache-2.0
"""Identify a session of the EEMBC runner: its benchmark and its mode."""

from dataclasses import dataclass

from energy_runner.benchmarks.catalogue import Benchmark, list_benchmarks
from energy_runner.errors import SessionError
from energy_runner.published.discover import Found
from energy_runner.published.eembc.log import EembcLog
from energy_runner.published.model import Figure, Mode

_SCORES: dict[Mode, tuple[str, str]] = {
    "energy": ("Median energy cost", "uJ/inf."),
    "performance": ("Median throughput", "inf./sec."),
    "accuracy": ("Top-1", "%"),
}


@dataclass(frozen=True)
class Identity:
    """Benchmark and mode, and the printed figure that is the session's score, with its unit."""

    benchmark: Benchmark
    mode: Mode
    score_field: str
    unit: str


def identify(found: Found, log: EembcLog, figures: list[Figure], refusals: list[str]) -> Identity:
    """Return benchmark and mode; raises `SessionError`, with the `refusals`, if they cannot be found."""
    mode = _mode(log, found, figures)
    benchmark = _benchmark(log, found)
    if mode is None or benchmark is None:
        reasons = "; ".join(refusals) or "neither its files nor its folders tell the benchmark and the mode"
        raise SessionError(f"no session can be read: {reasons}")
    score = ("AUC", "AUC") if mode == "accuracy" and benchmark.metric == "auc" else _SCORES[mode]
    return Identity(benchmark, mode, *score)


def _mode(log: EembcLog, found: Found, figures: list[Figure]) -> Mode | None:
    """Return the mode: by what the log says, then by its commands, then by the results and the folder's name."""
    if log.plugin == "ulp-ml" or log.trace_on_ms is not None:
        return "energy"
    names = {figure.field for figure in figures}
    single = bool(log.commands) and all(c.inferences == 1 and not c.warmups for c in log.commands)
    if log.settings.get("runMode") == "multi" or names & {"Top-1", "AUC"} or (single and len(log.commands) > 1):
        return "accuracy"
    if log.plugin == "ulp-mlperf" or "Median throughput" in names:
        return "energy" if "Median energy cost" in names else "performance"
    return next((mode for mode in _SCORES if mode == found.mode), None)


def _benchmark(log: EembcLog, found: Found) -> Benchmark | None:
    """Return the first benchmark of ours that the log or the folder names."""
    ours = {benchmark.id: benchmark for benchmark in list_benchmarks()}
    names = (log.model, log.settings.get("model", ""), found.benchmark or "")
    return next((ours[name] for name in names if name in ours), None)
