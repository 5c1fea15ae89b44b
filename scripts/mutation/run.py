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
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from scripts.mutation.mutants import Mutant, mutants_of
from scripts.mutation.reach import Reach
from scripts.mutation.survivors import Outcome, unexplained, write_list
from scripts.mutation.trial import ALIVE, IMPORT, NOT_SWAPPED, SWAP, UNBROKEN, Trial

ROOT = Path(__file__).parent.parent.parent
STATE = ROOT / "build" / "mutation"
ROOMS = ("energy_runner/rules", "energy_runner/analysis", "energy_runner/published")
UNREACHED = "not reached"
_ANALYSIS = "tests/unit/energy_runner/analysis"
_BESIDE = {
    "energy_runner/analysis/energy": (
        f"{_ANALYSIS}/uncertainty",
        f"{_ANALYSIS}/placing/test_clock.py",
        f"{_ANALYSIS}/test_analyze.py",
    ),
    "energy_runner/analysis/uncertainty": (
        f"{_ANALYSIS}/energy/test_calibration.py",
        f"{_ANALYSIS}/energy/test_calibration_by_hand.py",
        f"{_ANALYSIS}/test_analyze.py",
    ),
}
_LEAST_S, _TIMES = 5.0, 5.0  # deadline of a trial: so long, and so many times what its tests take


def main() -> int:
    """Try the mutants asked for; return 1 if one survives and nothing says why that is harmless."""
    options = _options()
    files = sorted(_files(options.paths or ROOMS))
    chosen = [mutant for path in files for mutant in mutants_of(path, (ROOT / path).read_bytes())]
    totals = Counter(dict.fromkeys(files, 0)) + Counter(mutant.path for mutant in chosen)
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
        write_list(outcomes, totals)
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
        "--thorough", action="store_true", help="with all parameters of the tests that reach a line, not only some"
    )
    parser.add_argument("--quick", action="store_true", help="leave out those that need an import for each")
    parser.add_argument("--known", action="store_true", help="try none, and tell what is known of earlier runs")
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
    """Try the mutants of a room that nothing is known about yet."""
    known = _known(room)
    names = {mutant: _name(mutant) for mutant in mutants}
    if options.known:
        return _outcomes_of(mutants, names, known)
    left = [
        m
        for m in mutants
        if known.get(names[m], NOT_SWAPPED) == NOT_SWAPPED
        or (options.again and known[names[m]] in {ALIVE, UNREACHED})
    ]
    if left:
        copy = _copied(room)
        reached = _reached(room, copy)
        trials, hidden = [], {}
        for mutant in left:
            tests, how = reached.trial(mutant, (ROOT / mutant.path).read_bytes())
            tests = tests if options.thorough else reached.some(tests)
            if tests:
                trials.append(_trial(mutant, names[mutant], reached.ordered(tests), how, reached))
            else:
                hidden[names[mutant]] = UNREACHED
        _note(room, hidden)
        every = reached.ordered(reached.took_s)
        unbroken = _trial(None, UNBROKEN, every, SWAP, reached)
        for imported in (False,) if options.quick else (False, True):
            now = [trial for trial in trials if (trial.how == IMPORT) is imported]
            if now:
                _serve(room, copy, [replace(unbroken, how=IMPORT if imported else SWAP), *now])
            known = _known(room)
            trials += [replace(t, how=IMPORT) for t in now if known[t.name] == NOT_SWAPPED and not imported]
        shutil.rmtree(copy)
        known = _known(room)
    return _outcomes_of(mutants, names, known)


def _outcomes_of(mutants: list[Mutant], names: dict[Mutant, str], known: dict[str, str]) -> list[Outcome]:
    return [Outcome(m, known[names[m]]) for m in mutants if known.get(names[m], NOT_SWAPPED) != NOT_SWAPPED]


def _trial(mutant: Mutant | None, name: str, tests: list[str], how: str, reached: Reach) -> Trial:
    deadline_s = _LEAST_S + _TIMES * sum(reached.took_s[test] for test in tests)
    if mutant is None:
        return Trial(name, "", 0, 0, "", tests, deadline_s, how)
    return Trial(name, mutant.path, mutant.start, mutant.stop, mutant.after, tests, deadline_s, how)


def _serve(room: str, copy: Path, trials: list[Trial]) -> None:
    """Try mutants in a process that holds the room's tests; stop if those fail with nothing broken."""
    work = STATE / f"{_flat(room)}-work.json"
    work.write_text(json.dumps([asdict(trial) for trial in trials]), "utf-8")
    command = [sys.executable, "-m", "scripts.mutation.trial", str(copy), str(work), str(_outcomes(room))]
    log = STATE / f"{_flat(room)}.log"
    print(f"{room}: {len(trials)} trials; {log}", flush=True)
    with log.open("w", encoding="utf-8") as file:
        status = subprocess.run([*command, *_tests_of(room)], cwd=ROOT, check=False, stdout=file, stderr=file)
    if status.returncode:
        raise SystemExit(f"{room}: the trials broke off; see {log}")


def _known(room: str) -> dict[str, str]:
    """Return what became of mutants, by their names, as far as it is known."""
    file = _outcomes(room)
    return dict(map(json.loads, file.read_text("utf-8").splitlines())) if file.is_file() else {}


def _note(room: str, outcomes: dict[str, str]) -> None:
    with _outcomes(room).open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(outcome) + "\n" for outcome in outcomes.items())


def _outcomes(room: str) -> Path:
    return STATE / f"{_flat(room)}.jsonl"


def _flat(room: str) -> str:
    return room.replace("/", "-")


def _name(mutant: Mutant) -> str:
    """Return a name that holds as long as the mutant's file is the same."""
    return f"{hashlib.sha256((ROOT / mutant.path).read_bytes()).hexdigest()[:12]} {mutant.key}"


def _copied(room: str) -> Path:
    """Return a copy of the project."""
    copy = STATE / f"copy-{_flat(room)}"
    shutil.rmtree(copy, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in listed.splitlines():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


def _reached(room: str, copy: Path) -> Reach:
    """Return which tests reach each line of the copy, and the time that each takes."""
    # Compiled modules are kept for the trials, which write none. Threads would be lost in forks.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ |= {
        "ENERGY_RUNNER_HYPOTHESIS": "mutation",
        "PYTHONPYCACHEPREFIX": str(STATE / "pycache"),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    found = STATE / f"{_flat(room)}-reached.json"
    command = [sys.executable, "-m", "scripts.mutation.reached", str(copy), str(found), *_tests_of(room)]
    print(f"{room}: which tests reach which lines", flush=True)
    log = STATE / f"{_flat(room)}-reached.log"
    with log.open("w", encoding="utf-8") as file:
        if subprocess.run(command, cwd=ROOT, check=False, stdout=file, stderr=file).returncode:
            raise SystemExit(f"the tests of {room} must pass before anything is broken; see {log}")
    return Reach(**json.loads(found.read_text("utf-8")))


if __name__ == "__main__":
    sys.exit(main())
