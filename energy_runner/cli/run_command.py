"""`run` and `demo`."""

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.cli.outcome import say
from energy_runner.cli.output import hush_libraries, write_json
from energy_runner.errors import ConfigurationError

if TYPE_CHECKING:
    from energy_runner.session.folder import Session


@dataclass(frozen=True)
class RunOptions:
    """The options of `run`, as the user gave them."""

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
    as_json: bool = False


def run_command(options: RunOptions) -> int:
    """Run a benchmark, show the result, return the exit status."""
    from energy_runner import api
    from energy_runner.bench import parse_mode
    from energy_runner.report.progress import ProgressBar

    hush_libraries()
    if options.limit is not None and options.mode != "accuracy":
        raise ConfigurationError("--limit is for --mode accuracy only")
    run_plan = api.plan(
        options.benchmark,
        parse_mode(options.mode),
        stimuli=options.stimuli,
        inferences=options.inferences,
        warmups=options.warmups,
        read_back=options.read_back,
        seed=options.seed,
        limit=options.limit,
    )
    bench = api.load_bench(options.bench)
    with ProgressBar() as progress:
        # The run has a thread of its own, so that a terminal that blocks never keeps the supply on.
        session = api.follow(api.start(bench, run_plan, out=options.out, model=options.model), progress)
    show(session, as_json=options.as_json)
    return api.exit_status(session)


def show(session: "Session", *, as_json: bool) -> None:
    """Print the result, and on stderr how a run ended that was not completed."""
    result = session.result()
    if as_json:
        write_json(json.loads((session.path / "result.json").read_text("utf-8")))
    elif sys.stdout is not None and (session.record.outcome == "completed" or result.windows or result.accuracy):
        from energy_runner.report.terminal import print_session

        print_session(session)
    if session.record.outcome != "completed":
        say(f"{_how_it_ended(session)}. What was recorded is in {session.path}")


def _how_it_ended(session: "Session") -> str:
    record = session.record
    if record.outcome == "running":
        return "this run was killed before it could switch the supply off. Try: energy-runner bench off BENCH"
    supply = "; the supply is off" if record.supply_off_confirmed else ""
    return (record.reason.rstrip(".") or record.outcome) + supply


def demo_command(bench: str, out: Path | None, seed: int, *, as_json: bool) -> int:
    """Measure a virtual board with stimuli that are made on the spot."""
    from energy_runner.bench import load_bench_spec
    from energy_runner.benchmarks.demo import write_demo_stimuli

    if not load_bench_spec(bench).is_virtual:
        raise ConfigurationError(
            f"{bench} is a bench of real boxes, and demo is for virtual ones. "
            f"Try: energy-runner run kws01 --bench {bench} --stimuli DIR"
        )
    with tempfile.TemporaryDirectory(prefix="energy-runner-demo-") as folder:
        write_demo_stimuli(Path(folder))
        options = RunOptions(
            benchmark="kws01", bench=bench, stimuli=Path(folder), out=out, seed=seed, as_json=as_json
        )
        return run_command(options)
