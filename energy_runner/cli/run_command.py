# SPDX-License-Identifier: Apache-2.0
"""`run` and `demo`."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_runner.cli.against import base_of, documents, tell
from energy_runner.cli.outcome import say
from energy_runner.cli.output import write_json
from energy_runner.cli.watching import Live, watched
from energy_runner.errors import ExitStatus

if TYPE_CHECKING:
    from energy_runner.analysis.against.baseline import Baseline
    from energy_runner.analysis.against.compare import Compared
    from energy_runner.session.folder import Session


@dataclass(frozen=True)
class RunOptions:
    """The options of `run`, as the user gave them; `settings` are the KEY=VALUE texts of `--set`.

    `preparation` are options of `plan` by name; None for those that were not given.
    """

    benchmark: str
    bench: str
    stimuli: Path | None = None
    mode: str = "energy"
    model: Path | None = None
    out: Path | None = None
    inferences: int | None = None
    warmups: int | None = None
    read_back: bool = True
    limit: int | None = None
    seed: int = 0
    wait_temperature_c: tuple[float, float] | None = None
    wait_temperature_s: float | None = None
    preparation: Mapping[str, Any] = field(default_factory=dict)
    rule_set: str = ""
    voltage: float | None = None
    rate: float | None = None
    settings: tuple[str, ...] = ()
    fail_on: tuple[str, ...] = ()
    baseline: Path | None = None
    write_baseline: Path | None = None
    as_json: bool = False
    every: bool = False
    live: Live = field(default_factory=Live)


def run_command(options: RunOptions) -> int:
    """Run a benchmark, show the result, return the exit status."""
    from energy_runner import api
    from energy_runner.report.progress import ProgressBar

    changes = _changes(options)
    against = None
    if options.fail_on or options.baseline is not None:
        virtual = api.load_bench(options.bench, changes=changes).is_virtual
        against = base_of(options.baseline, options.fail_on, options.benchmark, options.mode, virtual)
    # The run has a thread of its own, so that a terminal that blocks never keeps the supply on.
    with watched(options.live, options.bench, options.mode) as watching:
        with ProgressBar() as progress:
            session = api.measure(
                options.benchmark,
                options.bench,
                mode=options.mode,
                changes=changes,
                stimuli=options.stimuli,
                inferences=options.inferences,
                warmups=options.warmups,
                read_back=options.read_back,
                seed=options.seed,
                limit=options.limit,
                wait_temperature_c=options.wait_temperature_c,
                wait_temperature_s=options.wait_temperature_s,
                **{name: value for name, value in options.preparation.items() if value is not None},
                out=options.out,
                model=options.model,
                listeners=[progress, *watching.listeners],
                rule_set=options.rule_set or None,
                stop=watching.stop,
            )
        status = _told(session, options, against)
        watching.stay(session)
    return status


def _told(session: "Session", options: RunOptions, against: "Baseline | None") -> int:
    """Show the result of a run, and what a baseline says of it; return the exit status."""
    from energy_runner import api

    compared = api.compare_with_baseline(session, against, options.fail_on) if against is not None else []
    show(session, as_json=options.as_json, every=options.every, compared=compared)
    status = api.exit_status(session)
    if options.write_baseline is not None and status == ExitStatus.VALID:
        api.write_baseline(session, options.write_baseline)
        say(f"baseline written to {options.write_baseline}")
    elif options.write_baseline is not None:
        say(f"{options.write_baseline}: no baseline was written, because the result is not valid")
    return status or (ExitStatus.RULE_FAILED if any(one.fails for one in compared) else ExitStatus.VALID)


def _changes(options: RunOptions) -> dict[str, object]:
    """Return what the options change in the bench file; --voltage and --rate stand for keys of it."""
    from energy_runner.bench import short_changes
    from energy_runner.bench.changes import parse_changes

    changes: dict[str, object] = parse_changes(options.settings)
    given = {"voltage": options.voltage, "rate": options.rate}
    return changes | short_changes(options.bench, changes, given)


def show(session: "Session", *, as_json: bool, every: bool = False, compared: "Sequence[Compared]" = ()) -> None:
    """Print the result and its comparison with a baseline, and on stderr how a run ended if not completed."""
    result = session.result()
    if as_json:
        document = json.loads((session.path / "result.json").read_text("utf-8"))
        against = {"compared": documents(compared)} if compared else {}
        write_json({**document, "session": str(session.path), **against})
    elif sys.stdout is not None and (session.record.outcome == "completed" or result.windows or result.accuracy):
        from energy_runner.report.terminal import print_session

        print_session(session, every=every)
    if not as_json:
        tell(compared)
    if session.record.outcome != "completed":
        say(f"{_how_it_ended(session)}. What was recorded is in {session.path}")


def _how_it_ended(session: "Session") -> str:
    record = session.record
    if record.outcome == "running":
        return (
            "this run has not ended: it is still running, or it was killed before it could switch the supply off. "
            "Try: wait for its end, or energy-runner bench off BENCH"
        )
    supply = "; the supply is off" if record.supply_off_confirmed else ""
    return (record.reason.rstrip(".") or record.outcome) + supply


def demo_command(bench: str, out: Path | None, seed: int, live: Live, *, as_json: bool, every: bool) -> int:
    """Measure a virtual board with generated stimuli."""
    from energy_runner import api
    from energy_runner.report.progress import ProgressBar

    with watched(live, bench) as watching:
        with ProgressBar() as progress:
            session = api.demo(
                bench, seed=seed, out=out, listeners=[progress, *watching.listeners], stop=watching.stop
            )
        show(session, as_json=as_json, every=every)
        watching.stay(session)
    return api.exit_status(session)
