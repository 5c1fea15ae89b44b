# SPDX-License-Identifier: Apache-2.0
"""A process that is killed outright while the supply is on: its watchdog switches it off and leaves word."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.bench import build_bench, load_bench_spec, lock
from energy_runner.director import alive, watch, watchdog
from energy_runner.errors import BenchFault, ExitStatus
from instruments.clock import RealClock
from tests.support.served import FILE, PATIENCE_S, Served, served, wait_until

pytestmark = [pytest.mark.wire, pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")]
RUN = ("run", "demo-keywords", "--bench", FILE, "-n", "20000", "--out", "session")
VERIFY = ("bench", "verify", FILE, "--resistance", "150", "--seconds", "60")


def killed(bench: Served, *words: str, more: int = signal.SIGKILL) -> None:
    """Start a command and kill it, with all that is in its process group, when the supply is on."""
    process = bench.begin(*words, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: bench.world.powered or process.poll() is not None)
    assert bench.world.powered
    os.killpg(process.pid, more)
    process.wait(PATIENCE_S)


@pytest.mark.parametrize(
    ("words", "monitor", "number"),
    [
        (RUN, "virtual-lpm01a", signal.SIGKILL),
        (RUN, "virtual-n6705c", signal.SIGKILL),
        pytest.param(RUN, "virtual-lpm01a", signal.SIGSEGV, marks=pytest.mark.deep),
        pytest.param(("bench", "doctor", FILE), "virtual-n6705c", signal.SIGKILL, marks=pytest.mark.deep),
        pytest.param(VERIFY, "virtual-lpm01a", signal.SIGABRT, marks=pytest.mark.deep),
    ],
)
def test_the_watchdog_switches_the_supply_off(
    words: tuple[str, ...], monitor: str, number: int, tmp_path: Path
) -> None:
    with served(tmp_path, monitor, {"virtual.load_ohm": 150.0} if words is VERIFY else None) as bench:
        killed(bench, *words, more=number)
        wait_until(lambda: not bench.world.powered, 30.0)
        first = bench.begin_when_free("bench", "off", FILE)
        out, _ = first.communicate(timeout=PATIENCE_S)
        assert first.returncode == ExitStatus.VALID
        what = f"session {tmp_path / 'session'}" if words is RUN else f"bench {words[1]}"
        assert out.startswith(f"An earlier run had died: {what}; its watchdog switched the supply off at 20")
        assert "(confirmed by " in out.splitlines()[0]
        assert bench.notes() == []
        if words is RUN:
            session = api.load_session(tmp_path / "session")
            assert session.record.outcome == "running"  # nobody writes into the facts of a dead run


def test_the_watchdog_waits_for_an_instrument_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "filelock.py").write_text("raise SystemExit(7)")  # it stands where the command is called
    with served(tmp_path, changes={"virtual.load_ohm": 150.0}) as bench:
        process = bench.begin(*VERIFY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: bench.world.powered)
        bench.unplug("monitor", 3.0)
        process.kill()
        process.wait(PATIENCE_S)
        wait_until(lambda: not bench.world.powered, 40.0)
        wait_until(lambda: not any("the watchdog of" in note for note in bench.notes()))


def test_a_run_that_ends_well_leaves_no_watchdog_and_no_note(tmp_path: Path) -> None:
    with served(tmp_path) as bench:
        process = bench.begin("bench", "doctor", FILE, stderr=None)
        wait_until(lambda: bench.world.powered or process.poll() is not None)
        dogs = watchdogs(process.pid)
        out, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == ExitStatus.VALID, out
        assert len(dogs) == 1
        assert not any(Path(f"/proc/{pid}").exists() for pid in dogs)
        assert bench.notes() == []


def watchdogs(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children")
    if not children.exists():
        pytest.skip("this system does not list the children of a process")
    found = {
        int(pid)
        for task in Path(f"/proc/{parent}/task").iterdir()
        for pid in (task / "children").read_text().split()
    }
    return [pid for pid in found if b"watchdog" in Path(f"/proc/{pid}/cmdline").read_bytes()]


# --- what the watchdog does, here in this process ---------------------------------------------------------


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A served bench with its supply on, and the note of a run that died."""
    with served(tmp_path) as bench:
        bench.world.faults.stale_stream = True
        bench.leave_note("session 7")
        monkeypatch.setattr(lock, "user_state_path", lambda *_, **__: bench.state / "energy-runner")
        yield bench


def rescue(bench: Served) -> None:
    watchdog.rescue(load_bench_spec(str(bench.folder / FILE)), "session 7", RealClock())


def test_a_bench_that_a_living_run_holds_is_not_touched(bench: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LOCK_S", 0.1)
    with lock.lock_bench(load_bench_spec(str(bench.folder / FILE)), "session 8"):
        rescue(bench)
        assert not bench.is_open("monitor")
    assert "session 7" in bench.notes()[0]


class Patience(RealClock):
    """A clock on which waiting takes no time; after `turns` waits, `then` is called."""

    def __init__(self, turns: int, then: Callable[[], object]) -> None:
        self.waited_ns, self.turns, self.then = 0, turns, then

    def now_ns(self) -> int:
        return self.waited_ns

    def sleep(self, duration_s: float) -> None:
        self.waited_ns += round(duration_s * 1e9)
        self.turns -= 1
        if self.turns == 0:
            self.then()


def test_a_job_that_took_the_bench_first_and_has_not_reached_the_supply_is_waited_for(bench: Served) -> None:
    spec = load_bench_spec(str(bench.folder / FILE))
    holder = lock.lock_bench(spec, "bench doctor")
    holder.__enter__()
    clock = Patience(10, lambda: holder.__exit__(None, None, None))
    watchdog.rescue(spec, "session 7", clock)
    assert clock.waited_ns > 3e9
    assert "its watchdog switched the supply off" in bench.notes()[0]


def test_a_bench_that_was_switched_off_since_is_not_touched(bench: Served) -> None:
    with lock.lock_bench(load_bench_spec(str(bench.folder / FILE)), "session 8") as held:
        held.supply_is_off()
    rescue(bench)
    assert bench.notes() == []


def test_a_watchdog_without_success_leaves_the_note(bench: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "TRIES_S", 0.3)
    bench.unplug("monitor", 1e6)
    rescue(bench)
    with lock.lock_bench(load_bench_spec(str(bench.folder / FILE)), "next") as held:
        assert held.died is not None
        assert held.died.startswith("session 7; its watchdog could not switch the supply off within 0.3 s: ")


def test_a_watchdog_that_cannot_be_started_is_said_and_the_job_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(watch, "_MODULE", "energy_runner.no_such_module")
    with served(tmp_path) as bench:
        examination = api.examine_bench(tmp_path / FILE)
        said = [step.says for step in examination.steps if step.step == "watchdog"]
        assert "there is no watchdog (it has ended with status 1)" in said[0]
        assert examination.steps[-1].ok
        assert not bench.world.powered


def test_a_watchdog_that_ends_is_replaced_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alive, "EVERY_NS", 0)
    bench = build_bench(load_bench_spec("virtual-lpm01a"), "performance")
    bench.twin = None  # as if it were real: nothing is opened here
    dog, said = watch.Watch(bench, "session 7"), list[str]()
    keep_alive = alive.KeepAlive(bench, said.append)
    bench.switched_on = True
    for _ in range(5):
        keep_alive()
        kill_children_of(dog)
    dog.end(dismiss=True)
    assert said == [
        *["the watchdog is gone (it has ended with status -9); another one was started"] * 3,
        f"there is no watchdog any more (it has ended with status -9): {watch.IF_KILLED}",
    ]


def kill_children_of(dog: watch.Watch) -> None:
    process = dog._process
    assert process is not None
    process.kill()
    process.wait(PATIENCE_S)


def test_no_process_can_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(watch.sys, "executable", str(tmp_path / "no-python"))
    with served(tmp_path):
        said = [step.says for step in api.examine_bench(tmp_path / FILE).steps if step.step == "watchdog"]
        assert "there is no watchdog (" in said[0]
        assert "No such file" in said[0]


def test_a_bench_of_twins_in_this_process_has_no_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise AssertionError("a watchdog was started")

    monkeypatch.setattr(watch, "_started", refused)
    assert api.examine_bench("virtual-lpm01a").well


def test_another_command_is_told_who_holds_the_bench(bench: Served) -> None:
    spec = load_bench_spec(str(bench.folder / FILE))
    with (
        lock.lock_bench(spec, "the watchdog of session 7 switches the supply off"),
        pytest.raises(BenchFault, match="in use: the watchdog of session 7"),
    ):
        api.switch_bench_off(spec)
