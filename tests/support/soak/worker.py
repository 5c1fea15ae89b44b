# SPDX-License-Identifier: Apache-2.0
"""One life of a worker: a process forked from that of the night, which serves the sweep until it ends or dies."""

import os
import traceback
from contextlib import ExitStack
from functools import partial
from typing import Any, NoReturn
from unittest.mock import patch

import numpy as np

from energy_runner.api.sweeps import serve_sweep
from energy_runner.sweep.work.served_bench import ServedBench
from tests.support.soak.deaths import Deaths
from tests.support.soak.duty import Duty
from tests.support.soak.ills import Health
from tests.support.soak.log import Log
from tests.support.soak.runner import SoakRunner

LEASE_S = 3.0  # real: twins are fast, the night is virtual, and the life of processes is not
BUSY_S = 0.3


def begun(duty: Duty) -> int:
    """Fork a worker and return its process number."""
    night = os.getpid()
    pid = os.fork()
    if not pid:
        _serve(duty, night)
    return pid


def _serve(duty: Duty, night: int) -> NoReturn:
    status = 1
    scene, bench = duty.scene, duty.bench
    log = Log(scene.of_bench(bench) / "log.jsonl")
    try:
        log.say("begun", life=duty.life)
        rng = np.random.default_rng([scene.seed, 3, duty.life, sum(bench.encode())])
        health = Health(scene.of_bench(bench) / "health.json")
        deaths = Deaths(scene.rate, rng, log, health, scene.catalogue, night)

        def runner(served: ServedBench, sweeps: Any, usb_power_command: str) -> SoakRunner:
            return SoakRunner(served, sweeps, usb_power_command, duty=duty, log=log, deaths=deaths)

        with ExitStack() as around:
            around.enter_context(patch("energy_runner.api.sweeps.BenchRunner", runner))
            ended = serve_sweep(
                duty.sweep,
                bench,
                scene.benches[bench],
                catalogue=scene.catalogue,
                out=scene.sweeps,
                lease_s=LEASE_S,
                tell=partial(_told, log),
                step=deaths.at_step,
            )
        log.say("word", end=str(ended.end), reason=ended.reason, points=ended.points)
        status = 0
    except BaseException as error:
        log.say("word", end="raised", reason=f"{type(error).__name__}: {error}", trace=traceback.format_exc())
    finally:
        os._exit(status)


def _told(log: Log, text: str) -> None:
    log.say("told", text=text)
