# SPDX-License-Identifier: Apache-2.0
"""Break lines of the project, one at a time in a copy, and list those that no test notices."""

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.mutation.mutants import Mutant, mutants_of
from scripts.mutation.survivors import Outcome, unexplained, write_list
from scripts.mutation.trial import ALIVE, timed

ROOT = Path(__file__).parent.parent.parent
STATE = ROOT / "build" / "mutation"
ROOMS = ("energy_runner/rules", "energy_runner/analysis", "energy_runner/published")
UNREACHED = "not reached"
_ANALYSIS = "tests/unit/energy_runner/analysis"
_BESIDE = {
    "energy_runner/analysis/energy": (f"{_ANALYSIS}/uncertainty", f"{_ANALYSIS}/test_analyze.py"),
    "energy_runner/analysis/uncertainty": (f"{_ANALYSIS}/test_analyze.py",),
}
# The deadline of a mutant: so many times what the room's tests take, and so long beside.
_LEAST_S, _TIMES = 20.0, 1.5
_MOST_TESTS = 60  # of those that reach a line, tried first; what they leave alive is tried with the whole room


@dataclass(frozen=True)
class _Room:
    """The tests of a room, how long each trial may take, and whether all of them are tried."""

    tests: list[str]
    deadline_s: float
    thorough: bool


def main() -> int:
    """Try the mutants asked for; return 1 if one survives and nothing says why that is harmless."""
    options = _options()
    files = sorted(_files(options.paths or ROOMS))
    chosen = [mutant for path in files for mutant in mutants_of(path, (ROOT / path).read_bytes())]
    total = len(chosen)
    if options.sample and options.sample < total:
        chosen = sorted(
            random.Random(options.seed).sample(chosen, options.sample), key=lambda m: (m.path, m.start)
        )
    print(f"{len(chosen)} of {total} mutants in {len(files)} files", flush=True)
    STATE.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for room in sorted({_room(mutant.path) for mutant in chosen}):
        outcomes += _try_room(room, [mutant for mutant in chosen if _room(mutant.path) == room], options)
    alive = [outcome for outcome in outcomes if outcome.survived]
    for outcome in alive:
        print(f"{outcome.mutant.path}:{outcome.mutant.line} {outcome.status}: {outcome.mutant.key}")
    print(f"{len(outcomes) - len(alive)} of {len(outcomes)} mutants were noticed")
    if options.write:
        write_list(outcomes, total, files, options.sample, options.seed)
    return 1 if unexplained(alive) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=__doc__)
    parser.add_argument(
        "paths", nargs="*", help="files or rooms; all of rules, analysis and published if none is named"
    )
    parser.add_argument("--sample", type=int, default=0, help="try only so many, drawn at random")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    parser.add_argument(
        "--again", action="store_true", help="try survivors again, after tests were written for them"
    )
    parser.add_argument(
        "--thorough", action="store_true", help="try what lives with all tests of its room as well"
    )
    parser.add_argument("--write", action="store_true", help="write docs/reference/mutants.md")
    return parser.parse_args()


def _files(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        whole = ROOT / path
        found |= {str(file.relative_to(ROOT)) for file in ([whole] if whole.is_file() else whole.rglob("*.py"))}
    return found


def _room(path: str) -> str:
    """Return the room of a file, whose tests are tried; those of `analysis` are independent and have their own."""
    room = Path(path).parent
    deep = room.parts[:3] if room.parts[1] == "analysis" else room.parts[:2]
    return "/".join(deep)


def _tests_of(room: str) -> list[str]:
    """Return the tests of a room: those in its mirror, and the ones that go through it from outside."""
    return [f"tests/unit/{room}", *_BESIDE.get(room, ())]


def _try_room(room: str, mutants: list[Mutant], options: argparse.Namespace) -> list[Outcome]:
    known_file = STATE / f"{_flat(room)}.jsonl"
    known = dict(map(json.loads, known_file.read_text("utf-8").splitlines())) if known_file.is_file() else {}
    names = {mutant: _name(mutant) for mutant in mutants}
    left = [
        m for m in mutants if names[m] not in known or (options.again and known[names[m]] in {ALIVE, UNREACHED})
    ]
    if left:
        copy, reached, whole_s = _copied(room)
        tests = _Room(_tests_of(room), _LEAST_S + _TIMES * whole_s, options.thorough)
        for number, mutant in enumerate(left, start=1):
            known[names[mutant]] = status = _try(copy, mutant, _tests(reached, mutant), tests)
            with known_file.open("a", encoding="utf-8") as file:
                file.write(json.dumps([names[mutant], status]) + "\n")
            if status in {ALIVE, UNREACHED} or number % 25 == 0:
                print(f"{room} {number}/{len(left)} {status}: {mutant.line} {mutant.key}", flush=True)
        shutil.rmtree(copy)
    return [Outcome(mutant, known[names[mutant]]) for mutant in mutants]


def _flat(room: str) -> str:
    return room.replace("/", "-")


def _name(mutant: Mutant) -> str:
    """Return a name that holds as long as the mutant's file is the same."""
    return f"{hashlib.sha256((ROOT / mutant.path).read_bytes()).hexdigest()[:12]} {mutant.key}"


def _copied(room: str) -> tuple[Path, dict[str, dict[str, list[str]]], float]:
    """Return a copy of the project, which tests reach each line of it, and the time that the room's tests take."""
    copy = STATE / f"copy-{_flat(room)}"
    shutil.rmtree(copy, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in listed.splitlines():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    found = STATE / f"{_flat(room)}-reached.json"
    # Compiled modules are kept for the trials, which write none.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ |= {"ENERGY_RUNNER_HYPOTHESIS": "fast", "PYTHONPYCACHEPREFIX": str(STATE / "pycache")}
    command = [sys.executable, "-m", "scripts.mutation.reached", str(copy), str(found), *_tests_of(room)]
    print(f"{room}: which tests reach which lines", flush=True)
    if subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL).returncode:
        raise SystemExit(
            f"tests/unit/{room} must pass before anything is broken; try: scripts/test tests/unit/{room}"
        )
    status, whole_s = timed(copy, _tests_of(room), 3600.0)
    if status != ALIVE:
        raise SystemExit(f"tests/unit/{room} pass, but not in the copy in {copy}: {status}")
    return copy, json.loads(found.read_text("utf-8")), whole_s


def _tests(reached: dict[str, dict[str, list[str]]], mutant: Mutant) -> list[str]:
    """Return the tests that reach a mutant's line; the empty name stands for all of them."""
    lines = reached.get(mutant.path.removeprefix("energy_runner/"), {})
    return lines.get(str(mutant.line)) or lines.get(str(mutant.statement), [])


def _try(copy: Path, mutant: Mutant, reaching: list[str], room: _Room) -> str:
    """Return what became of a mutant: the tests that reach it are tried, and if `thorough` all those of its room.

    What runs once and is kept (a cache) is reached by the first test that ran it, but others may notice, too.
    """
    if not reaching:
        return UNREACHED
    path = copy / mutant.path
    source = path.read_bytes()
    try:
        path.write_bytes(mutant.applied(source))
        first = room.tests if "" in reaching else reaching[:: max(1, len(reaching) // _MOST_TESTS)]
        status, _ = timed(copy, first, room.deadline_s)
        more = room.thorough or len(first) < len(reaching)
        if more and status == ALIVE and first != room.tests:
            status, _ = timed(copy, room.tests, room.deadline_s)
    finally:
        path.write_bytes(source)
    return status


if __name__ == "__main__":
    sys.exit(main())
