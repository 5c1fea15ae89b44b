# SPDX-License-Identifier: Apache-2.0
"""What happened as logic signals: the timestamp pin, and bands for windows, losses and readings over range.

The pin also falls where the DUT boots, or says how long a trial took; `window_edges` falls where windows begin and
end, and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_runner.traces.writers.model import FloatArray, Outgoing

PIN = "timestamp"
WINDOW_EDGES = "window_edges"
PULSE = 1.0  # samples that the pin is drawn low


@dataclass(frozen=True)
class Logic:
    """A signal: high at first or not, and the places (samples, rising) at which it changes."""

    name: str
    high: bool
    at: FloatArray


def logic_signals(out: Outgoing) -> tuple[list[Logic], list[str]]:
    """Return the signals of a session, and what had to be drawn otherwise than it was.

    The monitor tells falling edges only, so the pin is drawn low for one sample, or halfway to the next edge.
    """
    remarks = ["the pin is drawn low for one sample after each edge: the monitor tells falling edges only"]
    edges, late = _edges(out)
    if late:
        remarks.append(f"{late} edges lie beyond the last sample and are left out")
    early = int(np.count_nonzero(edges < 0))
    if early:
        remarks.append(f"{early} edges lie before the first sample and are drawn at its beginning")
    pin, marks = _pulses(PIN, edges), _pulses(WINDOW_EDGES, _ends(out))
    windows = np.array([(start, stop) for _, start, stop in out.placed]).reshape(-1, 2)
    bands = (("window", windows), ("lost", out.losses), ("over_range", out.over_range))
    signals = [pin, marks, *(Logic(name, False, _band(stretches, out.length)) for name, stretches in bands)]
    return signals, remarks if len(pin.at) else []


def _pulses(name: str, edges: FloatArray) -> Logic:
    """Return a signal that falls at each edge, and soon rises again."""
    falls = np.unique(np.maximum(edges, 0.0))
    rises = falls + np.minimum(PULSE, np.append(np.diff(falls) / 2, PULSE))[: len(falls)]
    return Logic(name, True, np.column_stack([falls, rises]).ravel())


def _ends(out: Outgoing) -> FloatArray:
    """Return where windows begin and end."""
    return np.array([at for _, *ends in out.placed for at in ends], dtype=np.float64)


def _edges(out: Outgoing) -> tuple[FloatArray, int]:
    """Return the falling edges in the trace, those captured or else those of windows; and how many are later."""
    found = out.edges if len(out.edges) else _ends(out)
    late = found > out.length
    return np.sort(found[np.isfinite(found) & ~late]), int(np.count_nonzero(late))


def _band(stretches: npt.NDArray[np.float64], length: int) -> FloatArray:
    """Return where a band begins and ends, stretches that touch or overlap joined."""
    kept: list[list[float]] = []
    ordered: Sequence[Sequence[float]] = sorted(
        np.clip(stretches[~np.isnan(stretches).any(axis=1)], 0.0, length).tolist()
    )
    for start, stop in ordered:
        if stop <= start:
            continue
        if kept and start <= kept[-1][1]:
            kept[-1][1] = max(kept[-1][1], stop)
        else:
            kept.append([start, stop])
    return np.array(kept).ravel()
