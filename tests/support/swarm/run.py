# SPDX-License-Identifier: Apache-2.0
"""Run a swarm: random runs under random faults, until the time or the number is reached, or replay one of them."""

import argparse
import os
import shutil
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from instruments.clock import RealClock
from tests.support.swarm.invariants import complaints, error_of
from tests.support.swarm.trial import run_trial

PART = 10  # runs that are handed to a process at once
TELL = 100  # runs after which progress is told


@dataclass(frozen=True)
class Told:
    """What one run of the swarm came to."""

    number: int
    text: str
    outcome: str
    valid: bool
    held: bool
    complaints: list[str]


def told(seed: int, number: int, without: frozenset[int] = frozenset()) -> Told:
    """Run one, check it, and remove its folder."""
    folder = None
    try:
        trial = run_trial(seed, number, without)
        folder = trial.folder
        error = error_of(trial)
        ended = f"raised {type(trial.raised).__name__}" if trial.raised else f"{trial.job} done"
        outcome = trial.session.record.outcome if trial.session else ended
        valid = trial.session is not None and trial.session.result().valid
        return Told(number, str(trial), outcome, valid, error is None or error.held, complaints(trial))
    except BaseException:
        return Told(number, f"{seed}:{number}", "check failed", False, True, [traceback.format_exc()])
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def part(seed: int, numbers: range, parent: int) -> list[Told]:
    """Run some, one after the other, while the swarm's own process is there: its signals are those of the runs."""
    return [told(seed, number) for number in numbers if os.getppid() == parent]


def swarm(seed: int, runs: int, minutes: float, workers: int, begin: int = 0) -> Iterator[Told]:
    """Yield what each run from number `begin` on came to, until `runs` are done or `minutes` have passed."""
    clock = RealClock()
    end = clock.deadline(60.0 * minutes)
    with ProcessPoolExecutor(workers) as pool:
        waiting = []
        for first in count(begin, PART):
            if first >= begin + runs or end.expired():
                break
            numbers = range(first, min(first + PART, begin + runs))
            waiting.append(pool.submit(part, seed, numbers, os.getpid()))
            if len(waiting) > 2 * workers:
                yield from waiting.pop(0).result()
        for one in waiting:
            yield from one.result()


def main() -> int:
    """Run the swarm; return 1 if a promise was broken."""
    options = _options()
    if options.replay:
        return _replayed(options.replay, frozenset(options.without), options.keep)
    outcomes: Counter[str] = Counter()
    broken = valid = beyond = 0
    for one in swarm(options.seed, options.runs, options.minutes, options.workers, options.first):
        outcomes[one.outcome] += 1
        if outcomes.total() % TELL == 0:
            print(f"{outcomes.total()} runs so far, {broken} broke a promise", file=sys.stderr, flush=True)
        valid += one.valid
        beyond += not one.held
        broken += bool(one.complaints)
        if one.complaints:
            print(f"{one.text}\n    " + "\n    ".join(one.complaints), flush=True)
            print(f"    again: scripts/swarm --replay {options.seed}:{one.number}", flush=True)
        elif not one.held:
            print(f"beyond U, within 2 U: {one.text}", flush=True)
    runs = outcomes.total()
    print(f"{runs} runs: {', '.join(f'{count} {outcome}' for outcome, count in outcomes.most_common())}")
    print(f"{valid} valid, {beyond} of them beyond U; {broken} runs broke a promise")
    return 1 if broken or (valid and beyond > 0.05 * valid) else 0


def _replayed(which: str, without: frozenset[int], keep: Path | None) -> int:
    seed, _, number = which.partition(":")
    trial = run_trial(int(seed), int(number), without, keep)
    print(trial)
    if trial.session is not None:
        record, result = trial.session.record, trial.session.result()
        print(f"{record.outcome}: {record.reason}\n{result.headline()}; {result.judged()}")
    error = error_of(trial)
    if error is not None:
        print(f"error {error.error:+.4%}, U {error.expanded:.4%}")
    if trial.raised is not None:
        traceback.print_exception(trial.raised)
    broken = complaints(trial)
    print("\n".join(broken) or "every promise was kept")
    print(f"session: {trial.folder / 'session'}")
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/swarm", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so many minutes")
    parser.add_argument("--runs", type=int, default=1000, help="stop after so many runs (1000)")
    parser.add_argument("--first", type=int, default=0, metavar="NUMBER", help="begin with this run (0)")
    parser.add_argument("--seed", type=int, default=0, help="of the draw; the same seed gives the same runs (0)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (one a core)")
    parser.add_argument("--replay", default="", metavar="SEED:NUMBER", help="run one again and tell all about it")
    parser.add_argument(
        "--without", type=int, nargs="*", default=[], help="with --replay: faults (from 0) to leave out"
    )
    parser.add_argument("--keep", type=Path, help="with --replay: folder in which the session is left")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
