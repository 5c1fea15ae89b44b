# SPDX-License-Identifier: Apache-2.0
"""What `bench watch`, `bench trust` and `bench chart` do: one call of the API each, and what is shown of it."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_runner.cli.outcome import say
from energy_runner.cli.output import write_json, write_line
from energy_runner.cli.watching import Live, folder_watched
from energy_runner.errors import ExitStatus

if TYPE_CHECKING:
    from energy_runner.api.bench_trust import BenchWatch
    from energy_runner.session.folder import Session

SCHEMA = "energy-runner/bench-trust-state/1"


@dataclass(frozen=True)
class WatchOptions:
    """The options of `bench watch`."""

    bench: str
    benchmark: str
    count: int
    every_h: float
    stimuli: Path | None
    out: Path | None
    seed: int
    sessions: Path
    live: Live = field(default_factory=Live)


def watch_command(options: WatchOptions, *, as_json: bool) -> int:
    """Measure the reference, say each figure and then the state."""
    from energy_runner import api
    from energy_runner.report.progress import ProgressBar

    if not options.count:
        return _ended(api.trust_in_bench(options.bench, sessions=options.sessions), as_json=as_json)

    def measured(session: "Session", watch: "BenchWatch") -> None:
        virtual = "VIRTUAL (simulated, not measured): " if session.record.virtual else ""
        line = f"{virtual}{session.result().headline()}; bench {watch.bench}: {watch.trust.state}; {session.path}"
        say(line) if as_json else write_line(line)

    with folder_watched(options.live, options.out or options.sessions), ProgressBar() as progress:
        watch = api.watch_bench(
            options.bench,
            options.benchmark,
            count=options.count,
            every_h=options.every_h,
            sessions=options.sessions,
            out=options.out,
            stimuli=options.stimuli,
            seed=options.seed,
            listeners=[progress],
            measured=measured,
        )
    return _ended(watch, as_json=as_json)


def trust_command(name: str, reason: str, sessions: Path, *, new: bool, as_json: bool) -> int:
    """Record the decision and say the state."""
    from energy_runner import api

    watch = api.trust_bench(name, reason, baseline="new" if new else "kept", sessions=sessions)
    return _ended(watch, as_json=as_json)


def chart_command(name: str, out: Path, sessions: Path, *, as_json: bool) -> int:
    """Draw the chart and say the state."""
    from energy_runner import api

    watch = api.chart_bench(name, out, sessions=sessions)
    if not as_json:
        write_line(f"Chart:  {out}")
    return _ended(watch, as_json=as_json)


def _ended(watch: "BenchWatch", *, as_json: bool) -> int:
    trust = watch.trust
    if as_json:
        write_json(_document(watch))
    else:
        for problem in watch.problems:
            say(problem)
        for series in trust.series:
            for remark in series.remarks:
                write_line(f"Remark: {remark}")
        write_line(f"Bench {watch.bench} is {trust.state}: {trust.reason}")
        if trust.state == "out of control":
            write_line(
                f"It takes no points of a sweep. Try: energy-runner bench chart {watch.bench} --out chart.html, "
                f'look for the cause, then energy-runner bench trust {watch.bench} --reason "..."'
            )
    return ExitStatus.RULE_FAILED if trust.state == "out of control" else ExitStatus.VALID


def _document(watch: "BenchWatch") -> dict[str, Any]:
    return {"schema": SCHEMA, "bench": watch.bench, **asdict(watch.trust), "problems": list(watch.problems)}
