# SPDX-License-Identifier: Apache-2.0
"""`results.txt` of the MLCommons runner, and the same lines at the end of its log."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from energy_runner.published.contents import Contents
from energy_runner.published.figures import NUMBER, Pattern, read_figures
from energy_runner.published.model import Figure


def _line(regex: str, *fields: str, section: bool = False, whole: bool = False) -> Pattern:
    return Pattern(re.compile(regex), fields, section, whole)


PATTERNS = (
    _line(r"Energy data for trial (\d{1,6})", section=True),
    _line(rf"Elapsed time\s*:\s*{NUMBER}", "Elapsed time"),
    _line(rf"Total Energy\s*:\s*{NUMBER} uJ", "Total Energy"),
    _line(rf"Energy/Inf\s*:\s*{NUMBER} uJ", "Energy/Inf"),
    _line(rf"^\s*Power\s*:\s*{NUMBER} mW", "Power"),
    _line(rf"Median energy cost is\s+{NUMBER} uJ/inf", "Median energy cost", whole=True),
    _line(r"Performance results for window (\d{1,6})", section=True),
    _line(r"# Inferences\s*:\s*(\d{1,12})", "# Inferences"),
    _line(r"^Inferences\s*:\s*(\d{1,12})", "Inferences"),
    _line(rf"Runtime\s*:\s*{NUMBER} sec", "Runtime"),
    _line(rf"Throughput\s*:\s*{NUMBER} inf", "Throughput"),
    _line(r"(Runtime requirements have been met\.)", "requirement"),
    _line(rf"Median throughput is\s+{NUMBER} inf", "Median throughput", whole=True),
    _line(rf"Top 1%\s*=\s*{NUMBER}", "Top 1%", whole=True),
    _line(rf"AUC\s*=\s*{NUMBER}", "AUC", whole=True),
    _line(
        r"Accuracy: (\d{1,9}) True positives, (\d{1,9}) False negatives, (\d{1,9}) False positives",
        "True positives",
        "False negatives",
        "False positives",
        whole=True,
    ),
    _line(rf"Average duty cycle:\s*{NUMBER}", "duty cycle", whole=True),
    _line(rf"Average period:\s*{NUMBER} s", "period", whole=True),
    _line(rf"Estimated throughput:\s*{NUMBER} inf", "Estimated throughput", whole=True),
    _line(r"(ERROR.{0,200})", "error"),
    # Lines without figures.
    _line(r"^Power Edition Output$"),
    _line(r"^(?:\d{4}\.\d{6} )?(?:[\w-]+: )?-+$"),
    _line(r"^(?:True positives|False negatives|False positives): \["),
    _line(r"^== File "),
)


@dataclass(frozen=True)
class MlcommonsResults:
    """The published figures, errors that the runner printed instead, and the lines that could not be read.

    `in_log` are the figures at the end of the log, `beside` those of the performance sessions next to this one.
    """

    figures: list[Figure]
    errors: list[str]
    unknown: list[str]
    in_log: list[Figure]
    beside: list[list[Figure]] = field(default_factory=list)


def read_results(contents: Contents, end_of_log: Iterable[str]) -> MlcommonsResults:
    """Return the figures of `results.txt`, and the same figures by the log."""
    read = read_figures(contents.results or [], PATTERNS)
    return MlcommonsResults(
        figures=[figure for figure in read.figures if figure.field != "error"],
        errors=[figure.text for figure in read.figures if figure.field == "error"],
        unknown=read.unknown,
        in_log=read_figures(end_of_log, PATTERNS).figures,
        beside=[read_figures(other, PATTERNS).figures for other in contents.beside],
    )
