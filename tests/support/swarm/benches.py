# SPDX-License-Identifier: Apache-2.0
"""The benches of the swarm, what is done on them, and the same without any fault."""

import shutil
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import numpy as np

from energy_runner import api
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.bench.spec import Mode
from energy_runner.bench.wiring import roles_of
from energy_runner.benchmarks.stimuli import find_stimuli
from energy_runner.director.examination import Examination
from energy_runner.director.plan import RunPlan, plan_run
from energy_runner.session.folder import Session
from instruments.twin_bench.call_faults import CallFaults
from tests.support.disk_faults import DiskFaults
from tests.support.kept_folder import kept_folder
from tests.support.no_report import no_report
from tests.support.sink_faults import SINKS
from tests.support.small import small_benchmark, small_stimuli
from tests.support.swarm.sinks import FailingSink

Job = Literal["energy", "performance", "accuracy", "off", "doctor"]
ROOT = Path(__file__).parent.parent
MONITORS = ROOT / "monitor_benches"
NGU = str(MONITORS / "virtual-ngu.toml")
OTII = tuple(str(MONITORS / f"virtual-otii-{model}.toml") for model in ("arc", "ace"))
NGM = str(MONITORS / "virtual-ngm.toml")
PPK2 = str(MONITORS / "virtual-ppk2.toml")
# Bench, weight in the draw.
BENCHES: tuple[tuple[str, float], ...] = (
    ("virtual-lpm01a", 4),
    ("virtual-n6705c", 4),
    (NGU, 4),
    (NGM, 1),
    (str(MONITORS / "virtual-smu2400.toml"), 1),
    (str(MONITORS / "dmm-fed-from-outside.toml"), 0.5),
    (str(MONITORS / "dmm-behind-supply.toml"), 1),
    (PPK2, 1),
    (str(ROOT / "benches" / "own-port.toml"), 1),
    (str(ROOT / "benches" / "laps-by-host.toml"), 1),
    (str(ROOT / "benches" / "meter-sees-edges.toml"), 1),
    (str(ROOT / "benches" / "shield-by-laps.toml"), 1),
    (str(ROOT / "benches" / "shield-and-interface-board.toml"), 1),
    (str(ROOT / "benches" / "spd-feeds.toml"), 1),
    (str(ROOT / "benches" / "dp800-feeds.toml"), 1),
    (str(ROOT / "benches" / "fed-from-outside.toml"), 0.5),
    (str(ROOT / "benches" / "relay-and-thermometer.toml"), 0.4),
    (str(ROOT / "benches" / "module-and-probe.toml"), 0.4),
    (str(ROOT / "benches" / "hub-and-sensor.toml"), 0.4),
    (str(MONITORS / "js220-behind-n6705.toml"), 0.5),
    (str(MONITORS / "js220-fed-from-outside.toml"), 0.25),
    (str(MONITORS / "js320-fed-from-outside.toml"), 0.25),
    (str(MONITORS / "js110-fed-from-outside.toml"), 0.25),  # 2 MHz in the twin: some ten times slower
    *((bench, 1) for bench in OTII),
    (str(ROOT / "benches" / "slow-meter.toml"), 0.5),
    (str(ROOT / "benches" / "slowest-meter.toml"), 0.5),
    (str(ROOT / "benches" / "ppk2-behind-supply.toml"), 0.5),
    (str(ROOT / "benches" / "shield-binary.toml"), 0.5),
    ("cosim-lpm01a", 0.15),  # real firmware in emulators: some fifty times slower
    ("cosim-n6705c", 0.15),
)
# What is done, weight in the draw: a run in a mode, `bench off` or `bench doctor` after a run that died.
JOBS: tuple[tuple[Job, float], ...] = (
    ("energy", 12),
    ("performance", 1),
    ("accuracy", 1),
    ("off", 1),
    ("doctor", 1),
)
UART_WIRES = ("dut>io", "io>dut", "dut>line")
WINDOWS = 5
INFERENCES = 24  # fewer than 15 cannot be counted in a trace


@dataclass(frozen=True)
class Clean:
    """The same without faults: when it begins and how long it takes, its calls, its accuracy."""

    begins_s: float
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
    folder = kept_folder("swarm-stimuli-")
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


def built(bench_name: str, job: Job, **how: Any) -> Bench:
    """Return a bench of the swarm, with the network of its plan."""
    mode: Mode = "energy" if job == "doctor" else "performance" if job == "off" else job
    return build_bench(load_bench_spec(bench_name), mode, benchmark=plan(bench_name, mode).benchmark.id, **how)


@lru_cache
def switches(bench_name: str) -> bool:
    """Return whether an instrument of the bench feeds the DUT."""
    return "supply" in roles_of(load_bench_spec(bench_name))


def left_on(bench: Bench) -> None:
    """Leave the bench as a killed run does: ports closed, the supply on."""
    player, twin = bench.players.supply, bench.twin
    if bench.supply is None or player is None or bench.supply_settings is None or twin is None:
        return
    clock, instrument = bench.clock, bench.instruments[player.instrument]
    instrument.open(clock.deadline(20.0))
    bench.supply.configure(bench.supply_settings, clock.deadline(20.0))
    bench.supply.on(clock.deadline(20.0))
    for port in twin.ports().values():
        port.close()
    bench.clock.sleep(1.0)


def done(job: Job, bench: Bench, planned: RunPlan | None, out: Path) -> Session | Examination | None:
    """Do the job on a bench that is built; return the session of a run, or what the doctor found."""
    with ExitStack() as around:
        around.enter_context(patch("energy_runner.api.hands_on.build_bench", lambda *_, **__: bench))
        if job == "off":
            api.switch_bench_off(bench.spec)
        elif job == "doctor":
            return api.examine_bench(bench.spec)
        elif planned is not None:
            return api.run(bench, planned, out=out, rule_set="lab")
    return None


@lru_cache
def clean(bench_name: str, job: Job) -> Clean:
    """Do a job once without faults, and count."""
    links, calls_on_disk = CallFaults(), DiskFaults()
    sinks = {sink: FailingSink(sink, -1) for sink in SINKS}
    bench = built(bench_name, job, wrap=links.wrap)
    folder = kept_folder("swarm-clean-")
    planned = None
    if job in ("off", "doctor"):
        left_on(bench)
    else:
        planned = plan(bench_name, job)
    before, began_ns = len(links.log), bench.clock.now_ns()
    try:
        with ExitStack() as around:
            for sink in sinks.values():
                around.enter_context(sink.installed())
            around.enter_context(no_report())
            around.enter_context(calls_on_disk.patched())
            session = done(job, bench, planned, folder / "session")
            accuracy = session.result().accuracy if isinstance(session, Session) else None
    finally:
        shutil.rmtree(folder)
    log, names = links.log[before:], tuple(bench.instruments)
    calls = {"links": len(log), "disk": len(calls_on_disk.log)}
    calls |= {name: sum(call.startswith(f"{name} ") for call in log) for name in names}
    calls |= {f"sink {sink}": counted.calls for sink, counted in sinks.items()}
    lasts_s = (bench.clock.now_ns() - began_ns) / 1e9
    return Clean(began_ns / 1e9, lasts_s, calls, names, accuracy.value if accuracy else None)
