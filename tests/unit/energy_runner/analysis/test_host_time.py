# SPDX-License-Identifier: Apache-2.0
"""What the host adds is told apart from what UART and inferences need."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.analysis.host_time import HostTime, host_time
from energy_runner.session.folder import Session
from tests.support.small import FOUR_INSTRUMENTS, small_plan, twin_bench

LEAST = 0.02  # what a host may add


@pytest.fixture(scope="module", params=["virtual-lpm01a", FOUR_INSTRUMENTS])
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A run whose host takes no time: through an IO manager, and on the DUT's own port."""
    folder = tmp_path_factory.mktemp("host")
    plan = replace(small_plan(folder / "stimuli"), inferences=300, warmups=10)
    return api.run(twin_bench(request.param), plan, out=folder / "s")


def told(session: Session) -> HostTime:
    found = host_time(session, session.result())
    assert found is not None
    return found


def test_a_host_that_takes_no_time_adds_next_to_nothing(session: Session) -> None:
    found = told(session)
    assert -0.002 < found.share < LEAST
    inferred_s = sum(window.duration_s or 0.0 for window in session.result().windows)
    assert found.inferring_s == pytest.approx(inferred_s * (2 * 310 + 11) / 600, rel=1e-3)  # with the trial
    assert f"the {found.needed_s:.3g} s that UART, warm-up and windows need" in found.words


def slower(folder: Path, by: float) -> None:
    """Let each command to the DUT be sent so much later, as a share of the time that all of it took."""
    path = folder / "journal.jsonl"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    begin, last_ns = 0, 0
    for number, line in enumerate(lines):
        at_ns = int(line[len('{"t_ns":') : line.index(",")])
        begin = begin or (at_ns if '"kind":"phase","name":"identify"' in line else 0)
        last_ns = at_ns
        late_ns = round(by * (at_ns - begin)) if begin else 0
        lines[number] = f'{{"t_ns":{at_ns + late_ns}{line[line.index(",") :]}'
    assert last_ns > begin > 0
    path.write_text("".join(lines), "utf-8")


def test_what_it_takes_is_counted(session: Session, tmp_path: Path) -> None:
    before = told(session)
    folder = shutil.copytree(session.path, tmp_path / "s")
    slower(folder, 0.1)
    after = told(Session.open(folder))
    assert after.needed_s == before.needed_s
    assert after.share == pytest.approx(before.share + 0.1, abs=0.005)


def test_where_nothing_tells_nothing_is_said(session: Session, tmp_path: Path) -> None:
    folder = shutil.copytree(session.path, tmp_path / "s")
    text = (folder / "journal.jsonl").read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in text if '"kind":"exchange"' not in line]
    (folder / "journal.jsonl").write_text("".join(kept), "utf-8")
    assert host_time(Session.open(folder), session.result()) is None
    without = session.result().model_copy(update={"windows": []})
    assert host_time(session, without) is None


def test_report_and_terminal_state_it(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    from energy_runner.report.terminal import print_session

    assert f"Host time</dt><dd>{told(session).words}" in (session.path / "report.html").read_text("utf-8")
    print_session(session)
    assert "Host time " in capsys.readouterr().out
