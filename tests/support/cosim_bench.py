# SPDX-License-Identifier: Apache-2.0
"""Whole co-simulated benches with the keyword network of our own inside: what the tests here share."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.bench.spec import Mode
from energy_runner.session.folder import Session

PROGRAMS = {
    "cc": "gcc",
    "make": "make",
    "avr-gcc": "gcc-avr avr-libc",
    "arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
}


def needs_cosim() -> pytest.MarkDecorator:
    """Skip where a compiler or an emulator is missing; in CI nothing may be, so that the tests fail there."""
    missing = [packages for program, packages in PROGRAMS.items() if shutil.which(program) is None]
    if not Path("/usr/include/simavr/sim_avr.h").is_file():
        missing.append("libsimavr-dev libelf-dev")
    if find_spec("unicorn") is None:
        missing.append("unicorn (pip)")
    return pytest.mark.skipif(
        bool(missing) and not os.environ.get("ENERGY_RUNNER_CI"), reason=f"install {' '.join(missing)}"
    )


def cosim_bench(name: str = "cosim-lpm01a", mode: Mode = "energy", *, seed: int = 0) -> Bench:
    """Return a built-in co-simulated bench with the network of demo-keywords."""
    return build_bench(load_bench_spec(name), mode, benchmark="demo-keywords", seed=seed)


def short_run(bench: Bench, out: Path, mode: Mode = "energy", **changes: object) -> Session:
    """Run with one inference a window and no warm-up, so that a run takes a few seconds."""
    settings: dict[str, object] = {"inferences": 1, "warmups": 0} | changes
    if mode == "accuracy":
        settings = {"limit": 12}
    plan = api.plan("demo-keywords", mode, **settings)
    return api.run(bench, plan, out=out)
