# SPDX-License-Identifier: Apache-2.0
"""Play every case: `python -m tests.support.sweep_swarm FOLDER CATALOGUE [PLOT[:STEP[:TIME]] | night:SEED …]`.

CATALOGUE is `sqlite`, for one file each case, or the address of a database for all. Writes a line of JSON for each
case: its name, whether its worker came to the step, and what is untrue at the end.
"""

import gc
import json
import os
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from energy_runner.sweep.work import worker
from tests.support.sweep_swarm.fate import AFTER, INSIDE, Fate
from tests.support.sweep_swarm.night import play_night
from tests.support.sweep_swarm.plots import PLOTS, inherit, steps_of
from tests.support.sweep_swarm.scene import POINTS, Scene
from tests.support.sweep_swarm.truth import untrue

_AT_ONCE = 12
_TWICE = ("note",)  # for the point of a worker who is gone, and for one's own
_EVENTFUL = ("claim_reference", "recover", "took")  # not in every sweep
_REBUILT_EVERY = 4
_BRIEF = ("frozen and woken", "frozen and replaced")
NIGHT = "night"
_NIGHT_POINTS, _DEEDS = 8, 12


def _cases(steps: list[str], *, local: bool) -> Iterator[tuple[str, str, int]]:
    """Yield plot, step and occurrence of each case, for a catalogue that is a file or not."""
    counts = Counter(steps)
    for plot in PLOTS:
        for step, count in counts.items():
            if plot == "refused" and not step.endswith((INSIDE, AFTER)):
                continue
            if plot == "frozen on the network" and (step.startswith("release")):
                continue  # one file has no clients on the network; and nothing is left behind there
            if not local and plot in _BRIEF and not step.endswith((INSIDE, AFTER)):
                continue  # the database has no part in it
            for occurrence in range(1, 1 + (min(count, 2) if step.startswith(_TWICE) else 1)):
                yield plot, step, occurrence


def _play(scene: Scene, plot: str, step: str, occurrence: int, number: int) -> dict[str, object]:
    deed, most, act = PLOTS[plot]
    name = f"{plot}:{step}:{occurrence}"
    try:
        scene.enter()
        if plot != "frozen on the network":
            inherit(scene)
        met = act(scene, Fate(step, occurrence, deed))
        return {
            "case": name,
            "met": met,
            "untrue": untrue(scene, most=most, rebuilt=number % _REBUILT_EVERY == 0),
        }
    except BaseException:
        return {"case": name, "met": True, "untrue": [traceback.format_exc()]}
    finally:
        scene.clean()


def main(folder: Path, where: str, chosen: list[str]) -> None:
    """Play the cases, several at once."""
    os.fsync = lambda _: None  # type: ignore[assignment]  # the disk is not what is examined
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    worker._POLL_S = 0.05
    steps: list[str] = []
    for eventful in (False, True):  # in this process, which so imports and compiles what all the others need
        scene = _scene(folder, where, f"first-{eventful:d}", eventful=eventful)
        scene.enter()
        inherit(scene)
        steps += [step for step in steps_of(scene) if not eventful or step.startswith(_EVENTFUL)]
    cases = [case for case in _cases(steps, local=where == "sqlite") if _is_chosen(case, chosen)]
    gc.collect()
    gc.freeze()
    nights = [int(one.partition(":")[2]) for one in chosen if one.startswith(NIGHT)]
    tasks = [
        partial(_play_night, _scene(folder, where, f"night-{seed}", points=_NIGHT_POINTS), seed) for seed in nights
    ]
    for number, case in enumerate(cases if len(nights) < len(chosen) or not chosen else []):
        scene = _scene(folder, where, f"{number}", eventful=case[1].startswith(_EVENTFUL))
        tasks.append(partial(_play, scene, *case, number))
    _fork_all(tasks)


def _play_night(scene: Scene, seed: int) -> dict[str, object]:
    case = {"case": f"{NIGHT}:{seed}", "met": True}
    try:
        scene.enter()
        play_night(scene, seed, _DEEDS)
        return case | {"untrue": untrue(scene, most=_DEEDS, rebuilt=False)}
    except BaseException:
        return case | {"untrue": [traceback.format_exc()]}
    finally:
        scene.clean()


def _fork_all(tasks: list[Callable[[], dict[str, object]]]) -> None:
    """Do all tasks, some at once, each in a process of its own, and write a line of JSON for each."""
    running: set[int] = set()
    while tasks or running:
        while tasks and len(running) < _AT_ONCE:
            task = tasks.pop(0)
            sys.stdout.flush()
            pid = os.fork()
            if not pid:
                os.write(1, f"{json.dumps(task())}\n".encode())
                os._exit(0)
            running.add(pid)
        running.remove(os.wait()[0])


def _is_chosen(case: tuple[str, str, int], chosen: list[str]) -> bool:
    name = ":".join(str(part) for part in case)
    return not chosen or any(name.startswith(one) for one in chosen)


def _scene(folder: Path, where: str, key: str, *, points: int = POINTS, eventful: bool = False) -> Scene:
    own = folder / key
    return Scene(
        own, str(own / "catalogue.sqlite") if where == "sqlite" else where, key, points, eventful=eventful
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
