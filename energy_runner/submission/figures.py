# SPDX-License-Identifier: Apache-2.0
"""The figures of a submission, written without an exponent and with every digit of the result."""

import math
from decimal import Decimal

from energy_runner.errors import Call, ConfigurationError
from energy_runner.submission.model import Figure, Run
from energy_runner.submission.names import plain_ascii
from energy_runner.wording import coverage_factor, rounded


def digits(value: float, shift: int = 0) -> str:
    """Return `value` times ten to the power `shift` as decimal digits with a point, no exponent and no rounding.

    With `shift` 0 the text reads back as exactly `value`. Raises `ValueError` for a value that is negative or not
    finite.
    """
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{value} cannot be written as digits")
    text = format(Decimal(repr(float(value))).scaleb(shift), "f")
    return text if "." in text else f"{text}.0"


def figure_of(run: Run) -> Figure:
    """Return a run's figure; raise `ConfigurationError` for a run without one, which cannot be exported."""
    value, shift, unit = _score(run)
    try:
        text = digits(value if value is not None else math.nan, shift)
    except ValueError:
        text = ""
    if not text or (run.mode != "accuracy" and float(text) == 0.0):
        doubts = "; ".join(finding.detail for finding in run.result.findings[:2])
        raise ConfigurationError(
            f"{run.session.path}: has no figure to export" + (f" ({plain_ascii(doubts)})" if doubts else ""),
            ". Try: measure again; ",
            Call("er.write_report(session)", "energy-runner report SESSION"),
            " shows more",
        )
    return Figure(run.name, text, unit)


def uncertainty_of(run: Run) -> list[str]:
    """Return the line that states the uncertainty of a run's figure; empty if there is none to state."""
    energy = run.result.energy_per_inference_j
    if run.mode != "energy" or energy is None or not math.isfinite(energy.U):
        return []
    # From the same rounding as the report's headline: two statements of one result agree in every digit.
    expanded = rounded(1e6 * energy.median, 1e6 * energy.U)[1]
    missing = "; ".join(energy.incomplete)
    incomplete = f"; uncertainty incomplete: {missing}" if missing else ""
    k = f"k = {coverage_factor(energy.k)}, {energy.probability:.0%}"
    text = f"Expanded uncertainty U = {expanded} uJ/inf. ({k}){incomplete}"
    return [plain_ascii(text, 1000)]


def _score(run: Run) -> tuple[float | None, int, str]:
    """Return value, power of ten and unit of a run's figure as the checker expects them."""
    result = run.result
    if run.mode == "energy":
        energy = result.energy_per_inference_j
        return (energy.median if energy else None), 6, "uJ/inf."
    if run.mode == "performance":
        return result.throughput_per_s, 0, "inf./sec."
    percent = result.accuracy is not None and result.accuracy.metric == "top1"
    return (result.accuracy.value if result.accuracy else None), 0, "% Top 1" if percent else "AUC"
