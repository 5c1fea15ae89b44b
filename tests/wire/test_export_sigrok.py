# SPDX-License-Identifier: Apache-2.0
"""Exported logic signals as sigrok reads them, the library under PulseView."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.support.outgoing import HOSTILE, outgoing, written

pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(not shutil.which("sigrok-cli"), reason="sigrok-cli is not installed"),
]
PERIOD_S, LENGTH = 1e-3, 300
SIGNALS = ("timestamp", "window_edges", "window", "lost", "over_range")
# Falling edges, two of them of a window; a loss, and readings over range. In samples.
EDGES, WINDOW, LOST, OVER = (20.0, 50.5, 200.5), (50.5, 200.5), (100.0, 110.0), (150.0, 151.0)


def _asked(path: Path, form: str, *words: str) -> bytes:
    command = ["sigrok-cli", "-I", form, "-i", str(path), *words]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


@pytest.mark.parametrize(("form", "reader", "rate_hz"), [("sr", "srzip", 1_000), ("vcd", "vcd", 1_000_000)])
def test_sigrok_reads_each_signal_where_it_was(form: str, reader: str, rate_hz: int, tmp_path: Path) -> None:
    out = outgoing(
        np.ones(LENGTH),
        PERIOD_S,
        session=HOSTILE,
        edges=np.array(EDGES),
        windows=((1, *WINDOW),),
        losses=np.array([LOST]),
        over_range=np.array([OVER]),
    )
    path = tmp_path / f"t.{form}"
    written(out, path, form)
    told = _asked(path, reader, "--show").decode()
    assert f"Samplerate: {rate_hz}" in told
    assert [line[2:].removesuffix(": logic") for line in told.splitlines() if line.startswith("- ")] == [*SIGNALS]
    # Its reader of VCD tells the rate on stdout, before the samples.
    data = _asked(path, reader, "-O", "binary").removeprefix(f"META samplerate: {rate_hz}\n".encode())
    states = np.frombuffer(data, dtype=np.uint8)
    assert len(states) == LENGTH * PERIOD_S * rate_hz
    levels = {name: (states >> place) & 1 for place, name in enumerate(SIGNALS)}

    def steps(name: str, into: int) -> list[float]:
        """Return where a signal turns to this level, in seconds."""
        turned = np.flatnonzero(np.diff(levels[name].astype(int)) == (1 if into else -1)) + 1
        return list(turned / rate_hz)

    late_s = 1 / rate_hz  # a change is at the first step after it

    def at(*samples: float) -> object:
        return pytest.approx([sample * PERIOD_S for sample in samples], abs=late_s)

    assert steps("timestamp", 0) == at(*EDGES)
    assert steps("window_edges", 0) == at(*WINDOW)
    assert (steps("window", 1), steps("window", 0)) == (at(WINDOW[0]), at(WINDOW[1]))
    assert (steps("lost", 1), steps("lost", 0)) == (at(LOST[0]), at(LOST[1]))
    assert (steps("over_range", 1), steps("over_range", 0)) == (at(OVER[0]), at(OVER[1]))
