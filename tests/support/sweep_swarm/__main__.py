# SPDX-License-Identifier: Apache-2.0
"""Play every case: `python -m tests.support.sweep_swarm FOLDER CATALOGUE [PLOT[:STEP[:OCCURRENCE]] …]`.

CATALOGUE is `sqlite`, for one file each case, or the address of a database for all. Writes a line of JSON for each
case: its name, whether its worker came to the step, and what is untrue at the end.
"""

import gc
import json
import os
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from energy_runner.sweep.work import worker
from tests.support.sweep_swarm.fate import AFTER, INSIDE, Fate
from tests.support.sweep_swarm.plots import PLOTS, inherit, steps_of
from tests.support.sweep_swarm.scene import Scene
from tests.support.sweep_swarm.truth import untrue

_AT_ONCE = 12
_TWICE = ("note",)  # for the point of a worker who is gone, and for one's own
_EVENTFUL = ("claim_reference", "recover", "took")  # not in every sweep
_REBUILT_EVERY = 4


def _cases(steps: list[str], *, brief: bool) -> Iterator[tuple[str, str, int]]:
    """Yield plot, step and occurrence of each case; `brief` leaves out what the database has no part in."""
    counts = Counter(steps)
    for plot in PLOTS:
        for step, count in counts.items():
            if plot == "refused" and not step.endswith((INSIDE, AFTER)):
                continue
            if plot == "frozen on the network" and step.startswith("release"):
                continue  # nothing is left behind there
            if brief and plot == "frozen and replaced" and not step.endswith((INSIDE, AFTER)):
                continue
            for occurrence in range(1, 1 + (min(count, 2) if step.startswith(_TWICE) else 1)):
                yield plot, step, occurrence


def _play(scene: Scene, plot: str, step: str, occurrence: int, number: int) -> dict[str, object]:
    deed, again, act = PLOTS[plot]
    name = f"{plot}:{step}:{occurrence}"
    try:
        scene.enter()
        if plot != "frozen on the network":
            inherit(scene)
        met = act(scene, Fate(step, occurrence, deed))
        return {
            "case": name,
            "met": met,
            "untrue": untrue(scene, again=again, rebuilt=number % _REBUILT_EVERY == 0),
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
    cases = [case for case in _cases(steps, brief=where != "sqlite") if _is_chosen(case, chosen)]
    gc.collect()
    gc.freeze()
    running: set[int] = set()
    waiting = list(enumerate(cases))
    while waiting or running:
        while waiting and len(running) < _AT_ONCE:
            number, case = waiting.pop(0)
            sys.stdout.flush()
            pid = os.fork()
            if not pid:
                scene = _scene(folder, where, f"{number}", eventful=case[1].startswith(_EVENTFUL))
                line = json.dumps(_play(scene, *case, number))
                os.write(1, f"{line}\n".encode())
                os._exit(0)
            running.add(pid)
        running.remove(os.wait()[0])


def _is_chosen(case: tuple[str, str, int], chosen: list[str]) -> bool:
    name = ":".join(str(part) for part in case)
    return not chosen or any(name.startswith(one) for one in chosen)


def _scene(folder: Path, where: str, key: str, *, eventful: bool) -> Scene:
    own = folder / key
    return Scene(own, str(own / "catalogue.sqlite") if where == "sqlite" else where, key, eventful=eventful)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
