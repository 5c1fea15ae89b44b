# SPDX-License-Identifier: Apache-2.0
"""One run of the swarm: drawn from a seed and a number, run through the whole API, and looked at afterwards."""

import shutil
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from energy_runner import api
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.bench.spec import Mode
from energy_runner.benchmarks.stimuli import find_stimuli
from energy_runner.director.plan import RunPlan, plan_run
from energy_runner.session.folder import Session
from instruments.twin_bench.call_faults import CallFaults
from tests.support.sink_faults import SINKS
from tests.support.small import small_benchmark, small_stimuli
from tests.support.swarm.kinds import armed
from tests.support.swarm.setting import Setting
from tests.support.swarm.sinks import FailingSink

ROOT = Path(__file__).parent.parent
NGU = str(ROOT / "monitor_benches" / "virtual-ngu.toml")
# Bench, weight in the draw.
BENCHES: tuple[tuple[str, float], ...] = (
    ("virtual-lpm01a", 4),
    ("virtual-n6705c", 4),
    (NGU, 4),
    (str(ROOT / "benches" / "own-port.toml"), 1),
    (str(ROOT / "benches" / "laps-by-host.toml"), 1),
    (str(ROOT / "benches" / "meter-sees-edges.toml"), 1),
    (str(ROOT / "benches" / "shield-by-laps.toml"), 1),
    (str(ROOT / "benches" / "fed-from-outside.toml"), 0.5),
    ("cosim-lpm01a", 0.15),  # real firmware in emulators: some fifty times slower
    ("cosim-n6705c", 0.15),
)
MODES: tuple[tuple[Mode, float], ...] = (("energy", 12), ("performance", 1), ("accuracy", 1))
UART_WIRES = ("dut>io", "io>dut", "dut>line")
WINDOWS = 5
INFERENCES = 12
FAULTS = (0.05, 0.45, 0.3, 0.2)  # chance of 0, 1, 2, 3 faults at once


@dataclass
class Trial:
    """What one run was, and what became of it."""

    seed: int
    number: int
    bench_name: str
    mode: Mode
    faults: list[str]
    bench: Bench
    folder: Path
    session: Session | None = None
    raised: BaseException | None = None
    injected: list[BaseException] = field(default_factory=list)
    threads: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        faults = "; ".join(self.faults) or "no fault"
        return f"{self.seed}:{self.number} {Path(self.bench_name).stem}, {self.mode}: {faults}"


@dataclass(frozen=True)
class Clean:
    """The same run without faults: how long it takes, its calls, its accuracy."""

    lasts_s: float
    calls: dict[str, int]
    instruments: tuple[str, ...]
    accuracy: float | None


def drawn[T](rng: np.random.Generator, table: tuple[tuple[T, float], ...]) -> T:
    """Draw one of the entries by its weight."""
    weights = np.array([weight for _, weight in table])
    return table[int(rng.choice(len(table), p=weights / weights.sum()))][0]


@lru_cache
def stimuli() -> Path:
    """Return a folder of small stimuli, for all runs of this process."""
    folder = Path(tempfile.mkdtemp(prefix="swarm-stimuli-"))
    small_stimuli(folder, small_benchmark(WINDOWS), count=20)
    return folder


@lru_cache
def plan(bench_name: str, mode: Mode) -> RunPlan:
    """Return a plan of short windows; boards in emulators run a real network, and slowly."""
    if bench_name.startswith("cosim"):
        whole = api.plan("demo-keywords", mode, **({"limit": 4} if mode == "accuracy" else {}))
        rules = whole.benchmark.run.model_copy(update={"warmups": 0, "min_window_s": 0.5})
        benchmark = whole.benchmark.model_copy(update={"run": rules})
        return replace(whole, benchmark=benchmark, inferences=4, warmups=0)
    benchmark = small_benchmark(WINDOWS)
    return plan_run(benchmark, mode, find_stimuli(stimuli(), benchmark), inferences=INFERENCES, read_back=True)


def built(bench_name: str, mode: Mode, **how: Any) -> Bench:
    """Return a bench of the swarm, with the network of its plan."""
    return build_bench(load_bench_spec(bench_name), mode, benchmark=plan(bench_name, mode).benchmark.id, **how)


@lru_cache
def clean(bench_name: str, mode: Mode) -> Clean:
    """Run once without faults, and count."""
    links = CallFaults()
    sinks = {sink: FailingSink(sink, -1) for sink in SINKS}
    bench = built(bench_name, mode, wrap=links.wrap)
    folder = Path(tempfile.mkdtemp(prefix="swarm-clean-"))
    try:
        with ExitStack() as around:
            for sink in sinks.values():
                around.enter_context(sink.installed())
            around.enter_context(patch("energy_runner.report.html.write_html"))
            session = api.run(bench, plan(bench_name, mode), out=folder / "session", rule_set="lab")
            accuracy = session.result().accuracy
    finally:
        shutil.rmtree(folder)
    names = tuple(bench.instruments)
    calls = {"links": len(links.log)}
    calls |= {name: sum(call.startswith(f"{name} ") for call in links.log) for name in names}
    calls |= {f"sink {sink}": counted.calls for sink, counted in sinks.items()}
    return Clean(bench.clock.now_ns() / 1e9, calls, names, accuracy.value if accuracy else None)


def run_trial(
    seed: int,
    number: int,
    without: frozenset[int] = frozenset(),
    into: Path | None = None,
    only: tuple[str, Mode] | None = None,
) -> Trial:
    """Draw run `number` of the swarm `seed` and run it; faults numbered in `without` are left out.

    `only` is a bench and a mode that are run without any fault, whatever was drawn. The session's folder is left
    to the caller, who removes it.
    """
    rng = np.random.default_rng([seed, number])
    name, mode = drawn(rng, BENCHES), drawn(rng, MODES)
    if only is not None:
        name, mode = only
    known = clean(name, mode)
    instruments = known.instruments
    wires = (*(f"{a}>{b}" for one in instruments for a, b in (("host", one), (one, "host"))), *UART_WIRES)
    setting = Setting(rng, known.lasts_s, known.calls, instruments, wires)
    count = int(rng.choice(len(FAULTS), p=FAULTS)) if only is None else 0
    twin_seed, head_s, read_back = int(rng.integers(2**31)), 0.5 + rng.uniform(0, 5e-3), bool(rng.random() < 0.3)
    faults = armed(setting, count, without)
    with ExitStack() as building:
        for one in setting.building:
            building.enter_context(one)
        bench = built(name, mode, seed=twin_seed, wrap=setting.wrap)
    for act in setting.on_bench:
        act(bench)
    folder = into or Path(tempfile.mkdtemp(prefix="swarm-"))
    trial = Trial(seed, number, name, mode, faults, bench, folder, injected=setting.injected)
    before = set(threading.enumerate())
    planned = replace(plan(name, mode), seed=twin_seed, head_s=head_s, read_back=read_back)
    with ExitStack() as around:
        around.enter_context(patch("energy_runner.director.handle.StopRequest", lambda: setting.stop))
        if number % 20:  # the report is written, and takes its time, in one run of twenty
            around.enter_context(patch("energy_runner.report.html.write_html"))
        for one in setting.around:
            around.enter_context(one)
        try:
            trial.session = api.run(bench, planned, out=folder / "session", rule_set="lab")
        except BaseException as error:
            trial.raised = error
    trial.threads = [thread.name for thread in threading.enumerate() if thread not in before]
    return trial
