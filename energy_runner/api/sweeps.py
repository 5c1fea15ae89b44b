# SPDX-License-Identifier: Apache-2.0
"""Sweeps: plan one, run it overnight on one bench or several, see how it stands, read its table."""

import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from energy_runner.api.benches import load_bench
from energy_runner.api.runs import while_signals_stop
from energy_runner.api.sweep_runner import BenchRunner
from energy_runner.director.stop import StopRequest
from energy_runner.errors import Argument, BenchFault, ConfigurationError, Interrupted, in_words, remedy
from energy_runner.sweep.catalogue import Catalogue, SweepRow
from energy_runner.sweep.catalogue.engine import existing
from energy_runner.sweep.catalogue.lease import LEASE_S
from energy_runner.sweep.catalogue.rows import rows_of
from energy_runner.sweep.plan import SweepPlan, load_plan, plan_from_text, settings_of
from energy_runner.sweep.rows import PointRow
from energy_runner.sweep.work.ends import End, Ended
from energy_runner.sweep.work.names import sweep_id
from energy_runner.sweep.work.outage import Patience
from energy_runner.sweep.work.seat import check_free
from energy_runner.sweep.work.served_bench import served_bench
from energy_runner.sweep.work.tied import stop_at_end_of_input
from energy_runner.sweep.work.worker import Worker
from instruments.clock import RealClock, utc_text

__all__ = ["begin_sweep", "named_benches", "serve_sweep", "sweep_rows", "write_junit"]

FOLDER = Path("sweeps")
CATALOGUE = "catalogue.sqlite"
PLAN = "plan.toml"


def named_benches(benches: Sequence[str]) -> dict[str, str]:
    """Return benches by the name that they have in a sweep; each is given as `BENCH` or `NAME=BENCH`.

    Without a name a bench is called by its own. Twins given twice get a number. Raises `ConfigurationError` for a
    bench that cannot be read, and for a name that is given twice.
    """
    if not benches:
        raise ConfigurationError("a sweep needs a bench. Try: ", Argument("bench", "virtual-lpm01a"))
    found: dict[str, str] = {}
    for given in benches:
        name, equals, source = given.partition("=")
        if not equals:
            name, source = "", given
        spec = load_bench(source)
        name = name or spec.name
        if name in found and spec.is_virtual and not equals:
            number = 2
            while f"{name}#{number}" in found:
                number += 1
            name = f"{name}#{number}"
        if name in found:
            raise ConfigurationError(
                f"two benches are called '{name}'. Try: ", Argument("bench", f"{name}-2={source}")
            )
        found[name] = source
    return found


def begin_sweep(
    plan: SweepPlan | str | Path,
    benches: Mapping[str, str],
    *,
    catalogue: str | Path | None = None,
    out: str | Path = FOLDER,
    here: bool = False,
) -> str:
    """Enter a sweep into the catalogue, made if there is none, and return its id; nothing is measured yet.

    `benches` is what `named_benches` returned; every different setting of the plan is tried out on them, without
    opening anything. `here` says that they are to be measured on by this computer: one that is in use then raises
    `BenchFault`, and nothing is entered. Raises `ConfigurationError`, with the line, for what is wrong.
    """
    from energy_runner.api.sweep_plans import check_plan

    plan = plan if isinstance(plan, SweepPlan) else load_plan(plan)
    check_plan(plan, benches)
    clock, out = RealClock(), Path(out)
    identity = sweep_id(plan.spec.name, clock)
    wanted = {
        point.number: bench
        for point in plan.points
        if (bench := settings_of(plan.spec, point.values, seed=0).bench) is not None
    }
    folder = (out / identity).absolute()
    with closing(Catalogue(catalogue or out / CATALOGUE)) as opened:
        for name, source in benches.items() if here else ():
            check_free(opened, served_bench(name, source, load_bench(source)))
        folder.mkdir(parents=True)
        (folder / PLAN).write_bytes(plan.text.encode())
        row = SweepRow(
            id=identity,
            name=plan.spec.name,
            plan=plan.text,
            created_utc=utc_text(clock.utc_ns()),
            host=platform.node(),
            folder=str(folder),
            state="open",
        )
        opened.add_sweep(row, plan.points, wanted)
    return identity


def serve_sweep(
    sweep: str,
    bench: str,
    source: str,
    *,
    catalogue: str | Path | None = None,
    out: str | Path = FOLDER,
    lease_s: float = LEASE_S,
    tied: bool = False,
    tell: Callable[[str], object] = lambda _: None,
    step: Callable[[str], object] = lambda _: None,
) -> Ended:
    """Serve a sweep on one bench, in this process, until nothing is left; return why it ended.

    Call it in the main thread, where Ctrl-C and SIGTERM end the point in progress with the supply off; if it is
    `tied`, so does the end of the standard input, which is the end of the process that started this one. Raises
    `BenchFault` if the bench is in use by another worker.
    """
    spec = load_bench(source)
    served = served_bench(bench, source, spec)
    stop = StopRequest()
    if tied:
        stop_at_end_of_input(stop)
    where = existing(catalogue or Path(out) / CATALOGUE)
    ask = Patience(RealClock(), stop, tell)
    with while_signals_stop(stop), ExitStack() as at_end:
        try:
            opened = at_end.enter_context(closing(ask(lambda: Catalogue(where))))
            row = ask(lambda: opened.sweep(sweep))
        except Interrupted as error:
            return Ended(End.INTERRUPTED, str(error))
        plan = plan_from_text(row.plan, f"plan of sweep {row.id}")
        worker = Worker(
            opened,
            row.id,
            plan,
            served,
            local_folder(row, out),
            BenchRunner(served, Path(out), plan.spec.recovery.usb_power_command or ""),
            stop=stop,
            lease_s=lease_s,
            tell=tell,
            step=step,
        )
        return worker.serve()


def sweep_rows(
    sweep: str | None = None, *, catalogue: str | Path | None = None, out: str | Path = FOLDER
) -> list[PointRow]:
    """Return the table of a sweep, one row a point, references last; by default of the latest sweep."""
    with closing(Catalogue(existing(catalogue or Path(out) / CATALOGUE))) as opened:
        return rows_of(opened, opened.sweep(sweep).id)


def write_junit(
    path: str | Path, sweep: str | None = None, *, catalogue: str | Path | None = None, out: str | Path = FOLDER
) -> Path:
    """Write the points of a sweep as JUnit XML, one test case each; raises `BenchFault` if the disk refuses."""
    from energy_runner.sweep.junit import junit_xml

    rows = sweep_rows(sweep, catalogue=catalogue, out=out)
    path = Path(path)
    try:
        path.write_bytes(junit_xml(rows, rows[0].sweep if rows else "sweep"))
    except OSError as error:
        raise BenchFault(f"{path}: cannot be written ({in_words(error)}){remedy(error)}") from error
    return path


def local_folder(row: SweepRow, out: str | Path) -> Path:
    """Return where this computer keeps the sessions of a sweep."""
    known = Path(row.folder)
    return known if row.host == platform.node() and known.is_dir() else (Path(out) / row.id).absolute()
