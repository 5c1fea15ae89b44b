# SPDX-License-Identifier: Apache-2.0
"""The same attempt without any fault: how long it takes and how many calls it makes, to draw moments from."""

import shutil
import tempfile
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path

from energy_runner import api
from energy_runner.api.sweep_runner import prepared
from energy_runner.bench import build_bench
from energy_runner.sweep.plan import settings_of
from energy_runner.sweep.plan.settings import reference_values
from instruments.twin_bench.call_faults import CallFaults
from tests.support.disk_faults import DiskFaults
from tests.support.sink_faults import SINKS
from tests.support.soak.scene import Scene
from tests.support.swarm.benches import Clean
from tests.support.swarm.sinks import FailingSink

_COOL_DOWN = "cool_down_s"


def clean(scene: Scene, bench: str) -> Clean:
    """Return what an attempt at the reference point is without faults, from the end of its cool-down on."""
    return _clean(Path(scene.benches[bench]).read_text("utf-8"), scene.cool_down_s)


@lru_cache
def _clean(bench_file: str, cool_down_s: float) -> Clean:
    folder = Path(tempfile.mkdtemp(prefix="soak-clean-"))
    try:
        return _measured(folder, bench_file, cool_down_s)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measured(folder: Path, bench_file: str, cool_down_s: float) -> Clean:
    from energy_runner.sweep.plan import plan_from_text

    source = folder / "bench.toml"
    source.write_text(bench_file, "utf-8")
    plan = plan_from_text(
        'name = "clean"\n[axes.clock]\ncommand = "clock {value}"\nvalues = [80_000_000]\n'
        f"[settings]\ninferences = 16\n[wait]\n{_COOL_DOWN} = {cool_down_s:g}\n",
        "plan of a clean run",
    )
    spec, run_plan = prepared(str(source), settings_of(plan.spec, reference_values(plan.spec), seed=0))
    links, disk_calls = CallFaults(), DiskFaults()
    sinks = {sink: FailingSink(sink, -1) for sink in SINKS}
    bench = build_bench(spec, "energy", benchmark=run_plan.benchmark.id, wrap=links.wrap)
    with ExitStack() as around:
        for sink in sinks.values():
            around.enter_context(sink.installed())
        around.enter_context(disk_calls.patched())
        api.run(bench, run_plan, out=folder / "session", report=False)
    names = tuple(bench.instruments)
    calls = {"links": len(links.log), "disk": len(disk_calls.log)}
    calls |= {name: sum(call.startswith(f"{name} ") for call in links.log) for name in names}
    calls |= {f"sink {sink}": counted.calls for sink, counted in sinks.items()}
    lasts_s = bench.clock.now_ns() / 1e9 - cool_down_s
    return Clean(cool_down_s, lasts_s, calls, names, None)
