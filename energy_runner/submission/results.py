# SPDX-License-Identifier: Apache-2.0
"""`results.txt`: the file from which the official checker reads the figure.

The checker searches each line for a pattern, takes the last match, and reads only digits and dots as a number. So
the figure is written once, as `figures` gives it, and no other line may match.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from energy_runner.errors import ConfigurationError
from energy_runner.session.result import WindowResult
from energy_runner.submission.figures import digits, uncertainty_of
from energy_runner.submission.model import Figure, Run
from energy_runner.submission.names import plain_ascii
from energy_runner.submission.stamps import stamp

RULE_OFF = "-" * 57
# What the checker looks for, in any line and with any number.
_FIGURE_LINE = re.compile(r"Top[- ]1%?\s?[:=]|AUC\s?[:=]|Median throughput is|Median energy cost is")


def results_txt(run: Run, figure: Figure, banner: Sequence[str]) -> bytes:
    """Return `results.txt` of a run: the `banner`, the windows, and the figure once.

    Raises `ConfigurationError` if a text from the session looks like a figure, which the checker would take for
    ours.
    """
    lines = [*banner, *_windows(run), *uncertainty_of(run)]
    for line in lines:
        if _FIGURE_LINE.search(line):
            raise ConfigurationError(
                f"{run.session.path}: a text in this session reads like a result: {plain_ascii(line, 120)}"
            )
    lines += _figure_lines(run.mode, figure, stamp(run.ended_ns + run.utc_offset_ns))
    return ("\n".join(lines) + "\n").encode("ascii")


def _figure_lines(mode: str, figure: Figure, ended: str) -> list[str]:
    # The checker's patterns for these begin with ".* ", so text with a blank must come before them ...
    prefix = f"{ended} ulp-mlperf: "
    if mode == "accuracy":
        name = "Top 1%" if figure.unit == "% Top 1" else "AUC"
        return [f"{prefix}{name} = {figure.text}"]
    if mode == "performance":
        return [prefix + RULE_OFF, f"{prefix}Median throughput is {figure.text} inf./sec.", prefix + RULE_OFF]
    # ... but not before this one, which some versions match from the line's beginning.
    return [RULE_OFF, f"Median energy cost is {figure.text} uJ/inf.", RULE_OFF]


def _windows(run: Run) -> list[str]:
    lines: list[str] = []
    if run.mode == "accuracy" and run.result.accuracy is not None:
        accuracy = run.result.accuracy
        lines.append(f"Classified {accuracy.stimuli} of {accuracy.stimuli_expected} stimuli")
    least = _Least.of(run)
    for window in run.result.windows:
        lines += _energy_window(window, least) if run.mode == "energy" else _timed_window(window, least)
    return lines


@dataclass(frozen=True)
class _Least:
    """What the rule set that judged a run demands of each window; 0 where it demands nothing."""

    duration_s: float
    inferences: float

    @classmethod
    def of(cls, run: Run) -> "_Least":
        low = {verdict.id: verdict.low or 0.0 for verdict in run.result.verdicts}
        return cls(low.get("window-length", 0.0), low.get("window-inferences", 0.0))

    def kept_by(self, window: WindowResult) -> bool:
        return (window.duration_s or 0.0) >= self.duration_s and window.inferences >= self.inferences


def _energy_window(window: WindowResult, least: _Least) -> list[str]:
    short = "" if least.kept_by(window) else "  <<<< shorter than the rules ask"
    return [
        f"Energy data for trial {window.index}",
        f"  Elapsed time  : {_or_dash(window.duration_s)}{short}",
        f"  Inferences    : {window.inferences}",
        f"  Power         : {_or_dash(window.mean_power_w, 3)} mW.",
        f"  Total Energy  : {_or_dash(window.energy_j, 6)} uJ",
        f"  Energy/Inf    : {_or_dash(window.energy_per_inference_j, 6)} uJ/inf",
    ]


def _timed_window(window: WindowResult, least: _Least) -> list[str]:
    demand = f"At least {least.duration_s:g} s and {least.inferences:g} inferences"
    return [
        f"Performance results for window {window.index + 1}",
        f"    # Inferences : {window.inferences}",
        f"    Runtime: {_or_dash(window.duration_s)} sec.",
        f"    Throughput: {_or_dash(window.throughput_per_s)} inf./sec.",
        f"    {demand}: " + ("yes" if least.kept_by(window) else "NO"),
    ]


def _or_dash(value: float | None, shift: int = 0) -> str:
    return digits(value, shift) if value is not None and value >= 0 else "-"
