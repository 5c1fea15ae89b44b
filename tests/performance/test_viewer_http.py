# SPDX-License-Identifier: Apache-2.0
"""Over HTTP a tile costs little more than making it: no answer waits for the one before it to be acknowledged.

Without TCP_NODELAY each answer takes some 40 ms longer, twenty times what the dearest of these tiles takes.
"""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from energy_runner.session.folder import Session
from energy_runner.viewer.tiles import EXACT, TraceTiles
from tests.support.viewer_benchmark import COLUMNS, long_session
from tests.support.viewer_over_http import Served, is_final, served

SAMPLES = 20_000_000
REPEATS = 40
MOST = 6.0  # measured: 1.3 to 1.9


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Return a session of 20 million samples."""
    return long_session(tmp_path_factory.mktemp("http") / "s", SAMPLES, ["current"])


@pytest.fixture(scope="module")
def viewer(session: Session) -> Iterator[Served]:
    """Serve it, by the command, with its exact summary made."""
    with served(session.path) as serving:
        while not is_final(serving.tile("power", 0, SAMPLES)):
            time.sleep(0.05)
        yield serving


@pytest.mark.parametrize("width", [EXACT // 2, EXACT])
def test_an_answer_costs_little_more_than_its_tile(
    session: Session, viewer: Served, width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    made_ms, answered_ms = [], []
    with TraceTiles(session) as tiles:
        for number in range(REPEATS):
            start = number * (SAMPLES - width) // REPEATS
            for taken, act in (
                (made_ms, lambda at: tiles.tile("power", at, at + width, COLUMNS).packed()),
                (answered_ms, lambda at: viewer.tile("power", at, at + width)),
            ):
                begun = time.perf_counter()
                act(start)
                taken.append((time.perf_counter() - begun) * 1e3)
    made, answered = statistics.median(made_ms), statistics.median(answered_ms)
    with capsys.disabled():
        print(f"\n{width} samples: tile {made:.2f} ms, answer {answered:.2f} ms, ratio {answered / made:.2f}")
    assert answered < MOST * made


def test_the_server_needs_little_memory_for_a_long_trace(viewer: Served, session: Session) -> None:
    """The summary of 20 million samples takes a megabyte; what is resident is the program."""
    size_mb = (Path(session.path) / "trace.jls").stat().st_size / 1e6
    now_mb, _ = viewer.memory_mb()
    before = viewer.memory_mb()[0]
    for number in range(200):
        viewer.tile("power", number * 1000, number * 1000 + EXACT)
    assert viewer.memory_mb()[0] - before < 0.5 * size_mb
    assert now_mb < 300
