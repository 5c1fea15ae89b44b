# SPDX-License-Identifier: Apache-2.0
"""Identify a session of the MLCommons runner: its benchmark and its mode."""

from dataclasses import dataclass

from energy_runner.benchmarks.catalogue import Benchmark, list_benchmarks
from energy_runner.errors import SessionError
from energy_runner.published.discover import Found
from energy_runner.published.mlcommons.document import Document
from energy_runner.published.mlcommons.log import MlcommonsLog
from energy_runner.published.mlcommons.results import MlcommonsResults
from energy_runner.published.model import WAKE_WORDS, Mode

_MODES: dict[str, Mode] = {"e": "energy", "p": "performance", "a": "accuracy"}
_SCORES: dict[Mode, tuple[str, str]] = {
    "energy": ("Median energy cost", "uJ/inf."),
    "performance": ("Median throughput", "inf./sec."),
    "accuracy": ("Top 1%", "%"),
}


@dataclass(frozen=True)
class Identity:
    """Benchmark and mode, and the printed figure that is the session's score, with its unit.

    `definition` is None for a benchmark that is not ours.
    """

    benchmark: str
    definition: Benchmark | None
    mode: Mode
    score_field: str
    unit: str


def identify(
    found: Found, document: Document, log: MlcommonsLog, results: MlcommonsResults, refusals: list[str]
) -> Identity:
    """Return benchmark and mode; raises `SessionError`, with the `refusals`, if they cannot be found."""
    mode = _mode(document, results, found)
    benchmark = log.model or _benchmark(document, found)
    known = document.passes or results.figures or results.errors or log.recognised
    if mode is None or not benchmark or not known:
        reasons = "; ".join(refusals) or "neither its files nor its folders tell the benchmark and the mode"
        raise SessionError(f"no session can be read: {reasons}")
    definition = next((one for one in list_benchmarks() if one.id == benchmark), None)
    if benchmark == WAKE_WORDS:
        score = ("Power", "mW") if mode == "energy" else ("Estimated throughput", "inf./sec.")
    elif mode == "accuracy" and definition is not None and definition.metric == "auc":
        score = ("AUC", "AUC")
    else:
        score = _SCORES[mode]
    return Identity(benchmark, definition, mode, *score)


def _mode(document: Document, results: MlcommonsResults, found: Found) -> Mode | None:
    stated = next((one.mode for one in document.passes if one.mode in _MODES), "")
    if stated:
        return _MODES[stated]
    names = {figure.field for figure in results.figures}
    printed = next((mode for mode, (name, _) in _SCORES.items() if name in names), None)
    return printed or next((mode for mode in _MODES.values() if mode == found.mode), None)


def _benchmark(document: Document, found: Found) -> str:
    if any(infer.detections is not None for _, infer in document.working):
        return WAKE_WORDS
    return found.benchmark or ""
