# SPDX-License-Identifier: Apache-2.0
"""The plots of scenes: what befalls the first worker, and who goes on with its work."""

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Callable

from energy_runner.session.record import SweepFacts
from energy_runner.sweep.catalogue import Catalogue
from energy_runner.sweep.work.names import session_name
from tests.support.sweep_swarm.fake_runner import write_figures, write_session
from tests.support.sweep_swarm.fate import Deed, Fate
from tests.support.sweep_swarm.scene import CLOCK, LEASE_S, Scene

OTHER = "other-host"


def inherit(scene: Scene) -> None:
    """Leave the first point behind as of a worker that was killed when its session was complete."""
    catalogue = Catalogue(scene.where)
    bench = scene.bench("a")
    died = subprocess.Popen(["true"])
    died.wait()
    worker = f"{socket.gethostname()}:{died.pid}-abcdef"
    catalogue.seats.take(bench.instruments, worker=worker, bench=bench.name, sweep=scene.sweep, since_utc="then")
    lease = catalogue.claim(scene.sweep, bench.name, worker)
    assert lease is not None
    facts = SweepFacts(
        sweep=scene.sweep,
        plan=scene.plan.text,
        point=lease.number,
        order=lease.place,
        epoch=lease.epoch,
        values={},
        bench=bench.name,
        worker=worker,
        started_utc="2026-01-01T00:00:00Z",
    )
    out = scene.sessions / session_name(scene.sweep, lease.number, lease.epoch, virtual=False)
    out.mkdir()
    write_session(out, facts, "completed")
    write_figures(out)
    catalogue.close()


def _first(scene: Scene, fate: Fate, host: str = "") -> tuple[int, bool]:
    """Play the first worker until its fate; return its process number, and whether it met it."""
    pid = scene.begin("a", fate, host)
    how, _ = scene.wait(pid, os.WSTOPPED)
    return pid, how != "ended"


def killed(scene: Scene, fate: Fate) -> bool:
    """The worker is killed; another takes its place."""
    _, met = _first(scene, fate)
    _ends(scene, scene.begin("a"))
    return met


def frozen_and_woken(scene: Scene, fate: Fate) -> bool:
    """The worker is frozen until its lease is over and a worker on another bench has done its work."""
    pid, met = _first(scene, fate)
    if met:
        other = scene.begin("b")
        CLOCK.sleep(1.7 * LEASE_S)
        scene.tell(pid, signal.SIGCONT)
        _ends(scene, pid)
        _ends(scene, other)
    return met


def frozen_and_replaced(scene: Scene, fate: Fate) -> bool:
    """The worker is frozen, found frozen, killed, and another takes its place."""
    pid, met = _first(scene, fate)
    if met:
        other = scene.begin("b")
        CLOCK.sleep(1.7 * LEASE_S)
        scene.tell(pid, signal.SIGKILL)
        scene.wait(pid)
        _ends(scene, scene.begin("a"))
        _ends(scene, other)
    return met


def frozen_on_the_network(scene: Scene, fate: Fate) -> bool:
    """The worker is frozen; another computer takes its bench over; it wakes up in the midst of that."""
    scene.shared = True
    pid, met = _first(scene, fate)
    if met:
        other = scene.begin("a", host=OTHER)
        CLOCK.sleep(1.7 * LEASE_S)
        scene.tell(pid, signal.SIGCONT)
        _ends(scene, pid, lost=True)
        _ends(scene, other, lost=True)
    _ends(scene, scene.begin("a", host=OTHER))
    return met


def refused(scene: Scene, fate: Fate) -> bool:
    """The catalogue breaks off once; the worker goes on by itself."""
    pid = scene.begin("a", fate)
    _ends(scene, pid)
    return True


def _ends(scene: Scene, pid: int, *, lost: bool = False) -> None:
    how, status = scene.wait(pid)
    if how != "ended" or (status != 0 and not lost):
        raise AssertionError(f"worker {pid} {how}, status {status}")


# Deed, whether a point may be measured a second time because the first came in late, and the plot.
PLOTS: dict[str, tuple[Deed, bool, Callable[[Scene, Fate], bool]]] = {
    "killed": ("kill", False, killed),
    "frozen and woken": ("freeze", True, frozen_and_woken),
    "frozen and replaced": ("freeze", True, frozen_and_replaced),
    "frozen on the network": ("freeze", True, frozen_on_the_network),
    "refused": ("refuse", False, refused),
}


def steps_of(scene: Scene) -> list[str]:
    """Return the steps of a worker that nothing befalls, in order."""
    steps: list[str] = []
    with contextlib.redirect_stdout(None):
        scene.serve("a", Fate(passed=steps.append))
    return steps
