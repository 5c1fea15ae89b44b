# SPDX-License-Identifier: Apache-2.0
"""Look at a plan before the night: what is possible, what nothing reads, how long, how much disk."""

import random
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from energy_runner.api.benches import load_bench
from energy_runner.api.runs import checked
from energy_runner.api.sweep_runner import prepared
from energy_runner.bench import BenchSpec
from energy_runner.bench.wiring import roles_of
from energy_runner.director.plan import RunPlan
from energy_runner.errors import ConfigurationError, RunnerError, in_words
from energy_runner.sweep.plan import Settings, SweepPlan, load_plan, settings_of
from energy_runner.sweep.plan.points import combinations
from energy_runner.sweep.plan.settings import reference_values
from energy_runner.sweep.plan.unread import unread
from energy_runner.sweep.rows import Scalar
from energy_runner.wording import shown

__all__ = ["PlanExamination", "examine_plan"]

_MOST_TRIED = 500  # different settings; beyond, each value of each axis is tried once
_SAMPLED = 200  # of a larger plan, of which time and disk are the mean
_RESERVE = 1.2  # of the time that a UART needs: commands, answers, and the DUT's own time
_BOTH_WAYS = 2  # read back: as many bytes come back
_STEPS_S = 6.0  # boot, identification, power-up and power-down of a point
_PER_INPUT_S = 1.0  # trial, warm-up and commands of each stimulus
_SESSION_B = 300_000  # journal, record and result of a point
_SAMPLE_B = 25  # bytes of stream and trace for each sample
_USUAL_RATE_HZ = 1000.0


@dataclass(frozen=True)
class PlanExamination:
    """What a plan will do: settings and points, time in s on one bench (for a real one), and bytes on the disk.

    `unread` are remarks on what nothing reads.
    """

    name: str
    settings: Sequence[Mapping[str, Scalar]]
    points: int
    references: int
    each_s: float
    total_s: float
    disk_b: float
    benches: Sequence[str]
    virtual: bool
    unread: Sequence[str]


def examine_plan(plan: SweepPlan | str | Path, benches: Mapping[str, str]) -> PlanExamination:
    """Return what a plan will do on these benches; raise `ConfigurationError`, with the line, for a mistake."""
    plan = plan if isinstance(plan, SweepPlan) else load_plan(plan)
    tried = check_plan(plan, benches)
    # What is tried of a large plan is all values once, not as often as the night has them.
    different = combinations(plan.spec)
    some = random.Random(0).sample(different, _SAMPLED) if len(different) > _MOST_TRIED else []
    typical = _try(plan, benches, some) if some else tried
    wait_s = plan.spec.wait.cool_down_s or 0.0
    each_s = sum(_duration_s(run, spec) for spec, run in typical) / len(typical) + wait_s
    each_b = sum(_bytes(run, spec) for spec, run in typical) / len(typical)
    reference = plan.spec.reference
    count = 0
    if reference is not None:
        by_points = len(plan.points) / reference.every_points if reference.every_points else 0.0
        hours = len(plan.points) * each_s / 3600 / len(benches)
        by_hours = hours / reference.every_hours * len(benches) if reference.every_hours else 0.0
        count = round(max(by_points, by_hours)) + len(benches)
    total = len(plan.points) + count
    return PlanExamination(
        name=plan.spec.name,
        settings=different,
        points=len(plan.points),
        references=count,
        each_s=each_s,
        total_s=total * each_s / len(benches),
        disk_b=total * each_b,
        benches=list(benches),
        virtual=any(spec.is_virtual for spec, _ in tried),
        unread=[
            f"axis {name}: {why}"
            for name, axis in plan.spec.axes.items()
            if (why := unread(axis, {one.mode for one in _settings(plan)}, virtual=tried[0][0].is_virtual))
        ],
    )


def check_plan(plan: SweepPlan, benches: Mapping[str, str]) -> list[tuple[BenchSpec, RunPlan]]:
    """Try every different setting on every bench, without opening anything; return what would be run.

    Raises `ConfigurationError` that names the setting and what is wrong with it.
    """
    return _try(plan, benches, list(_to_try(plan)))


def _try(
    plan: SweepPlan, benches: Mapping[str, str], wanted: Sequence[Mapping[str, Scalar]]
) -> list[tuple[BenchSpec, RunPlan]]:
    tried: list[tuple[BenchSpec, RunPlan]] = []
    for name, source in benches.items():
        load_bench(source)
        for values in wanted:
            settings = settings_of(plan.spec, values, seed=plan.spec.seed)
            if settings.bench is not None and settings.bench not in benches:
                raise plan.refuse(["axes"], f"no bench is called '{settings.bench}' (given: {', '.join(benches)})")
            if settings.bench not in (None, name):
                continue
            _check_flash(plan, settings)
            error = _problem(source, settings, tried)
            if error is not None:
                raise _refused(plan, source, values, error)
            _check_waits(plan, settings, tried[-1][0], name)
    return tried


def _problem(
    source: str, settings: Settings, tried: list[tuple[BenchSpec, RunPlan]] | None = None
) -> RunnerError | None:
    """Build what a point needs, without opening it; return what is wrong with it."""
    try:
        spec, run = prepared(source, settings)
        checked(spec, run, settings.model, settings.rule_set)
    except RunnerError as error:
        return error
    if tried is not None:
        tried.append((spec, run))
    return None


def _refused(plan: SweepPlan, source: str, values: Mapping[str, Scalar], error: RunnerError) -> ConfigurationError:
    """Return that a point is impossible, with the line of the axis that makes it so, if one alone does."""
    first = {name: axis.all_values()[0] for name, axis in plan.spec.axes.items()}
    for name, value in values.items():
        alone = {**first, name: value}
        if value != first[name] and _problem(source, settings_of(plan.spec, alone, seed=0)) is not None:
            return plan.refuse(["axes", name, "values"], f"{name} = {value!r}: {error}")
    said = ", ".join(f"{key} = {value}" for key, value in values.items()) or "its settings"
    return ConfigurationError(f"{plan.origin.where}: the point with {said}: {error}")


def _check_flash(plan: SweepPlan, settings: Settings) -> None:
    command = settings.options.get("flash")
    place = next((["axes", name] for name, axis in plan.spec.axes.items() if axis.flash), ["settings"])
    try:
        words = shlex.split(command) if command else []
    except ValueError as error:
        why = f"the flashing command cannot be read ({in_words(error)}): {shown(command)}. Try: close its quotes"
        raise plan.refuse(place, why) from None
    if words and shutil.which(words[0]) is None:
        raise plan.refuse(
            place, f"the flashing program '{shown(words[0])}' is not installed here, or not on the path"
        )


def _check_waits(plan: SweepPlan, settings: Settings, spec: BenchSpec, bench: str) -> None:
    if settings.options.get("wait_temperature_c") and "thermometer" not in roles_of(spec):
        raise plan.refuse(
            ["wait", "temperature_c"], f"bench '{bench}' has no thermometer. Try: give it one, in [roles]"
        )


def _to_try(plan: SweepPlan) -> Iterator[Mapping[str, Scalar]]:
    """Yield all different settings, or for large plans one with each value of each axis, and the reference's."""
    different = combinations(plan.spec)
    if len(different) > _MOST_TRIED:
        seen: set[tuple[str, Scalar]] = set()
        chosen = []
        for values in different:
            new = {(name, value) for name, value in values.items()} - seen
            if new:
                seen |= new
                chosen.append(values)
        different = chosen
    yield from different
    if plan.spec.reference is not None:
        yield reference_values(plan.spec)


def _settings(plan: SweepPlan) -> list[Settings]:
    return [settings_of(plan.spec, values, seed=0) for values in combinations(plan.spec)]


def _duration_s(run: RunPlan, spec: BenchSpec) -> float:
    """Return how long a real bench needs for a point, s: UART, windows, and what else is known before."""
    benchmark = run.benchmark
    baud = spec.dut.energy_baud if run.mode == "energy" else spec.dut.baud
    load_s = benchmark.input_bytes * 2 * 10 / baud * _RESERVE * (_BOTH_WAYS if run.read_back else 1)
    if run.mode == "accuracy":
        return _STEPS_S + len(run.inputs) * (load_s + _PER_INPUT_S / 4)
    return _STEPS_S + run.head_s + run.tail_s + len(run.inputs) * (load_s + _PER_INPUT_S + run.window_s)


def _bytes(run: RunPlan, spec: BenchSpec) -> float:
    if run.mode != "energy":
        return _SESSION_B
    stated = spec.monitor.sample_rate_hz if spec.monitor is not None else None
    if stated is None and spec.sampler is not None:
        stated = spec.sampler.sample_rate_hz
    return _SESSION_B + (stated or _USUAL_RATE_HZ) * _SAMPLE_B * _duration_s(run, spec)
