# SPDX-License-Identifier: Apache-2.0
"""Disks fail at each call in each way: the supply ends off, the record says how it ended, the rest can be read."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.bench import Bench
from energy_runner.director.recorder import Recorder
from energy_runner.director.run import conduct
from energy_runner.director.stop import StopRequest
from energy_runner.errors import BenchFault, ConfigurationError, RunnerError
from energy_runner.session.events import JournalSealed, Phase, RunStopped
from energy_runner.session.folder import Session, begin_session
from energy_runner.session.journal import read_journal
from energy_runner.session.verify import ENDED_EARLY
from tests.support.disk_faults import DiskFaults, PowerCut, SmallDisk
from tests.support.no_report import no_report
from tests.support.small import small_plan, twin_bench
from tests.support.synthetic import make_run

KINDS = ("EIO", "ENOSPC", "short", "torn")


@pytest.fixture(autouse=True)
def _no_report() -> Iterator[None]:
    with no_report():
        yield


@pytest.fixture
def plan(tmp_path: Path):
    return small_plan(tmp_path / "stimuli")


def run_on(faults: DiskFaults | SmallDisk, plan, out: Path) -> tuple[Bench, RunnerError | None]:
    shutil.rmtree(out, ignore_errors=True)
    bench = twin_bench("virtual-lpm01a", seed=3)
    try:
        with faults.patched():
            api.run(bench, plan, out=out)
    except RunnerError as error:
        return bench, error
    return bench, None


def check_off(bench: Bench, what: str) -> None:
    assert bench.twin is not None
    assert not bench.twin.world.powered, f"{what}: the supply is on"


def check_one_fault(kind: str, at: int, plan, out: Path) -> None:
    faults = DiskFaults(kind, at)
    bench, error = run_on(faults, plan, out)
    what = f"{kind} at call {at} ({faults.log[at]})"
    check_off(bench, what)
    if error is not None and not list(out.glob("*")):  # refused before anything was opened, and nothing is left
        return
    session = Session.open(out)
    stopped = list(session.journal().of(RunStopped))
    assert not session.journal().torn, what
    if session.record.outcome == "running":  # the record itself could not be put in place
        assert error is not None, what
        assert "the supply is off" in str(error), what
    else:
        assert session.record.supply_off_confirmed or "never switched on" in session.record.reason, what
        assert session.verified.intact, f"{what}: {session.verified}"
        completed = session.record.outcome == "completed"
        assert completed == (len(stopped) == 1 and stopped[0].outcome == "completed" and not session.record.reason)
        assert completed or kind == "EIO" or "the disk is full" in session.record.reason, session.record.reason
    assert not api.analyze(session).valid or session.record.outcome == "completed", what
    list(session.exchanges())


def count(plan, out: Path) -> int:
    faults = DiskFaults()
    _, error = run_on(faults, plan, out)
    assert error is None
    return len(faults.log)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_here_and_there(plan, kind, tmp_path):
    calls = count(plan, tmp_path / "count")
    for at in sorted({*range(0, 14), *range(14, calls, calls // 6), *range(calls - 12, calls)}):
        check_one_fault(kind, at, plan, tmp_path / "run")


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_every_call(plan, kind, tmp_path):
    # Every call suffers two of the four kinds, in turn; the swarm draws the others at random.
    for at in range(KINDS.index(kind) % 2, count(plan, tmp_path / "count"), 2):
        check_one_fault(kind, at, plan, tmp_path / "run")


def test_a_disk_that_is_full_after_any_number_of_bytes_leaves_a_record_that_says_so(plan, tmp_path):
    whole = SmallDisk(10**9)
    run_on(whole, plan, tmp_path / "whole")
    used = 10**9 - whole.left
    refused, ended = 0, 0
    for left in range(0, used + 150_000, 9_001):
        bench, error = run_on(SmallDisk(left), plan, tmp_path / "run")
        what = f"room for {left} bytes"
        check_off(bench, what)
        if isinstance(error, ConfigurationError):
            refused += 1
            assert "Try: free disk space" in str(error), what
            assert not list((tmp_path / "run").glob("*")), what
            continue
        session = Session.open(tmp_path / "run")
        assert session.verified.intact, f"{what}: {session.verified}"
        if session.record.outcome == "completed":
            continue
        ended += 1
        assert session.record.outcome == "bench-fault", what
        assert session.record.reason.startswith("the disk is full: "), session.record.reason
        assert session.record.supply_off_confirmed, what
        (stopped,) = session.journal().of(RunStopped)
        assert stopped.outcome == "bench-fault", what
        assert not list((tmp_path / "run").glob(".r*")), what
    assert refused
    assert ended


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can mount a small file system")
@pytest.mark.parametrize("kilobytes", [64, 200, 260, 300, 340, 400, 500])
def test_a_real_disk_that_is_full(plan, tmp_path, kilobytes):
    mount = tmp_path / "disk"
    mount.mkdir()
    asked = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(mount)]
    if subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip("this system does not allow to mount a file system")
    try:
        bench = twin_bench("virtual-lpm01a", seed=3)
        refused = None
        try:
            api.run(bench, plan, out=mount / "s")
        except ConfigurationError as error:
            refused = error
        except BenchFault as error:  # only result and report found no room
            assert "the supply is off" in str(error)
        check_off(bench, str(kilobytes))
        if refused is not None:
            assert not (mount / "s").exists()
            return
        record = Session.open(mount / "s").record
        assert record.outcome != "running"
        assert record.outcome == "completed" or "the disk is full" in record.reason
        assert Session.open(mount / "s").verified.intact
    finally:
        subprocess.run(["umount", str(mount)], check=True)


# --- the power fails ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lies", [False, True], ids=["honest", "lies"])
def test_after_a_power_cut_the_journal_is_whole_up_to_a_phase(plan, tmp_path, lies):
    folder = tmp_path / "s"
    folder.mkdir()
    power = PowerCut(lies=lies)
    bench = twin_bench("virtual-lpm01a", seed=3)
    with power.patched():
        place = begin_session(folder, make_run(period_s=0.1).record.model_copy(update={"outcome": "running"}))
        recorder = Recorder(folder, bench.clock, place=place)
        conduct(bench, plan, recorder, StopRequest())
        phases = sum(1 for _ in read_journal(folder / "journal.jsonl").of(Phase))
        power.cut(folder)
    recorder.close()
    place.close()
    power.cut(folder)  # what was written into the hole
    session = Session.open(folder)
    *_, last = session.journal()
    assert isinstance(last, JournalSealed)
    assert sum(1 for _ in session.journal().of(JournalSealed)) == phases - lies
    assert session.verified.unsealed == ENDED_EARLY
    assert not session.verified.differences
    assert session.record.outcome == "running"
    list(session.exchanges())
