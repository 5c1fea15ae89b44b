# SPDX-License-Identifier: Apache-2.0
"""What the commands of `sweep` do: one call of the API each, and what is shown of it."""

import sys
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from energy_runner.cli.outcome import say
from energy_runner.cli.output import write_json
from energy_runner.cli.watching import Live, folder_watched
from energy_runner.errors import ExitStatus

PLAN_SCHEMA = "energy-runner/sweep-plan/1"
STATUS_SCHEMA = "energy-runner/sweep-status/1"
_FOLLOW_S = 2.0


def plan_command(plan: Path, benches: list[str], *, every: bool, as_json: bool) -> int:
    """Show what a plan would do."""
    from energy_runner.api.sweep_plans import examine_plan
    from energy_runner.api.sweeps import named_benches

    found = examine_plan(plan, named_benches(benches))
    if as_json:
        write_json({"schema": PLAN_SCHEMA, **asdict(found)})
        return 0
    from energy_runner.report.sweep_terminal import print_plan

    print_plan(found, every=every)
    return 0


@dataclass(frozen=True)
class NightOptions:
    """The options that `run` and `resume` share."""

    catalogue: str
    out: Path
    lease_s: float
    junit: Path | None
    as_json: bool
    scheduler: str = ""
    live: Live = field(default_factory=Live)


def run_command(plan: Path, benches: list[str], options: NightOptions) -> int:
    """Run a plan."""
    from energy_runner.api.sweep_nights import resume_sweep
    from energy_runner.api.sweeps import begin_sweep, named_benches

    named = named_benches(benches)
    if options.scheduler:
        from energy_runner.api.sweep_computers import check_scheduler

        check_scheduler(options.scheduler, named)
    here = not options.scheduler
    identity = begin_sweep(plan, named, catalogue=options.catalogue or None, out=options.out, here=here)
    say(f"sweep {identity}, in {options.out / identity}")
    say_unfinished(identity, options)
    return _night(resume_sweep, identity, named, options)


def say_unfinished(identity: str, options: NightOptions) -> None:
    """Say that an earlier sweep of the same name has points left: who meant to go on has begun anew."""
    from energy_runner.api.sweep_nights import list_sweeps

    found = list_sweeps(catalogue=options.catalogue or None, out=options.out)
    name = next(one.name for one in found if one.id == identity)
    left = [one.id for one in found if one.name == name and one.id != identity and one.state != "finished"]
    if left:
        say(
            f"{left[-1]} of the same name has points left; `energy-runner sweep resume {left[-1]}` goes on with it"
        )


def begin_command(plan: Path, benches: list[str], catalogue: str, out: Path) -> int:
    """Enter a sweep and print its id."""
    from energy_runner.api.sweeps import begin_sweep, named_benches
    from energy_runner.cli.output import write_line

    write_line(begin_sweep(plan, named_benches(benches), catalogue=catalogue or None, out=out))
    return 0


def resume_command(sweep: str, benches: list[str], options: NightOptions, *, again: bool) -> int:
    """Go on with a sweep."""
    from energy_runner.api.sweep_nights import resume_sweep
    from energy_runner.api.sweeps import named_benches

    return _night(partial(resume_sweep, again=again), sweep or None, named_benches(benches), options)


def _night(go_on: Any, identity: str | None, benches: dict[str, str], options: NightOptions) -> int:
    from energy_runner.report.sweep_progress import SweepProgress

    folder = options.out if identity is None else options.out / identity
    with folder_watched(options.live, folder), SweepProgress() as progress:
        night = go_on(
            identity,
            benches,
            catalogue=options.catalogue or None,
            out=options.out,
            lease_s=options.lease_s,
            scheduler=options.scheduler or None,
            told=progress.show,
        )
    for problem in night.untold:
        say(f"notification: {problem}")
    if options.junit is not None:
        from energy_runner.api.sweeps import write_junit

        write_junit(options.junit, night.status.sweep, catalogue=options.catalogue or None, out=options.out)
    if options.as_json:
        ends = {name: asdict(one) for name, one in night.ends.items()}
        write_json({"schema": STATUS_SCHEMA, **asdict(night.status), "ends": ends})
    elif sys.stdout is not None:
        from energy_runner.report.sweep_terminal import print_night

        print_night(night.status, night.ends)
    return int(night.exit_status)


def stop_command(sweep: str, catalogue: str, out: Path, *, now: bool) -> int:
    """Ask a sweep to stop."""
    from energy_runner.api.sweep_nights import stop_sweep

    identity = stop_sweep(sweep or None, now=now, catalogue=catalogue or None, out=out)
    how = "now" if now else "after the points in progress"
    say(f"sweep {identity} ends {how}; energy-runner sweep resume goes on with it")
    return 0


def status_command(
    sweep: str,
    catalogue: str,
    out: Path,
    *,
    follow: bool,
    check: bool,
    junit: Path | None,
    as_json: bool,
) -> int:
    """Show how a sweep stands; with `check`, return 0 only if every point is done and valid."""
    from energy_runner.api.sweep_nights import sweep_status

    def look() -> Any:
        return sweep_status(sweep or None, catalogue=catalogue or None, out=out)

    from energy_runner.report.sweep_terminal import follow_status, print_status

    if follow and not as_json:
        from instruments.clock import RealClock

        follow_status(look, lambda: RealClock().sleep(_FOLLOW_S))
    status = look()
    if as_json:
        write_json({"schema": STATUS_SCHEMA, **asdict(status)})
    elif not follow:
        print_status(status)
    if junit is not None:
        from energy_runner.api.sweeps import write_junit

        write_junit(junit, status.sweep, catalogue=catalogue or None, out=out)
    is_whole = status.counts["done"] == status.total and not status.invalid
    return int(ExitStatus.RULE_FAILED if check and not is_whole else ExitStatus.VALID)


def list_command(catalogue: str, out: Path, *, as_json: bool) -> int:
    """List the sweeps of a catalogue."""
    from energy_runner.api.sweep_nights import list_sweeps

    found = list_sweeps(catalogue=catalogue or None, out=out)
    if as_json:
        write_json({"schema": "energy-runner/sweeps/1", "sweeps": [asdict(one) for one in found]})
        return 0
    from energy_runner.report.sweep_terminal import print_sweeps

    print_sweeps(found)
    return 0


def rebuild_command(folders: list[Path], catalogue: str, *, as_json: bool) -> int:
    """Make a catalogue again."""
    from energy_runner.api.sweep_nights import rebuild_catalogue

    found = rebuild_catalogue(folders, catalogue)
    if as_json:
        write_json({"schema": "energy-runner/sweep-rebuild/1", "sweeps": [asdict(one) for one in found]})
        return 0
    for one in found:
        say(f"sweep {one.sweep}: {one.attempts} attempts found, {one.done} points are done")
        for problem in one.problems:
            say(problem)
    return 0


def serve_command(
    sweep: str, bench: str, catalogue: str, out: Path, lease_s: float, word: Path | None, *, tied: bool
) -> int:
    """Serve a sweep on one bench."""
    from energy_runner.api.sweeps import named_benches, serve_sweep
    from energy_runner.sweep.work.ends import STATUS
    from energy_runner.sweep.work.processes import write_word

    name, source = next(iter(named_benches([bench]).items()))
    ended = serve_sweep(
        sweep, name, source, catalogue=catalogue or None, out=out, lease_s=lease_s, tied=tied, tell=say
    )
    runs = "1 run" if ended.points == 1 else f"{ended.points} runs"  # a point that fails has several
    say(f"{ended.end}{f': {ended.reason}' if ended.reason else ''} ({runs})")
    if word is not None:
        write_word(word, ended)
    return int(STATUS[ended.end])


def worker_command(scheduler: str, bench: str, catalogue: str, out: Path) -> int:
    """Offer a bench to sweeps of other computers."""
    from energy_runner.api.sweep_computers import offer_bench
    from energy_runner.api.sweeps import named_benches

    name, source = next(iter(named_benches([bench]).items()))
    say(offer_bench(name, source, scheduler, catalogue=catalogue or None, out=out, tell=say))
    return int(ExitStatus.INTERRUPTED)
