# SPDX-License-Identifier: Apache-2.0
"""Run a sweep with one process a bench, watch over them, and say how it ended."""

import platform
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

from energy_runner.api.benches import load_bench
from energy_runner.api.runs import while_signals_stop
from energy_runner.api.sweep_computers import check_scheduler, connected
from energy_runner.api.sweeps import CATALOGUE, FOLDER, begin_sweep, local_folder
from energy_runner.director.stop import StopRequest
from energy_runner.errors import ExitStatus
from energy_runner.rules import evaluate
from energy_runner.sweep.catalogue import Catalogue, SweepRow
from energy_runner.sweep.catalogue.engine import CatalogueUnavailable, existing
from energy_runner.sweep.catalogue.lease import LEASE_S
from energy_runner.sweep.catalogue.rebuild import Rebuilt, rebuild
from energy_runner.sweep.computers.night import ABSENT_S, DaskNight
from energy_runner.sweep.notify import Notifier
from energy_runner.sweep.plan import SweepPlan, plan_from_text
from energy_runner.sweep.work.ends import STATUS, End, Ended
from energy_runner.sweep.work.outage import Patience
from energy_runner.sweep.work.processes import (
    CATALOGUE_VARIABLE,
    FROZEN_LEASES,
    BenchProcess,
    Supervisor,
    file_name,
    serve_command,
)
from energy_runner.sweep.work.seat import check_free, sign_of_process
from energy_runner.sweep.work.served_bench import served_bench
from energy_runner.sweep.work.status import SweepStatus, status_of
from energy_runner.sweep.work.trouble import troubles
from instruments.clock import RealClock

__all__ = ["Night", "list_sweeps", "rebuild_catalogue", "resume_sweep", "run_sweep", "stop_sweep", "sweep_status"]

_LOOK_S = 0.25
_TELL_S = 1.0
_END_S = 60.0  # for which a catalogue may be gone when all workers have ended
Told = Callable[[SweepStatus, list[str]], object]


@dataclass(frozen=True)
class Night:
    """How the run of a sweep ended: its state then, and why each worker ended, by bench.

    `untold` says which notifications could not be sent.
    """

    status: SweepStatus
    ends: Mapping[str, Ended]
    untold: Sequence[str] = ()

    @property
    def exit_status(self) -> ExitStatus:
        """Return 0 if every point is done and valid; else what kept the night from it.

        1: measured, but points are not valid, set aside, or left by a limit; 3: points are left because benches
        failed; 4: it was interrupted or stopped.
        """
        counts = self.status.counts
        left = counts["waiting"] + counts["running"]
        ends = [one.end for one in self.ends.values()]
        if End.INTERRUPTED in ends or (left and End.STOPPED in ends):
            return ExitStatus.INTERRUPTED
        if left and any(STATUS[one] == ExitStatus.BENCH_FAULT for one in ends):
            return ExitStatus.BENCH_FAULT
        return ExitStatus.RULE_FAILED if left or counts["set-aside"] or self.status.invalid else ExitStatus.VALID


def run_sweep(
    plan: SweepPlan | str | Path,
    benches: Mapping[str, str],
    *,
    catalogue: str | Path | None = None,
    out: str | Path = FOLDER,
    lease_s: float = LEASE_S,
    scheduler: str | None = None,
    told: Told = lambda status, news: None,
) -> Night:
    """Run a plan from its beginning, with one process a bench, until nothing is left that they can do.

    `benches` is what `named_benches` returned. With a `scheduler`, such as `dask://pc1:8786`, they are measured on
    by the computers that offer them there (`offer_bench`); this one only tries the plan out on them. `told` is
    called every second with the state of the sweep and the new lines of the workers. Ctrl-C and SIGTERM end the
    points in progress with the supplies off.
    """
    if scheduler is not None:
        check_scheduler(scheduler, benches)
    return resume_sweep(
        begin_sweep(plan, benches, catalogue=catalogue, out=out, here=scheduler is None),
        benches,
        catalogue=catalogue,
        out=out,
        lease_s=lease_s,
        scheduler=scheduler,
        told=told,
    )


def resume_sweep(
    sweep: str | None,
    benches: Mapping[str, str],
    *,
    catalogue: str | Path | None = None,
    out: str | Path = FOLDER,
    lease_s: float = LEASE_S,
    again: bool = False,
    scheduler: str | None = None,
    absent_s: float = ABSENT_S,
    told: Told = lambda status, news: None,
) -> Night:
    """Go on with a sweep, by default the latest: finished points stay, half-done ones are done again.

    With `again` the points that are set aside are tried once more. Quarantined benches take points again, for a
    person has looked at them. For a `scheduler` see `run_sweep`; the night does without a bench that nobody has
    offered there for `absent_s`. Raises `BenchFault`, and changes nothing, if another process of this computer
    measures on one of them.
    """
    out = Path(out)
    where = catalogue or out / CATALOGUE
    clock, stop = RealClock(), StopRequest()
    with while_signals_stop(stop), closing(Catalogue(existing(where))) as opened, ExitStack() as at_end:
        row = opened.sweep(sweep)
        carrier = None
        if scheduler is not None:
            carrier = connected(scheduler, benches, clock)
            at_end.callback(carrier.close)
        else:  # before anything is changed: who measures on them now goes on as before
            for name, source in benches.items():
                check_free(opened, served_bench(name, source, load_bench(source)))
        opened.set_state(row.id, "open")
        opened.forgive(row.id)
        for point in opened.points(row.id) if again else ():
            opened.put_back(row.id, point.number)
        for bench in benches:
            opened.seats.unmark(bench)
        plan = plan_from_text(row.plan, f"plan of sweep {row.id}")
        notifier = Notifier(plan.spec.notify.urls, plan.spec.notify.on)
        guard: Supervisor | DaskNight
        if carrier is None:
            guard = _supervisor(opened, str(where), row, benches, out, lease_s)
        else:
            guard = DaskNight(carrier, opened, row.id, benches, lease_s=lease_s, clock=clock, absent_s=absent_s)
        watch = _Watch(opened, row.id, notifier, told)
        over, look = False, clock.deadline(0.0)
        try:
            if isinstance(guard, Supervisor):
                guard.begin()
            while not over:
                clock.sleep(_LOOK_S)
                over = guard.look(stopping=stop.reason is not None)
                if over or look.expired():
                    look = clock.deadline(_TELL_S)
                    watch.look(guard.news())
        except BaseException:
            while not guard.look(stopping=True):  # they would measure on with nobody to look after them
                clock.sleep(_LOOK_S)
            raise
        status = Patience(clock, StopRequest(), watch.say, _END_S)(lambda: status_of(opened, row.id))
    night = Night(status, guard.ends())
    return replace(night, untold=[*watch.untold, *notifier.tell(*_last_message(night), "end")])


def _supervisor(  # noqa: PLR0917
    catalogue: Catalogue, where: str, row: SweepRow, benches: Mapping[str, str], out: Path, lease_s: float
) -> Supervisor:
    """Return who watches over one process a bench, all on this computer."""
    folder = local_folder(row, out)
    folder.mkdir(parents=True, exist_ok=True)
    workers = [
        BenchProcess(
            bench,
            serve_command(row.id, f"{bench}={source}", out, lease_s),
            folder / f"worker-{file_name(bench)}.log",
            {CATALOGUE_VARIABLE: where},  # not on the command line, where everybody sees a password
        )
        for bench, source in benches.items()
    ]
    return Supervisor(workers, RealClock(), lambda pid: sign_of_process(catalogue, pid), lease_s * FROZEN_LEASES)


class _Watch:
    """Tells people how a sweep stands, and somebody far away of what goes wrong."""

    def __init__(self, catalogue: Catalogue, sweep: str, notifier: Notifier, told: Told) -> None:
        self.untold: list[str] = []
        self._catalogue = catalogue
        self._sweep = sweep
        self._notifier = notifier
        self._told = told
        self._before: SweepStatus | None = None
        self._message: threading.Thread | None = None

    def look(self, news: list[str]) -> None:
        """Look at the catalogue; one that does not answer is looked at again the next time."""
        try:
            now = status_of(self._catalogue, self._sweep)
        except CatalogueUnavailable:
            for line in news:
                self.say(line)
            return
        self._told(now, news)
        found = troubles(self._before, now) if self._before is not None else []
        if found and not (self._message is not None and self._message.is_alive()):
            # In a thread of its own: a mail server that hangs must not keep us from looking after the workers.
            self._message = threading.Thread(target=self._tell, args=(now.name, found), daemon=True)
            self._message.start()
        elif found:
            return  # told the next time: `_before` stays
        self._before = now

    def say(self, line: str) -> None:
        """Tell a line while the catalogue does not answer, with the state that was seen last."""
        if self._before is not None:
            self._told(self._before, [line])

    def _tell(self, name: str, found: list[str]) -> None:
        self.untold += self._notifier.tell(f"Sweep {name}: trouble", "\n".join(found), "trouble")


def _last_message(night: Night) -> tuple[str, str]:
    """Return title and text of the message at the end."""
    status, counts = night.status, night.status.counts
    how = "finished" if night.exit_status == ExitStatus.VALID else "ended"
    lines = [
        f"{counts['done']} of {status.total} points done, {status.invalid} of them not valid; "
        f"{counts['set-aside']} set aside, {counts['waiting'] + counts['running']} left."
    ]
    lines += [f"{bench}: {one.end}{f', {one.reason}' if one.reason else ''}" for bench, one in night.ends.items()]
    return f"Sweep {status.name} {how}", "\n".join(lines)


def sweep_status(
    sweep: str | None = None, *, catalogue: str | Path | None = None, out: str | Path = FOLDER
) -> SweepStatus:
    """Return how a sweep stands, by default the latest."""
    with closing(Catalogue(existing(catalogue or Path(out) / CATALOGUE))) as opened:
        return status_of(opened, opened.sweep(sweep).id)


def list_sweeps(*, catalogue: str | Path | None = None, out: str | Path = FOLDER) -> list[SweepRow]:
    """Return the sweeps of a catalogue, the oldest first; the state of one without a point left is "finished"."""
    with closing(Catalogue(existing(catalogue or Path(out) / CATALOGUE))) as opened:
        found = []
        for one in opened.sweeps():
            counts = opened.counts(one.id)
            left = counts["waiting"] + counts["running"]
            found.append(one if left else replace(one, state="finished"))
        return found


def stop_sweep(
    sweep: str | None = None,
    *,
    now: bool = False,
    catalogue: str | Path | None = None,
    out: str | Path = FOLDER,
) -> str:
    """Let the workers of a sweep end after the points in progress, or with `now` at once; return its id."""
    with closing(Catalogue(existing(catalogue or Path(out) / CATALOGUE))) as opened:
        row = opened.sweep(sweep)
        if now or row.state != "cancelling":  # who asked for more is not overruled
            opened.set_state(row.id, "cancelling" if now else "stopping")
    return row.id


def rebuild_catalogue(folders: Sequence[str | Path], catalogue: str | Path) -> list[Rebuilt]:
    """Enter the sweeps whose sessions are in `folders` into a catalogue, made if there is none.

    Raises `ConfigurationError` if the catalogue holds one of them already.
    """
    with closing(Catalogue(catalogue)) as opened:
        return rebuild(opened, [Path(one) for one in folders], platform.node(), evaluate)
