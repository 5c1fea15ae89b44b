# SPDX-License-Identifier: Apache-2.0
"""`results.txt` of the EEMBC runner: the lines of its plug-ins `ulp-ml` and `ulp-mlperf`."""

import re
from dataclasses import dataclass, field, replace

from energy_runner.published.contents import Contents
from energy_runner.published.figures import NUMBER, Pattern, read_figures
from energy_runner.published.model import Figure

_STAMP = re.compile(r"^(\d{5,12})\.(\d{3}) ulp-")


def _line(regex: str, *fields: str, section: bool = False, whole: bool = False) -> Pattern:
    return Pattern(re.compile(regex), fields, section, whole)


PATTERNS = (
    _line(
        rf"Energy data for window (\d{{1,6}}) at time {NUMBER} for {NUMBER} sec", "at time", "for", section=True
    ),
    _line(rf"Energy/Inf\.\s*:\s+{NUMBER} uJ/inf", "Energy/Inf."),
    _line(rf"Energy\s*:\s+{NUMBER} uJ", "Energy"),
    _line(rf"Power\s*:\s+{NUMBER} uW", "Power"),
    _line(rf"Median energy cost is\s+{NUMBER} uJ/inf", "Median energy cost", whole=True),
    _line(r"Performance results for window (\d{1,6})", section=True),
    _line(r"# Inferences\s*:\s+(\d{1,12})", "# Inferences"),
    _line(rf"Runtime\s*:\s+{NUMBER} sec", "Runtime"),
    _line(rf"Throughput\s*:\s+{NUMBER} inf", "Throughput"),
    _line(r"(Runtime requirements have been met\.|e-\[[^\]]*\])", "requirement"),
    _line(rf"Median throughput is\s+{NUMBER} inf", "Median throughput", whole=True),
    _line(rf"Top-1:\s*{NUMBER}%", "Top-1", whole=True),
    _line(rf"AUC:\s*{NUMBER}", "AUC", whole=True),
    # Lines without figures.
    _line(r"Cannot compute accuracy metrics in single-run mode"),
    _line(r"^(?:\d{5,}\.\d{3} )?(?:[\w-]+: )?-+$"),
    _line(r"^\d{5,}\.\d{3} (?:session|parser|sequencer): "),
)


@dataclass(frozen=True)
class EembcResults:
    """The published figures, the lines that could not be read, and when the first one was printed.

    `beside` are the figures of the performance sessions next to this one.
    """

    figures: list[Figure]
    unknown: list[str]
    printed_ms: int | None
    beside: list[list[Figure]] = field(default_factory=list)
    unknown_lines: list[int] = field(default_factory=list)


def read_results(contents: Contents, in_log: list[str]) -> EembcResults:
    """Return the figures of `results.txt` or, where it cannot be read, of its lines `in_log`."""
    lines = in_log if contents.results is None else contents.results
    read = read_figures(lines, PATTERNS)
    stamp = next((match for line in lines if (match := _STAMP.match(line))), None)
    # Lines that the log repeats have other numbers there.
    kept = read.figures if contents.results is not None else [replace(one, line=None) for one in read.figures]
    return EembcResults(
        figures=kept,
        unknown=read.unknown,
        printed_ms=int(stamp[1]) * 1000 + int(stamp[2]) if stamp else None,
        unknown_lines=read.unknown_lines,
        beside=[read_figures(other, PATTERNS).figures for other in contents.beside],
    )
