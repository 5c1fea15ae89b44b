# SPDX-License-Identifier: Apache-2.0
"""How a worker of a sweep measures one point: with a bench, a plan and a run, as by hand."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from energy_runner.api.benches import load_bench
from energy_runner.api.derived import write_derived
from energy_runner.api.hands_on import any_benchmark, switch_bench_off
from energy_runner.api.plans import plan
from energy_runner.api.recovery import recover_bench
from energy_runner.api.runs import Kept, make_ready, started
from energy_runner.bench import BenchSpec, build_bench, short_changes
from energy_runner.bench.wiring import roles_of
from energy_runner.director.hold import hold_bench
from energy_runner.director.plan import RunPlan
from energy_runner.director.stop import StopRequest
from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.rules import evaluate
from energy_runner.session.folder import RESULT, Session
from energy_runner.session.record import SweepFacts
from energy_runner.sweep.ladder import Taken
from energy_runner.sweep.plan import Settings
from energy_runner.sweep.reading.from_session import row_of
from energy_runner.sweep.trust.decisions import read_decisions
from energy_runner.sweep.trust.points import ReferencePoint
from energy_runner.sweep.trust.read import folders_of, point_of_row, reference_series
from energy_runner.sweep.trust.state import bench_state
from energy_runner.sweep.work.served_bench import ServedBench
from instruments.clock import NS_PER_S, RealClock

# A repeat of a virtual bench has the same instruments and other noise; each attempt is one.
_REPEATS = 100
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS}


class BenchRunner:
    """Measures points on one bench, as `energy_runner.sweep.work.runner.Runner` says."""

    def __init__(self, bench: ServedBench, sweeps: Path, usb_power_command: str = "") -> None:
        """`sweeps` is the folder of all sweeps, in which the earlier nights of the bench are."""
        self._bench = bench
        self._sweeps = sweeps
        self._usb_power_command = usb_power_command
        self._references: list[ReferencePoint] | None = None
        self._trust = ("not watched", "")

    def measure(self, settings: Settings, out: Path, facts: SweepFacts, stop: StopRequest) -> Session:
        """Make one run and return its session; see `Runner`."""
        again = {"virtual.repeat": facts.point * _REPEATS + facts.epoch} if self._bench.virtual else {}
        spec, run_plan = prepared(self._bench.source, settings, again)
        kept = Kept(sweep=facts, report=False)
        with _disk_not_refused():
            handle = started(make_ready(spec, run_plan, out, settings.model, settings.rule_set, kept), stop=stop)
            try:
                session = handle.wait()
            finally:
                handle.release_signals()
        if facts.kind == "reference" and self._references is not None:
            point = point_of_row(row_of(session))
            if not isinstance(point, str):
                self._references.append(point)
                self._judge()
        return session

    def complete(self, session: Session) -> Session:
        """Return a session with its result; see `Runner`."""
        if not (session.path / RESULT).is_file():
            write_derived(session, evaluate(session), report=False)
        return session

    def recover(self, step: str, stop: StopRequest) -> tuple[Taken, str]:
        """Take one step of the ladder; see `Runner`."""
        taken = recover_bench(self._bench.source, step, usb_power_command=self._usb_power_command, stop=stop)
        return Taken(self._bench.name, step, taken.went), taken.detail

    def make_safe(self) -> str:
        """Switch off what an earlier job has left on; see `Runner`."""
        spec = load_bench(self._bench.source)
        if "supply" not in roles_of(spec):
            return ""
        built = build_bench(spec, "performance", benchmark=any_benchmark(spec))
        with hold_bench(built, "a sweep looks for what was left on", watched=False) as died:
            pass  # nothing is opened
        if died is not None:
            switch_bench_off(spec)
        return died or ""

    def trust(self) -> tuple[str, str]:
        """Return the state of the bench; see `Runner`.

        The folders are read once: earlier nights may have thousands of sessions.
        """
        if self._references is None:
            self._references = reference_series(self._sweeps, self._bench.name)
            self._judge()
        return self._trust

    def _judge(self) -> None:
        decisions, _ = read_decisions(folders_of(self._sweeps), self._bench.name)
        now_s = RealClock().utc_ns() / NS_PER_S
        found = bench_state(self._references or [], decisions, now_utc_s=now_s)
        self._trust = found.state, found.reason


@contextmanager
def _disk_not_refused() -> Iterator[None]:
    """Let a disk that takes no session be a fault, not a mistake in the plan: that would set every point aside.

    To a person at the command line it is a mistake: nothing was switched on, and another folder will do.
    """
    try:
        yield
    except ConfigurationError as error:
        if _is_of_disk(error):
            raise BenchFault(str(error)) from error
        raise


def _is_of_disk(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in _DISK:
            return True
        error = error.__cause__ or error.__context__
    return False


def prepared(source: str, settings: Settings, changes: dict[str, Any] | None = None) -> tuple[BenchSpec, RunPlan]:
    """Return bench and plan of a point; raise `ConfigurationError` for what cannot be."""
    given = {**(changes or {}), **settings.changes}
    given |= short_changes(source, given, settings.short)
    return load_bench(source, changes=given), plan(settings.benchmark, settings.mode, **settings.options)
