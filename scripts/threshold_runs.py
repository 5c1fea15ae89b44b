# SPDX-License-Identifier: Apache-2.0
"""The runs that show what a threshold does: golden sessions, and made-up windows of inferences."""

import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.inferences.count import WindowTrace
from energy_runner.analysis.inferences.distribution import describe
from energy_runner.analysis.inferences.segment import segment_session
from energy_runner.analysis.inferences.train import NotResolved, Train, energies_j, find_train
from energy_runner.session.folder import Session
from tests.support.make_golden import FOLDER, GOLDEN
from tests.support.synthetic import Setup, make_run

TRAINS = 12
_SHARE, _SAMPLES = 1e-6, 1e-3  # less than this is nothing


@dataclass(frozen=True)
class Seen:
    """Figures of the golden sessions by name, findings, and the boundaries of each window (None: not resolved)."""

    figures: dict[str, float]
    findings: tuple[str, ...]
    boundaries: tuple[npt.NDArray[np.float64] | None, ...]
    failed: str = ""


def observe() -> Seen:
    """Return what the reference runs give; an error is kept by its name."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return _observed()
    except Exception as error:  # whatever a nonsensical number leads to
        return Seen({}, (), (), type(error).__name__)


def _observed() -> Seen:
    figures: dict[str, float] = {}
    findings: list[str] = []
    for name in GOLDEN:
        session = Session.open(FOLDER / name)
        result = analyze(session)
        score, idle = result.energy_per_inference_j, segment_session(session).idle
        stated = {
            "score": score.median if score else None,
            "U": score.U if score else None,
            "throughput": result.throughput_per_s,
            "U of the throughput": result.throughput.U if result.throughput else None,
            "idle level": idle.power_w if idle else None,
        }
        figures |= {f"{what} ({name})": value for what, value in stated.items() if value is not None}
        findings += [f"{finding.id} ({name})" for finding in result.findings]
    with TemporaryDirectory() as folder:
        timed = analyze(make_run(Setup(mode="performance")).write(Path(folder) / "performance"))
    rate = timed.throughput
    figures |= (
        {"throughput (performance)": rate.value, "U of the throughput (performance)": rate.U} if rate else {}
    )
    trains = [find_train(_window(seed)) for seed in range(TRAINS)]
    known = [one for one in trains if not isinstance(one, NotResolved)]
    figures["u of boundaries"] = float(np.median([np.median(one.u) for one in known])) if known else 0.0
    spread = [describe(energies_j(one), 0.5 * (one.boundaries[1:] + one.boundaries[:-1])) for one in known]
    figures["outlying inferences"] = float(sum(len(one.outliers) for one in spread if one is not None))
    boundaries = tuple(None if isinstance(one, NotResolved) else _places(one) for one in trains)
    return Seen(figures, tuple(findings), boundaries)


@cache
def _reference() -> Seen:
    return observe()


def difference(seen: Seen) -> str:
    """Return in words how a run differs from the one with the numbers as they are."""
    before = _reference()
    if seen.failed:
        return f"the runs end with {seen.failed}"
    words = []
    for name, value in before.figures.items():
        if name not in seen.figures:
            words.append(f"no {name}")
        elif abs(seen.figures[name] - value) > _SHARE * abs(value):
            words.append(f"{name} {seen.figures[name] / value - 1:+.2g}" if value else f"{name} is not zero")
    words += [f"finding {found}" for found in seen.findings if found not in before.findings]
    words += [f"no finding {found}" for found in before.findings if found not in seen.findings]
    pairs = list(zip(before.boundaries, seen.boundaries, strict=True))
    lost = sum(old is not None and new is None for old, new in pairs)
    gained = sum(old is None and new is not None for old, new in pairs)
    words += [f"{lost} windows less resolved"] * bool(lost) + [f"{gained} windows more resolved"] * bool(gained)
    moved = [_moved(old, new) for old, new in pairs if old is not None and new is not None]
    if any(off > _SAMPLES for off in moved):
        words.append(f"boundaries up to {max(moved):.2g} samples")
    return "; ".join(words) or "nothing"


def _moved(old: npt.NDArray[np.float64], new: npt.NDArray[np.float64]) -> float:
    return float(np.max(np.abs(old - new))) if len(old) == len(new) else float("inf")


def _places(train: Train) -> npt.NDArray[np.float64]:
    return train.boundaries


@cache
def _window(seed: int) -> WindowTrace:
    """Return a made-up window: inferences of a few levels, some with a drifting period, with noise and a lead."""
    rng = np.random.default_rng(seed)
    period, count = rng.uniform(6.0, 300.0), int(rng.integers(10, 120))
    lead, fine = 60.0 + rng.uniform(0.0, 1.0), 8
    drift = (0.0, 0.0, 1e-3)[seed % 3]
    number = np.arange(count + 1.0)
    starts = lead + period * number * (1 + drift * number / count)
    levels = np.cumsum(rng.standard_normal(int(rng.integers(2, 6)))) ** 2 + 0.5
    length = int(starts[-1]) + 100
    at = (np.arange(length * fine) + 0.5) / fine
    index = np.clip(np.searchsorted(starts, at, side="right") - 1, 0, count - 1)
    phase = (at - starts[index]) / np.diff(starts)[index]
    level = levels[np.clip((phase * len(levels)).astype(np.intp), 0, len(levels) - 1)]
    power_w = np.where((at < starts[0]) | (at >= starts[-1]), 0.1, level).reshape(length, fine).mean(axis=1)
    noisy = 0.01 * power_w + rng.normal(0.0, 2e-4, length)
    return WindowTrace(noisy, 1e-4, float(starts[0]) - 0.3, float(starts[-1]) + 0.3, 2.0, count)
