# SPDX-License-Identifier: Apache-2.0
"""Names of workers, and locks of the operating system."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from energy_runner.sweep.catalogue import Catalogue
from energy_runner.sweep.work.served_bench import ServedBench, has_died, is_of_process, os_locks, worker_name

BENCH = ServedBench("left", "left.toml", False, ("pc/usb1", "pc/usb2"))


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_no_two_workers_have_one_name_not_even_in_one_process() -> None:
    first, second = worker_name(), worker_name()
    assert first != second
    assert is_of_process(first, os.getpid())
    assert not is_of_process(first, os.getpid() + 1)
    assert not is_of_process(first.replace(":", "x:"), os.getpid())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells in /proc")
def test_a_process_that_has_ended_and_that_nobody_asks_has_died() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert has_died(f"{platform.node()}:{ended.pid}-abc")
    ended.wait()


def test_a_process_that_is_no_more_has_died() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    host = platform.node()
    assert has_died(f"{host}:{gone.pid}-abc")
    assert not has_died(worker_name())
    assert not has_died(f"{host}:1-abc")  # not ours to signal, but there
    assert not has_died(f"elsewhere-{host}:{gone.pid}-abc")
    assert not has_died(f"{host}:{10**30}-abc")
    assert not has_died("who knows")


def test_a_bench_is_locked_whole_or_not_at_all() -> None:
    with os_locks(BENCH, "c") as first:
        assert first
        with os_locks(ServedBench("right", "r", False, ("pc/usb0", "pc/usb2")), "another") as second:
            assert not second
        with os_locks(ServedBench("third", "t", False, ("pc/usb0",)), "c") as third:
            assert third  # the second kept nothing of what it could have
    with os_locks(BENCH, "c") as again:
        assert again


def test_an_error_of_those_who_hold_the_lock_stays_what_it_is() -> None:
    with pytest.raises(OSError, match="no such stimulus"), os_locks(BENCH, "c"):
        raise OSError("no such stimulus")


def test_twins_are_locked_by_the_catalogue_whatever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    twin = ServedBench("v", "virtual-lpm01a", True, ("pc/virtual:v",))
    names = (tmp_path / "c.sqlite", "c.sqlite", f"sqlite:///{tmp_path}/c.sqlite")
    opened = [Catalogue(name) for name in names]
    assert len({one.identity for one in opened}) == 1
    with os_locks(twin, opened[0].identity) as first, os_locks(twin, opened[1].identity) as second:
        assert (first, second) == (True, False)
    for one in opened:
        one.close()
