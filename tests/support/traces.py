# SPDX-License-Identifier: Apache-2.0
"""Sessions with a trace of given samples, for what is measured between two places of it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from tests.support.synthetic import ACCURACY, VOLTAGE_V, Run, Setup, host_ns, make_run

PERIOD_S = 1e-3
UNITS = {"energy": "J", "power": "W", "current": "A", "voltage": "V"}


def traced(
    folder: Path,
    samples: Mapping[str, npt.ArrayLike],
    *,
    kind: str = "mean",
    accuracy: Mapping[str, Any] = ACCURACY,
    windows: Sequence[tuple[float, float, int]] = (),
    events: Iterable[ev.AnyEvent] = (),
    period_s: float = PERIOD_S,
    clock: float = 1.0,
) -> Session:
    """Write a session with these samples; `windows` are (start, stop) in samples, and their inferences.

    By the host's clock a sample lasts `clock` times `period_s`.
    """
    signals = [(name, UNITS[name]) for name in samples]
    arrays = [np.asarray(values, dtype=np.float32) for values in samples.values()]
    step_s = period_s * clock
    end_s = len(arrays[0]) * step_s
    told: list[ev.AnyEvent] = [
        ev.RunStarted(t_ns=host_ns(-5.0), utc_ns=0, benchmark="kws01", mode="energy"),
        ev.MonitorConfigured(
            t_ns=host_ns(-4.0),
            voltage_set_v=VOLTAGE_V,
            period_s=period_s,
            signals=[{"name": name, "unit": unit, "kind": kind} for name, unit in signals],
            captures_edges=True,
            starts_on_edge=False,
            accuracy=dict(accuracy),
        ),
        ev.AcquisitionStarted(t_ns=host_ns(0.0)),
    ]
    for number, (start, stop, inferences) in enumerate(windows):
        times = [host_ns(edge * step_s, 0.002) for edge in (start, stop)]
        told.append(ev.EdgesExpected(t_ns=times[0] - 50_000_000, purpose="window", count=2))
        told += [
            ev.EdgeCaptured(t_ns=t_ns, position=edge, half_width=0.0, counter=None)
            for t_ns, edge in zip(times, (start, stop), strict=True)
        ]
        told.append(
            ev.InferenceDone(
                t_ns=times[1] + 50_000_000,
                purpose="window",
                stimulus=number,
                inferences=inferences,
                warmups=1,
                sent_ns=times[0] - 50_000_000,
                start_line_ns=times[0] + 1000,
                done_line_ns=times[1] + 1000,
                results=[1.0],
                dut_laps_us=[],
            )
        )
    told += [
        ev.SamplesArrived(t_ns=host_ns(index * step_s, 0.002), end=index)
        for index in range(100, len(arrays[0]), max(100, len(arrays[0]) // 100))
    ]
    told += events
    told.sort(key=lambda event: event.t_ns)
    told.append(ev.AcquisitionStopped(t_ns=host_ns(end_s), samples=len(arrays[0]), received=len(arrays[0])))
    told.append(ev.RunStopped(t_ns=host_ns(end_s, 1.0), outcome="completed", reason="", supply_off_confirmed=True))
    setup = Setup(period_s=period_s, windows=max(1, len(windows)))
    record = make_run(Setup(windows=max(1, len(windows)))).record
    return Run(setup, record, told, signals, arrays, []).write(folder)


TRAIN_AT, TRAIN_PERIOD, TRAIN_COUNT = 100.0, 40.5, 60  # samples, samples, inferences
TRAIN_W = (0.02, 0.04)  # for two fifths of each inference, and for the rest
TRAIN_J = TRAIN_PERIOD * PERIOD_S * 0.032


def train(folder: Path, *, scale: float = 1.0, windows: int = 1, clock: float = 1.0) -> Session:
    """Write a session whose windows are trains of inferences of two levels each, `scale` times as large."""
    fine, length = 50, 4000
    since = ((np.arange(length * fine) + 0.5) / fine - TRAIN_AT) / TRAIN_PERIOD
    inside = (since >= 0) & (since < TRAIN_COUNT)
    level = np.where(inside, np.where(since % 1 < 0.4, *TRAIN_W), 0.005).reshape(-1, fine).mean(axis=1)
    power = np.tile(level, windows) * scale
    power *= 1 + 1e-4 * np.random.default_rng(1).standard_normal(len(power))
    edges = (TRAIN_AT - 1.0, TRAIN_AT + TRAIN_COUNT * TRAIN_PERIOD + 1.0)
    placed = [(edges[0] + k * length, edges[1] + k * length, TRAIN_COUNT) for k in range(windows)]
    return traced(folder, {"power": power}, windows=placed, clock=clock)
