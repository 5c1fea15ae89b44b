# SPDX-License-Identifier: Apache-2.0
"""How a worker of a sweep measures one point: with a bench, a plan and a run, as by hand."""

from pathlib import Path
from typing import Any

from energy_runner.api.benches import load_bench
from energy_runner.api.derived import write_derived
from energy_runner.api.plans import plan
from energy_runner.api.recovery import recover_bench
from energy_runner.api.runs import Kept, make_ready, started
from energy_runner.bench import BenchSpec, short_changes
from energy_runner.director.plan import RunPlan
from energy_runner.director.stop import StopRequest
from energy_runner.rules import evaluate
from energy_runner.session.folder import RESULT, Session
from energy_runner.session.record import SweepFacts
from energy_runner.sweep.ladder import Taken
from energy_runner.sweep.plan import Settings
from energy_runner.sweep.work.served_bench import ServedBench

# A repeat of a virtual bench has the same instruments and other noise; each attempt is one.
_REPEATS = 100


class BenchRunner:
    """Measures points on one bench, as `energy_runner.sweep.work.runner.Runner` says."""

    def __init__(self, bench: ServedBench, usb_power_command: str = "") -> None:
        self._bench = bench
        self._usb_power_command = usb_power_command

    def measure(self, settings: Settings, out: Path, facts: SweepFacts, stop: StopRequest) -> Session:
        """Make one run and return its session; see `Runner`."""
        again = {"virtual.repeat": facts.point * _REPEATS + facts.epoch} if self._bench.virtual else {}
        spec, run_plan = prepared(self._bench.source, settings, again)
        ready = make_ready(spec, run_plan, out, settings.model, settings.rule_set, Kept(sweep=facts, report=False))
        handle = started(ready, stop=stop)
        try:
            return handle.wait()
        finally:
            handle.release_signals()

    def complete(self, session: Session) -> Session:
        """Return a session with its result; see `Runner`."""
        if not (session.path / RESULT).is_file():
            write_derived(session, evaluate(session), report=False)
        return session

    def recover(self, step: str, stop: StopRequest) -> tuple[Taken, str]:
        """Take one step of the ladder; see `Runner`."""
        taken = recover_bench(self._bench.source, step, usb_power_command=self._usb_power_command, stop=stop)
        return Taken(self._bench.name, step, taken.went), taken.detail

    def trust(self) -> tuple[str, str]:
        """Return the state of the bench; see `Runner`."""
        return "not watched", ""


def prepared(source: str, settings: Settings, changes: dict[str, Any] | None = None) -> tuple[BenchSpec, RunPlan]:
    """Return bench and plan of a point; raise `ConfigurationError` for what cannot be."""
    given = {**(changes or {}), **settings.changes}
    given |= short_changes(source, given, settings.short)
    return load_bench(source, changes=given), plan(settings.benchmark, settings.mode, **settings.options)
