"""`results.txt`: the file that the official checker reads its figure from, and what it must not read from it.

The checker searches each line for a pattern, the last match wins, and a number is digits and dots only. So a
figure is written once, without an exponent, with every digit that the result has.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from energy_runner.errors import ConfigurationError
from energy_runner.session.events import RunStarted
from energy_runner.session.result import WindowResult
from energy_runner.submission.cases import Run
from energy_runner.submission.names import plain_ascii

RULE_OFF = "-" * 57
# What the checker looks for, in any line and with any number.
_FIGURE_LINE = re.compile(r"Top[- ]1%?\s?[:=]|AUC\s?[:=]|Median throughput is|Median energy cost is")


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


def digits(value: float, shift: int = 0) -> str:
    """Return `value` times ten to the power `shift` as digits with a point: no exponent, nothing rounded away.

    With `shift` 0 the text reads back as exactly `value`. Raises `ValueError` for what has no such digits.
    """
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{value} cannot be written as digits")
    text = format(Decimal(repr(float(value))).scaleb(shift), "f")
    return text if "." in text else f"{text}.0"


def figure_of(run: Run) -> Figure:
    """Return a run's figure; raise `ConfigurationError` for one without, which nothing can export."""
    value, shift, unit = _score(run)
    try:
        text = digits(value if value is not None else math.nan, shift)
    except ValueError:
        text = ""
    if not text or (run.mode != "accuracy" and float(text) == 0.0):
        doubts = "; ".join(finding.detail for finding in run.result.findings[:2])
        raise ConfigurationError(
            f"{run.session.path}: has no figure to export"
            + (f" ({plain_ascii(doubts)})" if doubts else "")
            + ". Try: measure again; energy-runner report SESSION tells more"
        )
    return Figure(run.name, text, unit)


def uncertainty_of(run: Run) -> list[str]:
    """Return what is to be said about the uncertainty of a run's figure: a line or none."""
    energy = run.result.energy_per_inference_j
    if run.mode != "energy" or energy is None or not math.isfinite(energy.U):
        return []
    expanded = digits(float(f"{energy.U:.2g}"), 6)
    missing = "; ".join(energy.incomplete)
    incomplete = f"; uncertainty incomplete: {missing}" if missing else ""
    text = (
        f"Expanded uncertainty U = {expanded} uJ/inf. (k = {energy.k:.3g}, {energy.probability:.0%}){incomplete}"
    )
    return [plain_ascii(text, 1000)]


def _score(run: Run) -> tuple[float | None, int, str]:
    """Return value, power of ten and unit of a run's figure as the checker wants it."""
    result = run.result
    if run.mode == "energy":
        energy = result.energy_per_inference_j
        return (energy.median if energy else None), 6, "uJ/inf."
    if run.mode == "performance":
        return result.throughput_per_s, 0, "inf./sec."
    percent = result.accuracy is not None and result.accuracy.metric == "top1"
    return (result.accuracy.value if result.accuracy else None), 0, "% Top 1" if percent else "AUC"


class Stamps:
    """Turn host times of a run into `MMDD.hhmmss`, the style of stamp that readers of these files know."""

    def __init__(self, run: Run) -> None:
        started = run.session.journal(exchanges=False).of(RunStarted)
        first = next(started, None)
        self._offset_ns = first.utc_ns - first.t_ns if first is not None else 0

    def at(self, t_ns: int) -> str:
        """Return the stamp of a host time in nanoseconds."""
        try:
            text = str(np.datetime64(t_ns + self._offset_ns, "ns"))  # 2025-07-25T19:22:25.000000000
        except OverflowError:
            return "0000.000000"
        return f"{text[5:7]}{text[8:10]}.{text[11:13]}{text[14:16]}{text[17:19]}"


def results_txt(run: Run, figure: Figure, banner: Sequence[str]) -> bytes:
    """Return `results.txt` of a run: what to know first (`banner`), its windows, and its figure once.

    Raises `ConfigurationError` if text of a box imitates a figure, which the checker would take for ours.
    """
    lines = [*banner, *_windows(run), *uncertainty_of(run)]
    for line in lines:
        if _FIGURE_LINE.search(line):
            raise ConfigurationError(
                f"{run.session.path}: a text in this session reads like a result: {plain_ascii(line, 120)}"
            )
    last_ns = run.facts.ended.t_ns if run.facts.ended is not None else 0
    lines += _figure_lines(run.mode, figure, Stamps(run).at(last_ns))
    return ("\n".join(lines) + "\n").encode("ascii")


def _figure_lines(mode: str, figure: Figure, stamp: str) -> list[str]:
    # The checker's patterns for these begin with ".* ", so something with a blank must stand before them ...
    prefix = f"{stamp} ulp-mlperf: "
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
