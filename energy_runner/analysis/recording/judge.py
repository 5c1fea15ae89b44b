# SPDX-License-Identifier: Apache-2.0
"""Limits on the figures of a recording, judged with their uncertainty."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from energy_runner.analysis.recording.figures import Figure, Recorded
from energy_runner.errors import ConfigurationError
from energy_runner.wording import rounded

Verdict = Literal["over", "within", "cannot be told"]

# The limits that a caller can set: which figure of `Recorded` they are about, and their unit in SI.
LIMITS: dict[str, tuple[str, float]] = {
    "max_uj": ("energy_j", 1e-6),
    "max_mj": ("energy_j", 1e-3),
    "max_ua": ("mean_a", 1e-6),
    "max_ma": ("mean_a", 1e-3),
    "max_peak_ma": ("peak_a", 1e-3),
    "max_uw": ("mean_w", 1e-6),
    "max_mw": ("mean_w", 1e-3),
    "max_w": ("mean_w", 1.0),
    "max_s": ("duration_s", 1.0),
}
SHOWN: dict[str, tuple[str, str, float]] = {
    "energy_j": ("energy", "µJ", 1e6),
    "mean_w": ("mean power", "mW", 1e3),
    "mean_a": ("mean current", "mA", 1e3),
    "peak_a": ("peak current", "mA", 1e3),
    "duration_s": ("duration", "s", 1.0),
}


@dataclass(frozen=True)
class Judged:
    """A figure against its limit, SI. It is `over` only if the value less its U is above the limit."""

    figure: str
    value: float
    U: float
    limit: float
    verdict: Verdict

    def __str__(self) -> str:
        what, unit, factor = SHOWN[self.figure]
        value, expanded = rounded(self.value * factor, self.U * factor)
        return f"{what} {value} ± {expanded} {unit}, limit {self.limit * factor:.10g} {unit}: {self.verdict}"


def limits_of(given: Mapping[str, float | None]) -> dict[str, float]:
    """Return the limits in SI by the figure's name; raise `ConfigurationError` for one that can be none."""
    found: dict[str, float] = {}
    for name, limit in given.items():
        if limit is None:
            continue
        if name not in LIMITS:
            raise ConfigurationError(f"{name}: no such limit. Try: {', '.join(LIMITS)}")
        figure, factor = LIMITS[name]
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 < limit < float("inf"):
            raise ConfigurationError(f"{name}={limit!r}: a limit is a number above 0")
        if figure in found:
            raise ConfigurationError(f"{name}: {SHOWN[figure][0]} has two limits. Try: one of them")
        found[figure] = limit * factor
    return found


def judge(recorded: Recorded, limits: Mapping[str, float]) -> list[Judged]:
    """Return the verdict of each limit (SI, by the figure's name)."""
    found = []
    for name, limit in limits.items():
        figure: Figure = getattr(recorded, name)
        verdict: Verdict = "cannot be told"
        if figure.value - figure.U > limit:
            verdict = "over"
        elif figure.value + figure.U <= limit:
            verdict = "within"
        found.append(Judged(name, figure.value, figure.U, limit, verdict))
    return found


def in_words(recorded: Recorded) -> str:
    """Return the figures of a recording in one line."""
    texts = []
    for name, (what, unit, factor) in SHOWN.items():
        figure: Figure = getattr(recorded, name)
        texts.append(f"{what} {' ± '.join(rounded(figure.value * factor, figure.U * factor))} {unit}")
    return ", ".join(texts)
