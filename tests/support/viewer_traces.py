# SPDX-License-Identifier: Apache-2.0
"""Sessions with a given trace, for the viewer: signals as they are, at 1 MHz, and no edges that bend the clock."""

from pathlib import Path
from typing import Any

import numpy as np

from energy_runner.session import events as ev
from energy_runner.session.folder import TRACE, Session
from energy_runner.session.trace import TraceWriter
from tests.support.synthetic import ACCURACY, make_run

UNITS = {"energy": "J", "power": "W", "current": "A", "voltage": "V"}
PERIOD_S = 1e-6
SET_V = 1.8
POINTS = [
    {"quantity": quantity, "unit": UNITS[quantity], "low": low, "high": high, "value": value, "correction": add}
    | {"U": 1e-7, "k": 2.0}
    for quantity, low, high, value, add in (
        ("current", 0.0, 0.005, 0.001, 1e-5),
        ("current", 0.0, 0.005, 0.004, 3e-5),
        ("current", 0.005, 1.0, 0.006, 3e-4),
        ("current", 0.005, 1.0, 0.9, 3e-3),
        ("voltage", 0.0, 5.0, 1.0, 1e-3),
        ("voltage", 0.0, 5.0, 4.0, 2e-3),
    )
]


def session_of(folder: Path, *, calibrated: bool = False, **signals: np.ndarray) -> Session:
    """A session whose trace holds these signals; a trace is left out where there are none."""
    changes: dict[str, Any] = {
        "period_s": PERIOD_S,
        "voltage_set_v": SET_V,
        "signals": [{"name": name, "unit": UNITS.get(name, "")} for name in signals],
        "accuracy": ACCURACY | ({"points": POINTS} if calibrated else {}),
    }
    run = make_run(windows=1)
    run.change(ev.MonitorConfigured, lambda _, event: event.model_copy(update=changes))
    run.drop(ev.EdgeCaptured, range(100))
    run.signals, run.samples = [], []
    session = run.write(folder)
    if signals:
        write_trace(folder / TRACE, **signals)
    return session


def write_trace(path: Path, **signals: np.ndarray) -> None:
    with TraceWriter(path, [(name, UNITS.get(name, "")) for name in signals], PERIOD_S) as writer:
        writer.append(0, [np.asarray(values, dtype=np.float32) for values in signals.values()])


def broken(samples: int, seed: int = 0, level: float = 0.01) -> np.ndarray:
    """Noise about a level, with gaps of all sizes and some spikes."""
    made = np.random.default_rng(seed)
    values = (level * (1 + 0.1 * made.standard_normal(samples))).astype(np.float32)
    for size in (1, 2, 100, 127, 511, 512, 513, 5_000):
        for at in made.integers(0, samples, 3):
            values[at : at + min(size, samples // 20)] = np.nan
    for at in made.integers(0, samples, 5):
        values[at] = level * made.uniform(-3, 9)
    return values
