# SPDX-License-Identifier: Apache-2.0
"""A disk that is full when a point begins does not set points aside as if the plan were wrong."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from energy_runner.api.sweeps import begin_sweep, serve_sweep, sweep_rows
from energy_runner.errors import ConfigurationError
from energy_runner.sweep.catalogue import Catalogue
from energy_runner.sweep.plan import plan_from_text
from tests.support.disk_faults import SmallDisk

PLAN = """name = "disk"
mode = "performance"
repeats = {repeats}
[settings]
inferences = 2
[recovery]
ladder = ["resynchronise", "quarantine"]
"""
BENCHES = {"a": "virtual-lpm01a"}


@pytest.fixture(autouse=True)
def _own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def begun(folder: Path, repeats: int) -> str:
    return begin_sweep(plan_from_text(PLAN.format(repeats=repeats), "plan"), BENCHES, out=folder)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Let the disk take no byte and no folder of a session."""
    real = Path.mkdir

    def mkdir(path: Path, *given: object, **named: object) -> None:
        if path.name.startswith("disk-") and path.parent.parent == folder:
            raise OSError(28, "No space left on device", str(path))
        real(path, *given, **named)  # type: ignore[arg-type]

    with patch.object(Path, "mkdir", mkdir):
        yield


def attempts(folder: Path, sweep: str) -> list[tuple[str, str]]:
    with closing(Catalogue(folder / "catalogue.sqlite")) as opened:
        return [(one.outcome, one.reason) for one in opened.attempts(sweep)]


@pytest.mark.parametrize("left", [0, 20_000])
def test_a_disk_that_is_full_for_a_while_costs_an_attempt_and_no_point(left: int, tmp_path: Path) -> None:
    sweep = begun(tmp_path, 1)
    with ExitStack() as around:
        room = around.enter_context(ExitStack())
        room.enter_context(SmallDisk(left).patched())

        def step(name: str) -> None:
            if name.startswith("recover"):
                room.close()

        ended = serve_sweep(sweep, "a", "virtual-lpm01a", out=tmp_path, step=step)
    assert ended.end == "finished"
    assert [outcome for outcome, _ in attempts(tmp_path, sweep)] == ["bench-fault", "completed"]
    assert [row.state for row in sweep_rows(out=tmp_path)] == ["done"]


def test_a_disk_that_stays_full_ends_the_night_with_most_points_left(tmp_path: Path) -> None:
    sweep = begun(tmp_path, 8)
    with full(tmp_path):
        ended = serve_sweep(sweep, "a", "virtual-lpm01a", out=tmp_path)
    assert ended.end == "quarantined"
    found = attempts(tmp_path, sweep)
    assert {outcome for outcome, _ in found} == {"bench-fault"}
    assert all("No space left on device" in reason for _, reason in found)
    states = [row.state for row in sweep_rows(out=tmp_path)]
    assert (states.count("set-aside"), states.count("waiting")) == (3, 5)


def test_what_is_wrong_in_the_plan_is_refused_as_before(tmp_path: Path) -> None:
    sweep = begun(tmp_path, 1)
    with patch("energy_runner.api.runs.check_bench", side_effect=_refused):
        serve_sweep(sweep, "a", "virtual-lpm01a", out=tmp_path)
    assert [outcome for outcome, _ in attempts(tmp_path, sweep)] == ["refused"]


def _refused(*_: object) -> None:
    raise ConfigurationError("no such model")
