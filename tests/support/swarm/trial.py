# SPDX-License-Identifier: Apache-2.0
"""One run of the swarm: drawn from a seed and a number, run through the whole API, and looked at afterwards."""

import tempfile
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from energy_runner.bench import Bench
from energy_runner.director.examination import Examination
from energy_runner.director.supply_off import switch_off
from energy_runner.session.folder import Session
from instruments.clock import Deadline
from tests.support.no_report import no_report
from tests.support.swarm.benches import (
    BENCHES,
    JOBS,
    UART_WIRES,
    Job,
    built,
    clean,
    done,
    drawn,
    left_on,
    plan,
    switches,
)
from tests.support.swarm.kinds import armed
from tests.support.swarm.others import Others, others
from tests.support.swarm.setting import Setting

FAULTS = (0.05, 0.45, 0.3, 0.2)  # chance of 0, 1, 2, 3 faults at once


@dataclass
class Trial:
    """What one run was, and what became of it."""

    seed: int
    number: int
    bench_name: str
    job: Job
    faults: list[str]
    bench: Bench
    folder: Path
    session: Session | None = None
    examined: Examination | None = None
    raised: BaseException | None = None
    injected: list[BaseException] = field(default_factory=list)
    threads: list[str] = field(default_factory=list)
    others: Others | None = None

    def __str__(self) -> str:
        faults = "; ".join(self.faults) or "no fault"
        return f"{self.seed}:{self.number} {Path(self.bench_name).stem}, {self.job}: {faults}"


@dataclass
class GaveUp:
    """When a job gave up switching the supply off; what comes back while its ports are closed comes too late."""

    at_ns: int | None = None

    def switch_off(self, bench: Bench, deadline: Deadline, *given: Any, **named: Any) -> Any:
        """Switch off as a job does, and note when that ended without success."""
        self.at_ns = None
        try:
            return switch_off(bench, deadline, *given, **named)
        except BaseException:
            self.at_ns = bench.clock.now_ns()
            raise


def run_trial(
    seed: int,
    number: int,
    without: frozenset[int] = frozenset(),
    into: Path | None = None,
    only: tuple[str, Job] | None = None,
) -> Trial:
    """Draw run `number` of the swarm `seed` and run it; faults numbered in `without` are left out.

    `only` is a bench and a job that are done without any fault, whatever was drawn. The session's folder is left
    to the caller, who removes it.
    """
    rng = np.random.default_rng([seed, number])
    name, job = drawn(rng, BENCHES), drawn(rng, JOBS)
    if only is not None:
        name, job = only
    if job in ("off", "doctor") and not switches(name):
        job = "energy"
    known = clean(name, job)
    instruments = known.instruments
    wires = (*(f"{a}>{b}" for one in instruments for a, b in (("host", one), (one, "host"))), *UART_WIRES)
    setting = Setting(rng, known.begins_s, known.lasts_s, known.calls, instruments, wires)
    setting.traced = job == "energy"
    count = int(rng.choice(len(FAULTS), p=FAULTS)) if only is None else 0
    twin_seed, head_s, read_back = int(rng.integers(2**31)), 0.5 + rng.uniform(0, 5e-3), bool(rng.random() < 0.3)
    faults = armed(setting, count, without)
    with ExitStack() as building:
        for one in setting.building:
            building.enter_context(one)
        bench = built(name, job, seed=twin_seed, wrap=setting.wrap)
    folder, planned = into or Path(tempfile.mkdtemp(prefix="swarm-")), None
    setting.others = near = others(name, folder)
    if job in ("off", "doctor"):
        left_on(bench)
        near.leave_note()
    else:
        planned = replace(plan(name, job), seed=twin_seed, head_s=head_s, read_back=read_back)
    setting.live = True
    setting.out = folder / "session"
    for act in setting.on_bench:
        act(bench)
    trial = Trial(seed, number, name, job, faults, bench, folder, injected=setting.injected, others=near)
    before = set(threading.enumerate())
    gave_up = GaveUp()
    with ExitStack() as around:
        for place in ("doctor", "load_job", "stage"):
            around.enter_context(patch(f"energy_runner.director.{place}.switch_off", gave_up.switch_off))
        for place in ("director.handle", "api.hands_on"):
            around.enter_context(patch(f"energy_runner.{place}.StopRequest", lambda: setting.stop))
        if number % 20:  # the report is written, and takes its time, in one run of twenty
            around.enter_context(no_report())
        for one in (near.installed(), *setting.around):
            around.enter_context(one)
        try:
            came = done(job, bench, planned, setting.out)
            trial.session, trial.examined = (came, None) if isinstance(came, Session) else (None, came)
        except BaseException as error:
            trial.raised = error
        setting.ended_ns = bench.clock.now_ns() if gave_up.at_ns is None else gave_up.at_ns
    trial.threads = [thread.name for thread in threading.enumerate() if thread not in before]
    return trial
